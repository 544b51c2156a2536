"""Extracts the first sentence of documentation: of files, docstrings and comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MAX_CHARS = 100
_MAX_LINES = 40
_MARKER = re.compile(r"^\s*(?:///?!?|//|/\*[*!]?|\*/|\*|#!?(?=\s|$)|--+|;;+|%%+|[rRuUbB]{0,2}(?:\"\"\"|'''))\s?")
_END = re.compile(r"\*/\s*$|\"\"\"\s*$|'''\s*$|-->\s*$")
_SENTENCE_END = re.compile(r"(?<=[^.\s]{2}[.!?])\s")
_LICENCE = re.compile(r"copyright|licen[sc]e|spdx|all rights reserved", re.IGNORECASE)
_NO_SUMMARY = re.compile(
    r"eslint|prettier|coding[:=]|vim:|mode:|noinspection|nolint|go:build|\+build|code generated|<\?php|use strict"
    r"|pragma|@(?:file|package|module|author|since|param|return)|^[-=*#~/\s]*$|^\w+:\s*\w+$",
    re.IGNORECASE,
)
_STRING = re.compile(r"\s*[rRuU]{0,2}(?:\"\"\"|''')")
_PASSED = re.compile(r"\s*(?:$|package\b|module\b|namespace\b|<\?php|#!|declare\b|[\"']use strict)")


def file_summary(lines: Sequence[str]) -> str:
    """First sentence of the comment or string at the start of a file, without licences, or "" when there is none."""
    block: list[str] = []
    for number, line in enumerate(lines[: 2 * _MAX_LINES]):
        if _STRING.match(line):
            return _first_sentence(block) or docstring_summary(lines, number)
        if _MARKER.match(line):
            block.append(line)
            continue
        summary = _first_sentence(block)
        if summary or not _PASSED.match(line):
            return summary
        block = []
    return _first_sentence(block)


def docstring_summary(lines: Sequence[str], line: int) -> str:
    """First sentence of the string that begins on a line, or ""."""
    if line >= len(lines) or not _STRING.match(lines[line]):
        return ""
    quote = '"""' if '"""' in lines[line] else "'''"
    block = [lines[line]]
    if lines[line].count(quote) < 2:
        for text in lines[line + 1 : line + _MAX_LINES]:
            block.append(text)
            if quote in text:
                break
    return _first_sentence(block)


def comment_summary(lines: Sequence[str], first: int, stop: int) -> str:
    """First sentence of the comment on the lines from ``first`` to before ``stop``, or ""."""
    return _first_sentence(line for line in lines[first:stop][:_MAX_LINES] if _MARKER.match(line))


def _first_sentence(block: Iterable[str]) -> str:
    lines = list(block)
    if any(_LICENCE.search(line) for line in lines):
        return ""
    words: list[str] = []
    for line in lines:
        text = _END.sub("", _MARKER.sub("", line)).strip()
        if _NO_SUMMARY.search(text) or not text:
            if words:
                break
            continue
        words.append(text)
        if _SENTENCE_END.search(text + " ") or sum(map(len, words)) > MAX_CHARS:
            break
    sentence = _SENTENCE_END.split(" ".join(words) + " ")[0].strip()
    return sentence if len(sentence) <= MAX_CHARS else sentence[: MAX_CHARS - 3].rsplit(" ", 1)[0] + "..."
