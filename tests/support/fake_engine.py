"""A fake engine for tests of the server: it searches its own hits by substring and records every call."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from semlens.core.cancel import CancelToken
from semlens.core.context import (
    ContextItem,
    ContextPack,
    ContextReason,
    ContextRequest,
    DuplicateSet,
    DuplicatesResult,
    Relation,
)
from semlens.core.errors import WorkspaceError
from semlens.core.graph import EdgeKind, GraphEdge, NeighboursRequest, NeighboursResult
from semlens.core.hit import SearchHit, SearchResult, SearchStage
from semlens.core.request import SearchRequest
from semlens.core.span import Span
from semlens.core.status import EngineState, EngineStatus, RootStatus, TierRole, TierStatus, WatchMode
from semlens.core.symbol import Outline, Symbol, SymbolKind
from semlens.settings.loading import Settings

_DEF = re.compile(r"def (\w+)\(")


class FakeEngine:
    """:ivar calls: name and arguments of every call, in order."""

    def __init__(self, settings: Settings, on_status: Callable[[EngineStatus], None]) -> None:
        self.settings = settings
        self.on_status = on_status
        self.calls: list[tuple[object, ...]] = []
        self.buffers: dict[str, str] = {}
        self._path_by_real: dict[Path, Path] = {}
        self.state = EngineState.READY
        self.n_files, self.n_pending = 0, 0
        self.explain = False
        self.n_statuses = 0
        self.cancelled = threading.Event()
        self.searching = threading.Event()
        self.closed = threading.Event()

    @property
    def roots(self) -> list[Path]:
        return list(self._path_by_real.values())

    def start(self) -> None:
        self.calls.append(("start",))

    def close(self) -> None:
        self.closed.set()

    def add_root(self, path: Path, *, explicit: bool = True, watching: WatchMode = WatchMode.NONE) -> None:
        if not os.path.isdir(path):  # noqa: PTH112 - never raises
            raise WorkspaceError(f"{path} is not a folder: open one that is.")
        self.calls.append(("add_root", path, explicit, watching))
        self._path_by_real.setdefault(path.resolve(), path)

    def set_roots_named(self) -> None:
        self.calls.append(("set_roots_named",))

    def remove_root(self, real: Path) -> None:
        self.calls.append(("remove_root", real))
        del self._path_by_real[real]

    def wait_loaded(self, timeout_s: float = 0.0) -> None:
        self.calls.append(("wait_loaded", timeout_s))

    def files_changed(self, paths: Iterable[Path]) -> None:
        self.calls.append(("files_changed", *paths))

    def rescan(self, root: Path | None = None, *, full: bool = False) -> None:
        self.calls.append(("rescan", root, full))

    def open_buffer(self, uri: str, language_id: str, text: str) -> None:
        self.calls.append(("open_buffer", uri, language_id))
        self.buffers[uri] = text

    def change_buffer(self, uri: str, text: str) -> None:
        self.calls.append(("change_buffer", uri))
        self.buffers[uri] = text

    def save_buffer(self, uri: str) -> None:
        self.calls.append(("save_buffer", uri))

    def close_buffer(self, uri: str) -> None:
        self.calls.append(("close_buffer", uri))
        del self.buffers[uri]

    def search(
        self,
        request: SearchRequest,
        cancel: CancelToken,
        on_partial: Callable[[SearchResult, SearchStage], None] | None = None,
        *,
        explain: bool = False,
    ) -> SearchResult:
        self.calls.append(("search", request))
        self.explain = explain
        if request.query == "forever":
            self.searching.set()
            while not cancel.cancelled:
                self.cancelled.wait(0.001)
            self.cancelled.set()
            cancel.check()
        if request.query == "crash":
            raise RuntimeError("the text of a secret document")
        hits = self._hits(request.query)[: request.limit]
        if on_partial is not None:
            on_partial(SearchResult(hits[:1], 7, complete=True, elapsed_ms=0.5), SearchStage.FIRST)
        return SearchResult(hits, 7, complete=True, elapsed_ms=1.25, confidence=0.8)

    def similar(self, uri: str, line: int, limit: int, cancel: CancelToken) -> SearchResult:
        cancel.check()
        self.calls.append(("similar", uri, line, limit))
        return SearchResult(self._hits("")[:limit], 7, complete=True, elapsed_ms=1.0)

    def duplicates(self, uri: str, limit: int, folders: Sequence[str], cancel: CancelToken) -> DuplicatesResult:
        cancel.check()
        self.calls.append(("duplicates", uri, limit, folders))
        return DuplicatesResult((DuplicateSet(self._hits(""), 0.97531, 12),), 7)

    def callers(self, request: NeighboursRequest, cancel: CancelToken) -> NeighboursResult:
        return self._neighbours("callers", request, cancel)

    def callees(self, request: NeighboursRequest, cancel: CancelToken) -> NeighboursResult:
        return self._neighbours("callees", request, cancel)

    def _neighbours(self, name: str, request: NeighboursRequest, cancel: CancelToken) -> NeighboursResult:
        cancel.check()
        self.calls.append((name, request))
        hit = self._hits("")[0]
        span = Span(1, 2, 1, 5)
        sure, doubtful = (GraphEdge(hit, EdgeKind.CALL, one, (span,), {1: "  x()"}) for one in (0.95, 0.3))
        return NeighboursResult(hit, (sure, doubtful), 0, 0, (), 0, 7)

    def context(self, request: ContextRequest, cancel: CancelToken) -> ContextPack:
        cancel.check()
        self.calls.append(("context", request))
        line = "def \u00e9t\u00e9(): \U0001f389"
        item = ContextItem(
            "u",
            "p",
            Span(0, 0, 3, len(line.encode())),
            "n",
            "full",
            5,
            ContextReason(Relation.PLACE, "near"),
            True,
            line,
        )
        return ContextPack("text", 5, "estimate", request.budget, (item,), 1, 2, 7)

    def symbols(self, query: str, limit: int, cancel: CancelToken) -> SearchResult:
        cancel.check()
        self.calls.append(("symbols", query, limit))
        return SearchResult(self._hits(query)[:limit], 7, complete=True, elapsed_ms=1.0)

    def outline_of_buffer(self, uri: str, cancel: CancelToken) -> Outline | None:
        cancel.check()
        text = self.buffers.get(uri)
        if text is None:
            return None
        symbols = tuple(
            Symbol(hit.name, hit.name, hit.kind, hit.span, hit.name_span, hit.signature, "", -1 if at == 0 else 0)
            for at, hit in enumerate(self._hits_in(uri, text, ""))
        )
        return Outline("python", text.count("\n") + 1, symbols, ())

    def status(self) -> EngineStatus:
        roots = tuple(
            RootStatus(str(root), self.n_files, 0, self.n_pending, {"binary": 2}, WatchMode.CLIENT)
            for root in self.roots
        )
        self.n_statuses += 1
        return EngineStatus(
            number=self.n_statuses,
            state=self.state,
            complete=self.state is EngineState.READY,
            refining=False,
            roots=roots,
            tiers=(TierStatus("fake", TierRole.FIRST, 3, 0),),
            generation=7,
            lag_ms=0.0,
            rss_bytes=1,
            index_bytes=2,
            problems=(),
            counters={"embedded": 3},
        )

    def pause(self) -> None:
        self.state = EngineState.PAUSED

    def resume(self) -> None:
        self.state = EngineState.READY

    def apply_settings(self, settings: Settings) -> None:
        self.calls.append(("apply_settings",))
        self.settings = settings

    def report(self, state: EngineState, n_files: int = 0, n_pending: int = 0) -> None:
        """Does what the indexer thread of a real engine does."""
        self.state, self.n_files, self.n_pending = state, n_files, n_pending
        self.on_status(self.status())

    def _hits(self, query: str) -> tuple[SearchHit, ...]:
        return tuple(hit for uri, text in self.buffers.items() for hit in self._hits_in(uri, text, query))

    def _hits_in(self, uri: str, text: str, query: str) -> list[SearchHit]:
        hits = []
        for number, line in enumerate(text.split("\n")):
            if (match := _DEF.search(line)) and query in match[1]:
                end = len(line.encode())
                start = len(line[: match.start(1)].encode())
                name = Span(number, start, number, start + len(match[1].encode()))
                hits.append(
                    SearchHit(
                        root="",
                        path=uri,
                        uri=uri,
                        name=match[1],
                        qualified_name=f"m.{match[1]}",
                        container_name="m",
                        kind=SymbolKind.FUNCTION,
                        language="python",
                        span=Span(number, 0, number, end),
                        name_span=name,
                        signature=line.strip(),
                        score=0.5,
                        snippet=line,
                        snippet_span=Span(number, 0, number, end),
                        highlights=((number, number),),
                        reasons=("name",),
                        dirty=True,
                        features={"name.exact": 1.0} if self.explain else {},
                        line_texts={number: line},
                    )
                )
        return hits
