"""One module for each command. Each module has `run(options)`, which returns the exit code."""
