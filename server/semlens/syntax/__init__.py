"""Turns the bytes of one file into its outline: symbols, passages and references.

This module imports nothing, because discovery imports ``semlens.syntax.languages.registry`` for every file, and that
must not load a grammar. ``semlens.syntax.parsing.parser.parse`` parses a file.
"""
