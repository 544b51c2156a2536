"""Looks for the name of a definition in all text: in strings, configuration and documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from semlens.engine.query.request_hits import RequestHits
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace
from semlens.index.segment.terms import hashes_of_identifier
from semlens.index.snapshot import SegmentView


def is_mentioned(resolver: Resolver, place: SymbolPlace, hits: RequestHits) -> bool:
    """Whether the name stands anywhere outside of its definition, or might: a file cannot be read as it was indexed."""
    own_view, own_file = resolver.views[place.view], resolver.file_of(*place)
    name = own_view.segment.symbols.names[place.symbol]
    span = own_view.segment.symbols.span(place.symbol)
    whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    terms = np.array(sorted(set(hashes_of_identifier(name))), np.uint64)
    if not len(terms):
        return True
    for view in resolver.views:
        for file in _files_with(view, terms):
            document = hits.document(view, file)
            if document is None:
                return True
            is_own = view is own_view and file == own_file
            for number, line in enumerate(document.lines):
                if name in line and whole.search(line) and not (is_own and span.contains(number)):
                    return True
    return False


def _files_with(view: SegmentView, terms: npt.NDArray[np.uint64]) -> Iterator[int]:
    """The living files with a passage that has all of the terms."""
    passages = view.segment.passages
    counts = np.bincount(view.segment.words.rows_of(terms), minlength=len(passages))
    for file in np.unique(passages.files[np.flatnonzero(counts >= len(terms))]).tolist():
        if view.alive is None or view.alive[file]:
            yield file
