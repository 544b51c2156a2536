"""Converts the JSON of the `api` protocol back to results: the inverse of `codec` with `LineNumbers`.

Places have whole lines only, because that JSON has no columns but that of the name. Unknown fields are ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from semlens.core.hit import SearchHit, SearchResult
from semlens.core.paths import path_to_uri, uri_to_path
from semlens.core.span import Span
from semlens.core.status import (
    EngineState,
    EngineStatus,
    Problem,
    RemoteStatus,
    RootStatus,
    SessionStatus,
    TierRole,
    TierStatus,
    WatchMode,
)
from semlens.core.symbol import SymbolKind

if TYPE_CHECKING:
    from semlens.core.context import ContextPack, DuplicatesResult
    from semlens.core.graph import ImpactResult, NeighboursResult, UnusedResult

_KIND_BY_LABEL = {kind.label: kind for kind in SymbolKind}


def search_result(data: dict[str, Any]) -> SearchResult:
    return SearchResult(
        hits=tuple(map(search_hit, data["hits"])),
        generation=data["generation"],
        complete=data["complete"],
        elapsed_ms=data["elapsedMs"],
        notes=tuple(data.get("notes", ())),
        confidence=data["confidence"],
        nothing_fits=data["nothingFits"],
    )


def search_hit(data: dict[str, Any]) -> SearchHit:
    name_line, name_column = data["nameLine"] - 1, data["nameColumn"] - 1
    root, path, snippet = data["root"], data["path"], data["snippet"]
    return SearchHit(
        root=root,
        path=path,
        uri=path_to_uri(f"{root.rstrip('/')}/{path}") if root else path_to_uri(path),
        name=data["name"],
        qualified_name=data["qualifiedName"],
        container_name="",
        kind=_KIND_BY_LABEL[data["kind"]],
        language=data["language"],
        span=_lines(data),
        name_span=Span(name_line, name_column, name_line, name_column),
        signature=data["signature"],
        score=data["score"],
        snippet=snippet["text"],
        snippet_span=_lines(snippet),
        highlights=tuple((first - 1, last - 1) for first, last in data["highlights"]),
        reasons=tuple(data["reasons"]),
        dirty=data["dirty"],
        features=data.get("features", {}),
        team=data.get("team", ""),
    )


def duplicates_result(data: dict[str, Any]) -> DuplicatesResult:
    from semlens.core.context import DuplicateSet, DuplicatesResult  # a search does without

    groups = (
        DuplicateSet(tuple(map(search_hit, group["symbols"])), group["similarity"], group["savedLines"])
        for group in data["groups"]
    )
    return DuplicatesResult(tuple(groups), data["generation"])


def context_pack(data: dict[str, Any]) -> ContextPack:
    from semlens.core.context import ContextItem, ContextPack, ContextReason, Relation  # a search does without

    items = (
        ContextItem(
            uri=item["uri"],
            path=item["path"],
            span=_lines(item),
            name=item["name"],
            form=item["form"],
            tokens=item["tokens"],
            reason=ContextReason(Relation(item["relation"]), item["why"]),
            dirty=item["dirty"],
            last_line_text="",
        )
        for item in data["items"]
    )
    return ContextPack(
        text=data["text"],
        tokens=data["tokens"],
        counted_by=data["countedBy"],
        budget=data["budget"],
        items=tuple(items),
        omitted=data["omitted"],
        masked=data["masked"],
        generation=data["generation"],
    )


def neighbours_result(data: dict[str, Any]) -> NeighboursResult:
    from semlens.core.graph import EdgeKind, GraphEdge, NeighboursResult  # a search does without

    edges = (
        GraphEdge(
            search_hit(edge["hit"]),
            EdgeKind(edge["kind"]),
            edge["confidence"],
            tuple(map(_span, edge["ranges"])),
            is_test=edge["test"],
            distance=edge["distance"],
            through=edge.get("through", -1),
        )
        for edge in data["edges"]
    )
    return NeighboursResult(
        symbol=search_hit(data["symbol"]),
        edges=tuple(edges),
        omitted=data["omitted"],
        unseen=data.get("unseen", 0),
        others=tuple(map(search_hit, data.get("others", ()))),
        n_others=data.get("otherCount", 0),
        generation=data["generation"],
        omitted_at=tuple(data["omittedAt"]),
        unseen_at=tuple(data.get("unseenAt", ())),
    )


def impact_result(data: dict[str, Any]) -> ImpactResult:
    from semlens.core.graph import AffectedSymbol, ImpactResult  # a search does without

    def affected(hit: dict[str, Any], one: dict[str, Any]) -> AffectedSymbol:
        return AffectedSymbol(search_hit(hit), tuple(one["via"]), one["distance"], one["confidence"])

    return ImpactResult(
        changed=tuple(map(search_hit, data["changed"])),
        affected=tuple(affected(one["hit"], one) for one in data["affected"]),
        tests=tuple(affected(one, one) for one in data["tests"]),
        omitted=data["omitted"],
        notes=tuple(data["notes"]),
        generation=data["generation"],
    )


def unused_result(data: dict[str, Any]) -> UnusedResult:
    from semlens.core.graph import UnusedResult, UnusedSymbol  # a search does without

    symbols = (UnusedSymbol(search_hit(one["hit"]), one["confidence"], one["assumption"]) for one in data["symbols"])
    return UnusedResult(tuple(symbols), data["assumed"], data["omitted"], data["generation"])


def _span(data: dict[str, Any]) -> Span:
    return Span(data["startLine"] - 1, data["startColumn"] - 1, data["endLine"] - 1, data["endColumn"])


def engine_status(data: dict[str, Any]) -> EngineStatus:
    return EngineStatus(
        number=data["number"],
        state=EngineState(data["state"]),
        complete=data["complete"],
        refining=data["refining"],
        roots=tuple(map(_root_status, data["roots"])),
        tiers=tuple(
            TierStatus(tier["model"], TierRole(tier["role"]), tier["embedded"], tier["pending"])
            for tier in data["tiers"]
        ),
        generation=data["generation"],
        lag_ms=data["lagMs"],
        rss_bytes=data["rssBytes"],
        index_bytes=data["indexBytes"],
        problems=tuple(Problem(problem["path"], problem["message"]) for problem in data["problems"]),
        counters=data["counters"],
        remote=tuple(
            RemoteStatus(one["service"], one["texts"], one["bytes"], one["redactions"]) for one in data["remote"]
        ),
        sessions=tuple(map(_session_status, data.get("sessions", ()))),
    )


def _root_status(data: dict[str, Any]) -> RootStatus:
    return RootStatus(
        root=_path(data["uri"]),
        files=data["files"],
        symbols=data["symbols"],
        pending=data["pending"],
        skipped=data["skipped"],
        watching=WatchMode(data["watching"]),
    )


def _session_status(data: dict[str, Any]) -> SessionStatus:
    return SessionStatus(data["client"], data["protocol"], tuple(map(_path, data["roots"])), data["openDocuments"])


def _path(uri: str) -> str:
    return uri_to_path(uri) or uri


def _lines(data: dict[str, Any]) -> Span:
    """The span of whole lines. Its end is the start of the next line."""
    return Span(data["startLine"] - 1, 0, data["endLine"], 0)
