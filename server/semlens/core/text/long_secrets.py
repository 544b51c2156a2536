"""Finds secrets that a part of their text cannot show: blocks of lines, Kubernetes manifests, rows of tables.

The names of the columns may stand far above a row of SQL's ``INSERT`` or ``COPY``. Those of an ``INSERT`` without names
stand in the definition of its table.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Generator, Iterator, Sequence

from semlens.core.text.literal_search import matches_at, places_of
from semlens.core.text.secret_forms import BLOCK_RULES
from semlens.core.text.secret_names import KEY_NAME, PASSWORD_NAME

_YAML_DOCUMENT_END = re.compile(r"(?m)^---(?=\s|\Z)")
_KUBERNETES_SECRET = re.compile(
    r"(?m)^(?P<indent>[ \t]{0,40}+(?:-[ \t]{1,9})?)kind:[ \t]{0,9}[\"']?Secret[\"']?[ \t\r]{0,9}(?:#[^\n]*)?$"
)
_KUBERNETES_DATA = re.compile(
    r"(?m)^(?P<indent>[ \t]{0,40}+)(?:data|stringData):[^\n]{0,99}\n"
    r"(?P<lines>(?:(?P=indent)[ \t]+[^\n]*(?:\n|\Z)|[ \t\r]*\n|[ \t]*#[^\n]*(?:\n|\Z))++)"
)
_JSON_SECRET = re.compile(r"\"kind\"\s{0,9}:\s{0,9}\"Secret\"")
_JSON_TEXT = r"\"(?:[^\"\\]++|\\.)*+\""
_JSON_DATA = re.compile(rf"(?s)\"(?:data|stringData)\"\s{{0,9}}:\s{{0,9}}\{{(?P<pairs>(?:{_JSON_TEXT}|[^{{}}\"]++)*+)")
"""It asks for no brace at the end, so no part of a text is read twice."""
_JSON_VALUE = re.compile(rf"(?s){_JSON_TEXT}(?:\s{{0,9}}:\s{{0,9}}\"(?P<value>(?:[^\"\\]|\\.){{3,}}+)\")?")
_KUBERNETES_LINE = re.compile(
    r"(?m)^[ \t]+(?:[\"']?[\w./-]+[\"']?:[ \t]+[\"']?)?"
    r"(?P<value>[^\s#\"'|>][^\n]{2,}?)[\"']?(?:(?<![ \t\r])[ \t\r]*+)?$"
)
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
_TOKEN = re.compile(
    r"(?s)(?P<text>'(?:[^'\\]++|\\.|'')*+'(?!\w)|'(?:[^']++|'')*+'(?!\w)|\"(?:[^\"\\]++|\\.)*+\"(?!\w))"
    r"|(?P<sign>[(),;'\"])|--[^\n]*+"  # a comment
)
"""Before a letter stands no end of a text. It was no beginning then, or a backslash is an ordinary character in it."""
_GAP = r"\s{0,40}(?:--[^\n]*\n\s{0,40}){0,9}"
_NEXT_ROW = re.compile(rf"{_GAP},{_GAP}\(")
_READ_AGAIN = 10
_LEAST_READ = 4000
"""All statements together are read for at most `_READ_AGAIN` times the text, and then each for so many characters."""
_NOT_LINE_END = re.compile(rb"[^\r\n]")


def has_long_secrets(text: str) -> bool:
    """Whether the text may hold a secret of many lines. A part of such a secret cannot be recognised."""
    return (
        any(keyword in text for keyword, _ in BLOCK_RULES)
        or next(spans_in_kubernetes_secrets(text), None) is not None
        or next(values_of_secret_columns(text), None) is not None
    )


def without_long_secrets(source: bytes) -> bytes:
    """The text with blanks for its secrets of many lines, except the line that says what they are.

    Its length and its lines are the same. What is made of parts of the text needs it.
    """
    text = source.decode("latin-1")  # a character for each byte
    if not has_long_secrets(text):
        return source
    spans = [*spans_in_kubernetes_secrets(text), *values_of_secret_columns(text)]
    for keyword, block in BLOCK_RULES:
        for match in block.finditer(text) if keyword in text else ():
            title = re.match(rf"[^\n]*{keyword}[^\n]*\n", match[0])
            spans.append((match.start() + (title.end() if title else 0), match.end()))
    blanked = bytearray(source)
    for start, stop in spans:
        blanked[start:stop] = _NOT_LINE_END.sub(b" ", source[start:stop])
    return bytes(blanked)


def spans_in_kubernetes_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Every value of a manifest of kind `Secret`, in YAML or JSON, also of one in a list of manifests."""
    if "Secret" not in text:
        return
    if _JSON_SECRET.search(text):
        for data in _JSON_DATA.finditer(text):
            for value in _JSON_VALUE.finditer(text, *data.span("pairs")):
                if value["value"]:
                    yield value.span("value")
    if not _KUBERNETES_SECRET.search(text):
        return
    ends = [0, *(match.end() for match in _YAML_DOCUMENT_END.finditer(text)), len(text)]
    for start, stop in itertools.pairwise(ends):
        columns = {len(match["indent"]) for match in _KUBERNETES_SECRET.finditer(text, start, stop)}
        for block in _KUBERNETES_DATA.finditer(text, start, stop) if columns else ():
            if len(block["indent"]) not in columns:
                continue
            for line in _KUBERNETES_LINE.finditer(text, *block.span("lines")):
                yield line.span("value")


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
    budget = _READ_AGAIN * len(text)
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
        if any(secret):
            stop = min(len(text), place + max(budget, _LEAST_READ))
            budget -= (yield from _texts_in_rows(text, place + 1, stop, secret)) - place


def _texts_in_rows(text: str, place: int, stop: int, secret: Sequence[bool]) -> Generator[tuple[int, int], None, int]:
    """All quoted texts in secret columns, also in calls, from the first cell on. Returns where the reading ended."""
    depth, column = 1, 0
    while token := _TOKEN.search(text, place, stop):
        place, sign = token.end(), token["sign"]
        if token["text"]:
            if column < len(secret) and secret[column]:
                yield token.start() + 1, place - 1
        elif sign == "(":
            depth += 1
        elif sign == ",":
            column += depth == 1
        elif sign == ")" and depth > 1:
            depth -= 1
        elif sign == ")" and (row := _NEXT_ROW.match(text, place, stop)):
            place, column = row.end(), 0
        elif sign in (")", ";"):
            return place
        elif sign:
            return stop  # a text without an end
    return stop


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
