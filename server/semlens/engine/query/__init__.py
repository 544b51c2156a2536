"""Answers questions from one snapshot, and checks every answer against the current text. Changes no index."""
