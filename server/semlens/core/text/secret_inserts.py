"""Finds passwords in rows of tables: SQL's ``INSERT INTO users (name, password) VALUES ('ann', '...')`` and ``COPY``.

The names of the columns may stand far above a row, in an ``INSERT`` without them in the table's definition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from semlens.core.text.literal_search import matches_at, places_of
from semlens.core.text.secret_names import KEY_NAME, PASSWORD_NAME

_TABLE = r"(?P<table>[\w.\"`\[\]]{1,200})"
_INSERT = re.compile(
    rf"(?i)\b(?:insert|replace)\b[\s\w]{{1,40}}?\binto\s{{1,9}}{_TABLE}"
    r"\s{0,9}(?:\((?P<columns>[^()]{1,2000})\)\s{0,40})?values\s{0,40}"
)
_CREATE = re.compile(
    rf"(?i)\bcreate\s{{1,9}}table\s{{1,9}}(?:if\s{{1,9}}not\s{{1,9}}exists\s{{1,9}})?{_TABLE}\s{{0,9}}\(\s{{0,9}}\n"
    r"(?P<columns>(?:[ \t]{1,40}[^\n]{1,400}\n){1,300})"
)
_COLUMN = re.compile(r"(?m)^[ \t]{1,40}[`\"\[]?(?P<name>\w{1,100})")
_COPY = re.compile(
    rf"(?i)\bcopy\s{{1,9}}{_TABLE}\s{{1,9}}\((?P<columns>[^()]{{1,2000}})\)\s{{1,9}}from\s{{1,9}}stdin;[ \t\r]{{0,9}}\n"
)
_SECRET_COLUMN = re.compile(rf"(?i){PASSWORD_NAME}|{KEY_NAME}")
_TEXT = r"'(?:[^'\\]|\\.|''){0,2000}+'|\"(?:[^\"\\]|\\.){0,2000}+\""
_CELL = re.compile(
    rf"(?s)\s{{0,40}}[^,()'\"]{{0,200}}+(?P<call>\()?(?P<text>{_TEXT})?"
    rf"[^,()'\"]{{0,200}}+(?(call)\))[ \t]{{0,9}}(?P<end>[,)])"
)
_NEXT_ROW = re.compile(r"\s{0,40},\s{0,40}\(")


def values_of_secret_columns(text: str) -> Iterator[tuple[int, int]]:
    """The spans of values, without their quotes, in columns whose names say that they are secret."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = text  # a letter of another language; only the usual spellings are found then
    if "insert" in lower or "replace" in lower:
        yield from _values_of_inserts(text, lower)
    if "stdin;" in lower:
        end = 0
        for copy in matches_at(_COPY, text, places_of(("copy",), lower)):
            if copy.start() >= end:
                end = _end_of_rows(text, copy.end())
                yield from _values_of_rows(text, copy.end(), end, _are_secret(copy["columns"].split(",")))


def _values_of_inserts(text: str, lower: str) -> Iterator[tuple[int, int]]:
    tables: dict[str, list[bool]] | None = None
    for insert in matches_at(_INSERT, text, places_of(("insert", "replace"), lower)):
        place = insert.end()
        if text[place : place + 1] != "(":
            continue
        if insert["columns"]:
            secret = _are_secret(insert["columns"].split(","))
        else:
            if tables is None:
                tables = {
                    table["table"]: _are_secret(_COLUMN.findall(table["columns"]))
                    for table in matches_at(_CREATE, text, places_of(("create",), lower))
                }
            secret = tables.get(insert["table"], [])
        if not any(secret):
            continue
        place, column = place + 1, 0
        while cell := _CELL.match(text, place):
            if cell["text"] and column < len(secret) and secret[column]:
                start, end = cell.span("text")
                yield start + 1, end - 1
            place, column = cell.end(), column + 1
            if cell["end"] == ")":
                row = _NEXT_ROW.match(text, place)
                if row is None:
                    break
                place, column = row.end(), 0


def _end_of_rows(text: str, place: int) -> int:
    end = text.find("\n\\.", place - 1)
    return len(text) if end < 0 else end


def _values_of_rows(text: str, place: int, stop: int, secret: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Of rows whose values have tabs between them, as ``pg_dump`` writes them."""
    if not any(secret):
        return
    for row in text[place:stop].split("\n"):
        start = place
        for is_secret, value in zip(secret, row.rstrip("\r").split("\t"), strict=False):
            if is_secret and value and value != "\\N":
                yield start, start + len(value)
            start += len(value) + 1
        place += len(row) + 1


def _are_secret(columns: Sequence[str]) -> list[bool]:
    return [bool(_SECRET_COLUMN.search(column)) for column in columns]
