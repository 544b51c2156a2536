"""Names the areas of the map by words that are frequent in them and rare elsewhere."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from semlens.core.text.identifiers import split_identifier, stem

GRIDS = (4, 10, 24)
"""Areas are the squares of these grids, so that there are labels for every zoom."""

MIN_SYMBOLS = 12
N_WORDS = 2
_MIN_SHARE = 0.08
"""A word is named only if so many of the symbols of an area have it."""

_DULL = frozenset("get set is has to of the and for in on by from with as at or an a test tests init new self".split())


class AreaLabel(NamedTuple):
    """:ivar text: some words. :ivar symbols: how many symbols the area has."""

    x: float
    y: float
    text: str
    symbols: int


def area_labels(positions: npt.NDArray[np.float32], names: Sequence[str]) -> list[AreaLabel]:
    """The labels, largest area first.

    :param positions: within -1 and 1, shape (n, 2). :param names: of the symbols.
    """
    words = [
        {word for word in split_identifier(name) if len(word) > 2 and not word.isdecimal()} - _DULL for name in names
    ]
    everywhere = Counter(word for some in words for word in some)
    labels = []
    for n_squares in GRIDS:
        column, row = np.clip(((positions + 1) / 2 * n_squares).astype(np.int64), 0, n_squares - 1).T
        squares = row * n_squares + column
        order = np.argsort(squares, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(squares[order]) > 0])
        for members in np.split(order, starts[1:]):
            if len(members) >= MIN_SYMBOLS:
                text = _text([words[member] for member in members.tolist()], everywhere, len(names))
                if text:
                    x, y = np.median(positions[members], axis=0).tolist()
                    labels.append(AreaLabel(round(x, 4), round(y, 4), text, len(members)))
    return sorted(set(labels), key=lambda label: (-label.symbols, label.text))


def _text(members: Sequence[set[str]], everywhere: Counter[str], n_symbols: int) -> str:
    """The words that say most about these symbols; "" where none does."""
    counts = Counter(word for some in members for word in some)
    least = max(3.0, _MIN_SHARE * len(members))
    scores = {
        word: count * math.log(n_symbols * count / (len(members) * everywhere[word]) + 1.0)
        for word, count in counts.items()
        if count >= least
    }
    best: dict[str, str] = {}  # by stem, so that no word is named twice
    for word in sorted(scores, key=lambda word: (-scores[word], word)):
        best.setdefault(stem(word), word)
    return " ".join(list(best.values())[:N_WORDS])
