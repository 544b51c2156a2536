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
    first_page: list[int] = []
    later_pages: list[int] = []
    n_shown: Counter[int] = Counter()
    named: dict[int, bool] = {}
    text = query.text.lower()
    for position in order:
        if (
            len(first_page) >= min(request.first_page, request.limit)
            and len(first_page) + len(later_pages) >= request.limit
        ):
            break
        file = int(files[position])
        if file not in named:
            named[file] = _names_file(path_of(file), text)
        is_full = request.per_file and n_shown[file] >= request.per_file and not named[file]
        if is_full or len(first_page) == request.first_page:
            later_pages.append(position)
        else:
            n_shown[file] += 1
            first_page.append(position)
    return (first_page + later_pages)[: request.limit]


def sigmoid(total: float) -> float:
    """Map a sum of features to a score between 0 and 1 with a logistic curve."""
    return 1.0 / (1.0 + math.exp(max(-50.0, min(50.0, (w.SCORE_MIDDLE - total) / w.SCORE_WIDTH))))


def _names_file(path: str, text: str) -> bool:
    base = path.rpartition("/")[2].lower()
    return "." in base and base in text
