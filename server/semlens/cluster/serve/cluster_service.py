"""What members ask of a cluster: `CodeService` over shards, for the repositories that one member may read."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from semlens.cluster.errors import ClusterError
from semlens.cluster.serve.coordinator import Shards, search_shards
from semlens.cluster.serve.repository_queries import AskedModel
from semlens.cluster.serve.shard import ROOTS
from semlens.core.cancel import CancelToken
from semlens.core.context import ContextPack, ContextRequest, DuplicatesResult
from semlens.core.errors import UsageError
from semlens.core.graph import ImpactRequest, ImpactResult, NeighboursRequest, NeighboursResult, UnusedResult
from semlens.core.hit import SearchHit, SearchResult, SearchStage
from semlens.core.paths import path_to_uri, uri_to_path
from semlens.core.request import SearchFilter, SearchRequest
from semlens.core.status import EngineState, EngineStatus, Problem, RootStatus, WatchMode
from semlens.core.symbol import Outline
from semlens.core.text.printable import printable
from semlens.engine.embedding.tiers import Tier
from semlens.engine.graph.symbol_lookup import name_parts
from semlens.search.query.query import parse_query
from semlens.search.ranking.confidence_weights import NOTHING_FITS

MAX_TRIES = 3
"""Of one question, when replicas are lost meanwhile."""

_N_NAMED = 30


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
        homes: Mapping[str, int],
        roots: Collection[str] | None,
        retryable: type[Exception],
    ) -> None:
        """:param counts: files and symbols of each root. :param roots: those that may be read, None for all.

        :param homes: the shard of each root that lies whole in one.
        :param retryable: the error after which a question is asked again.
        """
        self._shards = shards
        self._tiers = tiers
        self._counts = {root: count for root, count in counts.items() if roots is None or root in roots}
        self._roots = None if roots is None else frozenset(roots)
        self._homes = homes
        all_homes = {homes.get(root) for root in self._counts}
        self._home = all_homes.pop() if len(all_homes) == 1 else None  # the shard that has all that may be read
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
        vectors = [model.vector for model in self._models(query.text) if model.vector is not None]

        def ask() -> tuple[list[SearchHit], float]:
            shards = self._shards.lease()
            if self._home is None:
                return search_shards(shards, self._roots, request, query, vectors, cancel, explain=explain)
            asked = {self._home: (self._roots, request, query, vectors, shards.n_shards)}
            found: tuple[list[SearchHit], float] = shards.ask_each("search", asked, explain=explain)[0]
            return found

        hits, confidence = self._retried(ask, cancel)
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
        text: tuple[str, str] = self._of_file("text", root, path)
        return text

    def outline(self, root: str, path: str) -> Outline:
        """:raises UsageError: see `file`."""
        outline: Outline = self._of_file("outline", root, path)
        return outline

    def _of_file(self, method: str, root: str, path: str) -> Any:
        """What the shard that has a file says of it."""
        answers = self._shards.lease().ask(method, root, path) if root in self._counts else ()
        for found in answers:
            if found is not None:
                return found
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

    def roots_with(self, path: str, roots: Sequence[str]) -> list[str]:
        """Those of the roots that have a file of this path, in their order."""
        readable = [root for root in roots if root in self._counts]
        found = {root for answer in self._shards.lease().ask("holders", path, readable) for root in answer}
        return [root for root in readable if root in found]

    def similar(self, uri: str, line: int, limit: int, cancel: CancelToken) -> SearchResult:
        found: SearchResult = self._ask(self._root_of(uri), "similar", (uri, line, limit), cancel)
        return found

    def duplicates(self, uri: str, limit: int, folders: Sequence[str], cancel: CancelToken) -> DuplicatesResult:
        root = self._root_of(uri) if uri else self._one_root(folders)
        found: DuplicatesResult = self._ask(root, "duplicates", (uri, limit, folders), cancel)
        return found

    def context(self, request: ContextRequest, cancel: CancelToken) -> ContextPack:
        """Of one repository: that of the place, the one that is named, or that of the best hit."""
        if request.uri and request.lines[0] >= 0:
            root = self._root_of(request.uri)
        elif request.query.strip() and not self._is_one(request.folders):
            search = SearchRequest(request.query, limit=1, filter=SearchFilter(folders=request.folders))
            hits = self.search(search, cancel).hits
            if not hits:
                raise UsageError("Nothing fits the question, so there is no context to show.")
            root = hits[0].root
        else:
            root = self._one_root(request.folders)
        asked = request._replace(tokenizer="")  # it would be a path of this machine
        found: ContextPack = self._ask(root, "context", (asked,), cancel, request.query)
        return found

    def callers(self, request: NeighboursRequest, cancel: CancelToken) -> NeighboursResult:
        found: NeighboursResult = self._ask(self._root_of_symbol(request, cancel), "callers", (request,), cancel)
        return found

    def callees(self, request: NeighboursRequest, cancel: CancelToken) -> NeighboursResult:
        found: NeighboursResult = self._ask(self._root_of_symbol(request, cancel), "callees", (request,), cancel)
        return found

    def impact(self, request: ImpactRequest, cancel: CancelToken) -> ImpactResult:
        if not request.diff:
            raise UsageError("A cluster has no work tree to compare. Send the change as `diff`.")
        found: ImpactResult = self._ask(self._one_root(request.folders), "impact", (request,), cancel)
        return found

    def unused(self, limit: int, folders: Sequence[str], cancel: CancelToken) -> UnusedResult:
        found: UnusedResult = self._ask(self._one_root(folders), "unused", (limit, folders), cancel)
        return found

    def _ask(self, root: str, method: str, arguments: Sequence[Any], cancel: CancelToken, text: str = "") -> Any:
        """Ask the shard that has all of a repository.

        :raises ClusterError: when none has. :raises UsageError: with what the shard says.
        """
        home = self._homes.get(root)
        if home is None:
            name = printable(root.removeprefix(ROOTS))
            raise ClusterError(f"{name} lies on several shards, so only searches reach it. Ask this of your own clone.")
        asked = {home: (root, method, arguments, self._models(text))}
        ((answer, problem),) = self._retried(lambda: self._shards.lease().ask_each("query", asked), cancel)
        if problem:
            raise UsageError(problem)
        return answer

    def _models(self, text: str) -> list[AskedModel]:
        has_text = bool(text.strip())
        return [
            AskedModel(tier.fingerprint, tier.role, tier.query_vector(text) if has_text else None)
            for tier in self._tiers
        ]

    def _retried(self, ask: Callable[[], Any], cancel: CancelToken) -> Any:
        """Ask again when a replica is lost meanwhile."""
        for _ in range(MAX_TRIES - 1):
            try:
                return ask()
            except self._retryable:
                cancel.check()
        return ask()

    def _root_of(self, uri: str) -> str:
        """:raises UsageError: when it may not be read: the same answer as when it is not there."""
        path = uri_to_path(uri) or ""
        for root in self._counts:
            if path == root or path.startswith(f"{root}/"):
                return root
        raise UsageError("There is no such file.")

    def _named(self, folders: Sequence[str]) -> set[str]:
        """The repositories of some folders; all that may be read without any."""
        return {self._root_of(path_to_uri(folder)) for folder in folders} or set(self._counts)

    def _is_one(self, folders: Sequence[str]) -> bool:
        return len(self._named(folders)) == 1

    def _one_root(self, folders: Sequence[str]) -> str:
        """:raises UsageError: unless the folders are of one repository."""
        roots = self._named(folders)
        if len(roots) != 1:
            raise UsageError("This is asked of one repository. Name one in `roots`.")
        return roots.pop()

    def _root_of_symbol(self, request: NeighboursRequest, cancel: CancelToken) -> str:
        """The repository of a place, or the one in which a search finds the name first."""
        if request.uri:
            return self._root_of(request.uri)
        if self._is_one(request.folders):
            return self._one_root(request.folders)
        parts = name_parts(request.name)
        search = SearchRequest(parts[-1] if parts else "", limit=_N_NAMED, filter=SearchFilter(folders=request.folders))
        for hit in self.search(search, cancel).hits if parts else ():
            if name_parts(hit.qualified_name)[-len(parts) :] == parts:
                return hit.root
        raise UsageError(f"No symbol is named {printable(request.name)[:200]}. Give its place, or one repository.")

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
