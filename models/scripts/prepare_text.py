"""Mined symbols to what ``finetune.py`` reads: questions and passages as fields, in groups of hard negatives.

    python models/scripts/prepare_text.py --mined DIR [--mined DIR ...] --out pairs.jsonl --guard FILE ...

One JSON line a group: package, language, whether it is for validation, and its pairs (kind, question, the fields of the
passage). A twentieth of the packages is for validation alone. Groups are shuffled; languages have the shares below.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from hard_groups import groups_of_package
from pairs import Pair
from prepare import guard_keys, load_pairs
from semlens.embedding.local.static_model import StaticEmbedder
from semlens.embedding.passage_text import CHARACTERS_PER_TOKEN
from semlens.embedding.registry import find_model

GROUP = 8
MAX_TOKENS = 256
MIN_A_PACKAGE = 16
SHORT = (300, 500, 560)  # characters of signature, documentation and body, for training on 160 tokens
SHARES = {
    "python": 0.33, "javascript": 0.11, "typescript": 0.06, "go": 0.13, "rust": 0.13, "java": 0.11, "c": 0.02,
    "cpp": 0.03, "ruby": 0.02, "php": 0.02, "csharp": 0.02, "english": 0.02,
}  # fmt: skip
KINDS = {"doc": 1.0, "more": 0.7, "comment": 0.5, "name": 0.25}  # chance of a pair to be taken


def is_validation(package: str) -> bool:
    digest = hashlib.md5(f"validation {package}".encode(), usedforsecurity=False).digest()
    return digest[0] < 256 // 20 and not package.startswith("wordnet:")


def fields_of(pair: Pair, *, short: bool) -> dict[str, Any]:
    p = pair.passage
    room = MAX_TOKENS * CHARACTERS_PER_TOKEN
    for_signature, for_documentation, for_body = SHORT if short else (room, room, room)
    return {
        "t": pair.kind,
        "q": pair.query,
        "k": int(p.kind),
        "n": p.name,
        "s": p.signature[:for_signature],
        "d": p.documentation[:for_documentation],
        "b": p.body[:for_body],
    }


def chosen_by_package(
    pairs: list[Pair], packages: list[str], languages: list[str], n: int, most: int, rng: np.random.Generator
) -> dict[tuple[str, str], list[int]]:
    """Rows by (language, package): the kinds' chances, ``most`` a package, ``n`` pairs in the languages' shares."""
    by_package: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rng.permutation(len(pairs)):
        if rng.random() < KINDS[pairs[row].kind]:
            by_package[languages[row], packages[row]].append(int(row))
    chosen: dict[tuple[str, str], list[int]] = {}
    for language, share in SHARES.items():
        some = {key: rows for key, rows in by_package.items() if key[0] == language and len(rows) >= MIN_A_PACKAGE}
        cap, wanted = most, int(n * share)
        while cap > MIN_A_PACKAGE and sum(min(cap, len(rows)) for rows in some.values()) > wanted:
            cap -= 10
        if language == "english":
            cap = wanted // max(1, len(some))
        chosen |= {key: rows[:cap] for key, rows in some.items()}
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mined", type=Path, action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--guard", type=Path, action="append", default=[])
    parser.add_argument("--pairs", type=int, default=120_000)
    parser.add_argument("--a-package", type=int, default=600, help="at most so many of one package")
    parser.add_argument("--short", action="store_true", help="cut the fields: a smaller file for another machine")
    parser.add_argument("--static", default="semlens-static-v1")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    start = time.monotonic()
    guard = guard_keys(arguments.guard)
    pairs: list[Pair] = []
    packages: list[str] = []
    languages: list[str] = []
    for folder in arguments.mined:
        for found, into in zip(load_pairs(folder, guard), (pairs, packages, languages), strict=True):
            into.extend(found)  # type: ignore[arg-type]
    print(f"{len(pairs)} pairs, {time.monotonic() - start:.0f} s", flush=True)
    rng = np.random.default_rng(arguments.seed)
    static = StaticEmbedder(find_model(arguments.static), threads=1)
    lines = []
    counts: Counter[str] = Counter()
    chosen = chosen_by_package(pairs, packages, languages, arguments.pairs, arguments.a_package, rng)
    for (language, package), rows in chosen.items():
        some = [pairs[row] for row in rows]
        for group in groups_of_package(some, static, size=GROUP, rng=rng):
            held = is_validation(package)
            counts.update(f"{language} {some[i].kind}{' held' if held else ''}" for i in group)
            record = {
                "p": package,
                "l": language,
                "v": held,
                "pairs": [fields_of(some[i], short=arguments.short) for i in group],
            }
            lines.append(json.dumps(record))
    with arguments.out.open("w", encoding="utf-8") as file:
        for at in rng.permutation(len(lines)):
            file.write(lines[at] + "\n")
    print(f"{len(lines)} groups, {time.monotonic() - start:.0f} s", sorted(counts.items()), flush=True)


if __name__ == "__main__":
    main()
