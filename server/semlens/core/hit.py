"""What a search returns. Tuples, as a client of the server loads them faster than dataclasses."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from semlens.core.span import Span
from semlens.core.symbol import SymbolKind


class SearchStage(enum.StrEnum):
    """Which hits an early answer has. The values are the protocol's."""

    FIRST = "first"
    """Hits of the first tier. Another tier follows."""
    REFINED = "refined"
    """Hits of all local models. A service or the team's server has not answered yet."""


class Reason(enum.StrEnum):
    """Why a hit is in the answer. The values are the protocol's."""

    RECENT = "recent"
    TRACE = "trace"
    NAME = "name"
    PATH = "path"
    WORDS = "words"
    MEANING = "meaning"


class SearchHit(NamedTuple):
    """One place in the code. Its positions are those of the text that was searched.

    :ivar root: absolute path of the workspace root, or "" for a buffer outside every root.
    :ivar path: relative to the root, forward slashes.
    :ivar uri: the document, as the editor named it where it is open.
    :ivar score: 0 to 1, comparable within one answer only.
    :ivar snippet: the best lines, as they stand.
    :ivar snippet_span: where the snippet stands, whole lines.
    :ivar highlights: line ranges (first, last), 0-based and inclusive, that match best.
    :ivar reasons: strongest first; may be empty.
    :ivar features: the inputs of the ranking by name; empty unless requested.
    :ivar dirty: from a buffer that differs from the file.
    :ivar line_texts: text of every line that a position of this hit stands on, so that byte columns can be converted
        to any position encoding without reading the document again.
    :ivar team: the repository of a hit that the team's server found, "" for one that was found here.
    """

    root: str
    path: str
    uri: str
    name: str
    qualified_name: str
    container_name: str
    kind: SymbolKind
    language: str
    span: Span
    name_span: Span
    signature: str
    score: float
    snippet: str
    snippet_span: Span
    highlights: tuple[tuple[int, int], ...]
    reasons: tuple[Reason, ...]
    dirty: bool
    features: Mapping[str, float] = MappingProxyType({})
    line_texts: Mapping[int, str] = MappingProxyType({})
    team: str = ""


class SearchResult(NamedTuple):
    """The answer to one search.

    :ivar generation: number of the snapshot that was read.
    :ivar complete: every eligible file and open buffer was searchable by names, words and first-tier vectors.
    :ivar notes: sentences for the user about the query itself, e.g. an unknown filter searched as words.
    :ivar confidence: 0 to 1, the probability that one of the first three hits is what was asked for.
    :ivar nothing_fits: the confidence is so low that clients should say that nothing fits.
    """

    hits: tuple[SearchHit, ...]
    generation: int
    complete: bool
    elapsed_ms: float
    notes: tuple[str, ...] = ()
    confidence: float = 1.0
    nothing_fits: bool = False


def short_name(hit: SearchHit) -> str:
    """The qualified name without the module, which the path says already."""
    name = hit.qualified_name or hit.name
    folders = set(hit.path.rpartition(".")[0].replace("\\", "/").split("/"))
    separator = next((mark for mark in ("::", "/", ".") if mark in name), "")
    parts = name.split(separator) if separator else [name]
    while len(parts) > 1 and parts[0] in folders:
        parts.pop(0)
    return separator.join(parts)
