"""BM25F weights of the terms of many passages at once, computed with arrays.

Each field of a passage is a sequence of identifiers, and each identifier is a sequence of terms. Terms are counted by
sorting. Weights are added field by field in a fixed order, so that a weight does not depend on the other passages.
Fields, constants and term hashes belong to `terms`. Saturation is applied at query time.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np
import numpy.typing as npt

from semlens.core.symbol import Passage
from semlens.core.text.identifiers import identifiers_in
from semlens.index.arrays import Floats, Ints, Rows
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


class _WordNumbers(dict[str, int]):
    """Gives each word a number, in the order of first lookup."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


def weigh_passages(
    files: Iterable[tuple[dict[int, float], tuple[Passage, ...]]],
) -> tuple[npt.NDArray[np.uint64], Rows, Floats]:
    """BM25F weights, before saturation, of the terms of passages, and a mark for each term of a name.

    :param files: for each file the weights of its path (``weigh_path``) and its passages.
    :return: terms, rows and weights, each of shape (postings,). Rows number the passages and ascend within a term.
    """
    numbers = _WordNumbers()
    number_of = numbers.__getitem__
    words: list[int] = []
    lengths: list[int] = []  # in words, of each field: four fields a passage
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
    sizes = np.array([len(terms_of_word) for terms_of_word in hashes], np.int64)
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
    """The distinct keys in ascending order, with counts. Sorts in place, which is faster than ``np.unique``."""
    keys.sort()
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.zeros(0, np.int64)
    return keys[starts], np.diff(starts, append=len(keys))


def _path_entries(
    paths: list[tuple[dict[int, float], int]], place_of: dict[int, int], n_terms: int
) -> tuple[Ints, npt.NDArray[np.float64]]:
    """Keys and weights of the postings that each passage gets from the path of its file."""
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
