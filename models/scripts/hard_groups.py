"""Pairs of one package in small groups whose passages are easily mistaken: each is the others' hard negative.

A question is asked of one repository, so what it must be told from lies there. Mistakable is what a model or
BM25 rank high for a pair's question. A group is all a batch needs: its other passages are the negatives, at no cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from pairs import Pair
from semlens.core.text.identifiers import identifiers_in, terms_of_identifier
from semlens.embedding.embedder import Embedder

SAME = 0.95  # cosine of the model from which on two passages may both answer
_K1, _B = 1.2, 0.75


def terms(text: str) -> list[str]:
    return [term for identifier in identifiers_in(text) for term in terms_of_identifier(identifier)]


def passage_terms(pair: Pair) -> list[str]:
    p = pair.passage
    return terms(f"{p.qualifier} {p.name}\n{p.signature}\n{p.documentation}\n{p.body[:3000]}")


def bm25_scores(questions: Sequence[Sequence[str]], passages: Sequence[Sequence[str]]) -> np.ndarray:
    """BM25 of each question, as terms, over all passages: shape (questions, passages)."""
    known = {term: at for at, term in enumerate(sorted({term for question in questions for term in question}))}
    counts = np.zeros((len(passages), len(known)), dtype=np.float32)
    for row, passage in enumerate(passages):
        for term, n in Counter(passage).items():
            if term in known:
                counts[row, known[term]] = n
    lengths = np.array([len(passage) for passage in passages], dtype=np.float32)
    norm = _K1 * (1 - _B + _B * lengths / max(1.0, float(lengths.mean())))[:, None]
    n_with = (counts > 0).sum(axis=0)
    idf = np.log(1 + (len(passages) - n_with + 0.5) / (n_with + 0.5))
    weights = idf * counts * (_K1 + 1) / (counts + norm)
    asked = np.zeros((len(questions), len(known)), dtype=np.float32)
    for row, question in enumerate(questions):
        asked[row, [known[term] for term in set(question)]] = 1
    scores: np.ndarray = asked @ weights.T
    return scores


def _z(scores: np.ndarray) -> np.ndarray:
    """Each question's scores with mean 0 and deviation 1."""
    z: np.ndarray = (scores - scores.mean(axis=1, keepdims=True)) / (scores.std(axis=1, keepdims=True) + 1e-6)
    return z


def groups_of_package(
    pairs: Sequence[Pair], model: Embedder, *, size: int, rng: np.random.Generator
) -> Iterator[list[int]]:
    """Rows of one package's pairs, ``size`` a group: a random pair, and what it is most easily mistaken for.

    Passages too much alike are never in one group; neither is one symbol twice.
    """
    vectors = model.embed(model.tokenizer.tokenize([pair.passage for pair in pairs]))
    questions = np.stack([model.embed_query(pair.query) for pair in pairs])
    words = bm25_scores([terms(pair.query) for pair in pairs], [passage_terms(pair) for pair in pairs])
    near = _z(questions @ vectors.T) + _z(words)
    alike = (vectors @ vectors.T > SAME) | (questions @ questions.T > SAME)
    names = np.array([f"{pair.passage.qualifier}.{pair.passage.name}" for pair in pairs])
    free = np.ones(len(pairs), dtype=bool)
    for seed in rng.permutation(len(pairs)):
        if not free[seed]:
            continue
        group = [int(seed)]
        free[seed] = False
        clash = alike[seed] | (names == names[seed])
        for row in np.argsort(-near[seed]):
            if len(group) == size:
                break
            if free[row] and not clash[row]:
                group.append(int(row))
                free[row] = False
                clash |= alike[row] | (names == names[row])
        yield group
