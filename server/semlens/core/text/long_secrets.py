"""Finds secrets that a part of their text cannot show: blocks of lines, and Kubernetes manifests of kind `Secret`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from semlens.core.text.secret_forms import BLOCK_RULES

_YAML_DOCUMENT_END = re.compile(r"(?m)^---(?=\s|\Z)")
_KUBERNETES_SECRET = re.compile(r"(?m)^kind:[ \t]{0,9}[\"']?Secret[\"']?[ \t\r]{0,9}(?:#[^\n]*)?$")
_KUBERNETES_DATA = re.compile(r"(?m)^(?:data|stringData):[^\n]{0,99}\n(?P<lines>(?:[ \t]+[^\n]*(?:\n|\Z))+)")
_KUBERNETES_LINE = re.compile(
    r"(?m)^[ \t]+(?:[\"']?[\w./-]+[\"']?:[ \t]+[\"']?)?"
    r"(?P<value>[^\s#\"'|>][^\n]{2,}?)[\"']?(?:(?<![ \t\r])[ \t\r]*+)?$"
)
_NOT_LINE_END = re.compile(rb"[^\r\n]")


def has_long_secrets(text: str) -> bool:
    """Whether the text may hold a secret of many lines. A part of such a secret cannot be recognised."""
    return any(keyword in text for keyword, _ in BLOCK_RULES) or bool(_KUBERNETES_SECRET.search(text))


def without_long_secrets(source: bytes) -> bytes:
    """The text with blanks for its secrets of many lines, except the line that says what they are.

    Its length and its lines are the same. What is made of parts of the text needs it.
    """
    text = source.decode("latin-1")  # a character for each byte
    if not has_long_secrets(text):
        return source
    spans = [*spans_in_kubernetes_secrets(text)]
    for keyword, block in BLOCK_RULES:
        for match in block.finditer(text) if keyword in text else ():
            title = re.match(rf"[^\n]*{keyword}[^\n]*\n", match[0])
            spans.append((match.start() + (title.end() if title else 0), match.end()))
    blanked = bytearray(source)
    for start, stop in spans:
        blanked[start:stop] = _NOT_LINE_END.sub(b" ", source[start:stop])
    return bytes(blanked)


def spans_in_kubernetes_secrets(text: str) -> Iterator[tuple[int, int]]:
    """Every value of a manifest of kind `Secret`."""
    if not _KUBERNETES_SECRET.search(text):
        return
    ends = [0, *(match.end() for match in _YAML_DOCUMENT_END.finditer(text)), len(text)]
    for start, stop in itertools.pairwise(ends):
        if not _KUBERNETES_SECRET.search(text, start, stop):
            continue
        for block in _KUBERNETES_DATA.finditer(text, start, stop):
            for line in _KUBERNETES_LINE.finditer(text, *block.span("lines")):
                yield line.span("value")
