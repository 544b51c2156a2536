"""Finds what an agent means by a place: lines of a file, a file, or the name of a symbol."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from semlens.core.cancel import CancelToken
from semlens.core.graph import NeighboursRequest
from semlens.core.hit import short_name
from semlens.core.paths import path_to_uri
from semlens.core.text.printable import printable
from semlens.core.text.secrets import mask_secrets
from semlens.mcp.answers import place_of
from semlens.mcp.root_policy import RootPolicy
from semlens.service.code_service import CodeQueries

_LINES = re.compile(r"(.+?)(?::|#L)(\d{1,7})(?:-L?(\d{1,7})|:\d{1,7})?\Z", re.DOTALL)
_SYMBOL_OF_FILE = re.compile(r"(.+?\.\w+)(?:::|[#:])(.+)\Z", re.DOTALL)
_WHOLE_FILE = (0, 10**7)


@dataclass(frozen=True, slots=True)
class Place:
    """:ivar lines: first and last, 0-based. :ivar name: of the symbol, or "": a line may hold several.
    :ivar note: other symbols of that name, or "".
    """

    uri: str
    lines: tuple[int, int]
    name: str = ""
    note: str = ""


def find_place(
    text: str, folders: Sequence[str], policy: RootPolicy, service: CodeQueries, cancel: CancelToken
) -> Place:
    """:raises UsageError: when there is no such place in the folders."""
    if (named := _LINES.match(text)) is not None:
        first = max(int(named[2]), 1) - 1
        last = max(int(named[3]) - 1, first) if named[3] else first
        return Place(path_to_uri(policy.file(named[1], folders)), (first, last))
    if policy.has_file(text, folders):
        return Place(path_to_uri(policy.file(text, folders)), _WHOLE_FILE)
    if (named := _SYMBOL_OF_FILE.match(text)) is not None and policy.has_file(named[1], folders):
        return _symbol_named(named[2], (policy.file(named[1], folders),), service, cancel)
    return _symbol_named(text, folders, service, cancel)


def _symbol_named(name: str, folders: Sequence[str], service: CodeQueries, cancel: CancelToken) -> Place:
    """:param folders: real paths of folders, or of a file.

    :raises UsageError: when there is no symbol of this name.
    """
    found = service.callees(NeighboursRequest(name=name, limit=1, folders=tuple(folders)), cancel)
    others = [f"{printable(mask_secrets(short_name(hit))[0])} at {place_of(hit)}" for hit in found.others]
    more = f" and {found.n_others - len(others)} more" if found.n_others > len(others) else ""
    line = found.symbol.name_span.start_line
    note = f"Others of that name: {'; '.join(others)}{more}." if others else ""
    return Place(found.symbol.uri, (line, line), found.symbol.name, note)
