"""Inserts an entry into JSON, or JSON with comments, as text. Every other character stays as it is.

Comments and closing commas are replaced by spaces before the standard library parses, so offsets and line numbers of
errors are those of the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from semlens.agents.errors import FormatError, UnsafeEditError
from semlens.agents.splices import Splice, newline_of

_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(rf"{_STRING}|(//[^\n]*|/\*.*?\*/)", re.DOTALL)
_CLOSING_COMMA = re.compile(rf"{_STRING}|(,(?=\s*[}}\]]))", re.DOTALL)
_NOT_NEWLINE = re.compile(r"[^\r\n]")
_SPACES = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_DEFAULT_INDENT = "  "


class _Member(NamedTuple):
    """Offsets of ``"key": value``. :ivar comma: the offset of the comma behind it; -1 without one."""

    key: str
    start: int
    value_start: int
    end: int
    comma: int


class _Object(NamedTuple):
    """:ivar open: the offset of its first brace."""

    open: int
    close: int
    members: list[_Member]

    def member(self, key: str) -> _Member | None:
        """The last one of that name, which is the one that parsers take."""
        return next((member for member in reversed(self.members) if member.key == key), None)


def parse_json(text: str, *, comments: bool, closing_commas: bool) -> dict[str, Any]:
    """The root object; empty for text without any value.

    :param comments: allow them. :param closing_commas: allow a comma behind the last member.
    :raises FormatError: when it is not valid, or no object.
    """
    plain = _without_comments(text) if comments else text
    plain = _without_closing_commas(plain) if closing_commas else plain
    if not plain.strip():
        return {}
    try:
        value = json.loads(plain)
    except json.JSONDecodeError as error:
        raise FormatError(f"line {error.lineno} column {error.colno}: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        raise FormatError("it nests too deeply or has too long a number") from error
    if not isinstance(value, dict):
        raise FormatError("its root is not an object")
    return value


def insert_json(text: str, container: str, name: str, entry: Mapping[str, Any]) -> list[Splice]:
    """Where to insert ``container: {name: entry}``. The text must be valid, and have no such entry."""
    newline = newline_of(text)
    commented = _without_comments(text)
    if not commented.strip():
        body = json.dumps({container: {name: entry}}, indent=_DEFAULT_INDENT, ensure_ascii=False)
        before = newline if text.strip() and not text.endswith("\n") else ""
        return [Splice(len(text), before + body.replace("\n", newline) + newline)]
    root = _scan_object(commented, _skip(commented, 0))
    indent = _indent_of_first(text, root) or _DEFAULT_INDENT
    holder = root.member(container)
    if holder is None:
        return _insert_member(text, commented, root, container, {name: entry}, indent)
    inner = _scan_object(commented, holder.value_start)
    return _insert_member(text, commented, inner, name, entry, indent)


def remove_json(text: str, container: str, name: str, *, prune: bool) -> str:
    """Remove the entry, with its line and its comma. :param prune: also remove the container if it gets empty."""
    commented = _without_comments(text)
    root = _scan_object(commented, _skip(commented, 0))
    holder = root.member(container)
    if holder is None:
        return text
    inner = _scan_object(commented, holder.value_start)
    entry = inner.member(name)
    if entry is None:
        return text
    if prune and len(inner.members) == 1:
        return _remove_member(text, commented, root, holder)
    return _remove_member(text, commented, inner, entry)


def _insert_member(
    text: str, commented: str, holder: _Object, key: str, value: Mapping[str, Any], unit: str
) -> list[Splice]:
    newline = newline_of(text)
    if not holder.members:
        base = _line_indent(text, holder.open)
        member = _pretty(key, value, base + unit, unit, newline)
        has_lines = "\n" in text[holder.open : holder.close]
        return [Splice(holder.open + 1, newline + base + unit + member + ("" if has_lines else newline + base))]
    last = holder.members[-1]
    has_comma = last.comma >= 0
    end = last.comma + 1 if has_comma else last.end
    if not _starts_line(text, last.start):
        member = f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        return [Splice(end, f" {member}," if has_comma else f", {member}")]
    indent = _line_indent(text, last.start)
    line = newline + indent + _pretty(key, value, indent, unit, newline)
    line_end = _end_of_line(text, commented, end)
    if has_comma:
        return [Splice(line_end, line + ",")]
    return [Splice(end, "," + line)] if line_end == end else [Splice(end, ","), Splice(line_end, line)]


def _remove_member(text: str, commented: str, holder: _Object, member: _Member) -> str:
    index = holder.members.index(member)
    start, end = member.start, member.end
    comma_before = -1
    if member.comma >= 0:
        end = member.comma + 1
    elif index > 0:
        comma_before = holder.members[index - 1].comma
    line_start = text.rfind("\n", 0, start) + 1
    if not commented[line_start:start].strip():
        start = line_start
        line_end = text.find("\n", end)
        if line_end >= 0 and not text[end:line_end].strip():
            end = line_end + 1
    elif member.comma >= 0:
        end = _skip(text, end)
    elif comma_before >= 0 and not text[comma_before + 1 : start].strip():
        start, comma_before = comma_before, -1
    text = text[:start] + text[end:]
    return text if comma_before < 0 else text[:comma_before] + text[comma_before + 1 :]


def _pretty(key: str, value: Mapping[str, Any], indent: str, unit: str, newline: str) -> str:
    body = json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", newline + indent)
    return f"{json.dumps(key)}: {body}"


def _scan_object(commented: str, at: int) -> _Object:
    """:param commented: valid text without comments.

    :raises UnsafeEditError: when there is another value, such as null.
    """
    if commented[at] != "{":
        raise UnsafeEditError
    plain = _without_closing_commas(commented)
    members: list[_Member] = []
    start = at
    at = _skip(plain, at + 1)
    while plain[at] != "}":
        key_start = at
        key, at = _DECODER.raw_decode(plain, at)
        value_start = _skip(plain, _skip(plain, at) + 1)
        _, end = _DECODER.raw_decode(plain, value_start)
        at = _skip(commented, end)
        comma = at if commented[at] == "," else -1
        members.append(_Member(str(key), key_start, value_start, end, comma))
        at = _skip(plain, at + 1 if comma >= 0 else at)
    return _Object(start, at, members)


def _skip(text: str, at: int) -> int:
    """The offset of the next character that is no space."""
    return _SPACES.match(text, at).end()  # type: ignore[union-attr]


def _without_comments(text: str) -> str:
    return _COMMENT.sub(lambda match: _NOT_NEWLINE.sub(" ", match[0]) if match[1] else match[0], text)


def _without_closing_commas(text: str) -> str:
    return _CLOSING_COMMA.sub(lambda match: " " if match[1] else match[0], text)


def _starts_line(text: str, at: int) -> bool:
    line_start = text.rfind("\n", 0, at)
    return line_start >= 0 and not text[line_start:at].strip()


def _line_indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _indent_of_first(text: str, root: _Object) -> str:
    if not root.members or not _starts_line(text, root.members[0].start):
        return ""
    return _line_indent(text, root.members[0].start)


def _end_of_line(text: str, commented: str, at: int) -> int:
    """The end of the line if only a comment that ends there follows; else the offset itself."""
    line_end = text.find("\n", at)
    if line_end < 0 or commented[at:line_end].strip():
        return at
    if text[line_end - 1 : line_end] == "\r":
        line_end -= 1
    opened = text.rfind("/*", at, line_end)
    is_inside = opened >= 0 and "//" not in text[at:opened] and "*/" not in text[opened:line_end]
    return at if is_inside else line_end
