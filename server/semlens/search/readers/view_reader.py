"""The reader of views of this process: the segments of one root, or one open buffer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semlens.core.status import TierRole
from semlens.index.arrays import Floats, Ints, Mask
from semlens.index.segment.vectors import quantise
from semlens.index.snapshot import SegmentView
from semlens.search.query.filter_masks import view_mask
from semlens.search.readers.choosing import Signal, best_in_files, choose, is_minor, signals_of
from semlens.search.readers.reader import GlobalStatistics, Question, ReaderStatistics
from semlens.search.signals.file_features import (
    ViewEvidence,
    best_cosines,
    every_file,
    file_features,
    passing_files,
    path_cover,
    some_files,
)
from semlens.search.signals.file_status import file_statuses
from semlens.search.signals.file_table import Candidates, CosineSums, FileTable, make_table
from semlens.search.signals.locations import FramePlace
from semlens.search.signals.meaning import (
    KeptScans,
    Scan,
    ViewScans,
    compare,
    graph_of,
    nearest_by_graph,
    nearest_in_store,
)
from semlens.search.signals.name_match import NameSearch
from semlens.search.signals.static_signals import static_signals_of
from semlens.search.signals.text_evidence import QueryVector, count_terms, score_words, weigh_terms


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What the models say of one view.

    :ivar cosines: of its passages by role; NaN where they were not compared.
    :ivar file_cosines: see `ViewEvidence`. :ivar floors: see `ViewEvidence`.
    :ivar similar: for each model, the files nearest in meaning.
    :ivar sums: of the best cosines of the files. They tell what a file without a vector gets. Where a graph was asked,
        every file has one, and the sums are of the nearest.
    """

    cosines: dict[TierRole, Floats]
    file_cosines: dict[TierRole, Floats]
    floors: dict[TierRole, float]
    similar: list[Signal]
    sums: dict[TierRole, CosineSums]


