"""Symbols and text to passages, the units that are embedded and searched."""
