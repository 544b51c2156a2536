"""Groups of pairs as the texts a transformer reads, varied on the way so that no single word can carry a pair."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from batches import TEMPLATES
from hard_groups import terms
from semlens.core.symbol import Passage, SymbolKind
from semlens.embedding.passage_text import document_text
from synonyms import synonym_table

MAX_TOKENS = 256  # of the product's manifest; what is trained on may be cut shorter
DROPPED = (0.25, 0.15, 0.3)  # chance of a passage to lose its name, signature, documentation
OTHERS = 0.5  # chance of a question in another language to be among those that are chosen from
FAR = 0.34  # share of a question's own words that its passage has, up to which the question counts as in other words
_STOP = frozenset(
    "a an and are as at be by for from has have if in into is it its of on or that the then this to was when which with"
    " will can not no any all given return returns get set".split()
)
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True)
class Group:
    """Pairs of one package that are easily mistaken for each other: a question and the fields of its passage each."""

    package: str
    language: str
    validation: bool
    pairs: list[dict[str, Any]]


def read_groups(path: Path) -> list[Group]:
    """What ``prepare_text.py`` wrote."""
    with path.open(encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    return [Group(record["p"], record["l"], record["v"], record["pairs"]) for record in records]


def passage_of(pair: dict[str, Any], **changed: str) -> Passage:
    fields = {"name": pair["n"], "signature": pair["s"], "documentation": pair["d"], "body": pair["b"], **changed}
    return Passage(0, 0, 0, SymbolKind(pair["k"]), "", **fields)


def passage_text(pair: dict[str, Any], **changed: str) -> str:
    """The text that the product embeds for the pair's passage."""
    return document_text(passage_of(pair, **changed), MAX_TOKENS)


def shared_share(pair: dict[str, Any]) -> float:
    """How many of the question's content words its passage has, of 1; 1 when it has fewer than three."""
    asked = {word for word in terms(pair["q"]) if word not in _STOP and len(word) > 2}
    if len(asked) < 3:
        return 1.0
    return len(asked & set(terms(passage_text(pair)))) / len(asked)


class Variation:
    """Questions reworded and passages with parts taken away, by seeded chance."""

    def __init__(self, known: list[str], wordnet: Path | None, rng: np.random.Generator) -> None:
        """:param known: the words that may stand in for others. :param wordnet: more synonyms than our own."""
        self._synonyms = synonym_table(known, wordnet)
        self._rng = rng

    def questions(self, pair: dict[str, Any], n: int) -> list[str]:
        """Different questions of one pair as long as it has them; written ones are left as they are more often."""
        written = [*pair.get("qs", ()), *(text for text in pair.get("o", ()) if self._rng.random() < OTHERS)]
        if not written:
            return [self._reworded(pair, str(pair["q"]), as_it_is=0.35) for _ in range(n)]
        order = self._rng.permutation(len(written))
        return [self._reworded(pair, written[order[at % len(order)]], as_it_is=0.7) for at in range(n)]

    def _reworded(self, pair: dict[str, Any], text: str, *, as_it_is: float) -> str:
        """A template in front, words that the passage shares dropped, words replaced by synonyms; often as it is."""
        if self._rng.random() < as_it_is or not text.isascii():
            return text
        in_passage = set(terms(passage_text(pair))) if self._rng.random() < 0.4 else set()
        words = text.rstrip(".").split(" ")
        kept = []
        for word in words:
            plain = word.strip(",;:'\"()").lower()
            content = _WORD.fullmatch(plain) is not None and plain not in _STOP
            if content and len(words) > 4:
                if in_passage and self._rng.random() < 0.25 and in_passage & set(terms(plain)):
                    continue
                if self._rng.random() < 0.05:
                    continue
            others = self._synonyms.get(plain, ()) if content else ()
            kept.append(str(self._rng.choice(others)) if others and self._rng.random() < 0.25 else word)
        text = " ".join(kept) if len(kept) >= 2 else text
        if self._rng.random() < 0.3 and "qs" not in pair:
            text = f"{self._rng.choice(TEMPLATES)} {text[:1].lower()}{text[1:]}"
        return text.lower() if self._rng.random() < 0.3 else text

    def passage(self, pair: dict[str, Any]) -> str:
        """The product's text, at times without the name, the signature or the documentation."""
        changed = {}
        for field, dropped in zip(("name", "signature", "documentation"), self._rng.random(3) < DROPPED, strict=True):
            if dropped:
                changed[field] = ""
        return passage_text(pair, **changed) or passage_text(pair)


def batches(
    groups: list[Group], size: int, rng: np.random.Generator, *, together: int = 2
) -> Iterator[list[dict[str, Any]]]:
    """Batches of ``size`` pairs for ever. So many groups of one package stand together, where it has them."""
    while True:
        by_package: dict[str, list[Group]] = {}
        for at in rng.permutation(len(groups)):
            by_package.setdefault(groups[at].package, []).append(groups[at])
        units = [some[at : at + together] for some in by_package.values() for at in range(0, len(some), together)]
        row = [pair for at in rng.permutation(len(units)) for group in units[at] for pair in group.pairs]
        for at in range(0, len(row) - size + 1, size):
            yield row[at : at + size]
