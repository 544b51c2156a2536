"""A shard: some segments of some repositories, and the steps of a search over them. It knows no other shard and no Ray.

A search is some calls with one id. Between them the shard keeps what it has computed, for the searches of the last
moments. All that it is given of other shards are counts and positions.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from semlens.cluster.catalogue import TEXTS, Texts, read_texts
from semlens.cluster.serve.repository_queries import AskedModel, RepositoryQueries
from semlens.core.cancel import CancelToken
from semlens.core.errors import SemlensError
from semlens.core.hit import SearchHit
from semlens.core.paths import path_to_uri
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.core.symbol import Outline, Symbol, SymbolKind
from semlens.engine.query.hit_builder import make_hit
from semlens.engine.query.masking import mask_hit
from semlens.index.segment.check import check_segment
from semlens.index.segment.columns import ColumnFileError
from semlens.index.segment.segment import read_segment
from semlens.index.segment.vectors import VectorBlock
from semlens.index.snapshot import SegmentView
from semlens.index.storage.root_store import read_vector_file
from semlens.search.query.query import Query
from semlens.search.query.stack_traces import Frame
from semlens.search.ranking.rank import RankedHit, RankedPlace
from semlens.search.ranking.symbol_ranking import SymbolPart, symbol_parts
from semlens.search.readers.reader import CandidateLimit, GlobalStatistics, Question, ReaderStatistics
from semlens.search.readers.view_reader import ViewReader, compare_chosen
from semlens.search.signals.file_features import ViewEvidence
from semlens.search.signals.file_status import FileStatus
from semlens.search.signals.file_table import Candidates, FileTable
from semlens.search.signals.locations import FrameCandidate, FramePlace, frame_candidates
from semlens.search.signals.name_match import NameCounts, NameEvidence
from semlens.search.signals.spelling import SimilarWords, known_of, similar_words
from semlens.search.signals.text_evidence import Holding, QueryVector, TermWeights, WordEvidence
from semlens.share.errors import RejectedError
from semlens.share.manifest import SharedObject
from semlens.share.object_store import ObjectStore
from semlens.syntax.parsing.decode import split_lines

MAX_QUERIED = 8
"""Repositories whose call graph a shard keeps."""

MAX_SEARCHES = 64
"""Whose steps a shard remembers."""

N_DOWNLOADS = 4
ROOTS = "/semlens-cluster/"
_NOTHING = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class PlacedSegment:
    """:ivar number: of its view among those of all shards. :ivar repository: its name."""

    number: int
    repository: str
    segment: str
    objects: tuple[SharedObject, ...]

    @property
    def root(self) -> str:
        return root_of(self.repository)


def root_of(repository: str) -> str:
    """The root that hits of a repository have: an absolute path, as clients expect it, but no folder of a machine."""
    return f"{ROOTS}{repository}"


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """`Question` without what stays on one machine."""

    request: SearchRequest
    query: Query
    vectors: tuple[QueryVector, ...]
    near: str
    limit: CandidateLimit
    frames: tuple[FramePlace, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a shard says first. :ivar known: for each word. :ivar frames: the best file for each frame.

    :ivar statistics: of its reader, as far as the question is known; None where it has none.
    """

    n_passages: int
    known: list[bool]
    frames: list[FrameCandidate | None]
    statistics: ReaderStatistics | None


@dataclass(frozen=True, slots=True)
class ShardSymbols:
    """:ivar parts: by number of the view. :ivar paths: of the chosen files, by view and row.

    :ivar kinds: of their symbols, by view and row.
    """

    parts: Mapping[int, SymbolPart]
    paths: Mapping[tuple[int, int], str]
    kinds: Mapping[tuple[int, int], int]


@dataclass(slots=True)
class _Search:
    views: list[tuple[int, SegmentView]]
    reader: ViewReader | None = None
    question: Question | None = None
    frames: tuple[FramePlace, ...] = ()
    evidence: dict[int, ViewEvidence] = field(default_factory=dict)


