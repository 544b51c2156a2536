"""Masks secrets in text for prompts and assistants. Decides how much context the detection needs."""

from __future__ import annotations

from collections.abc import Sequence

from semlens.core.hit import SearchHit
from semlens.core.text.secrets import has_long_secrets, is_environment_file, mask_secrets
from semlens.engine.query.hit_builder import MAX_LINE_CHARS

_MASKING_CONTEXT_LINES = 8
"""The name of a secret may be some lines above its value."""


def mask_document(lines: Sequence[str], path: str) -> Sequence[str] | None:
    """Mask a whole document, if a part of it could show a part of a secret; else return None."""
    text = "\n".join(lines)
    environment = is_environment_file(path)
    is_cut = max(map(len, lines), default=0) > MAX_LINE_CHARS
    if not (environment or is_cut or has_long_secrets(text)):
        return None
    return mask_secrets(text, environment=environment)[0].split("\n")


def mask_hit(hit: SearchHit, lines: Sequence[str]) -> SearchHit:
    """Mask the snippet and the signature of a hit.

    :param lines: all lines of the document.
    """
    first, last = hit.snippet_span.start_line, hit.snippet_span.end_line
    masked = mask_document(lines, hit.path)
    if masked is None:
        start = max(0, first - _MASKING_CONTEXT_LINES)
        around = "\n".join(lines[start : last + 1 + _MASKING_CONTEXT_LINES])
        masked = [*lines[:start], *mask_secrets(around)[0].split("\n")]
    snippet = "\n".join(line[:MAX_LINE_CHARS] for line in masked[first : last + 1])
    signature, _ = mask_secrets(hit.signature, environment=is_environment_file(hit.path))
    return hit._replace(snippet=snippet, signature=signature)
