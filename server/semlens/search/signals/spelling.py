"""Adds words of names for words of a question that the index does not know: typing errors, words run together.

Mistyped names belong to `fuzzy_names`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from rapidfuzz.distance import OSA

from semlens.core.text.identifiers import split_identifier, stem
from semlens.index.segment.name_table import fold_text
from semlens.index.segment.terms import term_hash
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import Query, QueryKind
from semlens.search.signals.fuzzy_names import name_of_row

_LEAST_CHARS = 6
MAX_WORDS = 6
"""Words of a question that are looked for. Each takes as long as a mistyped name."""

_MAX_NAMES = 200
_LEAST_OF_A_PART = 3
_CORRECTED_WEIGHT = 0.8


class SimilarWords(NamedTuple):
    """What names have of an unknown word. Sums over readers are global.

    :ivar alone: how many names have each word. :ivar pairs: how many have the word as two neighbouring words.
    """

    alone: Counter[str]
    pairs: Counter[tuple[str, str]]


def with_known_words(views: Sequence[SegmentView], query: Query) -> Query:
    """The query, and beside each word that no text contains the most similar words of names."""
    words = words_to_check(query)
    known = known_of(views, words)
    unknown = [word for word, is_known in zip(words, known, strict=True) if not is_known][:MAX_WORDS]
    return with_similar_words(query, unknown, [[similar_words(views, word)] for word in unknown])


def words_to_check(query: Query) -> list[str]:
    """The words that may be mistyped."""
    if query.kind not in (QueryKind.PROSE, QueryKind.NAME):
        return []
    return [word for word in query.plain if len(word) >= _LEAST_CHARS and word.isalpha()]


def known_of(views: Sequence[SegmentView], words: Sequence[str]) -> list[bool]:
    """Whether some text of these views contains each word."""
    return [_is_known(views, word) for word in words]


def with_similar_words(query: Query, unknown: Sequence[str], similar: Sequence[Sequence[SimilarWords]]) -> Query:
    """:param similar: for each unknown word, what each reader has of it."""
    found = tuple(
        other for word, of_readers in zip(unknown, similar, strict=True) for other in _chosen(word, of_readers)
    )
    if not found:
        return query
    terms = dict(query.terms)
    for word in found:
        terms.setdefault(term_hash(stem(word)), _CORRECTED_WEIGHT)
    plain = tuple(dict.fromkeys((*query.plain, *found)))
    return replace(query, terms=tuple(terms.items()), plain=plain)


def _is_known(views: Sequence[SegmentView], word: str) -> bool:
    term = term_hash(stem(word))
    return any((place := view.segment.words.find(term)).stop > place.start for view in views)


def similar_words(views: Sequence[SegmentView], word: str) -> SimilarWords:
    """The words of the names of these views that share most with a word."""
    alone, pairs = Counter[str](), Counter[tuple[str, str]]()
    for parts in _similar_names(views, word):
        pairs.update(pair for pair in itertools.pairwise(parts) if "".join(pair) == word)
        alone.update(part for part in parts if part.isalpha())
    return SimilarWords(alone, pairs)


def _chosen(word: str, of_readers: Sequence[SimilarWords]) -> tuple[str, ...]:
    """Two words that were run together, or the most frequent word with one other letter. Empty without any."""
    alone, pairs = Counter[str](), Counter[tuple[str, str]]()
    for one in of_readers:
        alone.update(one.alone)
        pairs.update(one.pairs)
    if pairs:
        pair = max(pairs, key=lambda pair: (pairs[pair], pair))
        return pair if min(map(len, pair)) >= _LEAST_OF_A_PART else ()
    others = (part for part in alone if part[0] == word[0] and stem(part) != stem(word))
    near = [part for part in others if OSA.distance(word, part, score_cutoff=1) <= 1]
    return (min(near, key=lambda part: (-alone[part], part)),) if near else ()


def _similar_names(views: Sequence[SegmentView], word: str) -> Iterator[tuple[str, ...]]:
    """Parts of the names that share most with the word."""
    folded = fold_text(word)
    for view in views:
        rows, shares = view.segment.names.alike(folded)
        for row in rows[np.argsort(-shares, kind="stable")[:_MAX_NAMES]].tolist():
            yield split_identifier(name_of_row(view, row))
