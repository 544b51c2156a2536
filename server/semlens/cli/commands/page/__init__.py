"""The command that serves the page, and the way to the browser."""
