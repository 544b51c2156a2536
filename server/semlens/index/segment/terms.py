"""The terms of a passage: what it is found by, and how strongly.

BM25F (Robertson, Zaragoza, Taylor 2004): term frequencies of the fields, each normalised by its own length, are summed
with field weights before saturation. Field weights and normalisations are those that a prototype found on the
development set. Average lengths are constants measured over mixed code, so that a passage's weights depend on nothing
but itself and segments can be built apart and merged.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from semlens.core.text.identifiers import identifiers_in, stem, terms_of_identifier


@dataclass(frozen=True, slots=True)
class Field:
    """:ivar weight: of a term in it. :ivar b: length normalisation, 0 to 1. :ivar average: length in terms."""

    weight: float
    b: float
    average: float

    def factor(self, length: int) -> float:
        """What one occurrence is worth in a field of this length."""
        return self.weight / (1.0 - self.b + self.b * length / self.average)


QUALIFIER = Field(2.5, 0.2, 2.5)
NAME = Field(0.8, 0.8, 2.5)
DOCUMENTATION = Field(2.0, 0.5, 15.0)
BODY = Field(0.4, 0.25, 70.0)
STEM = Field(6.5, 1.0, 1.6)
FOLDERS = Field(1.75, 0.9, 3.5)

K1 = 4.0
"""Saturation of BM25F on the development set."""

STOP_WORDS = frozenset(
    # English function words; then what every program says on every page
    """a an and are as at be but by can could did do does for from had has have how i if in into is it its may me my no
    not of on or our should so such that the their them then there these they this to up use used using was we were what
    when where which while who why will with would you your
    def return self none true false null nil import const let var function func fn class public private static void int
    new else elif end""".split()
)
"""Dropped from code, documentation and questions alike; a bare name is found by the names, which drop nothing."""

_STOP_STEMS = STOP_WORDS | {stem(word) for word in STOP_WORDS}
_PATH_SPLIT = re.compile(r"[/\\]")


@lru_cache(maxsize=65_536)
def term_hash(term: str) -> int:
    """64 bits of BLAKE2b: the identity of a term in every segment."""
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


@lru_cache(maxsize=65_536)
def hashes_of_identifier(identifier: str) -> tuple[int, ...]:
    """Hashes of the terms of one identifier, stop words dropped."""
    return tuple(term_hash(term) for term in terms_of_identifier(identifier) if term not in _STOP_STEMS)


def count_terms(text: str) -> Counter[int]:
    """Occurrences of each term hash in a text."""
    counts: Counter[int] = Counter()
    for identifier, n in Counter(identifiers_in(text)).items():
        for term in hashes_of_identifier(identifier):
            counts[term] += n
    return counts


def path_terms(path: str) -> tuple[Counter[int], Counter[int]]:
    """Terms of the file's stem and of its folders."""
    *folders, name = _PATH_SPLIT.split(path)
    return count_terms(name.rpartition(".")[0] or name), count_terms(" ".join(folders))


_NAME_SPACE = 0x9E37_79B9_7F4A_7C15  # the golden ratio's bits: any odd constant does
NAME_MARK = 1.0
"""Weight of a term's entry under its name: it says only that the name holds the term."""


def name_term_hash(term: int) -> int:
    """Under what a passage is listed once more when the term is part of its symbol's name."""
    return term ^ _NAME_SPACE


def _add(weights: dict[int, float], counts: Counter[int], field: Field) -> None:
    if counts:
        factor = field.factor(counts.total())
        for term, n in counts.items():
            weights[term] = weights.get(term, 0.0) + n * factor


def weigh_path(path: str) -> dict[int, float]:
    """The share of a file's path in the weight of each of its passages."""
    weights: dict[int, float] = {}
    stem_counts, folder_counts = path_terms(path)
    _add(weights, stem_counts, STEM)
    _add(weights, folder_counts, FOLDERS)
    return weights


def initials(name: str, parts: Iterable[str]) -> str:
    """The first letters of a name's parts: ``fetch_with_retry`` gives ``fwr``."""
    return "".join(part[0] for part in parts) if name else ""
