"""JSON schemas of the parameters and the answers of every method, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from semlens.core.context import Form, Relation
from semlens.core.request import ContentFilter, TestFilter
from semlens.core.symbol import SymbolKind
from semlens.service.code_query_methods import MAX_DEPTH
from semlens.service.codec import Json
from semlens.service.params import MAX_LIMIT

_TEXT: Json = {"type": "string"}
_FLAG: Json = {"type": "boolean"}
_COUNT: Json = {"type": "integer", "minimum": 0}
_LINE: Json = {"type": "integer", "minimum": 1, "maximum": 2_000_000_000}
_TEXTS: Json = {"type": "array", "items": _TEXT}
_LIMIT: Json = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}


def _object(*required: str, **properties: Json) -> Json:
    schema: Json = {"type": "object", "properties": properties}
    return {**schema, "required": list(required)} if required else schema


def _answer(**properties: Json) -> Json:
    """An object that has all of these, and may have more."""
    return _object(*properties, **properties)


def _extended(schema: Json, **properties: Json) -> Json:
    """An object that may have these too."""
    return {**schema, "properties": {**schema["properties"], **properties}}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


_FILE = {"root": {**_TEXT, "description": "as `root` of a hit"}, "path": {**_TEXT, "description": "relative to it"}}
_URI = _object("uri", uri=_TEXT)
_DOCUMENT = {"textDocument": _URI, "position": _object("line", line=_LINE), **_FILE}
_DEPTH: Json = {"type": "integer", "minimum": 1, "maximum": MAX_DEPTH}
_POSITION_OR_NAME = {**_DOCUMENT, "name": _TEXT, "limit": _LIMIT, "depth": _DEPTH, "roots": _TEXTS}
_FILTER = _object(
    languages=_TEXTS,
    kinds=_list({"enum": [*(kind.label for kind in SymbolKind), *(int(kind) for kind in SymbolKind)]}),
    paths=_TEXTS,
    excludePaths=_TEXTS,
    tests={"enum": [choice.value for choice in TestFilter]},
    content={"enum": [choice.value for choice in ContentFilter]},
)
_SHARE: Json = {"type": "number", "minimum": 0, "maximum": 1}
_COUNTS: Json = {"type": "object", "additionalProperties": _COUNT}
_RANGE = _answer(startLine=_LINE, startColumn=_LINE, endLine=_LINE, endColumn=_COUNT)
_EDGE = {"hit": _ref("Hit"), "ranges": _list(_RANGE), "confidence": _SHARE, "kind": _TEXT, "test": _FLAG}
_NEIGHBOURS = _extended(
    _answer(
        symbol=_ref("Hit"),
        edges=_list(_extended(_answer(**_EDGE, distance=_COUNT), through=_COUNT)),
        omitted=_COUNT,
        omittedAt=_list(_COUNT),
        generation=_COUNT,
    ),
    unseen=_COUNT,
    unseenAt=_list(_COUNT),
    others=_list(_ref("Hit")),
    otherCount=_COUNT,
)
_REACHED = {"via": _TEXTS, "distance": _COUNT, "confidence": _SHARE}

_MAP_SYMBOL = _answer(
    root=_TEXT,
    path=_TEXT,
    name=_TEXT,
    qualifiedName=_TEXT,
    kind=_TEXT,
    language=_TEXT,
    startLine=_LINE,
    endLine=_LINE,
    nameLine=_LINE,
)

_HIT = _extended(
    _answer(
        root=_TEXT,
        path=_TEXT,
        name=_TEXT,
        qualifiedName=_TEXT,
        kind=_TEXT,
        language=_TEXT,
        score={"type": "number"},
        signature=_TEXT,
        reasons=_TEXTS,
        dirty=_FLAG,
        startLine=_LINE,
        endLine=_LINE,
        nameLine=_LINE,
        nameColumn=_LINE,
        snippet=_answer(text=_TEXT, startLine=_LINE, endLine=_COUNT),
        highlights=_list({"type": "array", "items": _LINE, "minItems": 2, "maxItems": 2}),
    ),
    features={"type": "object", "additionalProperties": {"type": "number"}},
    team=_TEXT,
    repository=_TEXT,
)

SCHEMAS: Mapping[str, Json] = {
    "Hit": _HIT,
    "Hits": _answer(
        hits=_list(_ref("Hit")),
        generation=_COUNT,
        complete=_FLAG,
        elapsedMs={"type": "number"},
        confidence=_SHARE,
        nothingFits=_FLAG,
        notes=_TEXTS,
    ),
    "Status": _extended(
        _answer(
            number=_COUNT,
            state=_TEXT,
            complete=_FLAG,
            refining=_FLAG,
            roots=_list(
                _answer(uri=_TEXT, files=_COUNT, symbols=_COUNT, pending=_COUNT, skipped=_COUNTS, watching=_TEXT)
            ),
            tiers=_list(_answer(model=_TEXT, role=_TEXT, embedded=_COUNT, pending=_COUNT)),
            generation=_COUNT,
            lagMs={"type": "number", "minimum": 0},
            rssBytes=_COUNT,
            indexBytes=_COUNT,
            remote=_list(_answer(service=_TEXT, texts=_COUNT, bytes=_COUNT, redactions=_COUNT)),
            problems=_list(_answer(path=_TEXT, message=_TEXT)),
            counters={"type": "object"},
        ),
        sessions=_list(_answer(client=_TEXT, protocol=_TEXT, roots=_TEXTS, openDocuments=_COUNT)),
    ),
}

TITLES: Mapping[str, str] = {
    "search": "Find code by meaning, words or name",
    "similar": "Find code that is similar to the symbol at a place",
    "duplicates": "Find groups of nearly identical symbols",
    "context": "Collect code for a prompt",
    "callers": "Who calls a symbol",
    "callees": "What a symbol calls",
    "impact": "What a change touches",
    "unused": "Definitions that nothing seems to use",
    "status": "What is indexed, and how far",
    "reindex": "Compare the index with the disk again",
    "pause": "Pause indexing",
    "resume": "Resume indexing",
    "session": "What is served, and how a place is opened in an editor",
    "file": "A part of the text of a file",
    "outline": "The symbols of a file",
    "folders": "Files, symbols and lines by folder",
    "skipped": "Files that are not searchable, with reasons",
    "link": "Another link that signs in once",
    "map": "The map of the index: its state, and its labels",
    "map/points": "The points of the map",
    "map/symbols": "The symbols of some points",
    "map/locate": "The points of some symbols",
}

PARAMETERS: Mapping[str, Json] = {
    "search": _object(
        "query",
        query=_TEXT,
        limit=_LIMIT,
        perFile={"type": "integer", "minimum": 0, "maximum": MAX_LIMIT},
        filter=_FILTER,
        roots=_TEXTS,
        explain=_FLAG,
        mask=_FLAG,
        textDocument=_URI,
        **_FILE,
    ),
    "similar": _object("position", limit=_LIMIT, **_DOCUMENT),
    "duplicates": _object(uri=_TEXT, limit=_LIMIT, roots=_TEXTS),
    "context": _object(
        query=_TEXT,
        budget={"type": "integer", "minimum": 1, "maximum": 10_000_000},
        tests=_FLAG,
        lineNumbers=_FLAG,
        range=_object("start", "end", start=_object("line", line=_LINE), end=_object("line", line=_LINE)),
        roots=_TEXTS,
        **_DOCUMENT,
    ),
    "callers": _object(**_POSITION_OR_NAME),
    "callees": _object(**_POSITION_OR_NAME),
    "impact": _object(ref=_TEXT, diff=_TEXT, staged=_FLAG, limit=_LIMIT, roots=_TEXTS),
    "unused": _object(limit=_LIMIT, roots=_TEXTS),
    "status": _object(),
    "reindex": _object(roots=_TEXTS, full=_FLAG),
    "pause": _object(),
    "resume": _object(),
    "session": _object(),
    "file": _object("path", startLine=_LINE, endLine=_LINE, **_FILE),
    "outline": _object("path", **_FILE),
    "folders": _object(root=_TEXT, folder=_TEXT),
    "skipped": _object(root=_TEXT, reason=_TEXT, limit={"type": "integer", "minimum": 1, "maximum": 10_000}),
    "link": _object(),
    "map": _object(),
    "map/symbols": _object("version", "points", version=_TEXT, points=_list(_COUNT)),
    "map/locate": _object(
        "version", "places", version=_TEXT, places=_list(_object("path", "nameLine", nameLine=_LINE, **_FILE))
    ),
}

ANSWERS: Mapping[str, Any] = {
    "search": _ref("Hits"),
    "similar": _ref("Hits"),
    "duplicates": _answer(
        groups=_list(
            _answer(symbols=_list(_ref("Hit")), similarity={"type": "number"}, savedLines={"type": "integer"})
        ),
        generation=_COUNT,
    ),
    "context": _answer(
        text=_TEXT,
        tokens=_COUNT,
        countedBy=_TEXT,
        budget=_COUNT,
        items=_list(
            _answer(
                uri=_TEXT,
                path=_TEXT,
                startLine=_LINE,
                endLine=_LINE,
                name=_TEXT,
                form={"enum": [form.value for form in Form]},
                tokens=_COUNT,
                why=_TEXT,
                relation={"enum": [relation.value for relation in Relation]},
                dirty=_FLAG,
            )
        ),
        omitted=_COUNT,
        masked=_COUNT,
        generation=_COUNT,
    ),
    "callers": _NEIGHBOURS,
    "callees": _NEIGHBOURS,
    "impact": _answer(
        changed=_list(_ref("Hit")),
        affected=_list(_answer(hit=_ref("Hit"), **_REACHED)),
        tests=_list(_extended(_HIT, **_REACHED)),
        omitted=_COUNT,
        notes=_TEXTS,
        generation=_COUNT,
    ),
    "unused": _answer(
        symbols=_list(_answer(hit=_ref("Hit"), confidence=_SHARE, assumption=_TEXT)),
        assumed=_COUNTS,
        omitted=_COUNT,
        generation=_COUNT,
    ),
    "status": _ref("Status"),
    "reindex": _ref("Status"),
    "pause": _ref("Status"),
    "resume": _ref("Status"),
    "session": _answer(
        version=_TEXT,
        roots=_list(_answer(path=_TEXT, uri=_TEXT, name=_TEXT, hostPath=_TEXT, repository=_TEXT)),
        editors=_list(_object("name", name=_TEXT, url=_TEXT, command=_TEXT)),
        methods=_TEXTS,
        exposed=_FLAG,
    ),
    "file": _answer(
        root=_TEXT,
        path=_TEXT,
        language=_TEXT,
        startLine=_LINE,
        endLine=_COUNT,
        totalLines=_COUNT,
        text=_TEXT,
        cutLines=_list(_LINE),
        truncated=_FLAG,
        sizeBytes=_COUNT,
    ),
    "outline": _answer(
        path=_TEXT,
        language=_TEXT,
        symbols=_list(
            _answer(
                name=_TEXT,
                qualifiedName=_TEXT,
                kind=_TEXT,
                startLine=_LINE,
                endLine=_LINE,
                nameLine=_LINE,
                signature=_TEXT,
                documentation=_TEXT,
            )
        ),
    ),
    "folders": _object(
        "folders",
        "truncated",
        "generation",
        folders=_list(_answer(root=_TEXT, path=_TEXT, files=_COUNT, symbols=_COUNT, lines=_COUNT, languages=_COUNTS)),
        files=_list(_answer(root=_TEXT, path=_TEXT, symbols=_COUNT, lines=_COUNT, language=_TEXT)),
        truncated=_FLAG,
        generation=_COUNT,
    ),
    "skipped": _answer(
        reasons=_list(_answer(reason=_TEXT, count=_COUNT, fix=_TEXT)),
        files=_list(_answer(root=_TEXT, path=_TEXT, reason=_TEXT)),
        truncated=_FLAG,
    ),
    "link": _answer(url=_TEXT, expiresSeconds=_COUNT),
    "map": _object(
        "state",
        "progress",
        "version",
        "points",
        state={"enum": ["computing", "ready"]},
        progress={"type": "number", "minimum": 0, "maximum": 1},
        version=_TEXT,
        points=_COUNT,
        bounds={"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
        labels=_list(_answer(x={"type": "number"}, y={"type": "number"}, text=_TEXT, symbols=_COUNT)),
        languages=_TEXTS,
        kinds=_TEXTS,
        folders=_TEXTS,
    ),
    "map/symbols": _answer(symbols=_list({"anyOf": [_MAP_SYMBOL, {"type": "null"}]})),
    "map/locate": _answer(points=_list({"type": ["integer", "null"]})),
}
