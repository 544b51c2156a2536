"""Converts the JSON parameters of the custom requests to checked values. Unknown fields are ignored.

A wrong field raises `UsageError` with a message that names the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

from semlens.core.errors import UsageError
from semlens.core.paths import uri_to_path
from semlens.core.request import ContentFilter, SearchFilter, SearchRequest, TestFilter
from semlens.core.symbol import SymbolKind

MAX_LIMIT = 1000
"""The most hits of one answer. Encoding more would take longer than the search."""

MAX_STRINGS = 1000
"""The most strings of a list. Each folder of a question costs system calls."""

_KIND_BY_LABEL = {kind.label: kind for kind in SymbolKind}


class SearchParams(NamedTuple):
    """Parameters of ``semlens/search``.

    :ivar refine_token: the progress token for partial results, or None.
    """

    request: SearchRequest
    refine_token: str | int | None
    explain: bool


class ReindexParams(NamedTuple):
    """Parameters of ``semlens/reindex``. Without ``uri``, every root is indexed."""

    uri: str | None
    full: bool


class SearchDefaults(NamedTuple):
    """Values from the settings for the parameters that a search leaves out."""

    limit: int = 20
    per_file: int = 2
    time_budget_ms: int = 150


def search_params(params: object, defaults: SearchDefaults) -> SearchParams:
    fields = fields_of(params)
    query = string(fields, "query")
    if query is None:
        refuse("`query` is missing. Send the words to search for.")
    limit = integer(fields, "limit", low=1, high=MAX_LIMIT)
    per_file = integer(fields, "perFile", low=0, high=MAX_LIMIT)
    document = table(fields, "textDocument")
    token = fields.get("refineToken")
    if token is not None and (isinstance(token, bool) or not isinstance(token, str | int)):
        refuse("`refineToken` must be a string or an integer.")
    request = SearchRequest(
        query=query,
        limit=defaults.limit if limit is None else limit,
        filter=_filter(table(fields, "filter"), folders_of(fields)),
        per_file=defaults.per_file if per_file is None else per_file,
        near_uri=string(document, "uri") or "",
        time_budget_ms=defaults.time_budget_ms,
        mask=boolean(fields, "mask"),
    )
    return SearchParams(request, token, boolean(fields, "explain"))


def reindex_params(params: object) -> ReindexParams:
    fields = fields_of(params)
    return ReindexParams(string(fields, "uri"), boolean(fields, "full"))


def fields_of(params: object) -> Mapping[str, Any]:
    """The parameters as an object. No parameters are the same as an empty object."""
    if params is None:
        return {}
    if not isinstance(params, Mapping):
        refuse("The parameters must be an object.")
    return params


def refuse(message: str) -> NoReturn:
    """:raises UsageError: always."""
    raise UsageError(message)


def folders_of(fields: Mapping[str, Any], name: str = "roots") -> tuple[str, ...]:
    """The folders of a list of URIs, as paths. Without ``roots``, all roots of the session are searched."""
    uris = strings(fields, name)
    paths = tuple(path for uri in uris if (path := uri_to_path(uri)) is not None)
    if len(paths) < len(uris):
        refuse(f"`{name}` must be a list of file URIs.")
    return paths


def _filter(fields: Mapping[str, Any], folders: tuple[str, ...]) -> SearchFilter:
    tests = string(fields, "tests") or TestFilter.INCLUDE.value
    if tests not in {choice.value for choice in TestFilter}:
        refuse('`filter.tests` must be "include", "exclude" or "only".')
    content = string(fields, "content")
    if content is not None and content not in set(ContentFilter):
        refuse('`filter.content` must be "code", "docs", "config" or "all".')
    return SearchFilter(
        languages=frozenset(name.lower() for name in strings(fields, "languages", "filter.")),
        kinds=_kinds(fields.get("kinds")),
        paths=strings(fields, "paths", "filter."),
        exclude_paths=strings(fields, "excludePaths", "filter."),
        tests=TestFilter(tests),
        folders=folders,
        content=None if content is None else ContentFilter(content),
    ).checked()


def _kinds(value: object) -> frozenset[SymbolKind]:
    """Kinds as LSP numbers or as lower-case names."""
    if value is None:
        return frozenset()
    if not isinstance(value, list | tuple):
        refuse("`filter.kinds` must be a list of symbol kinds.")
    kinds = set()
    for item in value:
        if isinstance(item, str) and item.lower() in _KIND_BY_LABEL:
            kinds.add(_KIND_BY_LABEL[item.lower()])
        elif isinstance(item, int) and not isinstance(item, bool) and 1 <= item <= max(SymbolKind):
            kinds.add(SymbolKind(item))
        else:
            refuse(f"`filter.kinds` contains {item!r}, which is not a symbol kind. Use LSP's numbers or names.")
    return frozenset(kinds)


def table(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        refuse(f"`{name}` must be an object.")
    return value


def string(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        refuse(f"`{name}` must be a string.")
    return value


def strings(fields: Mapping[str, Any], name: str, prefix: str = "") -> tuple[str, ...]:
    """:param prefix: of the name in an error message."""
    value = fields.get(name)
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        refuse(f"`{prefix}{name}` must be a list of strings.")
    if len(value) > MAX_STRINGS:
        refuse(f"`{prefix}{name}` must have at most {MAX_STRINGS} strings.")
    return tuple(value)


def integer(fields: Mapping[str, Any], name: str, *, low: int, high: int) -> int | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # Lua and JavaScript may send an integer as a float
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        refuse(f"`{name}` must be an integer from {low} to {high}.")
    return value


def boolean(fields: Mapping[str, Any], name: str) -> bool:
    value = fields.get(name)
    if value is not None and not isinstance(value, bool):
        refuse(f"`{name}` must be true or false.")
    return bool(value)


def search_fields(request: SearchRequest, *, explain: bool) -> dict[str, Any]:
    """Without what names folders or documents of this machine."""
    return {
        "query": request.query,
        "limit": request.limit,
        "perFile": request.per_file,
        "filter": _filter_params(request.filter),
        "mask": request.mask,
        "explain": explain,
    }


def _filter_params(search_filter: SearchFilter) -> dict[str, Any]:
    return {
        "languages": sorted(search_filter.languages),
        "kinds": sorted(int(kind) for kind in search_filter.kinds),
        "paths": search_filter.paths,
        "excludePaths": search_filter.exclude_paths,
        "tests": search_filter.tests.value,
        "content": search_filter.content,
    }
