"""What a change may affect: the symbols that reach it over the edges of the graph, nearest first.

Which symbols change is said by the caller. `related_tests` knows the tests that no edge leads to.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from semlens.core.reference import ReferenceKind
from semlens.core.symbol import Role
from semlens.graph.candidates import FileKey
from semlens.graph.neighbours import Neighbour, callers
from semlens.graph.related_tests import (
    CONFTEST,
    common_folders,
    tests_by_import,
    tests_by_name,
    tests_nearby,
    tests_of_fixture,
)
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace
from semlens.syntax.languages.registry import BY_NAME

MAX_DISTANCE = 4
MAX_EXPANDED = 250
"""Symbols whose callers are looked for."""

FEW_TESTS = 10
"""While fewer files of tests are known, others are named that lie near the change or share words with it."""

NEARBY_CONFIDENCE = 0.1

_LEAST_SURE_EDGE = 0.3
_LEAST_PATH = 0.2  # product of the confidences along a path
_NAME_CONFIDENCE = 0.6
_FIXTURE_CONFIDENCE = 0.95
_IMPORT_DISTANCE, _IMPORT_CONFIDENCE = 2, 0.4
_RUST_TEST = re.compile(r"(?:^|::)tests?::|(?:^|::)test_\w+$")


class Reached(NamedTuple):
    """:ivar row: of the symbol, or of the file behind all symbols. :ivar via: names from the change on."""

    view: int
    row: int
    distance: int
    confidence: float
    via: tuple[str, ...]


class Impact(NamedTuple):
    """:ivar cut: whether more is affected than was looked at."""

    affected: list[Reached]
    tests: list[Reached]
    cut: bool


def impact_of(resolver: Resolver, changed: Iterable[SymbolPlace], files: Iterable[FileKey]) -> Impact:
    """:param files: view and row of each changed file, for tests that carry its name."""
    starts = list(dict.fromkeys(changed))
    files = list(files)
    reached, cut = _follow(resolver, starts)
    named = _reached(resolver, tests_by_name(resolver, files, starts), 1, _NAME_CONFIDENCE)
    tests = [one for one in reached if is_test(resolver, one.view, one.row)]
    known = {(one.view, resolver.file_of(one.view, one.row)) for one in tests} | named.keys()
    imported = _reached(resolver, tests_by_import(resolver, files), _IMPORT_DISTANCE, _IMPORT_CONFIDENCE)
    tests += [one for file, one in imported.items() if file not in known]
    affected = [one for one in reached if not is_test(resolver, one.view, one.row)]
    affected.sort(key=lambda one: (one.distance, -one.confidence, one.view, one.row))
    folders = [resolver.path(view, file).split("/")[:-1] for view, file in files]
    ordered = _ordered_tests(resolver, tests, named, folders)
    known |= imported.keys()
    code = [file for file in files if _is_code(resolver, *file)]
    if code and len(known) < FEW_TESTS:
        name = resolver.path(*code[0]).rpartition("/")[2]
        near = tests_nearby(resolver, code, starts, known.union(files), FEW_TESTS - len(known))
        ordered += _reached(resolver, dict.fromkeys(near, name), MAX_DISTANCE, NEARBY_CONFIDENCE).values()
    return Impact(affected, ordered, cut)


def _follow(resolver: Resolver, starts: Sequence[SymbolPlace]) -> tuple[list[Reached], bool]:
    """What reaches the changed symbols, each where it is nearest, and whether more does than was looked at."""
    found: list[Reached] = []
    done = set(starts)
    queue: list[tuple[int, float, int, int, tuple[str, ...]]] = [
        (0, -1.0, place.view, place.symbol, ()) for place in starts
    ]
    heapq.heapify(queue)
    n_expanded = 0
    while queue and n_expanded < MAX_EXPANDED:
        distance, cost, view, symbol, via = heapq.heappop(queue)
        n_expanded += 1
        name = resolver.views[view].segment.symbols.names[symbol]
        for edge in _users(resolver, SymbolPlace(view, symbol)):
            confidence = -cost * edge.confidence
            if edge.confidence < _LEAST_SURE_EDGE or confidence < _LEAST_PATH:
                break
            place = SymbolPlace(edge.view, edge.row)
            if place in done:
                continue
            done.add(place)
            reached = Reached(edge.view, edge.row, distance + 1, confidence, (*via, name))
            found.append(reached)
            is_symbol = edge.row < len(resolver.views[edge.view].segment.symbols)
            if is_symbol and distance + 1 < MAX_DISTANCE and _leads_on(resolver, place):
                heapq.heappush(queue, (distance + 1, -confidence, edge.view, edge.row, reached.via))
    return found, bool(queue)


def _users(resolver: Resolver, place: SymbolPlace) -> list[Neighbour]:
    """What uses a symbol, surest first."""
    tests = tests_of_fixture(resolver, place)
    given = [Neighbour(one.view, one.symbol, ReferenceKind.USE, _FIXTURE_CONFIDENCE) for one in tests]
    return sorted((*given, *callers(resolver, place).edges), key=lambda edge: -edge.confidence)


def _leads_on(resolver: Resolver, place: SymbolPlace) -> bool:
    """Whether what uses a symbol is of interest: nobody uses a test, but for what a ``conftest.py`` offers."""
    path = resolver.path(place.view, resolver.file_of(*place))
    return path.rpartition("/")[2] == CONFTEST or not is_test(resolver, *place)


def is_test(resolver: Resolver, view: int, row: int) -> bool:
    """Whether a symbol or file is a test. Rust has tests beside the code."""
    segment = resolver.views[view].segment
    file = resolver.file_of(view, row)
    if int(segment.files.roles[file]) & Role.TEST:
        return True
    return (
        row < len(segment.symbols)
        and segment.files.language(file) == "rust"
        and _RUST_TEST.search(segment.symbols.qualified_names[row]) is not None
    )


def _is_code(resolver: Resolver, view: int, file: int) -> bool:
    language = BY_NAME.get(resolver.views[view].segment.files.language(file))
    return language is not None and language.code


def _reached(
    resolver: Resolver, files: Mapping[FileKey, str], distance: int, confidence: float
) -> dict[FileKey, Reached]:
    return {
        (view, file): Reached(view, len(resolver.views[view].segment.symbols) + file, distance, confidence, (name,))
        for (view, file), name in files.items()
    }


def _ordered_tests(
    resolver: Resolver,
    tests: Sequence[Reached],
    named: dict[FileKey, Reached],
    folders: Sequence[Sequence[str]],
) -> list[Reached]:
    """The best test of each file first, nearest first; then the others.

    A test that carries the name is nearer. Of tests that are as near, those in the folders of the change come first.
    """
    by_file: dict[FileKey, list[Reached]] = {}
    for one in tests:
        by_file.setdefault((one.view, resolver.file_of(one.view, one.row)), []).append(one)

    for file, by_name in named.items():
        by_file.setdefault(file, [by_name])
    bonuses = {file: (0.5 if file in named else 0.0) + 0.1 * min(len(ones), 4) for file, ones in by_file.items()}
    common = {file: common_folders(resolver.path(*file), folders) for file in bonuses}

    def key(file: tuple[int, int], one: Reached) -> tuple[float, int, float, int, int]:
        return one.distance - bonuses[file], -common[file], -one.confidence, one.view, one.row

    for file, ones in by_file.items():
        ones.sort(key=lambda one: key(file, one))
    firsts = sorted(((file, ones[0]) for file, ones in by_file.items()), key=lambda pair: key(*pair))
    rest = sorted(((file, one) for file, ones in by_file.items() for one in ones[1:]), key=lambda pair: key(*pair))
    return [one for _, one in (*firsts, *rest)]
