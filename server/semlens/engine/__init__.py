"""Keeps the index up to date and answers requests from it. Knows no protocol."""
