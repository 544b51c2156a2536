"""Finds scripts in markup, with their positions and languages.

Only the tags are read. The grammar of the markup is not used, because half-typed markup must not hide its scripts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MAX_SCRIPTS = 500  # of one file; later ones are text
_OPENING = re.compile(rb"<script\b([^<>]*)>", re.IGNORECASE)
_CLOSING = re.compile(rb"</script\s*>", re.IGNORECASE)
_FRONT_MATTER = re.compile(rb"\A\s*---[ \t]*\r?\n(.*?)^---", re.DOTALL | re.MULTILINE)
_ATTRIBUTE = re.compile(rb"\b(lang|type)\s*=\s*[\"']?([\w/+.-]+)", re.IGNORECASE)
_LANGUAGES = {
    b"ts": "typescript", b"typescript": "typescript", b"text/typescript": "typescript", b"tsx": "tsx",
    b"jsx": "javascript",
    b"js": "javascript", b"javascript": "javascript", b"text/javascript": "javascript", b"module": "javascript",
    b"application/javascript": "javascript", b"text/babel": "javascript",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EmbeddedScript:
    """Bytes `start` to `end` of a file, written in `language`."""

    start: int
    end: int
    language: str


def scripts_in(source: bytes, name: str) -> list[EmbeddedScript]:
    """The scripts of a page or component, in order.

    :param name: of the file's own language; Astro's scripts also stand between dashes at its top.
    """
    parts: list[EmbeddedScript] = []
    if name == "astro":
        front_matter = _FRONT_MATTER.match(source)
        if front_matter is not None:
            parts.append(EmbeddedScript(front_matter.start(1), front_matter.end(1), "typescript"))
    position = parts[-1].end if parts else 0
    while len(parts) < _MAX_SCRIPTS and (opening := _OPENING.search(source, position)) is not None:
        closing = _CLOSING.search(source, opening.end())
        if closing is None:
            break
        language = _language(opening[1])
        if language and source[opening.end() : closing.start()].strip():
            parts.append(EmbeddedScript(opening.end(), closing.start(), language))
        position = closing.end()
    return parts


def _language(attributes: bytes) -> str:
    """The language that the tag of a script names; "" for data."""
    language = "javascript"
    for key, value in _ATTRIBUTE.findall(attributes):
        language_of_tag = _LANGUAGES.get(value.lower(), "")
        if key.lower() == b"lang" or not language_of_tag or language == "javascript":
            language = language_of_tag
    return language
