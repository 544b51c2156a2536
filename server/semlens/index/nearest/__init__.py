"""Finds the nearest vectors: one interface, with an exact scan, a graph, and two stores outside of the index."""
