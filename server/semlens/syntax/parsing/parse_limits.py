"""Limits of a parse: its time and memory, and cheap checks of nesting and line length that reject text before it.

Beyond these limits a grammar takes very long or corrupts memory. The state of its scanner must fit into 1,024 bytes,
and several scanners write past its end: Markdown and YAML with 4 bytes for each open block, Python with 2 for each
indentation, Perl with 12 for each interpolation, Typst with 4 for each bracket. Kotlin's ends the process at 1,024 open
strings.
`grammars` stops a parse at its limits of time and memory, but 50,000 brackets would always use it up.
`workers/limits.py` has the limits of the process.
``tests/chaos/test_grammars.py`` searches for more such texts.
"""

from __future__ import annotations

import re

MAX_PARSE_SECONDS = 3.0
"""Limit of processor time for one text, because a few hundred unusual bytes can occupy a grammar for minutes."""

MAX_PARSE_BYTES = 896 << 20
"""Limit of the memory of one parse. Most take 25 bytes for each byte of the text, some scripts in Perl 8,000."""

MAX_DEPTH = 1_500
"""Limit of open brackets. The description of a language may set a lower one."""

MAX_BLOCKS = 100
"""Limit of open blocks, which start by indentation or by marks at the start of a line."""

MAX_LINE_BYTES = 50_000

_RUNS = tuple(bytes((sign,)) * MAX_DEPTH for sign in b"!~-+*&")  # each sign of a run is a level of the tree
_NON_BRACKETS = bytes(byte for byte in range(256) if byte not in b"()[]{}")
_MAX_PASSES = 64

_MARKS = b" >-+*?:.)0123456789"
_MARKS_AS_SPACES = bytes.maketrans(_MARKS, b" " * len(_MARKS))
_BLOCK_START = re.compile(rb"^[ >\-+*?:.)0-9]*", re.MULTILINE)
_MARK = re.compile(rb">|[-+*?:](?=[ \n])|[.)](?= )|[^\s>*?:.)0-9+-]|\Z")
_TAB_COLUMNS = 8


def nests_too_deeply(source: bytes, max_depth: int = MAX_DEPTH) -> bool:
    """Whether brackets, blocks or runs of signs nest too deeply for a grammar.

    Brackets in strings and comments count too.
    """
    return any(run in source for run in _RUNS) or _brackets_too_deep(source, max_depth) or _blocks_too_deep(source)


def _brackets_too_deep(source: bytes, limit: int) -> bool:
    """Whether brackets nest too deeply. Innermost pairs are removed at C speed first, and the rest is counted."""
    if source.count(b"(") + source.count(b"[") + source.count(b"{") <= limit:
        return False
    brackets = source.translate(None, _NON_BRACKETS)
    for _ in range(_MAX_PASSES):
        before = len(brackets)
        brackets = brackets.replace(b"()", b"").replace(b"[]", b"").replace(b"{}", b"")
        if len(brackets) == before:
            break
        if len(brackets) <= limit:
            return False
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in b"([{" else -1
        if depth > limit:
            return True
        depth = max(depth, 0)
    return False


def _blocks_too_deep(source: bytes) -> bool:
    """Whether more blocks than the limit are open at once: by indentation, quotes, list items and keys.

    Every open block takes a column at the start of a line, so a text without long line starts is accepted quickly.
    """
    text = source.expandtabs(_TAB_COLUMNS) if b"\t" in source else source
    spaced = text.translate(_MARKS_AS_SPACES)
    if not spaced.startswith(b" " * MAX_BLOCKS) and b"\n" + b" " * MAX_BLOCKS not in spaced:
        return False
    columns: list[int] = []
    for start in _BLOCK_START.finditer(text):
        line = start.start()
        for mark in _MARK.finditer(text, line, min(start.end() + 1, len(text))):
            column = mark.start() - line
            while columns and columns[-1] >= column:
                columns.pop()
            columns.append(column)
        if len(columns) > MAX_BLOCKS:
            return True
    return False


def lines_too_long(source: bytes) -> bool:
    """Whether most of a text is in enormous lines: minified code and data."""
    if len(source) <= MAX_LINE_BYTES or source.count(b"\n") > len(source) // 2_000:
        return False
    long_bytes = sum(len(line) for line in source.split(b"\n") if len(line) > MAX_LINE_BYTES)
    return long_bytes * 2 > len(source)
