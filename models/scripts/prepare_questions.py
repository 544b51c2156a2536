"""Questions in other words beside old pairs of the same packages: what ``finetune.py`` and ``train_static.py`` read.

    python models/scripts/prepare_questions.py --sources DIR [--sources DIR] --questions models/questions/*.jsonl
        --out pairs.jsonl [--miner semlens-minilm-v1] [--static DIR] [--guard FILE ...]

One JSON line a group, as ``prepare_text.py`` writes them: pairs of one package that the model ``--miner`` mistakes for
each other, so that each is the others' hard negative. A pair of kind ``question`` has all questions of its item in
``qs``, in other languages too, with ``x``, their English twins. Pairs of the other kinds are from the documentation,
comments and names of the same packages. Packages whose split is ``validate`` are marked; training skips them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hard_groups import groups_of_package
from pairs import Pair, pairs_of, passage_of
from prepare import guard_keys, key_of, pick_of
from prepare_text import GROUP, fields_of
from question_symbols import Asked, AskedPackage, asked_packages, read_items
from semlens.embedding.embedder import Embedder
from semlens.embedding.registry import find_model, load_embedder

_KIND_CHANCE = {"doc": 1.0, "more": 0.3, "comment": 0.3, "name": 0.1}


def best_row(asked: Asked, package: AskedPackage, static: Embedder) -> int:
    """The passage that stands for the item: of a file, or of overloads, the one most like its questions."""
    if len(asked.rows) == 1:
        return asked.rows[0]
    passages = [passage_of(package.records[row]) for row in asked.rows]
    vectors = static.embed(static.tokenizer.tokenize(passages))
    questions = np.stack([static.embed_query(question) for question in asked.english])
    return asked.rows[int((questions @ vectors.T).mean(axis=0).argmax())]


def pairs_of_package(
    package: AskedPackage, static: Embedder, guard: set[bytes], most_old: int, rng: np.random.Generator
) -> tuple[list[Pair], list[Asked | None]]:
    """Its questions with their items, and at most ``most_old`` old pairs of other symbols."""
    pairs: list[Pair] = []
    items: list[Asked | None] = []
    taken: set[int] = set()
    for asked in package.asked:
        row = best_row(asked, package, static)
        if asked.english and row not in taken:
            taken.add(row)
            pairs.append(Pair("question", asked.english[0], passage_of(package.records[row])))
            items.append(asked)
    old: list[Pair] = []
    for row in rng.permutation(len(package.records)):
        record = package.records[row]
        if row in taken or key_of(record["b"]) in guard:
            continue
        found = pairs_of(record, pick=pick_of({"p": package.label, **record}))
        old += [p for p in found if rng.random() < _KIND_CHANCE[p.kind] and key_of(p.query) not in guard][:1]
    order = np.argsort([pair.kind != "doc" for pair in old], kind="stable")[:most_old]
    pairs += [old[at] for at in order]
    return pairs, [*items, *[None] * len(order)]


def record_of(pair: Pair, asked: Asked | None) -> dict[str, Any]:
    record = fields_of(pair, short=False)
    if asked is not None:
        record["qs"] = asked.english
        if asked.other:
            record["o"] = [other["question"] for other in asked.other]
            record["x"] = [other["english"] for other in asked.other]
    return record


def groups_of(
    package: AskedPackage,
    pairs: Sequence[Pair],
    items: Sequence[Asked | None],
    miner: Embedder,
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    return [
        {
            "p": package.label,
            "l": package.language,
            "v": package.split == "validate",
            "pairs": [record_of(pairs[at], items[at]) for at in group],
        }
        for group in groups_of_package(pairs, miner, size=GROUP, rng=rng)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, action="append", required=True)
    parser.add_argument("--questions", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--guard", type=Path, action="append", default=[])
    parser.add_argument("--miner", default="semlens-minilm-v1")
    parser.add_argument("--most", type=int, default=400, help="passages looked at in a package, more or less")
    parser.add_argument("--old", type=int, default=40, help="old pairs of a package")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    start = time.monotonic()
    rng = np.random.default_rng(arguments.seed)
    guard = guard_keys(arguments.guard)
    static = load_embedder(find_model("semlens-static-v1"), threads=1)
    miner = load_embedder(find_model(arguments.miner), threads=2)
    counts: Counter[str] = Counter()
    groups: list[dict[str, Any]] = []
    for package in asked_packages(arguments.sources, read_items(arguments.questions), most=arguments.most):
        pairs, items = pairs_of_package(package, static, guard, arguments.old, rng)
        groups += groups_of(package, pairs, items, miner, rng)
        counts.update(f"{pair.kind}{' held' if package.split == 'validate' else ''}" for pair in pairs)
        print(f"{package.label}: {len(pairs)} pairs, {time.monotonic() - start:.0f} s", flush=True)
    with arguments.out.open("w", encoding="utf-8") as file:
        for at in rng.permutation(len(groups)):
            file.write(json.dumps(groups[at]) + "\n")
    print(f"{len(groups)} groups, {time.monotonic() - start:.0f} s", sorted(counts.items()), flush=True)


if __name__ == "__main__":
    main()
