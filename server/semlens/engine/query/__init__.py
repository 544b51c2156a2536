"""Answers requests from one snapshot and checks every hit against the current text. Never changes the index."""
