"""Finds secrets that a part of their text cannot show: blocks of lines, Kubernetes manifests, rows of tables."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from semlens.core.text.secret_forms import BLOCK_RULES
from semlens.core.text.secret_inserts import values_of_secret_columns

_YAML_DOCUMENT_END = re.compile(r"(?m)^---(?=\s|\Z)")
_KUBERNETES_SECRET = re.compile(
    r"(?m)^(?P<indent>[ \t]{0,40}+(?:-[ \t]{1,9})?)kind:[ \t]{0,9}[\"']?Secret[\"']?[ \t\r]{0,9}(?:#[^\n]*)?$"
)
_KUBERNETES_DATA = re.compile(
    r"(?m)^(?P<indent>[ \t]{0,40}+)(?:data|stringData):[^\n]{0,99}\n(?P<lines>(?:(?P=indent)[ \t]+[^\n]*(?:\n|\Z))+)"
)
_JSON_SECRET = re.compile(r"\"kind\"\s{0,9}:\s{0,9}\"Secret\"")
_JSON_DATA = re.compile(r"\"(?:data|stringData)\"\s{0,9}:\s{0,9}\{(?P<pairs>[^{}]*)\}")
_JSON_VALUE = re.compile(r":\s{0,9}\"(?P<value>(?:[^\"\\]|\\.){3,}+)\"")
_KUBERNETES_LINE = re.compile(
    r"(?m)^[ \t]+(?:[\"']?[\w./-]+[\"']?:[ \t]+[\"']?)?"
    r"(?P<value>[^\s#\"'|>][^\n]{2,}?)[\"']?(?:(?<![ \t\r])[ \t\r]*+)?$"
)
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
