"""Which files are code, documentation or configuration: by their language, and plain text by the end of its path."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from semlens.core.request import ContentFilter, SearchFilter
from semlens.index.arrays import Mask
from semlens.index.segment.segment import Segment
from semlens.search.query.query import Query
from semlens.syntax.languages.registry import language_of

_DOCS_LANGUAGES = frozenset({"markdown", "rst", "latex", "bibtex", "org", "asciidoc"})
_CONFIG_LANGUAGES = frozenset(
    {"json", "yaml", "toml", "ini", "properties", "xml", "dockerfile", "make", "cmake", "hcl", "sql"}
)
_DOCS_SUFFIXES = (".txt", ".text", ".rst", ".adoc", ".asciidoc", ".org", ".tex", ".log", ".csv", ".tsv")
_CONFIG_SUFFIXES = (
    ".cfg", ".conf", ".properties", ".ini", ".editorconfig", ".plist", ".props", ".csproj", ".sln", ".service",
    ".nuspec",
)  # fmt: skip
_NO_LANGUAGE = frozenset({"", "text"})
"""What files have whose language nothing describes. Their suffix decides."""

_NUMBERS = {ContentFilter.CODE: 0, ContentFilter.DOCS: 1, ContentFilter.CONFIG: 2}
_CACHED: WeakKeyDictionary[Segment, dict[ContentFilter, Mask | None]] = WeakKeyDictionary()


def content_of(path: str, language: str) -> ContentFilter:
    """What a file is. :param path: with forward slashes."""
    if language in _NO_LANGUAGE:
        path = path.lower()
        is_docs, is_config = path.endswith(_DOCS_SUFFIXES), path.endswith(_CONFIG_SUFFIXES)
    else:
        is_docs, is_config = language in _DOCS_LANGUAGES, language in _CONFIG_LANGUAGES
    if is_docs:
        return ContentFilter.DOCS
    return ContentFilter.CONFIG if is_config else ContentFilter.CODE


def wanted_content(request_filter: SearchFilter, query: Query) -> ContentFilter:
    """The content to search: code, unless the asker said another, or names a language or a file of another."""
    if request_filter.content is not None:
        return request_filter.content
    paths = (*query.paths, *query.filter.paths, *request_filter.paths)
    names_other = any(content_of(path, language_of(path) or "") is not ContentFilter.CODE for path in paths)
    is_open = names_other or request_filter.languages or query.filter.languages
    return ContentFilter.ALL if is_open else ContentFilter.CODE


def content_mask(segment: Segment, content: ContentFilter) -> Mask | None:
    """Mask of the passages in files of the content, shape (passages,), or None when all are.

    It is kept as long as the segment, because making it takes a millisecond for 170,000 passages.
    """
    if content is ContentFilter.ALL:
        return None
    masks = _CACHED.setdefault(segment, {})
    if content not in masks:
        fits = _numbers_of(segment) == _NUMBERS[content]
        masks[content] = None if fits.all() else fits[segment.passages.files]
    return masks[content]


def _numbers_of(segment: Segment) -> npt.NDArray[np.uint8]:
    """The content of each file as its number, shape (files,)."""
    files = segment.files
    names = files.language_names.tolist()
    numbers = np.array([_NUMBERS[content_of("", name)] for name in names], np.uint8)[files.languages]
    unknown = [row for row, name in enumerate(names) if name in _NO_LANGUAGE]
    for row in np.flatnonzero(np.isin(files.languages, unknown)):
        numbers[row] = _NUMBERS[content_of(files.paths[int(row)], "")]
    return numbers
