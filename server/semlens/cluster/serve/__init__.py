"""Serves what was built: shards, a coordinator, and the API that members ask."""
