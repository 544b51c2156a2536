"""Bytes of one file in, its outline out: symbols, passages, references.

Empty on purpose: discovery imports ``semlens.syntax.languages.registry`` for every file it sees, and that must
not load any grammar. Parsing is ``semlens.syntax.parsing.parser.parse``.
"""
