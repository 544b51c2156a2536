"""Finds what an agent means by a place: ``path:line``, ``path:first-last``, or the name of a symbol."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.core.hit import SearchHit
from semlens.core.paths import path_to_uri
from semlens.core.request import SearchFilter, SearchRequest
from semlens.core.text.printable import printable
from semlens.mcp.answers import place_of
from semlens.mcp.root_policy import RootPolicy
from semlens.service.code_service import CodeQueries

_PLACE = re.compile(r"(.+?):(\d{1,7})(?:[-:](\d{1,7}))?\Z", re.DOTALL)
_SEPARATOR = re.compile(r"::|#|->|/|\.|:")
_N_CANDIDATES = 30
_N_OTHERS = 3


@dataclass(frozen=True, slots=True)
class Place:
    """:ivar lines: first and last, 0-based. :ivar note: other symbols of that name, or ""."""

    uri: str
    lines: tuple[int, int]
    note: str = ""


def find_place(
    text: str, folders: Sequence[str], policy: RootPolicy, service: CodeQueries, cancel: CancelToken
) -> Place:
    """:raises UsageError: when there is no such place in the folders."""
    named = _PLACE.match(text)
    if named is not None:
        path = policy.file(named[1], folders)
        first = max(int(named[2]), 1) - 1
        last = max(int(named[3]) - 1, first) if named[3] and "-" in text[named.end(2) :] else first
        return Place(path_to_uri(path), (first, last))
    hits = _symbols_named(text, folders, service, cancel)
    if not hits:
        raise UsageError(
            f"No symbol is named {printable(text)[:200]}. Give path:line, or find its name with search_code."
        )
    line = hits[0].name_span.start_line
    others = [f"{printable(hit.qualified_name)} at {place_of(hit)}" for hit in hits[1 : 1 + _N_OTHERS]]
    note = f"Others of that name: {'; '.join(others)}." if others else ""
    return Place(hits[0].uri, (line, line), note)


def _symbols_named(text: str, folders: Sequence[str], service: CodeQueries, cancel: CancelToken) -> list[SearchHit]:
    """Symbols whose qualified name ends with the given one, the most exact first."""
    parts = _parts(text)
    if not parts:
        return []
    request = SearchRequest(
        parts[-1], limit=_N_CANDIDATES, filter=SearchFilter(folders=tuple(folders)), per_file=0, mask=True
    )
    hits = service.search(request, cancel).hits
    exact = [hit for hit in hits if _parts(hit.qualified_name)[-len(parts) :] == parts]
    return sorted(exact, key=lambda hit: _parts(hit.qualified_name) != parts)


def _parts(name: str) -> list[str]:
    return [part for part in _SEPARATOR.split(name.strip().removesuffix("()")) if part]
