"""The packages that questions were written about, as passages; and which of them answer which question.

A question about a function or a type is answered by its passage, one about a file by any passage of that file. The
pool is what a search in that package alone would choose from: one passage a symbol, and the code outside of symbols.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from archives import Package, packages_in, sources_of
from exclusions import is_excluded, is_excluded_path, is_heldout, plain
from mine import REGISTRIES
from sample_questions import SUFFIXES, is_wanted
from semlens.core.symbol import Role
from semlens.syntax.parsing.parser import parse

MAX_BODY = 4_000  # characters
_MIN_LINES = 3
_SKIPPED_ROLES = Role.TEST | Role.EXAMPLE | Role.VENDORED | Role.GENERATED | Role.DOCUMENTATION


@dataclass(frozen=True, slots=True)
class Asked:
    """One item of ``models/questions`` and the rows of its package's passages that answer its questions.

    :ivar questions: its English questions, each with its register, "" where that is not known.
    :ivar other: questions in another language with their English twins: ``language``, ``question``, ``english``.
    """

    kind: str
    rows: tuple[int, ...]
    questions: tuple[tuple[str, str], ...]
    other: tuple[dict[str, str], ...]

    @property
    def english(self) -> tuple[str, ...]:
        return tuple(text for _, text in self.questions)


@dataclass(frozen=True, slots=True)
class AskedPackage:
    """:ivar records: its passages, as ``mine.py`` writes symbols. :ivar asked: items that were found in it."""

    label: str
    language: str
    split: str
    records: list[dict[str, Any]]
    asked: list[Asked]


def read_items(files: Iterable[Path], *, split: str | None = None) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Items by registry and package. Lines without a split are for training; what must not be used is left out."""
    items: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for path in files:
        with path.open(encoding="utf-8") as file:
            for item in map(json.loads, file):
                registry, package = item["registry"], item["package"]
                if is_excluded(registry, package) or is_heldout(registry, package) or is_excluded_path(item["path"]):
                    continue
                if split in {None, item.get("split", "train")}:
                    items[registry, plain(package)].append(item)
    return dict(items)


def asked_packages(
    sources: Iterable[Path], items: dict[tuple[str, str], list[dict[str, Any]]], *, most: int, workers: int = 2
) -> Iterator[AskedPackage]:
    """The packages with items, in a fixed order.

    :param most: passages of a package beyond those of the files that are asked about.
    """
    wanted = []
    seen = set()
    for folder in sources:
        for registry in REGISTRIES:
            for package in packages_in(folder / registry, registry) if (folder / registry).is_dir() else ():
                key = (registry, plain(package.name))
                if key in items and key not in seen:
                    seen.add(key)
                    wanted.append((package, items[key], most))
    missing = sorted(f"{registry}:{name}" for registry, name in items.keys() - seen)
    if missing:
        print(f"{len(missing)} packages are not among the sources: {', '.join(missing)}", flush=True)
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_asked_package, wanted, chunksize=1)


def _asked_package(task: tuple[Package, list[dict[str, Any]], int]) -> AskedPackage:
    package, items, most = task
    by_path: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        by_path[item["path"]].append(item)
    sources = sorted(
        (known, text)
        for path, text in sources_of(package, SUFFIXES)
        if (known := known_path(path, by_path)) in by_path or is_wanted(path, text)
    )
    Random(f"pool:{package.registry}:{package.name}").shuffle(sources)
    sources.sort(key=lambda source: source[0] not in by_path)
    records: list[dict[str, Any]] = []
    asked: list[Asked] = []
    for path, text in sources:
        mine = by_path.get(path, [])
        if not mine and len(records) >= most:
            break
        names, found = _records_of_file(path, text, frozenset(item["qualifiedName"] for item in mine))
        first = len(records)
        records += found
        for item in mine:
            name = item["qualifiedName"]
            rows = tuple(first + at for at, own in enumerate(names) if name is None or f".{own}".endswith(f".{name}"))
            if rows:
                asked.append(_asked(item, rows))
    label = f"{package.registry}:{package.name}"
    languages = [item["language"] for item in items]
    split = items[0].get("split", "train")
    return AskedPackage(label, max(set(languages), key=languages.count), split, records, asked)


def known_path(path: str, paths: Mapping[str, object]) -> str:
    """The path as the questions have it, which may have the archive's own folder in front."""
    bare = path.removeprefix("./")
    return path if path in paths else next((known for known in paths if f"/{known}".endswith(f"/{bare}")), path)


def _asked(item: dict[str, Any], rows: tuple[int, ...]) -> Asked:
    written = item["questions"]
    registers = {"": written} if isinstance(written, list) else written
    questions = tuple((register, text) for register, texts in registers.items() for text in texts)
    return Asked(item.get("kind", "function"), rows, questions, tuple(item.get("other", ())))


def _records_of_file(path: str, source: bytes, asked: frozenset[str | None]) -> tuple[list[str], list[dict[str, Any]]]:
    """Qualified names ("" outside of symbols) and passages; of short symbols only those that are asked about."""
    outline = parse(path, source)
    if outline.role & _SKIPPED_ROLES and not asked:
        return [], []
    names: list[str] = []
    records: list[dict[str, Any]] = []
    seen: set[int] = set()
    for passage in outline.passages:
        name = outline.symbols[passage.symbol].qualified_name if passage.symbol >= 0 else ""
        if passage.symbol in seen or (passage.body.count("\n") < _MIN_LINES - 1 and name not in asked):
            continue
        if passage.symbol >= 0:
            seen.add(passage.symbol)
        names.append(name)
        records.append(
            {
                "l": outline.language,
                "k": int(passage.kind),
                "n": f"{passage.qualifier}.{passage.name}" if passage.qualifier else passage.name,
                "s": passage.signature,
                "d": passage.documentation,
                "b": passage.body[:MAX_BODY],
            }
        )
    return names, records
