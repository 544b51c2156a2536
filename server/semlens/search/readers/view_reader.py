"""The reader of views of this process: the segments of one root, or one open buffer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from semlens.core.status import TierRole
from semlens.index.segment.vectors import quantise
from semlens.index.snapshot import SegmentView
from semlens.search.query.filter_masks import view_mask
from semlens.search.readers.choosing import Signal, best_in_files, choose, is_minor, signals_of
from semlens.search.readers.reader import GlobalStatistics, Question, ReaderStatistics
from semlens.search.signals.file_features import (
    FileRows,
    ViewEvidence,
    best_cosines,
    every_file,
    file_features,
    passing_files,
    some_files,
)
from semlens.search.signals.file_status import file_statuses
from semlens.search.signals.file_table import Candidates, FileTable, make_table
from semlens.search.signals.locations import FramePlace
from semlens.search.signals.meaning import all_cosines, graph_of, nearest_by_graph
from semlens.search.signals.name_match import NameSearch
from semlens.search.signals.text_evidence import QueryVector, count_terms, score_words, weigh_terms

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Meaning:
    """:ivar cosines: for each view, the cosines of its passages by role, where all were compared.

    :ivar similar: for each view and model, the files nearest in meaning.
    :ivar sums: the sum of the best cosines of the files, and their number, where all were compared. A file without a
        vector gets the average. Where a graph was asked, every file has one.
    """

    cosines: list[dict[TierRole, Floats]]
    similar: list[list[Signal]]
    sums: dict[TierRole, tuple[float, int]]


class ViewReader:
    """See `IndexReader`."""

    def __init__(
        self, views: Sequence[tuple[int, SegmentView]], question: Question, frames: Sequence[FramePlace]
    ) -> None:
        """:param views: the views, each with its number in the snapshot. :param frames: places of a stack trace."""
        self._numbers = [number for number, _ in views]
        self._views = [view for _, view in views]
        self._question = question
        self._frames = frames
        self._names = NameSearch(self._views, question.query)
        self._roles = [vector.role for vector in question.vectors]

    def statistics(self) -> ReaderStatistics:
        return ReaderStatistics(count_terms(self._views, self._question.query), self._names.counts())

    @property
    def _is_limited(self) -> bool:
        """Whether not all files are offered. A query of filters alone lists all files that pass."""
        n_passages = sum(len(view.segment.passages) for view in self._views)
        query = self._question.query
        return n_passages >= self._question.limit.least_passages and bool(query.terms)

    def candidates(self, statistics: GlobalStatistics) -> Candidates:
        question, views = self._question, self._views
        masks = [view_mask(view, question.request.filter, question.query) for view in views]
        words = score_words(views, masks, question.query, question.cancel, statistics.terms)
        names = self._names.evidence(statistics.names)
        question.cancel.check()
        statuses = [statistics.statuses[number] for number in self._numbers]
        evidence = [
            ViewEvidence(mask, of_words, of_names, status, {})
            for mask, of_words, of_names, status in zip(masks, words, names, statuses, strict=True)
        ]
        lives = [passing_files(view, mask) for view, mask in zip(views, masks, strict=True)]
        meaning = self._meaning(masks)
        question.cancel.check()
        if self._is_limited:
            rows = self._chosen(evidence, lives, meaning.similar)
        else:
            rows = [every_file(view) for view in views]
        for number, view in enumerate(views):
            for vector in question.vectors:
                self._fill_cosines(view, rows[number], masks[number], vector, meaning.cosines[number])
        evidence = [
            ViewEvidence(one.mask, one.words, one.names, one.status, of_view)
            for one, of_view in zip(evidence, meaning.cosines, strict=True)
        ]
        columns = [
            file_features(view, of_view, one, question.query, self._roles, question.near)
            for view, of_view, one in zip(views, rows, evidence, strict=True)
        ]
        return Candidates(
            views=np.repeat(np.array(self._numbers, np.int64), [len(of_view.files) for of_view in rows]),
            rows=np.concatenate([of_view.files for of_view in rows]),
            columns={name: np.concatenate([of_view[name] for of_view in columns]) for name in columns[0]},
            lives=np.concatenate([mask[of_view.files] for mask, of_view in zip(lives, rows, strict=True)]),
            evidence=dict(zip(self._numbers, evidence, strict=True)),
            cosine_sums=meaning.sums,
        )

    def _meaning(self, masks: Sequence[Mask | None]) -> _Meaning:
        meaning = _Meaning([], [], {vector.role: (0.0, 0) for vector in self._question.vectors})
        for view, mask in zip(self._views, masks, strict=True):
            by_role: dict[TierRole, Floats] = {}
            signals = []
            for vector in self._question.vectors:
                found = self._by_graph(view, mask, vector)
                if found is not None:
                    signals.append(found)
                    continue
                scanned = all_cosines(view, vector)
                if scanned is not None:
                    if mask is not None:
                        scanned[~mask] = np.nan
                    by_role[vector.role] = scanned
                best = best_cosines(scanned, every_file(view))
                known = np.flatnonzero(~np.isnan(best))
                signals.append(Signal(known, best[known]))
                total, count = meaning.sums[vector.role]
                meaning.sums[vector.role] = (total + float(best[known].sum()), count + len(known))
            meaning.cosines.append(by_role)
            meaning.similar.append(signals)
        return meaning

    def _by_graph(self, view: SegmentView, mask: Mask | None, vector: QueryVector) -> Signal | None:
        block = graph_of(view, vector) if self._is_limited else None
        found = None if block is None else nearest_by_graph(block, mask, vector, self._question.limit.n_neighbours)
        return None if found is None else best_in_files(view, found.rows, found.cosines)

    def _chosen(
        self, evidence: Sequence[ViewEvidence], lives: Sequence[Mask], similar: Sequence[Sequence[Signal]]
    ) -> list[FileRows]:
        signals = [
            signals_of(view, one, self._question.query, of_view)
            for view, one, of_view in zip(self._views, evidence, similar, strict=True)
        ]
        minor = [is_minor(view, one) for view, one in zip(self._views, evidence, strict=True)]
        chosen = choose(signals, lives, minor, self._question.limit.n_files)
        for place in self._frames:
            if place.view in self._numbers:
                number = self._numbers.index(place.view)
                if place.file not in chosen[number]:
                    chosen[number] = np.sort(np.append(chosen[number], place.file))
        return [some_files(view, files) for view, files in zip(self._views, chosen, strict=True)]

    def _fill_cosines(
        self, view: SegmentView, rows: FileRows, mask: Mask | None, vector: QueryVector, cosines: dict[TierRole, Floats]
    ) -> None:
        """Compare the passages of the chosen files, where the graph found the nearest only."""
        block = graph_of(view, vector)
        if vector.role in cosines or block is None or rows.passages is None:
            return
        passages = rows.passages if mask is None else rows.passages[mask[rows.passages]]
        column = np.full(len(view.segment.passages), np.nan, np.float32)
        column[passages] = block.cosines_of(passages, quantise(vector.vector))
        cosines[vector.role] = column


def find_candidates(views: Sequence[SegmentView], question: Question, frames: Sequence[FramePlace] = ()) -> FileTable:
    """Ask the readers of all views: one for each root, and one for each open buffer.

    :param views: of one snapshot, at least one, each with passages.
    """
    groups: dict[tuple[str, str], list[tuple[int, SegmentView]]] = {}
    for number, view in enumerate(views):
        groups.setdefault((view.root, view.buffer_uri), []).append((number, view))
    readers = [ViewReader(group, question, frames) for group in groups.values()]
    counts = [reader.statistics() for reader in readers]
    question.cancel.check()
    statistics = GlobalStatistics(
        weigh_terms(question.query, [one.terms for one in counts]), [one.names for one in counts], file_statuses(views)
    )
    return make_table([reader.candidates(statistics) for reader in readers], question.query)
