"""Batches of pairs as token ids, made in processes of their own so that a GPU need not wait for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from minilm_torch import Tokens, pad
from semlens.embedding.local.static_model import StaticEmbedder
from semlens.embedding.registry import find_model
from text_pairs import Group, Variation, batches, passage_of

MAX_QUESTION = 48  # tokens


class Prepared(NamedTuple):
    """A batch: tokens of both sides, a number that equal questions share, and what the static model thinks.

    :ivar questions: of each pair in turn, then the second question of each, and so on.
    :ivar asked: int64, shape (n,).
    :ivar static: cosines of questions and passages as they were written, shape (n, n); empty if not asked for.
    """

    questions: Tokens
    passages: Tokens
    asked: Tensor
    static: Tensor


class Tokenizing:
    """Texts to padded token ids, by the model's own tokenizer."""

    def __init__(self, tokenizer: Path, max_passage: int) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._max_passage = max_passage

    def questions(self, texts: list[str]) -> Tokens:
        return self._tokens(texts, MAX_QUESTION)

    def passages(self, texts: list[str]) -> Tokens:
        return self._tokens(texts, self._max_passage)

    def _tokens(self, texts: list[str], limit: int) -> Tokens:
        self._tokenizer.enable_truncation(limit)
        clean = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        return pad([encoding.ids for encoding in self._tokenizer.encode_batch_fast(clean)])


def _static_cosines(static: StaticEmbedder, pairs: Sequence[dict[str, Any]]) -> Tensor:
    vectors = static.embed(static.tokenizer.tokenize([passage_of(pair) for pair in pairs]))
    questions = np.stack([static.embed_query(pair["q"]) for pair in pairs])
    return torch.from_numpy(questions @ vectors.T)


@dataclass
class BatchSource(IterableDataset):  # type: ignore[type-arg]
    """Batches for ever; each process has its own order and its own chances.

    :ivar teaching: whether the static model's cosines are wanted.
    :ivar together: groups of one package in a batch.
    :ivar views: questions of each pair in a batch: passages take most of the time.
    """

    groups: list[Group]
    tokenizing: Tokenizing
    wordnet: Path | None
    size: int
    seed: int
    teaching: bool
    together: int
    views: int

    def __iter__(self) -> Iterator[Prepared]:
        worker = get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        torch.set_num_threads(1)
        known = {word for group in self.groups for pair in group.pairs for word in pair["q"].lower().split()}
        variation = Variation(sorted(word for word in known if word.isalpha()), self.wordnet, rng)
        static = StaticEmbedder(find_model("semlens-static-v1"), threads=1) if self.teaching else None
        for pairs in batches(self.groups, self.size, rng, together=self.together):
            asked = [variation.questions(pair, self.views) for pair in pairs]
            yield Prepared(
                self.tokenizing.questions([some[view] for view in range(self.views) for some in asked]),
                self.tokenizing.passages([variation.passage(pair) for pair in pairs]),
                torch.tensor([hash(pair["q"]) for pair in pairs]),
                _static_cosines(static, pairs) if static else torch.empty(0),
            )

    def stream(self, n_workers: int) -> Iterator[Prepared]:
        """:param n_workers: processes that prepare; 0 prepares in this one."""
        if n_workers == 0:
            return iter(self)
        return iter(DataLoader(self, batch_size=None, num_workers=n_workers, prefetch_factor=4))
