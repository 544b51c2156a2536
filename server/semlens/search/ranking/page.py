"""Chooses the hits to show from the ranked ones, and maps their sums to scores between 0 and 1."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from semlens.core.request import SearchRequest
from semlens.search.query.query import Query
from semlens.search.ranking import weights as w


def choose_page(
    order: Sequence[int],
    files: npt.NDArray[np.int64],
    path_of: Callable[[int], str],
    request: SearchRequest,
    query: Query,
) -> list[int]:
    """The hits to show. Hits of a file beyond its limit for the first page follow after that page, in order.

    :param order: positions of hits, best first. :param files: the file of each position.
    :param path_of: returns the path of a file.
    """
    first: list[int] = []
    rest: list[int] = []
    taken: Counter[int] = Counter()
    named: dict[int, bool] = {}
    text = query.text.lower()
    for place in order:
        if len(first) >= min(request.first_page, request.limit) and len(first) + len(rest) >= request.limit:
            break
        file = int(files[place])
        if file not in named:
            named[file] = _names_file(path_of(file), text)
        full = request.per_file and taken[file] >= request.per_file and not named[file]
        if full or len(first) == request.first_page:
            rest.append(place)
        else:
            taken[file] += 1
            first.append(place)
    return (first + rest)[: request.limit]


def sigmoid(total: float) -> float:
    """Map a sum of features to a score between 0 and 1 with a logistic curve."""
    return 1.0 / (1.0 + math.exp(max(-50.0, min(50.0, (w.SCORE_MIDDLE - total) / w.SCORE_WIDTH))))


def _names_file(path: str, text: str) -> bool:
    base = path.rpartition("/")[2].lower()
    return "." in base and base in text
