"""Scripts inside markup: where they stand in a page or a component, and in which language they are written.

By the tags alone, without the markup's grammar: half-typed markup must not hide its scripts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCRIPT = re.compile(rb"<script\b([^>]*)>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_FRONT = re.compile(rb"\A\s*---[ \t]*\r?\n(.*?)^---", re.DOTALL | re.MULTILINE)
_ATTRIBUTE = re.compile(rb"\b(lang|type)\s*=\s*[\"']?([\w/+.-]+)", re.IGNORECASE)
_LANGUAGES = {
    b"ts": "typescript", b"typescript": "typescript", b"text/typescript": "typescript", b"tsx": "tsx", b"jsx": "javascript",
    b"js": "javascript", b"javascript": "javascript", b"text/javascript": "javascript", b"module": "javascript",
    b"application/javascript": "javascript", b"text/babel": "javascript",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScriptPart:
    """Bytes `start` to `end` of a file, written in `language`."""

    start: int
    end: int
    language: str


def script_parts(source: bytes, name: str) -> list[ScriptPart]:
    """The scripts of a page or component, in order.

    :param name: of the file's own language; Astro's scripts also stand between dashes at its top.
    """
    parts: list[ScriptPart] = []
    if name == "astro":
        front = _FRONT.match(source)
        if front is not None:
            parts.append(ScriptPart(front.start(1), front.end(1), "typescript"))
    for match in _SCRIPT.finditer(source):
        language: str | None = "javascript"
        for key, value in _ATTRIBUTE.findall(match[1]):
            known = _LANGUAGES.get(value.lower())
            if key.lower() == b"lang" or known is None or language == "javascript":
                language = known
        if language is not None and match[2].strip() and not (parts and match.start(2) < parts[-1].end):
            parts.append(ScriptPart(match.start(2), match.end(2), language))
    return parts
