"""Rows of packed pairs as batches, words dropped and replaced on the way, so that no single word can carry a pair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semlens.embedding.local.static_tokenizer import N_FIELDS, QUERY_FIELD

Bag = tuple[np.ndarray, np.ndarray]  # flat int64 ids, int64 lengths

TEMPLATES = """
how does the code
how is this done
how do we
how to
where is the
where do we
where is the code that
which function
what
what does
function that
code that
code for
method to
class for
find the function that
the place where
implementation of
i want to
when does it
""".strip().splitlines()


@dataclass(frozen=True)
class Drops:
    """Probabilities of what varies a pair.

    :ivar word: of a word to be dropped, by field.
    :ivar field: of a whole field to be dropped.
    :ivar synonym: of a question's word to be replaced.
    :ivar template: of a question to get a template's words.
    :ivar shared: of a word that both sides have to be dropped from the passage.
    """

    word: tuple[float, ...] = (0.1, 0.2, 0.2, 0.3, 0.15)
    field: tuple[float, ...] = (0.25, 0.25, 0.3, 0.05, 0.0)
    synonym: float = 0.15
    template: float = 0.3
    shared: float = 0.25


class Pairs:
    """The packed pairs of one or more folders that ``prepare.py`` wrote with one vocabulary; synonyms of the first.

    :ivar package: number of each pair's package.
    :ivar language: name of each pair's language.
    :ivar kind: of each pair: doc, more, comment, name, question.
    :ivar passage: number that pairs of one passage share.
    :ivar held: whether the pair validates and must not be trained on.
    """

    def __init__(self, folders: list[Path], words: list[str]) -> None:
        parts = [dict(np.load(folder / "pairs.npz")) for folder in folders]
        self.ids = [np.concatenate([part[f"ids{field}"] for part in parts]) for field in range(QUERY_FIELD + 1)]
        self.ends = []
        for field in range(QUERY_FIELD + 1):
            before = np.cumsum([0, *(len(part[f"ids{field}"]) for part in parts)])
            self.ends.append(
                np.concatenate([part[f"ends{field}"] + n for part, n in zip(parts, before[:-1], strict=True)])
            )
        names = np.concatenate([part["packages"][part["package"]] for part in parts])
        self.package = np.unique(names, return_inverse=True)[1].astype(np.int32)
        self.language = np.concatenate([part["languages"][part["language"]] for part in parts])
        self.kind = np.concatenate([part["kind"] for part in parts])
        self.passage = np.concatenate([part["passage"] + (at << 24) for at, part in enumerate(parts)])
        self.held = np.concatenate([part["held"] for part in parts])
        self.frequencies = parts[0]["frequencies"]
        synonyms = np.load(folders[0] / "synonyms.npz")
        self._synonyms, self._synonym_ends = synonyms["ids"].astype(np.int64), synonyms["ends"]
        known = {word: index for index, word in enumerate(words)}
        self._templates = [
            np.array([known[w] for w in line.split() if w in known], dtype=np.int64) for line in TEMPLATES
        ]

    def __len__(self) -> int:
        return len(self.package)

    def bag(self, field: int, rows: np.ndarray) -> Bag:
        ends = self.ends[field]
        starts = np.where(rows > 0, ends[rows - 1], 0)
        lengths = ends[rows] - starts
        total = int(lengths.sum())
        offsets = np.cumsum(lengths) - lengths
        flat = np.arange(total) - np.repeat(offsets, lengths) + np.repeat(starts, lengths)
        return self.ids[field][flat].astype(np.int64), lengths.astype(np.int64)

    def batch(
        self, rows: np.ndarray, drops: Drops | None, rng: np.random.Generator, *, passages: bool = True
    ) -> tuple[dict[int, Bag], dict[int, Bag]]:
        """(question, passage) as fields for ``StaticModel``; without the passage's when they are not wanted."""
        question = self.bag(QUERY_FIELD, rows)
        fields = {field: self.bag(field, rows) for field in range(N_FIELDS)} if passages else {}
        if drops is None:
            return {QUERY_FIELD: question}, fields
        asked = _keys(question)
        asked.sort()
        for field, bag in fields.items():
            keep = rng.random(len(bag[0])) >= drops.word[field]
            row_of = np.repeat(np.arange(len(rows)), bag[1])
            keep &= rng.random(len(rows))[row_of] >= drops.field[field]
            keys = _keys(bag)
            at = np.minimum(np.searchsorted(asked, keys), len(asked) - 1)
            keep &= (asked[at] != keys) | (rng.random(len(keys)) >= drops.shared)
            fields[field] = _kept(bag, keep, row_of)
        return {QUERY_FIELD: self._vary(question, drops, rng)}, fields

    def _vary(self, bag: Bag, drops: Drops, rng: np.random.Generator) -> Bag:
        """A question with words dropped, replaced by synonyms, and a template's words added."""
        ids, lengths = bag
        row_of = np.repeat(np.arange(len(lengths)), lengths)
        first = self._synonym_ends[ids - 1]  # id 0 is padding and never occurs
        n_synonyms = self._synonym_ends[ids] - first
        replace = (rng.random(len(ids)) < drops.synonym) & (n_synonyms > 0)
        chosen = first + (rng.random(len(ids)) * n_synonyms).astype(np.int64)
        ids = np.where(replace, self._synonyms[np.where(replace, chosen, 0)], ids)
        ids, lengths = _kept((ids, lengths), rng.random(len(ids)) >= drops.word[QUERY_FIELD], row_of)
        added = np.where(
            rng.random(len(lengths)) < drops.template, rng.integers(0, len(self._templates), len(lengths)), -1
        )
        extra_ids = [self._templates[t] for t in added if t >= 0]
        extra_lengths = np.array([len(self._templates[t]) if t >= 0 else 0 for t in added], dtype=np.int64)
        rows = np.concatenate([np.repeat(np.arange(len(lengths)), n) for n in (lengths, extra_lengths)])
        order = np.argsort(rows, kind="stable")
        return np.concatenate([ids, *extra_ids])[order], lengths + extra_lengths


def _keys(bag: Bag) -> np.ndarray:
    """One number a (row, word)."""
    return np.repeat(np.arange(len(bag[1]), dtype=np.int64), bag[1]) << 16 | bag[0]


def _kept(bag: Bag, keep: np.ndarray, row_of: np.ndarray) -> Bag:
    return bag[0][keep], np.bincount(row_of[keep], minlength=len(bag[1])).astype(np.int64)


def epochs(
    rows: np.ndarray, package: np.ndarray, *, batch: int, group: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Batches for ever. Rows of one package stand together in groups: a batch's other passages are hard negatives."""
    while True:
        shuffled = rng.permutation(rows)
        shuffled = shuffled[np.argsort(package[shuffled], kind="stable")]
        borders = np.flatnonzero(np.diff(package[shuffled])) + 1
        chunks = [part[at : at + group] for part in np.split(shuffled, borders) for at in range(0, len(part), group)]
        order = np.concatenate([chunks[i] for i in rng.permutation(len(chunks))])
        for at in range(0, len(order) - batch + 1, batch):
            yield order[at : at + batch]
