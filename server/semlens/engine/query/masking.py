"""Masks secrets in text for prompts and assistants. Decides how much context the detection needs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from semlens.core.hit import SearchHit
from semlens.core.text.long_secrets import has_long_secrets
from semlens.core.text.secrets import MASK, is_environment_file, mask_secrets
from semlens.engine.query.hit_builder import MAX_LINE_CHARS

_CONTEXT_LINES = 8
"""The name of a secret may be some lines above its value."""
_SIGNATURE_LINES = 12
"""A signature is taken from at most so many lines."""
_WORD = re.compile(r"[^\s\"'`]+")
_LEAST_PART = 4
"""Characters from which the beginning of a secret counts as a part of it."""


def mask_document(lines: Sequence[str], path: str) -> Sequence[str] | None:
    """Mask a whole document, if a part of it could show a part of a secret; else return None."""
    text = "\n".join(lines)
    environment = is_environment_file(path)
    is_cut = max(map(len, lines), default=0) > MAX_LINE_CHARS
    if not (environment or is_cut or has_long_secrets(text)):
        return None
    return mask_secrets(text, environment=environment)[0].split("\n")


def mask_around(lines: Sequence[str], first: int, last: int) -> Sequence[str]:
    """The lines of a document that need not be masked as a whole. Those from `first` to `last` have no secrets."""
    start, stop = max(0, first - _CONTEXT_LINES), last + 1 + _CONTEXT_LINES
    around, _ = mask_secrets("\n".join(lines[start:stop]))
    return [*lines[:start], *around.split("\n"), *lines[stop:]]


def changed_by_masks(lines: Sequence[str], numbers: Iterable[int]) -> dict[int, str]:
    """Which of these lines of a document have secrets, with masks for them. :param numbers: ascending, 0-based."""
    changed: dict[int, str] = {}
    for _, run in itertools.groupby(enumerate(numbers), lambda place: place[1] - place[0]):
        wanted = [number for _, number in run]
        masked = mask_around(lines, wanted[0], wanted[-1])
        changed |= {number: masked[number] for number in wanted if masked[number] != lines[number]}
    return changed


def mask_hit(hit: SearchHit, lines: Sequence[str]) -> SearchHit:
    """Mask the snippet, the signature and the names of a hit. The name of a heading is its text.

    :param lines: all lines of the document.
    """
    first, last = hit.snippet_span.start_line, hit.snippet_span.end_line
    declared = min(hit.span.last_line, hit.span.start_line + _SIGNATURE_LINES)
    masked = mask_document(lines, hit.path)
    if masked is None:
        masked = mask_around(lines, min(first, hit.span.start_line), max(last, declared))
    snippet = "\n".join(line[:MAX_LINE_CHARS] for line in masked[first : last + 1])
    signature, _ = mask_secrets(hit.signature, environment=is_environment_file(hit.path))
    declaration = slice(hit.span.start_line, declared + 1)
    return hit._replace(
        snippet=snippet,
        signature=_without(lines[declaration], masked[declaration], signature),
        name=mask_secrets(hit.name)[0],
        qualified_name=mask_secrets(hit.qualified_name)[0],
    )


def _without(lines: Sequence[str], masked: Sequence[str], signature: str) -> str:
    """The signature of these lines without what their masks hide. It may be cut within a secret."""
    hidden: set[str] = set()
    for before, after in zip(lines, masked, strict=True):
        if before != after:
            hidden |= set(_WORD.findall(before)) - set(_WORD.findall(after))

    def replaced(word: re.Match[str]) -> str:
        is_last = word.end() == len(signature) and len(word[0]) >= _LEAST_PART
        is_hidden = word[0] in hidden or (is_last and any(one.startswith(word[0]) for one in hidden))
        return MASK if is_hidden else word[0]

    return _WORD.sub(replaced, signature) if hidden else signature
