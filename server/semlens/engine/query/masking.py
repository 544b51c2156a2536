"""Secrets out of text that goes to a prompt or an assistant: how much of a document must be seen to find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from semlens.core.hit import SearchHit
from semlens.core.text.secrets import has_long_secrets, is_environment_file, mask_secrets
from semlens.engine.query.hit_builder import MAX_LINE_CHARS

_MASKING_CONTEXT_LINES = 8
"""The name of a secret may stand some lines above its value."""


def mask_document(lines: Sequence[str], path: str) -> Sequence[str] | None:
    """All lines masked, where a part of the document may show a part of a secret alone; else None."""
    text = "\n".join(lines)
    environment = is_environment_file(path)
    is_cut = max(map(len, lines), default=0) > MAX_LINE_CHARS
    if not (environment or is_cut or has_long_secrets(text)):
        return None
    return mask_secrets(text, environment=environment)[0].split("\n")


def mask_hit(hit: SearchHit, lines: Sequence[str]) -> SearchHit:
    """The hit without secrets in what it shows of the document. :param lines: of the document."""
    first, last = hit.snippet_span.start_line, hit.snippet_span.end_line
    masked = mask_document(lines, hit.path)
    if masked is None:
        start = max(0, first - _MASKING_CONTEXT_LINES)
        around = "\n".join(lines[start : last + 1 + _MASKING_CONTEXT_LINES])
        masked = [*lines[:start], *mask_secrets(around)[0].split("\n")]
    snippet = "\n".join(line[:MAX_LINE_CHARS] for line in masked[first : last + 1])
    signature, _ = mask_secrets(hit.signature, environment=is_environment_file(hit.path))
    return replace(hit, snippet=snippet, signature=signature)
