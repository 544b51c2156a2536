"""Finds the nearest vectors faster than a scan: a graph over a segment, and two stores outside of the index."""
