"""Searches over shards: the same steps as in one process (`search/ranking`), with the readers elsewhere.

It holds no segment. It knows how to ask all shards at once (`Shards`); where they run is for `ray_shards`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from semlens.cluster.serve.shard import AskedQuestion, Shard, stub_evidence
from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchHit
from semlens.core.paths import uri_to_path
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.index.arrays import Ints
from semlens.search.query.query import Query
from semlens.search.ranking.rank import DEFAULT_LIMIT, rank_index
from semlens.search.ranking.symbol_ranking import SymbolPart, SymbolScores, join_parts
from semlens.search.readers.reader import CandidateLimit, Question, ReaderStatistics
from semlens.search.signals.file_table import Candidates, FileTable, make_table
from semlens.search.signals.locations import FrameCandidate, FramePlace, places_of_frames
from semlens.search.signals.spelling import MAX_WORDS, with_similar_words, words_to_check
from semlens.search.signals.text_evidence import Holding, QueryVector, WordEvidence, weigh_terms


class Shards(Protocol):
    """One replica of each shard."""

    @property
    def n_shards(self) -> int: ...

    def ask(self, method: str, *arguments: Any, **named: Any) -> list[Any]:
        """The answers of all shards, in their order. :raises ShardLostError: when one is lost."""
        ...

    def ask_each(self, method: str, arguments: Mapping[int, tuple[Any, ...]], **named: Any) -> list[Any]:
        """The answers of some shards, each with arguments of its own, in the order of these."""
        ...

    def shard_of(self, view: int) -> int:
        """The number of the shard that has a view."""
        ...


class ShardedIndex:
    """See `SearchedIndex`. Made for one question."""

    def __init__(self, shards: Shards, roots: Collection[str] | None, asked: AskedQuestion, search: str) -> None:
        """:param roots: those that may be read, None for all."""
        self._shards = shards
        self._search = search
        self._asked = asked
        self._words = words_to_check(asked.query)
        # most questions have no frames and no unknown words: their statistics need no round of their own
        is_known = not asked.query.frames and (asked.query.text.strip() or asked.query.has_filter)
        sights = shards.ask("look", search, roots, self._words, asked.query.frames, asked if is_known else None)
        self.n_passages = sum(sight.n_passages for sight in sights)
        self._known = [any(flags) for flags in zip(*(sight.known for sight in sights), strict=True)]
        self._frames: list[list[FrameCandidate | None]] = [sight.frames for sight in sights]
        self._statistics: list[ReaderStatistics | None] = [sight.statistics for sight in sights]
        self._roles: set[TierRole] = set()
        self._paths: dict[tuple[int, int], str] = {}
        self._kinds: dict[tuple[int, int], int] = {}

    def known_words(self, query: Query) -> Query:
        unknown = [word for word, is_known in zip(self._words, self._known, strict=True) if not is_known][:MAX_WORDS]
        if not unknown:
            return query
        of_shards = self._shards.ask("spell", self._search, unknown)
        return with_similar_words(query, unknown, list(zip(*of_shards, strict=True)))

    def candidates(self, question: Question) -> tuple[FileTable, Sequence[FramePlace]]:
        frames = places_of_frames(self._frames)
        if question.query.frames or question.query is not self._asked.query:
            asked = replace(self._asked, query=question.query, frames=tuple(frames))
            self._statistics = self._shards.ask("statistics", self._search, asked)
        counts = [one for one in self._statistics if one is not None]
        question.cancel.check()
        terms = weigh_terms(question.query, [one.terms for one in counts])
        found: list[Candidates] = []
        for candidates, roles in self._shards.ask("candidates", self._search, terms, [one.names for one in counts]):
            if candidates is not None:
                found.append(candidates)
            self._roles |= roles
        question.cancel.check()
        # what the ranking asks of the evidence of all views: how many passages there are, and what terms are worth
        passages = np.broadcast_to(np.float32(0.0), (self.n_passages,))
        words = WordEvidence(passages, passages, passages, passages, terms.known, Holding.nothing())
        found[0] = replace(found[0], evidence={0: stub_evidence(self._roles, words)})
        return make_table(found, question.query), frames

    def symbols(
        self,
        table: FileTable,
        best: Ints,
        frames: Sequence[FramePlace],  # noqa: ARG002 - the shards have them
        question: Question,
        weights: Mapping[str, float],
    ) -> SymbolScores:
        chosen = replace(table, views=table.views[best], rows=table.rows[best], columns={}, evidence=())
        chosen = replace(chosen, eligible=table.eligible[best])
        parts: dict[int, SymbolPart] = {}
        for answer in self._shards.ask("symbols", self._search, chosen, self._roles):
            parts |= answer.parts
            self._paths |= answer.paths
            self._kinds |= answer.kinds
        question.cancel.check()
        ordered = [replace(parts[view], files=best[parts[view].files]) for view in sorted(parts)]
        return join_parts(ordered, weights)

    def path(self, view: int, file: int) -> str:
        return self._paths[view, file]

    def kind(self, view: int, symbol: int) -> int:
        return self._kinds[view, symbol]


def search_shards(
    shards: Shards,
    roots: Collection[str] | None,
    request: SearchRequest,
    query: Query,
    vectors: Sequence[QueryVector],
    cancel: CancelToken,
    *,
    explain: bool,
    limit: CandidateLimit | None = None,
) -> tuple[list[SearchHit], float]:
    """The hits of a page, and the confidence. :raises ShardLostError: when a shard is lost; the caller asks again."""
    search = uuid.uuid4().hex
    near = uri_to_path(request.near_uri) if request.near_uri else None
    asked = AskedQuestion(request, query, tuple(vectors), near or "", limit or _limit_of(shards.n_shards), ())
    index = ShardedIndex(shards, roots, asked, search)
    answer = rank_index(index, request, query, vectors, cancel, asked.limit)
    by_shard: dict[int, list[int]] = {}
    for at, place in enumerate(answer.places):
        by_shard.setdefault(shards.shard_of(place.view), []).append(at)
    places = {shard: (search, [answer.places[at] for at in positions]) for shard, positions in by_shard.items()}
    hits: dict[int, SearchHit | None] = {}
    for positions, found in zip(by_shard.values(), shards.ask_each("hits", places, explain=explain), strict=True):
        hits |= zip(positions, found, strict=True)
    shown = [hit for at in sorted(hits) if (hit := hits[at]) is not None]
    return shown, answer.confidence if shown else 0.0


class SearchingShard(Shard):
    """A shard that also does whole searches: where it has all that may be read, one round does for four."""

    def search(
        self,
        roots: Collection[str] | None,
        request: SearchRequest,
        query: Query,
        vectors: Sequence[QueryVector],
        n_shards: int,
        *,
        explain: bool,
    ) -> tuple[list[SearchHit], float]:
        """:param n_shards: of the cluster, so that the page is the same as by all shards."""
        limit = _limit_of(n_shards)
        return search_shards(
            _OnlyShard(self), roots, request, query, vectors, CancelToken(), explain=explain, limit=limit
        )


class _OnlyShard:
    """See `Shards`."""

    n_shards = 1

    def __init__(self, shard: Shard) -> None:
        self._shard = shard

    def ask(self, method: str, *arguments: Any, **named: Any) -> list[Any]:
        return [getattr(self._shard, method)(*arguments, **named)]

    def ask_each(self, method: str, arguments: Mapping[int, tuple[Any, ...]], **named: Any) -> list[Any]:
        return [getattr(self._shard, method)(*own, **named) for own in arguments.values()]

    def shard_of(self, _view: int) -> int:
        return 0


def _limit_of(n_shards: int) -> CandidateLimit:
    """A shard offers its best files only where one process with all of them would, not all its files."""
    return replace(DEFAULT_LIMIT, least_passages=DEFAULT_LIMIT.least_passages // max(n_shards, 1))
