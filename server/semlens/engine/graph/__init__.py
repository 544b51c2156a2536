"""Answers about the code graph: who uses a symbol, what a change affects, what nothing uses."""
