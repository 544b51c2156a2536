"""Builds and serves the indexes of many repositories on many machines (extra ``semlens[cluster]``, with Ray)."""
