"""What a change may affect: the symbols that reach it over the edges of the graph, nearest first.

Which symbols change is said by the caller. Tests that only carry the name of a changed file count too.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple
from weakref import WeakKeyDictionary

from semlens.core.symbol import Role
from semlens.graph.neighbours import callers
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace
from semlens.index.segment.segment import Segment

MAX_DISTANCE = 4
MAX_EXPANDED = 250
"""Symbols whose callers are looked for."""

_LEAST_SURE_EDGE = 0.3
_LEAST_PATH = 0.2  # product of the confidences along a path
_NAME_CONFIDENCE = 0.6
_LEAST_NAME = 4  # characters of a symbol whose name a file of tests may carry
_AFFIX = re.compile(r"^(?:tests?|spec)[_.-]?|[_.-]?(?:tests?|spec|unittest)s?$", re.IGNORECASE)


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


def impact_of(resolver: Resolver, changed: Iterable[SymbolPlace], files: Iterable[tuple[int, int]]) -> Impact:
    """:param files: view and row of each changed file, for tests that carry its name."""
    starts = list(dict.fromkeys(changed))
    files = list(files)
    best: dict[tuple[int, int], Reached] = {}
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
        for edge in callers(resolver, SymbolPlace(view, symbol)).edges:
            confidence = -cost * edge.confidence
            if edge.confidence < _LEAST_SURE_EDGE or confidence < _LEAST_PATH:
                break
            key = (edge.view, edge.row)
            if key in done:
                continue
            done.add(SymbolPlace(*key))
            reached = Reached(edge.view, edge.row, distance + 1, confidence, (*via, name))
            best[key] = reached
            is_symbol = edge.row < len(resolver.views[edge.view].segment.symbols)
            if is_symbol and distance + 1 < MAX_DISTANCE and not is_test(resolver, edge.view, edge.row):
                heapq.heappush(queue, (distance + 1, -confidence, edge.view, edge.row, reached.via))
    named = _tests_by_name(resolver, list(files), starts)
    tests = [one for one in best.values() if is_test(resolver, one.view, one.row)]
    affected = [one for one in best.values() if not is_test(resolver, one.view, one.row)]
    affected.sort(key=lambda one: (one.distance, -one.confidence, one.view, one.row))
    folders = [resolver.path(view, file).split("/")[:-1] for view, file in files]
    return Impact(affected, _ordered_tests(resolver, tests, named, folders), bool(queue))


def is_test(resolver: Resolver, view: int, row: int) -> bool:
    return bool(int(resolver.views[view].segment.files.roles[resolver.file_of(view, row)]) & Role.TEST)


def _tests_by_name(
    resolver: Resolver, files: Sequence[tuple[int, int]], changed: Sequence[SymbolPlace]
) -> dict[tuple[int, int], Reached]:
    """The files of tests that carry the name of a changed file or symbol."""
    names = [resolver.views[place.view].segment.symbols.names[place.symbol] for place in changed]
    stems = {_plain(name): name for name in names if len(name) >= _LEAST_NAME}
    paths = [resolver.path(view, file) for view, file in files]
    stems |= {plain_stem(path): path.rpartition("/")[2] for path in paths}
    found: dict[tuple[int, int], Reached] = {}
    for number, view in enumerate(resolver.views):
        for stem, rows in _test_files(view.segment).items():
            if stem not in stems:
                continue
            for file in rows:
                if view.alive is None or view.alive[file]:
                    row = len(view.segment.symbols) + file
                    found[number, file] = Reached(number, row, 1, _NAME_CONFIDENCE, (stems[stem],))
    return found


def _ordered_tests(
    resolver: Resolver,
    tests: Sequence[Reached],
    named: dict[tuple[int, int], Reached],
    folders: Sequence[Sequence[str]],
) -> list[Reached]:
    """The best test of each file first, nearest first; then the others.

    A test that carries the name is nearer. Of tests that are as near, those in the folders of the change come first.
    """
    by_file: dict[tuple[int, int], list[Reached]] = {}
    for one in tests:
        by_file.setdefault((one.view, resolver.file_of(one.view, one.row)), []).append(one)

    for file, by_name in named.items():
        by_file.setdefault(file, [by_name])
    bonuses = {file: (0.5 if file in named else 0.0) + 0.1 * min(len(ones), 4) for file, ones in by_file.items()}
    common = {file: _most_common(resolver.path(*file).split("/"), folders) for file in bonuses}

    def key(file: tuple[int, int], one: Reached) -> tuple[float, int, float, int, int]:
        return one.distance - bonuses[file], -common[file], -one.confidence, one.view, one.row

    for file, ones in by_file.items():
        ones.sort(key=lambda one: key(file, one))
    firsts = sorted(((file, ones[0]) for file, ones in by_file.items()), key=lambda pair: key(*pair))
    rest = sorted(((file, one) for file, ones in by_file.items() for one in ones[1:]), key=lambda pair: key(*pair))
    return [one for _, one in (*firsts, *rest)]


_TEST_FILES: WeakKeyDictionary[Segment, dict[str, list[int]]] = WeakKeyDictionary()


def _test_files(segment: Segment) -> dict[str, list[int]]:
    found = _TEST_FILES.get(segment)
    if found is None:
        found = _TEST_FILES[segment] = {}
        roles = segment.files.roles.tolist()
        for file, path in enumerate(segment.files.paths.tolist()):
            if roles[file] & Role.TEST:
                found.setdefault(plain_stem(path), []).append(file)
    return found


def _most_common(parts: Sequence[str], folders: Sequence[Sequence[str]]) -> int:
    """How many parts a path and one of the folders begin with alike, at most."""
    pairs = [zip(parts, folder, strict=False) for folder in folders]
    return max((sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pair)) for pair in pairs), default=0)


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def plain_stem(path: str) -> str:
    """The name of a file without extensions and without what marks tests: ``test_retry.py`` is ``retry``."""
    folder, _, name = path.rpartition("/")
    stem = name.partition(".")[0]
    if ".test." in name or ".spec." in name:
        stem = name.partition(".test.")[0].partition(".spec.")[0]
    plain = _plain(_AFFIX.sub("", stem))
    return plain if plain not in ("", "init", "index", "mod", "main") else folder.rpartition("/")[2].lower()
