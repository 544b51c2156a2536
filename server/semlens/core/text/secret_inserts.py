"""Finds passwords among the values of SQL's ``INSERT INTO users (name, password) VALUES ('ann', '...')``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from semlens.core.text.literal_search import matches_at, places_of
from semlens.core.text.searched_text import SearchedText
from semlens.core.text.secret_names import KEY_NAME, PASSWORD_NAME

_INSERT = re.compile(
    r"(?i)\b(?:insert|replace)\b[\s\w]{1,40}?\binto\s{1,9}[\w.\"`\[\]]{1,200}"
    r"\s{0,9}\((?P<columns>[^()]{1,2000})\)\s{0,40}values\s{0,40}"
)
_SECRET_COLUMN = re.compile(rf"(?i){PASSWORD_NAME}|{KEY_NAME}")
_TEXT = r"'(?:[^'\\]|\\.|''){0,2000}+'|\"(?:[^\"\\]|\\.){0,2000}+\""
_CELL = re.compile(
    rf"(?s)\s{{0,40}}[^,()'\"]{{0,200}}+(?P<call>\()?(?P<text>{_TEXT})?"
    rf"[^,()'\"]{{0,200}}+(?(call)\))[ \t]{{0,9}}(?P<end>[,)])"
)
_NEXT_ROW = re.compile(r"\s{0,40},\s{0,40}\(")


def values_of_secret_columns(searched: SearchedText) -> Iterator[tuple[int, int]]:
    """The spans of quoted values, without their quotes, in columns whose names say that they are secret."""
    text = searched.text
    if "into" not in searched.lower or "values" not in searched.lower:
        return
    for insert in matches_at(_INSERT, text, places_of(("insert", "replace"), searched.folded)):
        secret = [bool(_SECRET_COLUMN.search(column)) for column in insert["columns"].split(",")]
        place = insert.end()
        if not any(secret) or text[place : place + 1] != "(":
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
