"""Finds secrets that a part of their text cannot show: blocks of lines, Kubernetes manifests, rows of tables, sections.

The names of the columns may stand far above a row of SQL's ``INSERT`` or ``COPY``. Those of an ``INSERT`` without names
stand in the definition of its table.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Generator, Iterator, Sequence

from semlens.core.text.literal_search import matches_at, places_of
from semlens.core.text.searched_text import SearchedText
from semlens.core.text.secret_names import DESCRIPTIVE_WORDS, KEY_NAME, PASSWORD_NAME
from semlens.core.text.secret_values import NAME_WORD, Requirement, is_secret

_KEY_BLOCK = "[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"

BLOCK_RULES = (
    # (keyword that every match contains, expression). A passage may end within a block, so either end may be missing.
    ("PRIVATE KEY", re.compile(rf"(?s)-----BEGIN {_KEY_BLOCK}.*?(?:-----END {_KEY_BLOCK}|\Z)")),
    ("PRIVATE KEY", re.compile(rf"\A[A-Za-z0-9+/=\s]+-----END {_KEY_BLOCK}")),
    ("PuTTY-User", re.compile(r"(?s)PuTTY-User-Key-File-\d.*?(?:Private-MAC:[^\n]*|\Z)")),
    ("$ANSIBLE_VAULT;", re.compile(r"\$ANSIBLE_VAULT;[^\n]{1,80}(?:\n[ \t]*[0-9a-f]{2,100}(?=\s|\Z))++")),
    ("SSH2 ENCRYPTED", re.compile(r"(?s)---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----.*?(?:---- END SSH2|\Z)")),
    ("Static key V1", re.compile(r"(?s)-----BEGIN OpenVPN Static key V1-----.*?(?:-----END OpenVPN Static|\Z)")),
)
_YAML_DOCUMENT_END = re.compile(r"(?m)^---(?=\s|\Z)")
_KUBERNETES_SECRET = re.compile(
    r"(?m)^(?P<indent>[ \t]{0,40}+(?:-[ \t]{1,9})?)kind:[ \t]{0,9}[\"']?Secret[\"']?[ \t\r]{0,9}(?:#[^\n]*)?$"
)
_KUBERNETES_DATA = re.compile(
    r"(?m)^(?P<indent>[ \t]{0,40}+)(?:data|stringData):[^\n]{0,99}\n"
    r"(?P<lines>(?:(?P=indent)[ \t]+[^\n]*(?:\n|\Z)|[ \t\r]*\n|[ \t]*(?:#|\{\{)[^\n]*(?:\n|\Z))++)"
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
_PASSWORD = re.compile(rf"(?i){PASSWORD_NAME}|(?<![^\W_])p(?:ass|w)s?(?![^\W_])")
_ONLY_PASSWORD = re.compile(rf"(?i)(?!secret){PASSWORD_NAME}s?")
_TOKEN_NAME = re.compile(rf"(?i){KEY_NAME}|token|secret[ _-]access[ _-]key")
_MARKS = " \t\r\"'`*"
_MOST_NAME_CHARS = 40
_NAME = re.compile(r"\w[\w ./#-]*")
"""A cell at the head of a column."""
_CELL = {
    delimiter: re.compile(rf"[ \t]*(?:\"(?:[^\"\n]|\"\")*+\"[ \t]*(?=[{delimiter}\n\r]|\Z)|[^{delimiter}\n]*+)")
    for delimiter in ",;\t|"
}
_RULE = re.compile(r"[ \t]*[|+:-][ \t|+:-]*-[ \t\r|+:-]*")
"""The line between the names and the rows."""

_PLURALS = ("passwords", "secrets", "credentials", "tokens", "apikeys", "api_keys")
_PLURAL = "|".join(_PLURALS)
_SECTION = re.compile(
    rf"(?i)\[[\w.-]{{0,40}}(?:{_PLURAL}|secret|credential)\][ \t]*\n(?P<pairs>(?:(?!\[)[^\n]*(?:\n|\Z))*+)"
)
_SETTING = re.compile(r"(?m)^[ \t]*[\"']?(?P<name>[\w.-]+)[\"']?[ \t]*[=:][ \t]*[\"']?(?P<value>[^\s\"'#;]{4,300})")
_MAP = re.compile(rf"(?i)(?:{_PLURAL})[\"']?\s{{0,5}}(?:=>|[:=])\s{{0,5}}\{{(?P<pairs>[^{{}}]*+)\}}")
_PAIR = re.compile(
    r"[\"']?(?P<name>[\w.@-]{1,60})[\"']?\s{0,5}(?:=>|[:=])\s{0,5}(?P<quote>[\"'])(?P<value>[^\s\"']{4,300})(?P=quote)"
)
_OTHER_WORDS = DESCRIPTIVE_WORDS | {"user", "username", "email", "host", "region", "endpoint", "id", "ref", "kind"}
_NOT_LINE_END = re.compile(rb"[^\r\n]")


def has_long_secrets(text: str) -> bool:
    """Whether the text may hold a secret of many lines. A part of such a secret cannot be recognised."""
    return (
        any(keyword in text for keyword, _ in BLOCK_RULES)
        or next(spans_in_kubernetes_secrets(text), None) is not None
        or next(values_of_secret_columns(text), None) is not None
        or (_may_have_names_above(text) and next(spans_below_names(SearchedText(text)), None) is not None)
    )


def _may_have_names_above(text: str) -> bool:
    """Whether a whole file may have a table, a section or a map: cheap, as every file that is indexed is asked."""
    first = text[: _line_end(text, 0)]
    if any(sign in first for sign in "\t;,") or text.startswith("[") or any(mark in text for mark in ("---", "\n[")):
        return True
    lower = text.lower()
    return any(plural in lower for plural in _PLURALS)


def without_long_secrets(source: bytes) -> bytes:
    """The text with blanks for its secrets of many lines, except the line that says what they are.

    Its length and its lines are the same. What is made of parts of the text needs it.
    """
    text = source.decode("latin-1")  # a character for each byte
    if not has_long_secrets(text):
        return source
    spans = [
        *spans_in_kubernetes_secrets(text),
        *values_of_secret_columns(text),
        *spans_below_names(SearchedText(text)),
    ]
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
        for is_masked, value in zip(secret, row.rstrip("\r").split("\t"), strict=False):
            if is_masked and value and value != "\\N":
                yield start, start + len(value)
            start += len(value) + 1
        place += len(row) + 1


def _are_secret(columns: Sequence[str]) -> list[bool]:
    return [bool(_SECRET_COLUMN.search(column)) for column in columns]


def spans_below_names(searched: SearchedText) -> Iterator[tuple[int, int]]:
    """Values in tables of Markdown, of comma-separated values and of terminals; in sections and maps of secrets."""
    text = searched.text
    end = 0
    for start, stop in searched.lines_with_names:
        line = text[start:stop]
        delimiter = next((sign for sign in "|\t;," if sign in line), "")
        if start < end:
            continue
        if section := _SECTION.match(text, start):
            yield from _values(_SETTING, text, section)
            end = section.end()
        elif delimiter:
            for spans, row_end in _table(text, start, stop, delimiter):
                yield from spans
                end = row_end
    for pairs in matches_at(_MAP, text, places_of(_PLURALS, searched.lower)):
        yield from _values(_PAIR, text, pairs)


def _values(pair: re.Pattern[str], text: str, block: re.Match[str]) -> Iterator[tuple[int, int]]:
    for match in pair.finditer(text, *block.span("pairs")):
        is_described = not _OTHER_WORDS.isdisjoint(word.lower() for word in NAME_WORD.findall(match["name"]))
        if not is_described and is_secret(match["value"], Requirement.CHOSEN):
            yield match.span("value")


def _table(text: str, start: int, stop: int, delimiter: str) -> Iterator[tuple[list[tuple[int, int]], int]]:
    """The spans of each row of a table whose names are this line, and where the row ends."""
    names = list(_cells(text, start, stop, delimiter))
    requirements = [_requirement(text[slice(*name)]) if _NAME.fullmatch(text, *name) else None for name in names]
    if not any(requirements) or len(names) < 2:
        return
    below = _line_end(text, stop + 1)
    is_drawn = delimiter == "|" and bool(_RULE.fullmatch(text, stop + 1, below))
    if delimiter == "|" and not is_drawn:
        yield list(_beside(text, names, requirements)), stop
        return
    if not is_drawn and not all(_NAME.fullmatch(text, *name) for name in names):
        return
    place = below + 1 if is_drawn else stop + 1
    if not is_drawn and (text[start] in " \t" or ", " in text[start:stop]):  # arguments of code look alike
        requirements = [Requirement.CHOSEN if one is Requirement.ANY else one for one in requirements]
    while place < len(text):
        end = _line_end(text, place)
        cells = list(_cells(text, place, end, delimiter))
        if len(cells) != len(names):
            break
        spans = [
            cell
            for cell, requirement in zip(cells, requirements, strict=True)
            if requirement and _is_value(text[slice(*cell)], requirement)
        ]
        place = end + 1
        yield spans, place


def _beside(
    text: str, cells: list[tuple[int, int]], requirements: list[Requirement | None]
) -> Iterator[tuple[int, int]]:
    """The value that stands right of a name."""
    for requirement, cell in zip(requirements, cells[1:], strict=False):
        looks = requirement if requirement is Requirement.RANDOM else Requirement.MIXED
        if requirement and _is_value(text[slice(*cell)], looks):
            yield cell


def _is_value(value: str, requirement: Requirement) -> bool:
    return len(value) > 3 and not re.search(r"\s", value) and is_secret(value, requirement)


def _cells(text: str, start: int, stop: int, delimiter: str) -> Iterator[tuple[int, int]]:
    """The spans of cells, without what stands around their text."""
    if delimiter == "|":  # it may also stand at both ends of a line
        line = text[start:stop]
        start += len(line) - len(line.lstrip(" \t|"))
        stop -= len(line) - len(line.rstrip(" \t\r|"))
    while start <= stop:
        match = _CELL[delimiter].match(text, start, stop)
        end = match.end() if match else stop
        cell = text[start:end]
        left = start + len(cell) - len(cell.lstrip(_MARKS))
        yield left, max(left, end - (len(cell) - len(cell.rstrip(_MARKS))))
        start = end + 1


def _requirement(name: str) -> Requirement | None:
    if len(name) > _MOST_NAME_CHARS or {word.lower() for word in NAME_WORD.findall(name)} & DESCRIPTIVE_WORDS - {
        "hash"
    }:
        return None
    if _ONLY_PASSWORD.fullmatch(name):
        return Requirement.ANY
    return Requirement.CHOSEN if _PASSWORD.search(name) else Requirement.RANDOM if _TOKEN_NAME.search(name) else None


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end
