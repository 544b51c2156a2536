"""One client's connection: pipes, framing, requests off the event loop, logs. Knows no feature."""
