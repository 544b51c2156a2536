"""Says which filter leaves nothing, for a search that found nothing: the language, the path or the name is not there.

Nothing here is needed for a search that finds something, so nothing here has to be fast.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from semlens.core.request import ContentFilter, SearchFilter
from semlens.core.text.globs import path_pattern
from semlens.core.text.printable import message_text
from semlens.index.segment.name_table import fold_text
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.query.content import content_mask, wanted_content
from semlens.search.query.query import Query

_MAX_CANDIDATES = 5_000
_MAX_CHARS = 60


def empty_filter_notes(snapshot: IndexSnapshot, request_filter: SearchFilter, query: Query) -> tuple[str, ...]:
    """A sentence for each filter of the request or the query that no file or symbol passes."""
    return (
        *_language_notes(snapshot, request_filter.languages | query.filter.languages),
        *_path_notes(snapshot, (*request_filter.paths, *query.filter.paths)),
        *_container_notes(snapshot, query.container),
        *_content_notes(snapshot, request_filter, query),
    )


def _language_notes(snapshot: IndexSnapshot, languages: Collection[str]) -> Iterable[str]:
    known = {
        view.segment.files.language(row) for view in snapshot.views for row in _living_files(view)
    } - {""}  # fmt: skip
    for language in sorted(set(languages) - known):
        yield _note(f"No file here is in the language {_quoted(language)}", language, known)


def _path_notes(snapshot: IndexSnapshot, globs: Iterable[str]) -> Iterable[str]:
    paths = [view.segment.files.paths[row] for view in snapshot.views for row in _living_files(view)]
    for glob in globs:
        fits = path_pattern((glob,)).fullmatch
        if not any(fits(path) for path in paths):
            words = [word for word in glob.replace("*", "/").split("/") if word]
            names = {name for path in paths for name in path.split("/")}
            unknown = next((word for word in words if word not in names), "")
            yield _note(f"No file here has a path like {_quoted(glob)}", unknown, names)


def _container_notes(snapshot: IndexSnapshot, container: str) -> Iterable[str]:
    folded = fold_text(container)
    if not container or any(len(view.segment.names.with_prefix(folded)) for view in snapshot.views):
        return
    start = fold_text(container[:2])
    names: set[str] = set()
    for view in snapshot.views:
        symbols = view.segment.symbols
        rows = [int(row) for row in view.segment.names.with_prefix(start) if row < len(symbols)]
        names.update(symbols.names[row] for row in rows[: _MAX_CANDIDATES - len(names)])
    yield _note(f"Nothing here has the name {_quoted(container)}", container, names)


def _content_notes(snapshot: IndexSnapshot, request_filter: SearchFilter, query: Query) -> Iterable[str]:
    is_default = request_filter.content is None and wanted_content(request_filter, query) is ContentFilter.CODE
    if is_default and any(content_mask(view.segment, ContentFilter.CODE) is not None for view in snapshot.views):
        yield "Only code was searched. For documents, name their language (lang:markdown) or search all kinds of files."


def _living_files(view: SegmentView) -> Iterable[int]:
    return (row for row in range(len(view.segment.files)) if view.alive is None or view.alive[row])


def _note(sentence: str, wrong: str, known: Collection[str]) -> str:
    import difflib  # slow to load, and needed only for a mistake

    nearest = difflib.get_close_matches(wrong, list(known)[:_MAX_CANDIDATES], n=1, cutoff=0.6) if wrong else []
    return f"{sentence}. Did you mean {_quoted(nearest[0])}?" if nearest else f"{sentence}."


def _quoted(text: str) -> str:
    return f"'{message_text(text[:_MAX_CHARS])}'"
