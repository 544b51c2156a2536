"""Ignore files and gitattributes: which rules apply to which path. Does not run git."""
