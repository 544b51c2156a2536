"""Keeps the index true: settings, file discovery, overlays, watching, indexing. Knows no protocol."""
