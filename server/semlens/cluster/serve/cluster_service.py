"""What members ask of a cluster: `CodeService` over shards, for the repositories that one member may read."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from semlens.cluster.errors import ClusterError
from semlens.cluster.serve.coordinator import Shards, search_shards
from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.core.hit import SearchResult, SearchStage
from semlens.core.request import SearchRequest
from semlens.core.status import EngineState, EngineStatus, Problem, RootStatus, WatchMode
from semlens.core.symbol import Outline
from semlens.engine.embedding.tiers import Tier
from semlens.search.query.query import parse_query
from semlens.search.ranking.confidence_weights import NOTHING_FITS

MAX_TRIES = 3
"""Of one search, when replicas are lost meanwhile."""


class ServedShards(Protocol):
    """See `ray_shards.RayShards`."""

    def lease(self) -> Shards: ...

    def problems(self) -> list[str]: ...


class ClusterService:
    """Thread-safe. See `CodeService`."""

    def __init__(
        self,
        shards: ServedShards,
        tiers: Sequence[Tier],
        counts: Mapping[str, tuple[int, int]],
        roots: Collection[str] | None,
        retryable: type[Exception],
    ) -> None:
        """:param counts: files and symbols of each root. :param roots: those that may be read, None for all.

        :param retryable: the error after which a search is asked again.
        """
        self._shards = shards
        self._tiers = tiers
        self._counts = {root: count for root, count in counts.items() if roots is None or root in roots}
        self._roots = None if roots is None else frozenset(roots)
        self._retryable = retryable

    def search(
        self,
        request: SearchRequest,
        cancel: CancelToken,
        on_partial: Callable[[SearchResult, SearchStage], None] | None = None,
        *,
        explain: bool = False,
    ) -> SearchResult:
        """:raises ClusterError: when a shard has no replica."""
        del on_partial
        started = time.monotonic()
        query = parse_query(request.query)
        vectors = [
            vector
            for tier in self._tiers
            if query.text.strip() and (vector := tier.query_vector(query.text)) is not None
        ]
        for attempt in range(MAX_TRIES):
            try:
                hits, confidence = search_shards(
                    self._shards.lease(), self._roots, request, query, vectors, cancel, explain=explain
                )
                break
            except self._retryable:
                cancel.check()
                if attempt == MAX_TRIES - 1:
                    raise
        problems = self._shards.problems()
        return SearchResult(
            tuple(hits),
            generation=1,
            complete=True,
            elapsed_ms=round((time.monotonic() - started) * 1000.0, 3),
            notes=(*query.notes, *(["degraded: " + " ".join(problems)] if problems else [])),
            confidence=confidence,
            nothing_fits=confidence < NOTHING_FITS,
        )

    def file(self, root: str, path: str) -> tuple[str, str]:
        """Text and language. :raises UsageError: when it may not be read or is not there."""
        if root in self._counts:
            for found in self._shards.lease().ask("text", root, path):
                if found is not None:
                    text: tuple[str, str] = found
                    return text
        raise UsageError("There is no such file.")

    def outline(self, root: str, path: str) -> Outline:
        """:raises UsageError: see `file`."""
        if root in self._counts:
            for found in self._shards.lease().ask("outline", root, path):
                if found is not None:
                    outline: Outline = found
                    return outline
        raise UsageError("There is no such file.")

    def status(self) -> EngineStatus:
        problems = self._shards.problems()
        return EngineStatus(
            number=1,
            state=EngineState.DEGRADED if problems else EngineState.READY,
            complete=True,
            refining=False,
            roots=tuple(
                RootStatus(root, files, symbols, 0, {}, WatchMode.NONE)
                for root, (files, symbols) in sorted(self._counts.items())
            ),
            tiers=(),
            generation=1,
            lag_ms=0.0,
            rss_bytes=0,
            index_bytes=0,
            problems=tuple(Problem("", text) for text in problems),
            counters={},
        )

    @property
    def roots(self) -> list[str]:
        return sorted(self._counts)

    def _refused(self, *_arguments: object, **_named: object) -> NoReturn:
        raise ClusterError("A cluster answers searches and gives files. Ask this of your own clone.")

    similar = duplicates = context = callers = callees = impact = unused = _refused

    def add_root(self, path: Path, *, explicit: bool = True, watching: WatchMode = WatchMode.NONE) -> None:
        """The roots are those of the store."""

    def rescan(self, root: Path | None = None, *, full: bool = False) -> None:
        """A build brings what is new."""

    def pause(self) -> None:
        """Nothing runs."""

    def resume(self) -> None:
        """Nothing runs."""

    def release_root(self, path: Path) -> None:
        """The roots are those of the store."""

    def sync_changes(self) -> None:
        """Nothing changes while it is served."""

    def wait_loaded(self) -> None:
        """The shards are loaded before the first question."""

    def is_stuck(self, *, follows: bool = False) -> bool:
        del follows
        return False

    def wait_complete(
        self,
        *,
        refined: bool = False,
        follows: bool = False,
        timeout: float | None = None,
        on_progress: Callable[[EngineStatus], None] | None = None,
    ) -> bool:
        del refined, follows, timeout, on_progress
        return True

    def wait_saved(self) -> str:
        return ""

    def close(self) -> None:
        """The shards belong to whoever opened them."""
