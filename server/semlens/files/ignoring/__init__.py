"""Ignore files and gitattributes: which rules hold where. Runs no git."""
