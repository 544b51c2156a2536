"""Bytes to a syntax tree and its matches: decoding, limits, grammars, recovery from broken source."""
