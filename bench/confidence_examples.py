"""Examples of the confidence: a question, where it was asked, its evidence, and whether the first three hits answer.

Each question is asked where its answer is, and where there is none: in the same repository without the files that
answer, or in another repository of the same language, mostly the one that is nearest in meaning.
"""

from __future__ import annotations

import argparse
import enum
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from confidence_corpus import Asked, Material, Repository, answers, load_repositories
from confidence_questions import from_code, strangers
from ranking_corpus import Tier, default_cache
from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.index.snapshot import IndexSnapshot
from semlens.search.query.query import parse_query
from semlens.search.ranking.confidence import FIRST_HITS
from semlens.search.ranking.rank import rank_answer

MOST_REFINED = 1_000
"""Passages of a repository that the transformer reads, which takes a minute for each thousand."""

_REMOVALS = 6
"""Indexes of each repository without some of the files that answer."""


class Presence(enum.StrEnum):
    """Whether there is an answer."""

    HERE = "here"
    REMOVED = "removed"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Example:
    """:ivar repository: what was asked about. :ivar index: what was searched. :ivar group: source and kind.

    :ivar models: ``words``, ``first`` or ``refine``. :ivar table, features: the evidence; "" and none without hits.
    """

    repository: str
    index: str
    language: str
    group: str
    presence: Presence
    models: str
    table: str
    features: Mapping[str, float]
    is_right: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dataset", type=Path, required=True, help="labelled questions, as for quality.py")
    parser.add_argument("--checkouts", type=Path, required=True)
    parser.add_argument("--sources", type=Path, nargs="*", default=[], help="packages of models/questions")
    parser.add_argument("--reports", type=Path, help="what bug_reports.py collects")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--again", action="store_true", help="ask again, after a change of the ranking")


def examples_of(arguments: argparse.Namespace) -> list[Example]:
    """Those that were kept, or else asked now and kept."""
    kept: Path = arguments.cache / "confidence_examples.pickle"
    if kept.exists() and not arguments.again:
        return pickle.loads(kept.read_bytes())  # type: ignore[no-any-return]
    material = Material(
        arguments.dataset, arguments.checkouts, tuple(arguments.sources), arguments.reports, arguments.cache
    )
    examples = list(_all_examples(load_repositories(material), material.cache))
    kept.write_bytes(pickle.dumps(examples))
    return examples


def _all_examples(repositories: Sequence[Repository], cache: Path) -> Iterator[Example]:
    first, refine = Tier(TierRole.FIRST, "semlens-static-v1"), Tier(TierRole.REFINE, "semlens-minilm-v1")
    means = {}
    for one in repositories:
        one.asked += from_code(one)
        one.embed(first, cache)
        if one.n_passages <= MOST_REFINED:
            one.embed(refine, cache)
        mean = np.stack(list(one.vectors[first.fingerprint].values())).astype(np.float32).mean(axis=0)
        means[one.name] = mean / max(float(np.linalg.norm(mean)), 1e-6)
    full: dict[str, IndexSnapshot] = {}
    for one in repositories:
        random = Random(f"ask:{one.name}")
        asker = _Asker((first, refine))
        full.setdefault(one.name, one.snapshot())
        for asked in one.asked:
            yield from asker.ask(asked, one, one, full[one.name], Presence.HERE)
        yield from _without_answers(one, asker, random)
        others = strangers(one, repositories, means)
        for asked in one.asked:
            other = others[0] if random.random() < 0.6 else random.choice(others)
            if random.random() < 0.6 and not other.defines(asked.text):
                if other.name not in full:
                    full[other.name] = other.snapshot()
                yield from asker.ask(asked, one, other, full[other.name], Presence.ELSEWHERE)
        print(f"{one.name}: {len(one.asked)} questions", file=sys.stderr, flush=True)


def _without_answers(one: Repository, asker: _Asker, random: Random) -> Iterator[Example]:
    """Half of the questions, each asked of the repository without the files that answer it, and some others."""
    groups: list[list[Asked]] = [[] for _ in range(_REMOVALS)]
    group_of: dict[str, int] = {}
    for asked in one.asked:
        if random.random() < 0.5:
            groups[group_of.setdefault(asked.wanted[0].path, random.randrange(_REMOVALS))].append(asked)
    for group in groups:
        without = frozenset(wanted.path for asked in group for wanted in asked.wanted)
        if group and len(without) < len(one.parsed):
            snapshot = one.snapshot(without)
            for asked in group:
                yield from asker.ask(asked, one, one, snapshot, Presence.REMOVED)


class _Asker:
    """Asks with the words alone, with the first tier, and with both tiers where the index has them."""

    def __init__(self, tiers: Sequence[Tier]) -> None:
        self._tiers = tiers
        self._vectors: dict[tuple[str, str], list] = {}  # type: ignore[type-arg]

    def ask(
        self, asked: Asked, about: Repository, index: Repository, snapshot: IndexSnapshot, presence: Presence
    ) -> Iterator[Example]:
        query = parse_query(asked.text)
        vectors = []
        for models in ("words", *TierRole):
            if models != "words":
                tier = next(tier for tier in self._tiers if tier.role == models)
                if tier.fingerprint not in index.vectors:
                    return
                key = (tier.fingerprint, query.text)
                if key not in self._vectors:
                    self._vectors[key] = tier.ask(query.text)
                vectors += self._vectors[key]
            answer = rank_answer(snapshot, SearchRequest(asked.text, limit=10), query, vectors, CancelToken())
            first = answer.hits[:FIRST_HITS] if presence is Presence.HERE else []
            is_right = any(answers(asked, hit.view.segment, hit.path, hit.symbol, hit.passages[0]) for hit in first)
            table, features = answer.evidence or ("", {})
            group = f"{asked.source}.{asked.kind}"
            yield Example(
                about.name, index.name, about.language, group, presence, str(models), table, features, is_right
            )