class Shard:
    """Used by one thread at a time."""

    def __init__(self, segments: Sequence[PlacedSegment], n_views: int, folder: Path) -> None:
        """:param n_views: of all shards. :param folder: where the objects lie, see `fetch`.

        :raises RejectedError: when an object is damaged.
        """
        self._n_views = n_views
        self._views: dict[int, SegmentView] = {}
        self._texts: dict[int, Texts] = {}
        self._searches: OrderedDict[str, _Search] = OrderedDict()
        self._queried: OrderedDict[str, RepositoryQueries] = OrderedDict()
        for placed in segments:
            self._views[placed.number], self._texts[placed.number] = _open(placed, folder)

    def counts(self) -> dict[str, tuple[int, int]]:
        """Files and symbols of each repository here."""
        counts: dict[str, tuple[int, int]] = {}
        for view in self._views.values():
            files, symbols = counts.get(view.root, (0, 0))
            counts[view.root] = (files + len(view.segment.files), symbols + len(view.segment.symbols))
        return counts

    def look(
        self,
        search: str,
        roots: Collection[str] | None,
        words: Sequence[str],
        frames: Sequence[Frame],
        asked: AskedQuestion | None,
    ) -> Sight:
        """Begin a search. :param roots: those that may be read; None for all. Others do not exist for this search.

        :param asked: the question, if neither spelling nor frames can change it any more.
        """
        views = [
            (number, view)
            for number, view in sorted(self._views.items())
            if (roots is None or view.root in roots) and len(view.segment.passages)
        ]
        self._searches[search] = _Search(views)
        while len(self._searches) > MAX_SEARCHES:
            self._searches.popitem(last=False)
        own = [view for _, view in views]
        n_passages = sum(len(view.segment.passages) for view in own)
        statistics = None if asked is None else self.statistics(search, asked)
        return Sight(n_passages, known_of(own, words), frame_candidates(views, frames), statistics)

    def spell(self, search: str, words: Sequence[str]) -> list[SimilarWords]:
        views = [view for _, view in self._searches[search].views]
        return [similar_words(views, word) for word in words]

    def statistics(self, search: str, asked: AskedQuestion) -> ReaderStatistics | None:
        """None when nothing here may be read. All repositories have one reader: more would each offer their best."""
        state = self._searches[search]
        question = Question(asked.request, asked.query, asked.vectors, asked.near, asked.limit, CancelToken())
        state.question, state.frames = question, asked.frames
        state.reader = ViewReader(state.views, question, asked.frames) if state.views else None
        return None if state.reader is None else state.reader.statistics()

    def candidates(
        self, search: str, terms: TermWeights, names: Sequence[NameCounts]
    ) -> tuple[Candidates | None, set[TierRole]]:
        """Of its reader, without its evidence; and the models that some view has vectors of."""
        state = self._searches[search]
        if state.reader is None:
            return None, set()
        statuses = [_NO_STATUS] * self._n_views
        for number, _ in state.views:
            statuses[number] = self._texts[number].status
        found = state.reader.candidates(GlobalStatistics(terms, names, statuses))
        state.evidence = dict(found.evidence)
        roles = {role for evidence in state.evidence.values() for role in evidence.cosines}
        return replace(found, evidence={}), roles

    def symbols(self, search: str, table: FileTable, roles: Collection[TierRole]) -> ShardSymbols:
        """:param table: the chosen files of all shards. :param roles: of the models that some shard has vectors of."""
        state = self._searches[search]
        assert state.question is not None
        evidence = [stub_evidence(roles)] * self._n_views
        for number, own in state.evidence.items():
            evidence[number] = own
        table = replace(table, evidence=evidence)
        chosen = np.arange(len(table.rows), dtype=np.int64)
        by_number = dict(state.views)
        views = [by_number.get(number, _no_view()) for number in range(self._n_views)]
        own_files = np.flatnonzero(np.isin(table.views, list(by_number)))
        compare_chosen(views, table, own_files, state.question)
        numbers = [number for number, _ in state.views if (table.views == number).any()]
        parts = symbol_parts([(number, by_number[number]) for number in numbers], table, chosen, state.frames)
        paths: dict[tuple[int, int], str] = {}
        kinds: dict[tuple[int, int], int] = {}
        for view_number, row in zip(table.views[own_files].tolist(), table.rows[own_files].tolist(), strict=True):
            paths[view_number, row] = by_number[view_number].segment.files.paths[row]
        for number, part in zip(numbers, parts, strict=True):
            of_symbols = by_number[number].segment.symbols.kinds
            kinds |= {(number, row): int(of_symbols[row]) for row in set(part.symbols.tolist()) if row >= 0}
        return ShardSymbols(dict(zip(numbers, parts, strict=True)), paths, kinds)

    def hits(self, search: str, places: Sequence[RankedPlace], *, explain: bool) -> list[SearchHit | None]:
        """The hits of some places of this shard, with masked text."""
        state = self._searches[search]
        assert state.question is not None
        views = dict(state.views)
        hits = []
        for place in places:
            view = views[place.view]
            lines = split_lines(self._texts[place.view].texts[place.file])
            ranked = RankedHit(view, place.file, place.symbol, place.passages, place.score, place.features)
            uri = path_to_uri(f"{view.root}/{ranked.path}")
            hit = make_hit(
                ranked, state.question.query, lines, display_root=view.root, uri=uri, dirty=False, explain=explain
            )
            hits.append(None if hit is None else mask_hit(hit, lines))
        return hits

    def text(self, root: str, path: str) -> tuple[str, str] | None:
        """Text and language of a file; None when this shard does not have it."""
        for number, row in self._places(root, path):
            return self._texts[number].texts[row], self._views[number].segment.files.language(row)
        return None

    def outline(self, root: str, path: str) -> Outline | None:
        """The symbols of a file, without what a segment does not keep; None when this shard does not have it."""
        for number, row in self._places(root, path):
            segment = self._views[number].segment
            table = segment.symbols
            of_file = table.of_file(row)
            symbols = [
                Symbol(
                    table.names[at],
                    table.qualified_names[at],
                    SymbolKind(int(table.kinds[at])),
                    table.span(at),
                    table.name_span(at),
                    table.signatures[at],
                    "",
                    max(int(table.parents[at]) - of_file.start, -1),
                )
                for at in range(of_file.start, of_file.stop)
            ]
            return Outline(segment.files.language(row), int(segment.files.n_lines[row]), tuple(symbols), ())
        return None

    def holders(self, path: str, roots: Collection[str]) -> list[str]:
        """Those of the roots that have a file of this path here."""
        return [root for root in roots if any(self._places(root, path))]

    def query(self, root: str, method: str, arguments: Sequence[Any], models: Sequence[AskedModel]) -> tuple[Any, str]:
        """Answer a question about a repository that is whole in this shard.

        :returns: the answer, or None and a sentence for the user.
        """
        if root not in self._queried:
            parts = [(view, self._texts[number]) for number, view in sorted(self._views.items()) if view.root == root]
            self._queried[root] = RepositoryQueries(root, parts)
        self._queried.move_to_end(root)
        while len(self._queried) > MAX_QUERIED:
            self._queried.popitem(last=False)
        try:
            return self._queried[root].ask(method, arguments, models), ""
        except SemlensError as error:
            return None, str(error)

    def _places(self, root: str, path: str) -> Iterator[tuple[int, int]]:
        """The number of the view and the row of a file."""
        for number, view in self._views.items():
            if view.root == root:
                for row, name in enumerate(view.segment.files.paths.tolist()):
                    if name == path:
                        yield number, row


