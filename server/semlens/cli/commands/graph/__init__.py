"""The commands of the code graph."""
