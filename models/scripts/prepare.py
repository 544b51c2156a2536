"""Mined symbols to what training reads: a vocabulary, and pairs as word ids.

    python models/scripts/prepare.py --mined DIR --out DIR [--guard FILE ...] [--wordnet DIR] [--words 40000]
        [--vocabulary words.txt]
    python models/scripts/prepare.py --pairs pairs.jsonl --out DIR --vocabulary words.txt

``--pairs`` is what ``prepare_questions.py`` wrote: one pair a question, validation packages marked. ``--guard`` names
files whose questions and bodies must not be among the pairs: the docstring test's ``test2000.json`` and mined files of
held-out packages. Writes ``words.txt``, ``pairs.npz``, ``queries.txt`` (one a line, for a teacher) and
``synonyms.npz``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pairs import Pair, documented_pair, pairs_of
from semlens.core.text.identifiers import split_identifier
from semlens.embedding.local.static_tokenizer import QUERY_FIELD, WordTable
from synonyms import synonym_table
from text_pairs import passage_of

MAX_A_LANGUAGE = 260_000
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_SHARES = {"doc": 1.0, "more": 1.0, "comment": 1.0, "name": 0.7, "question": 1.0}


def key_of(text: str) -> bytes:
    return hashlib.md5(re.sub(r"\W+", "", text.lower()).encode("utf-8", "replace"), usedforsecurity=False).digest()


def guard_keys(paths: Iterable[Path]) -> set[bytes]:
    """Keys of the questions and bodies of the tests."""
    keys: set[bytes] = set()
    for path in paths:
        if path.suffix == ".json":
            for case in json.loads(path.read_text(encoding="utf-8")):
                keys |= {key_of(case["query"]), key_of(case["body"])}
        else:
            for record in records_of(path):
                keys.add(key_of(record["b"]))
                pair = documented_pair(record)
                if pair:
                    keys |= {key_of(pair.query), key_of(pair.passage.body)}
    return keys


def records_of(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def pick_of(record: dict[str, Any]) -> float:
    """A number in [0, 1) that depends on the symbol alone."""
    digest = hashlib.md5(f"{record['p']} {record['n']}".encode("utf-8", "replace"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:4], "little") / 2**32


def load_pairs(folder: Path, guard: set[bytes]) -> tuple[list[Pair], list[str], list[str]]:
    """Pairs with their packages and languages: each question once, nothing of the tests, languages within bounds."""
    pairs: list[Pair] = []
    packages: list[str] = []
    languages: list[str] = []
    seen: set[bytes] = set()
    for path in sorted(folder.glob("*.jsonl")):
        for record in records_of(path):
            if key_of(record["b"]) in guard:
                continue
            pick = pick_of(record)
            for pair in pairs_of(record, pick=pick):
                key = key_of(pair.query)
                if (pair.kind != "name" and key in seen) or key in guard or (pick * 7919) % 1 > _SHARES[pair.kind]:
                    continue
                seen.add(key)
                pairs.append(pair)
                packages.append(record["p"])
                languages.append(record["l"])
    rng = np.random.default_rng(1)
    kept: list[int] = []
    for language in sorted(set(languages)):
        rows = np.flatnonzero(np.array([name == language for name in languages]))
        kept += rng.permutation(rows)[:MAX_A_LANGUAGE].tolist()
    kept.sort()
    return [pairs[i] for i in kept], [packages[i] for i in kept], [languages[i] for i in kept]


class Loaded(NamedTuple):
    """Pairs with what is known of each.

    :ivar passage: numbers that pairs of one passage share.
    :ivar held: whether the pair validates and must not be trained on.
    """

    pairs: list[Pair]
    packages: list[str]
    languages: list[str]
    passage: list[int]
    held: list[bool]


def mined_pairs(folder: Path, guard: set[bytes]) -> Loaded:
    pairs, packages, languages = load_pairs(folder, guard)
    return Loaded(pairs, packages, languages, list(range(len(pairs))), [False] * len(pairs))


def grouped_pairs(path: Path) -> Loaded:
    """Each question of each pair, those in other languages too."""
    loaded = Loaded([], [], [], [], [])
    n = 0
    for group in records_of(path):
        for pair in group["pairs"]:
            n += 1
            for question in [*pair.get("qs", [pair["q"]]), *pair.get("o", ())]:
                row = (Pair(pair["t"], question, passage_of(pair)), group["p"], group["l"], n, group["v"])
                for values, value in zip(loaded, row, strict=True):
                    values.append(value)  # type: ignore[arg-type]
    return loaded


def choose_words(pairs: list[Pair], packages: list[str], languages: list[str], n: int) -> tuple[list[str], np.ndarray]:
    """The vocabulary by usefulness, and in how many passages each word is.

    A word counts by the square root of its passages in each language, so that the smaller languages have their words in
    it; it must occur in two packages. Words of questions count double.
    """
    split_cache: dict[str, tuple[str, ...]] = {}

    def words(text: str) -> set[str]:
        found: set[str] = set()
        for identifier in set(_IDENTIFIER.findall(text)):
            parts = split_cache.get(identifier)
            if parts is None:
                parts = split_cache[identifier] = split_identifier(identifier)
            found.update(parts)
        return found

    by_language: dict[str, Counter[str]] = defaultdict(Counter)
    questions: Counter[str] = Counter()
    first_package: dict[str, str] = {}
    shared: set[str] = set()
    for pair, package, language in zip(pairs, packages, languages, strict=True):
        p = pair.passage
        found = words(f"{p.name} {p.signature} {p.documentation} {p.body[:6000]}")
        asked = words(pair.query)
        by_language[language].update(found)
        questions.update(asked)
        for word in found | asked:
            if first_package.setdefault(word, package) != package:
                shared.add(word)
    score: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for counts in by_language.values():
        total.update(counts)
        for word, count in counts.items():
            score[word] += count**0.5
    for word, count in questions.items():
        score[word] += 2 * count**0.5
    good = (word for word in score if word in shared and len(word) <= 24 and total[word] + questions[word] >= 4)
    ordered = sorted(good, key=lambda word: (-score[word], word))[: n - 1]
    return ["", *ordered], np.array([1, *(max(1, total[word]) for word in ordered)])


def pack(pairs: list[Pair], table: WordTable) -> dict[str, np.ndarray]:
    """Ids of each field (0 to 3 the passage's, 4 the question's), one after another, with the offsets of the rows."""
    flat = [array("H") for _ in range(QUERY_FIELD + 1)]
    ends = [array("L") for _ in range(QUERY_FIELD + 1)]
    for pair in pairs:
        for field, ids in enumerate((*table.passage(pair.passage), table.query(pair.query))):
            flat[field].extend(ids)
            ends[field].append(len(flat[field]))
    packed: dict[str, np.ndarray] = {}
    for field in range(QUERY_FIELD + 1):
        packed[f"ids{field}"] = np.array(flat[field], dtype=np.uint16)
        packed[f"ends{field}"] = np.array(ends[field], dtype=np.int64)
    return packed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--mined", type=Path)
    source.add_argument("--pairs", type=Path, help="what prepare_questions.py wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--guard", type=Path, action="append", default=[])
    parser.add_argument("--wordnet", type=Path)
    parser.add_argument("--vocabulary", type=Path, help="words.txt of a data folder that this one is to add to")
    parser.add_argument("--words", type=int, default=40_000)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    guard = guard_keys(arguments.guard)
    loaded = grouped_pairs(arguments.pairs) if arguments.pairs else mined_pairs(arguments.mined, guard)
    pairs, packages, languages, passage, held = loaded
    counts = Counter((language, pair.kind) for language, pair in zip(languages, pairs, strict=True))
    print(f"{len(pairs)} pairs, {time.monotonic() - start:.0f} s", sorted(counts.items()), flush=True)
    if arguments.vocabulary:
        words = arguments.vocabulary.read_text(encoding="utf-8").split("\n")[:-1]
        frequencies = np.ones(len(words), dtype=np.int64)
    else:
        words, frequencies = choose_words(pairs, packages, languages, arguments.words)
    (arguments.out / "words.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    print(f"{len(words)} words, {time.monotonic() - start:.0f} s", flush=True)
    names, package_index = np.unique(packages, return_inverse=True)
    language_names, language_index = np.unique(languages, return_inverse=True)
    kinds = [*_SHARES]
    np.savez(
        arguments.out / "pairs.npz",
        **pack(pairs, WordTable(words)),
        packages=names,
        package=package_index.astype(np.int32),
        language=language_index.astype(np.int8),
        languages=language_names,
        kind=np.array([kinds.index(pair.kind) for pair in pairs], dtype=np.int8),
        passage=np.array(passage, dtype=np.int32),
        held=np.array(held),
        frequencies=frequencies,
    )
    (arguments.out / "queries.txt").write_text(
        "\n".join(" ".join(pair.query.split()) for pair in pairs), encoding="utf-8"
    )
    synonyms = synonym_table(words, arguments.wordnet)
    ids = {word: index for index, word in enumerate(words)}
    ends = np.cumsum([len(synonyms.get(word, ())) for word in words])
    flat = np.array([ids[other] for word in words for other in synonyms.get(word, ())], dtype=np.uint16)
    np.savez(arguments.out / "synonyms.npz", ids=flat, ends=ends)
    print(f"{len(synonyms)} words have synonyms; done in {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
