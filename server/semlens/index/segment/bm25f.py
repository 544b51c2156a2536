"""The weights of all terms of many passages at once: the arithmetic of ``terms``, in arrays.

Each field of each passage is a run of identifiers, each identifier a run of terms. Words are counted by sorting, and
every weight is added up field by field in one order, so that it does not depend on which passages come together.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np
import numpy.typing as npt

from semlens.core.symbol import Passage
from semlens.core.text.identifiers import identifiers_in
from semlens.index.segment.columns import ranges
from semlens.index.segment.terms import (
    BODY,
    DOCUMENTATION,
    NAME,
    NAME_MARK,
    QUALIFIER,
    hashes_of_identifier,
    name_term_hash,
)

FIELDS = (QUALIFIER, NAME, DOCUMENTATION, BODY)
_NAME_FIELD = 1

Ints = npt.NDArray[np.int64]


class _Numbers(dict[str, int]):
    """Numbers words in the order in which they are first asked for."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


def weigh_passages(
    files: Iterable[tuple[dict[int, float], tuple[Passage, ...]]],
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32], npt.NDArray[np.float32]]:
    """BM25F weights, before saturation, of the terms of passages, and a mark for each term of a name.

    :param files: of each file what its path weighs (``weigh_path``), and its passages.
    :return: terms, rows and weights, shape (postings,): rows number the passages and ascend within a term.
    """
    numbers = _Numbers()
    number_of = numbers.__getitem__
    words: list[int] = []
    lengths: list[int] = []  # of each field, in words: four a passage
    paths: list[tuple[dict[int, float], int]] = []
    before = 0
    for of_path, passages in files:
        paths.append((of_path, len(passages)))
        for passage in passages:
            for texts in (
                (passage.qualifier,), (passage.name,), (passage.documentation,), (passage.body, passage.signature)
            ):  # fmt: skip
                for text in texts:
                    if text:
                        words.extend(map(number_of, identifiers_in(text)))
                lengths.append(len(words) - before)
                before = len(words)
    hashes = [hashes_of_identifier(word) for word in numbers]
    of_paths = list(dict.fromkeys(term for of_path, _ in paths for term in of_path))
    terms, places = np.unique(np.array([*chain.from_iterable(hashes), *of_paths], np.uint64), return_inverse=True)
    n_terms = max(1, len(terms))
    n_of_words = sum(map(len, hashes))

    # one entry for each term of each word of each field
    sizes = np.array([len(found) for found in hashes], np.int64)
    starts = np.cumsum(sizes) - sizes
    flat = np.array(words, np.int64)
    of_field = np.repeat(np.repeat(np.arange(len(lengths), dtype=np.int64), lengths), sizes[flat])
    of_term = places[ranges(starts[flat], sizes[flat])]
    total = np.bincount(of_field, minlength=len(lengths))
    keys, counts = _counted(of_field * n_terms + of_term)
    of_field, of_term = keys // n_terms, keys % n_terms

    place_of_path = dict(zip(of_paths, places[n_of_words:].tolist(), strict=True))
    path_keys, path_weights = _path_entries(paths, place_of_path, n_terms)
    postings, _ = _counted(np.concatenate([(of_field >> 2) * n_terms + of_term, path_keys]))
    weights = np.zeros(len(postings), np.float64)
    weights[np.searchsorted(postings, path_keys)] = path_weights
    for number, field in enumerate(FIELDS):
        here = np.flatnonzero(of_field & 3 == number)
        factors = field.weight / (1.0 - field.b + field.b * total[of_field[here]] / field.average)
        weights[np.searchsorted(postings, (of_field[here] >> 2) * n_terms + of_term[here])] += counts[here] * factors

    named = np.flatnonzero(of_field & 3 == _NAME_FIELD)
    marks = terms[of_term[named]] ^ np.uint64(name_term_hash(0))
    return (
        np.concatenate([terms[postings % n_terms], marks]),
        np.concatenate([postings // n_terms, of_field[named] >> 2]).astype(np.uint32),
        np.concatenate([weights, np.full(len(marks), NAME_MARK)]).astype(np.float32),
    )


def _counted(keys: Ints) -> tuple[Ints, Ints]:
    """The distinct keys, ascending, and how often each stands there. Faster than ``np.unique``, which hashes."""
    keys.sort()
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.zeros(0, np.int64)
    return keys[starts], np.diff(starts, append=len(keys))


def _path_entries(
    paths: list[tuple[dict[int, float], int]], place_of: dict[int, int], n_terms: int
) -> tuple[Ints, npt.NDArray[np.float64]]:
    """The entries that a path gives each passage of its file: keys and weights."""
    keys: list[Ints] = [np.zeros(0, np.int64)]
    weights: list[npt.NDArray[np.float64]] = [np.zeros(0)]
    row = 0
    for of_path, n_passages in paths:
        rows = np.arange(row, row + n_passages, dtype=np.int64) * n_terms
        row += n_passages
        places = np.array([place_of[term] for term in of_path], np.int64)
        keys.append(np.add.outer(rows, places).ravel())
        weights.append(np.tile(np.array(list(of_path.values())), n_passages))
    return np.concatenate(keys), np.concatenate(weights)
