"""Immutable columnar segments: build, write, map, merge. Knows no ranking."""
