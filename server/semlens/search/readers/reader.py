"""What a search asks a reader, and what the reader answers: a root, an open buffer or a shard is a reader.

A search asks each reader three things. First its statistics, whose sums over all readers say what a term or a name is
worth. Then its candidates: the best files by each signal, with their features under those global statistics. Last, the
text of the hits that are shown. The first two are here. The text comes from `engine/query/current_texts`, because this
package reads no files. Weighing, ordering and paging belong to `search/ranking`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.search.query.query import Query
from semlens.search.signals.file_status import FileStatus
from semlens.search.signals.file_table import RANKED
from semlens.search.signals.name_match import NameCounts
from semlens.search.signals.text_evidence import QueryVector, TermCounts, TermWeights

LEAST_GRAPH_PASSAGES = 400_000
"""Passages of a reader from which on graphs are built and asked. A scan of so many takes 4 ms on one core."""


@dataclass(frozen=True, slots=True)
class CandidateLimit:
    """How many files a reader offers.

    :ivar n_files: by each signal. With fewer than `RANKED`, the ranks of files would depend on the limit.
    :ivar n_neighbours: passages that a graph is asked for, of each view.
    :ivar n_compared: files by each signal whose vectors are compared, because a graph may have missed them.
    :ivar least_graph_passages: a reader with fewer passages compares all vectors, although it may have graphs. That
        takes at most a few milliseconds, and a graph misses some neighbours.
    :ivar least_passages: a reader with fewer passages offers all its files, which is as fast.
    """

    n_files: int = RANKED
    n_neighbours: int = 400
    n_compared: int = 30
    least_graph_passages: int = LEAST_GRAPH_PASSAGES
    least_passages: int = 100_000


EVERYTHING = CandidateLimit(least_passages=1 << 62)
"""Every reader offers all its files. The limited ranking is compared with this one."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a search asks the readers.

    :ivar vectors: of the query, one for each model. :ivar near: path of the user's document, or "".
    """

    request: SearchRequest
    query: Query
    vectors: Sequence[QueryVector]
    near: str
    limit: CandidateLimit
    cancel: CancelToken


@dataclass(frozen=True, slots=True)
class ReaderStatistics:
    """Counts of one reader for one question."""

    terms: TermCounts
    names: NameCounts


@dataclass(frozen=True, slots=True)
class GlobalStatistics:
    """Of all readers together.

    :ivar terms: what each term is worth. :ivar names: the counts of every reader.
    :ivar statuses: for each view of the snapshot, which of its files newer code replaces, wherever that is.
    """

    terms: TermWeights
    names: Sequence[NameCounts]
    statuses: Sequence[FileStatus]
