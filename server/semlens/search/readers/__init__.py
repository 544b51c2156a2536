"""Readers of parts of an index: each gives statistics, then its best files with their features."""