class ViewReader:
    """Made for one question, and used on one thread: first `statistics`, then, given those of all, `candidates`."""

    def __init__(
        self,
        views: Sequence[tuple[int, SegmentView]],
        question: Question,
        frames: Sequence[FramePlace],
        scans: KeptScans | None = None,
    ) -> None:
        """:param views: the views, each with its number in the snapshot. :param frames: places of a stack trace.

        :param scans: of the search that asks the question.
        """
        self._numbers = [number for number, _ in views]
        self._views = [view for _, view in views]
        self._question = question
        self._frames = frames
        self._roles = [vector.role for vector in question.vectors]
        n_passages = sum(len(view.segment.passages) for view in self._views)
        # a query of filters alone lists all files that pass
        self._is_limited = n_passages >= question.limit.least_passages and bool(question.query.terms)
        self._asks_graphs = self._is_limited and n_passages >= question.limit.least_graph_passages
        kept = scans or KeptScans()
        self._scans = [self._start_scans(vector, kept) for vector in question.vectors]  # first: they take longest
        self._names = NameSearch(self._views, question.query)

    def _start_scans(self, vector: QueryVector, kept: KeptScans) -> tuple[list[int], ViewScans]:
        """The places of the views that have no graph to ask, and their scans."""
        places = [
            place for place, view in enumerate(self._views) if not self._asks_graphs or graph_of(view, vector) is None
        ]
        return places, kept.of([self._views[place] for place in places], vector)

    def statistics(self) -> ReaderStatistics:
        return ReaderStatistics(count_terms(self._views, self._question.query), self._names.counts())

    def candidates(self, statistics: GlobalStatistics) -> Candidates:
        """:raises Cancelled: when the question was cancelled."""
        question, views = self._question, self._views
        masks = [view_mask(view, question.request.filter, question.query) for view in views]
        words = score_words(views, masks, question.query, question.cancel, statistics.terms)
        names = self._names.evidence(statistics.names)
        question.cancel.check()
        scans = [dict(zip(places, of_views.result(), strict=True)) for places, of_views in self._scans]
        meaning = [
            self._meaning(view, mask, [of_vector.get(place) for of_vector in scans])
            for place, (view, mask) in enumerate(zip(views, masks, strict=True))
        ]
        question.cancel.check()
        evidence = [
            ViewEvidence(
                mask=mask,
                words=of_words,
                names=of_names,
                status=statistics.statuses[number],
                cosines=of_view.cosines,
                file_cosines=of_view.file_cosines,
                floors=of_view.floors,
                stems=path_cover(
                    static_signals_of(view.segment).stems,
                    len(of_words.files),
                    (*of_words.idf_weights, *question.query.forms),
                ),
            )
            for number, view, mask, of_words, of_names, of_view in zip(
                self._numbers, views, masks, words, names, meaning, strict=True
            )
        ]
        sums = {
            role: CosineSums.of([of_view.sums[role] for of_view in meaning if role in of_view.sums])
            for role in self._roles
        }
        lives = [passing_files(view, mask) for view, mask in zip(views, masks, strict=True)]
        if self._is_limited:
            rows = self._chosen(evidence, lives, [of_view.similar for of_view in meaning])
        else:
            rows = [np.arange(len(view.segment.files)) for view in views]
        columns = [
            file_features(view, files, one, question.query, self._roles, question.near)
            for view, files, one in zip(views, rows, evidence, strict=True)
        ]
        return Candidates(
            views=np.repeat(np.array(self._numbers, np.int64), list(map(len, rows))),
            rows=np.concatenate(rows),
            columns={name: np.concatenate([of_view[name] for of_view in columns]) for name in columns[0]},
            lives=np.concatenate([mask[files] for mask, files in zip(lives, rows, strict=True)]),
            evidence=dict(zip(self._numbers, evidence, strict=True)),
            cosine_sums=sums,
        )

    def _meaning(self, view: SegmentView, mask: Mask | None, scans: Sequence[Scan | None]) -> _Meaning:
        meaning = _Meaning({}, {}, {}, [], {})
        for vector, scan in zip(self._question.vectors, scans, strict=True):
            found = self._nearest(view, mask, vector)
            if found is not None:
                rows, cosines, meaning.floors[vector.role] = found
                meaning.cosines[vector.role] = cosines
                nearest = best_in_files(view, rows, cosines[rows])
                meaning.similar.append(nearest)
                meaning.sums[vector.role] = CosineSums.over(nearest.values)
                continue
            asks_graph = self._asks_graphs and graph_of(view, vector) is not None
            scanned = ViewScans([view], vector).result()[0] if asks_graph else scan
            if scanned is None:
                meaning.similar.append(Signal(np.zeros(0, np.int64), np.zeros(0, np.float32)))
                continue
            cosines, best = scanned
            if view.alive is not None and mask is view.alive_passages:
                best = np.where(view.alive, best, np.float32(np.nan))
            elif mask is not None:
                cosines = np.where(mask, cosines, np.float32(np.nan))
                best = best_cosines(cosines, every_file(view))
            meaning.cosines[vector.role], meaning.file_cosines[vector.role] = cosines, best
            known = np.flatnonzero(~np.isnan(best))
            meaning.similar.append(Signal(known, best[known]))
            meaning.sums[vector.role] = CosineSums.over(best[known])
        return meaning

    def _nearest(self, view: SegmentView, mask: Mask | None, vector: QueryVector) -> tuple[Ints, Floats, float] | None:
        """The nearest passages as a store or a graph tells them, or None where all vectors must be compared.

        :returns: rows, ascending; the cosines of all passages, NaN for others; a cosine that no other passage reaches.
        """
        is_in_store = vector.neighbours is not None and not view.blocks(vector.fingerprint)
        block = graph_of(view, vector) if self._asks_graphs and not is_in_store else None
        if block is None and not is_in_store:
            return None
        cosines = np.full(len(view.segment.passages), np.nan, np.float32)
        if block is None:
            rows, values, floor = nearest_in_store(view, vector, mask)
            cosines[rows] = values
            return rows, cosines, floor
        query = quantise(vector.vector)
        found = nearest_by_graph(block, mask, query, self._question.limit.n_neighbours)
        if found is None:
            return None
        compare(block, found[0], query, cosines)
        return found[0], cosines, found[1]

    def _chosen(
        self, evidence: Sequence[ViewEvidence], lives: Sequence[Mask], similar: Sequence[Sequence[Signal]]
    ) -> list[Ints]:
        signals = [
            signals_of(view, one, self._question.query, of_view)
            for view, one, of_view in zip(self._views, evidence, similar, strict=True)
        ]
        minor = [is_minor(view, one) for view, one in zip(self._views, evidence, strict=True)]
        chosen = choose(signals, lives, minor, self._question.limit.n_files)
        has_floors = any(one.floors for one in evidence)
        best = choose(signals, lives, minor, self._question.limit.n_compared) if has_floors else chosen
        for place in self._frames:
            if place.view in self._numbers:
                number = self._numbers.index(place.view)
                if place.file not in chosen[number]:
                    chosen[number] = np.sort(np.append(chosen[number], place.file))
        for view, one, files, best_files in zip(self._views, evidence, chosen, best, strict=True):
            for vector in self._question.vectors:
                # The size of a cosine counts for these: all files need their own. Else only ranks count.
                weighs_size = self._question.query.is_literal or self._question.query.is_prose
                every = weighs_size or vector.role is TierRole.REFINE
                compare_files(view, one, files if every else best_files, vector)
        return chosen


def compare_files(view: SegmentView, evidence: ViewEvidence, files: Ints, vector: QueryVector) -> None:
    """Compare the passages of some files, where a graph found the nearest passages only.

    :param files: rows, ascending.
    """
    block = graph_of(view, vector)
    if block is None or vector.role not in evidence.floors:
        return
    rows = some_files(view, files).passages
    assert rows is not None
    rows = rows if evidence.mask is None else rows[evidence.mask[rows]]
    compare(block, rows, quantise(vector.vector), evidence.cosines[vector.role])


def find_candidates(
    views: Sequence[SegmentView],
    question: Question,
    frames: Sequence[FramePlace] = (),
    scans: KeptScans | None = None,
) -> FileTable:
    """Ask the readers of all views: one for each root, and one for each open buffer.

    :param views: of one snapshot, at least one, each with passages. :param scans: of the search.
    """
    groups: dict[tuple[str, str], list[tuple[int, SegmentView]]] = {}
    for number, view in enumerate(views):
        groups.setdefault((view.root, view.buffer_uri), []).append((number, view))
    readers = [ViewReader(group, question, frames, scans) for group in groups.values()]
    counts = [reader.statistics() for reader in readers]
    question.cancel.check()
    statistics = GlobalStatistics(
        weigh_terms(question.query, [one.terms for one in counts]), [one.names for one in counts], file_statuses(views)
    )
    return make_table([reader.candidates(statistics) for reader in readers], question.query)


def compare_chosen(views: Sequence[SegmentView], table: FileTable, chosen: Ints, question: Question) -> None:
    """Compare all passages of the files whose symbols are ranked. :param chosen: their positions in the table."""
    for number, view in enumerate(views):
        files = table.rows[chosen[table.views[chosen] == number]]
        for vector in question.vectors:
            compare_files(view, table.evidence[number], files, vector)
