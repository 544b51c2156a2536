"""The page of `semlens http`, its API and its events. `semlens.daemon.http_handler` runs it in the resident server."""
