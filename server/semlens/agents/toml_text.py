"""Appends a table to TOML as text. Callers check by parsing that nothing else changed."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from semlens.agents.errors import FormatError
from semlens.agents.splices import Splice, appended

_HEADER = re.compile(r"^[ \t]*\[")


def parse_toml(text: str) -> dict[str, Any]:
    """:raises FormatError: when it is not valid."""
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FormatError(str(error)) from error


def insert_toml(text: str, container: str, name: str, entry: Mapping[str, Any]) -> list[Splice]:
    """:param entry: strings, booleans, and lists of strings, which JSON and TOML write alike."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in entry.items()]
    return [appended(text, f"[{container}.{name}]\n" + "".join(lines))]


def remove_toml(text: str, container: str, name: str, *, prune: bool) -> str:  # noqa: ARG001 - a header needs no parent
    """Remove the table and its subtables. Comments in front of the next table belong to that one."""
    ours = re.compile(rf"^[ \t]*\[[ \t]*{container}[ \t]*\.[ \t]*[\"']?{name}[\"']?[ \t]*[.\]]")
    kept: list[str] = []
    removed: list[str] = []
    is_ours = False
    for line in text.splitlines(keepends=True):
        if _HEADER.match(line):
            if is_ours:
                kept += _closing_comments(removed)
            is_ours, removed = bool(ours.match(line)), []
        (removed if is_ours else kept).append(line)
    if is_ours and kept and not kept[-1].strip():
        kept.pop()
    return "".join(kept)


def _closing_comments(lines: list[str]) -> list[str]:
    start = len(lines)
    while start > 0 and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return lines[start:]
