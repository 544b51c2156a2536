"""Handlers of requests and notifications, one module for each group. Each module has `register(server)`."""