def fetch(segments: Sequence[PlacedSegment], store: ObjectStore, fingerprints: Collection[str], folder: Path) -> None:
    """Download the objects of a shard, each checked by its hash.

    :raises ShareError, RejectedError: when one is missing or damaged. :raises OSError: when the disk is full.
    """
    wanted = {
        (placed.segment, one.model): one
        for placed in segments
        for one in placed.objects
        if one.segment == placed.segment and (one.model in ("", TEXTS) or one.model in fingerprints)
    }

    def download(one: SharedObject) -> None:
        target = one.path_in(folder)
        if not target.exists():
            store.download(one, target, CancelToken())

    with ThreadPoolExecutor(N_DOWNLOADS) as threads:
        for _ in threads.map(download, wanted.values()):
            pass


def stub_evidence(roles: Collection[TierRole], words: WordEvidence | None = None) -> ViewEvidence:
    """Stands for a view of another shard. :param roles: of the models that some view has vectors of."""
    nothing: Any = _NOTHING
    return ViewEvidence(
        mask=None,
        words=words or WordEvidence(nothing, nothing, nothing, nothing, {}, Holding.nothing()),
        names=NameEvidence(nothing, nothing),
        status=_NO_STATUS,
        cosines=dict.fromkeys(roles, nothing),
        file_cosines={},
        floors={},
        stems=nothing,
    )


_NO_STATUS = FileStatus(_NOTHING, _NOTHING)


def _no_view() -> SegmentView:
    """Stands for a view of another shard: no step looks into it."""
    nothing: Any = None
    return SegmentView("", nothing)


def _open(placed: PlacedSegment, folder: Path) -> tuple[SegmentView, Texts]:
    try:
        segment = read_segment(folder, placed.segment)
        check_segment(segment)
    except ColumnFileError as error:
        raise RejectedError(f"A segment of {placed.repository} is damaged: {error}. Build it again.") from error
    tiers: dict[str, tuple[VectorBlock, ...]] = {}
    for one in placed.objects:
        if one.segment != placed.segment or one.model in ("", TEXTS):
            continue
        if not one.path_in(folder).exists():
            continue  # of a model that is not used here
        block = read_vector_file(folder, placed.segment, one.model)
        if block is None or (len(block.rows) and int(block.rows[-1]) >= len(segment.passages)):
            raise RejectedError(f"The vectors of {placed.repository} are damaged. Build it again.")
        tiers[one.model] = (block,)
    texts = read_texts(folder, placed.segment, len(segment.files))
    return SegmentView(placed.root, segment, tiers=tiers), texts
