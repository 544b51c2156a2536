"""Masks of the files and passages of a segment that pass the filters of a request and a query.

Parsing filters belongs to `filter_syntax`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from semlens.core.request import SearchFilter, TestFilter
from semlens.core.symbol import Role
from semlens.core.text.globs import path_pattern
from semlens.index.arrays import Mask
from semlens.index.segment.name_table import fold_text
from semlens.index.snapshot import SegmentView
from semlens.search.query.content import content_mask, wanted_content
from semlens.search.query.query import Query


def file_mask(view: SegmentView, search_filter: SearchFilter) -> Mask | None:
    """Mask of the files that pass, shape (files,), or None when all pass."""
    files = view.segment.files
    mask = np.ones(len(files), bool)
    if search_filter.languages:
        rows = [row for row, name in enumerate(files.language_names.tolist()) if name in search_filter.languages]
        mask &= np.isin(files.languages, rows)
    if search_filter.tests is not TestFilter.INCLUDE:
        is_test = (files.roles & int(Role.TEST)) != 0
        mask &= is_test if search_filter.tests is TestFilter.ONLY else ~is_test
    if search_filter.paths or search_filter.exclude_paths or search_filter.folders:
        paths = _paths_below(view, search_filter.folders)
        mask &= np.array([path is not None for path in paths], bool)
        if search_filter.paths:
            mask &= _matching(paths, search_filter.paths)
        if search_filter.exclude_paths:
            mask &= ~_matching(paths, search_filter.exclude_paths)
    return None if mask.all() else mask


def _paths_below(view: SegmentView, folders: Sequence[str]) -> list[str | None]:
    """The path of each file relative to the folder that contains it, or None where none does.

    :param folders: absolute real paths. Without any, the root of the view is meant.
    """
    paths: list[str] = view.segment.files.paths.tolist()
    prefixes = []
    for folder in folders:
        if _is_inside(view.root, folder):
            return list(paths)
        if _is_inside(folder, view.root):
            prefixes.append(folder[len(view.root) :].replace("\\", "/").strip("/") + "/")
    if not folders:
        return list(paths)
    return [next((path[len(prefix) :] for prefix in prefixes if path.startswith(prefix)), None) for path in paths]


def is_below(view: SegmentView, file: int, folders: Sequence[str]) -> bool:
    """Whether a file of a view lies below one of the folders (absolute real paths). Without any, all do."""
    return not folders or is_path_below(view.root, view.segment.files.paths[file], folders)


def is_path_below(root: str, path: str, folders: Sequence[str], *, separator: str = os.sep) -> bool:
    """Whether a file lies below one of the folders.

    :param root: absolute, as the folders are. :param path: relative to the root, with forward slashes.
    """
    absolute = f"{root.rstrip(separator)}{separator}{path.replace('/', separator)}"
    return any(_is_inside(absolute, folder, separator) for folder in folders)


def _is_inside(path: str, folder: str, separator: str = os.sep) -> bool:
    """Whether an absolute path is the folder or lies below it."""
    return bool(path) and (path == folder or path.startswith(folder.rstrip("/\\") + separator))


def _matching(paths: Sequence[str | None], globs: tuple[str, ...]) -> Mask:
    fits = path_pattern(globs).fullmatch
    return np.array([path is not None and fits(path) is not None for path in paths], bool)


def passage_mask(view: SegmentView, search_filter: SearchFilter) -> Mask | None:
    """Mask of the passages that pass, shape (passages,), or None when all pass."""
    if search_filter.is_empty:
        return None
    of_files = file_mask(view, search_filter)
    mask = None if of_files is None else of_files[view.segment.passages.files]
    if search_filter.kinds:
        symbols = view.segment.passages.symbols
        kinds = view.segment.symbols.kinds
        fits = np.isin(kinds, [int(kind) for kind in search_filter.kinds])
        of_kind = np.where(symbols >= 0, fits[np.maximum(symbols, 0)] if len(fits) else False, False)
        mask = of_kind if mask is None else mask & of_kind
    return mask


def view_mask(view: SegmentView, request_filter: SearchFilter, query: Query) -> Mask | None:
    """Mask of the living passages that pass all filters, shape (passages,), or None when all pass.

    The filters are those of the request and of the query, the query's container and its quoted words.
    """
    mask = view.alive_passages
    for passing in (
        content_mask(view.segment, wanted_content(request_filter, query)),
        passage_mask(view, request_filter),
        passage_mask(view, _in_folders(query.filter, request_filter.folders)),
        _inside(view, query.container) if query.container else None,
        _holding(view, query.required) if query.required else None,
    ):
        if passing is not None:
            mask = passing if mask is None else mask & passing
    return mask


def _in_folders(query_filter: SearchFilter, folders: tuple[str, ...]) -> SearchFilter:
    """The filter of a query. Its paths are relative to the folders of the request."""
    has_paths = query_filter.paths or query_filter.exclude_paths
    return query_filter._replace(folders=folders) if has_paths else query_filter


def _inside(view: SegmentView, container: str) -> Mask:
    """Passages inside symbols and files of the given name, those of the symbols themselves included."""
    segment = view.segment
    n_symbols = len(segment.symbols)
    folded = fold_text(container)
    named = [row for row in segment.names.with_prefix(folded).tolist() if _is_named(view, row, folded)]
    inside = np.zeros(n_symbols, bool)
    inside[[row for row in named if row < n_symbols]] = True
    parents = segment.symbols.parents
    while n_symbols:
        wider = inside | ((parents >= 0) & inside[np.maximum(parents, 0)])
        if (wider == inside).all():
            break
        inside = wider
    symbols = segment.passages.symbols
    mask = (symbols >= 0) & inside[np.maximum(symbols, 0)] if n_symbols else np.zeros(len(symbols), bool)
    files = [row - n_symbols for row in named if row >= n_symbols]
    return mask | np.isin(segment.passages.files, files)


def _is_named(view: SegmentView, row: int, folded: bytes) -> bool:
    n_symbols = len(view.segment.symbols)
    if row < n_symbols:
        return fold_text(view.segment.symbols.names[row]) == folded
    base = view.segment.files.paths[row - n_symbols].rpartition("/")[2]
    return folded in (fold_text(base), fold_text(base.partition(".")[0]))


def _holding(view: SegmentView, terms: tuple[int, ...]) -> Mask:
    """Passages that contain every term."""
    mask = np.ones(len(view.segment.passages), bool)
    for term in terms:
        holds = np.zeros(len(mask), bool)
        holds[view.segment.words.rows[view.segment.words.find(term)]] = True
        mask &= holds
    return mask
