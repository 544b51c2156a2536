"""Term hashes, stop words, and the fields and constants of BM25F.

BM25F (Robertson, Zaragoza, Taylor 2004) normalises the term frequency of each field by its length, and sums the fields
with weights before saturation. Field weights and normalisations were tuned on the development set with a prototype.
Average lengths are constants measured over mixed code. So the weights of a passage depend on the passage alone, and
segments can be built separately and merged. `bm25f` computes the weights of passages.
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
    """A field of BM25F.

    :ivar weight: weight of one term. :ivar b: length normalisation, 0 to 1. :ivar average: average length in terms.
    """

    weight: float
    b: float
    average: float

    def factor(self, length: int) -> float:
        """The weight of one occurrence in a field of this length, in terms."""
        return self.weight / (1.0 - self.b + self.b * length / self.average)


QUALIFIER = Field(2.5, 0.2, 2.5)
NAME = Field(0.8, 0.8, 2.5)
DOCUMENTATION = Field(2.0, 0.5, 15.0)
BODY = Field(0.4, 0.25, 70.0)
STEM = Field(6.5, 1.0, 1.6)
FOLDERS = Field(1.75, 0.9, 3.5)

K1 = 4.0
"""Saturation of BM25F, tuned on the development set."""

STOP_WORDS = frozenset(
    # English function words, then keywords that occur in nearly all code
    """a an and are as at be but by can could did do does for from had has have how i if in into is it its may me my no
    not of on or our should so such that the their them then there these they this to up use used using was we were what
    when where which while who why will with would you your
    def return self none true false null nil import const let var function func fn class public private static void int
    new else elif end""".split()
)
"""Dropped from code, documentation and queries. The name table drops nothing."""

_STOP_STEMS = STOP_WORDS | {stem(word) for word in STOP_WORDS}
_PATH_SPLIT = re.compile(r"[/\\]")


@lru_cache(maxsize=65_536)
def term_hash(term: str) -> int:
    """64 bits of BLAKE2b. The hash identifies a term in every segment."""
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


@lru_cache(maxsize=65_536)
def hashes_of_identifier(identifier: str) -> tuple[int, ...]:
    """Hashes of the terms of one identifier, without stop words."""
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


_NAME_SPACE = 0x9E37_79B9_7F4A_7C15  # bits of the golden ratio; any odd constant would do
NAME_MARK = 1.0
"""Weight of a posting under `name_term_hash`. It only marks that the name contains the term."""


def name_term_hash(term: int) -> int:
    """The hash of a second posting, for passages whose symbol has the term in its name."""
    return term ^ _NAME_SPACE


def _add(weights: dict[int, float], counts: Counter[int], field: Field) -> None:
    if counts:
        factor = field.factor(counts.total())
        for term, n in counts.items():
            weights[term] = weights.get(term, 0.0) + n * factor


def weigh_path(path: str) -> dict[int, float]:
    """Term weights from the path of a file. They are added to the weights of each of its passages."""
    weights: dict[int, float] = {}
    stem_counts, folder_counts = path_terms(path)
    _add(weights, stem_counts, STEM)
    _add(weights, folder_counts, FOLDERS)
    return weights


def initials(name: str, parts: Iterable[str]) -> str:
    """The first letters of a name's parts: ``fetch_with_retry`` gives ``fwr``."""
    return "".join(part[0] for part in parts) if name else ""
