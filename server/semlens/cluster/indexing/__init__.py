"""Builds repositories: batches of files, computed on this machine or by Ray, joined and shared."""
