"""The map of the index: every symbol a point, near those that mean alike. Computed in a process of its own."""

MAPS_FOLDER = "maps"
"""In the cache folder: positions, and labels from words of the code."""
