"""Collects what a change affects in each root into one answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from semlens.core.errors import UsageError, WorkspaceError
from semlens.core.graph import AffectedSymbol, ImpactRequest, ImpactResult
from semlens.core.hit import SearchHit
from semlens.engine.graph.diff_files import DiffFiles
from semlens.engine.query.request_hits import RequestHits
from semlens.graph.impact import NEARBY_CONFIDENCE, Impact, Reached
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace
from semlens.search.query.filter_masks import is_below


class ImpactAnswer:
    """:ivar unknown: why git could not say what changed in a root, for each such root."""

    def __init__(self, request: ImpactRequest, folders: Sequence[str], hits: RequestHits) -> None:
        """:param folders: only what is affected below one of them is shown; without any, all."""
        self.unknown: list[WorkspaceError] = []
        self._request = request
        self._folders = folders
        self._hits = hits
        self._changed: list[SearchHit] = []
        self._affected: list[AffectedSymbol] = []
        self._tests: list[AffectedSymbol] = []
        self._omitted = 0
        self._n_files = 0
        self._notes: list[str] = []

    def add(self, resolver: Resolver, diffs: DiffFiles, changed: Iterable[SymbolPlace], impact: Impact) -> None:
        """Add what was found in one root."""
        of_changed = (self._hits.of_row(resolver.views[place.view], place.symbol) for place in changed)
        self._changed += [hit for hit in of_changed if hit is not None]
        wanted = [
            one
            for one in impact.affected
            if is_below(resolver.views[one.view], resolver.file_of(one.view, one.row), self._folders)
        ]
        shown = self._symbols(resolver, wanted)
        self._affected += shown
        self._omitted += len(wanted) - len(shown)
        self._tests += self._symbols(resolver, impact.tests)
        self._n_files += diffs.n_found
        self._notes += diffs.notes
        if impact.tests and impact.tests[-1].confidence == NEARBY_CONFIDENCE:
            self._notes.append("No path leads to the tests of 10%. They share words with the change, or lie near it.")
        if impact.cut:
            self._notes.append("The change reaches very much code. Only the nearest was looked at.")

    def _symbols(self, resolver: Resolver, reached: Sequence[Reached]) -> list[AffectedSymbol]:
        shown = []
        for one in reached[: self._request.limit]:
            hit = self._hits.of_row(resolver.views[one.view], one.row, one.confidence)
            if hit is not None:
                shown.append(AffectedSymbol(hit, one.via, one.distance, round(one.confidence, 3)))
        return shown

    def result(self, generation: int) -> ImpactResult:
        """:raises UsageError: when a given diff changes no file of the roots."""
        if self._request.diff and not self._n_files:
            raise UsageError("The diff changes no file of this workspace. Check its paths, or name another folder.")
        notes = tuple(dict.fromkeys([*self._notes, *map(str, self.unknown)]))
        return ImpactResult(
            tuple(self._changed), tuple(self._affected), tuple(self._tests), self._omitted, notes, generation
        )
