"""Repositories with questions that they answer, for the confidence. `confidence_questions` takes more from the code.

Repositories are those of a labelled set (as for ``quality.py``), the packages of ``models/questions`` that no model was
trained on, whose sources models/README.md tells how to get, and histories with bug reports (``bug_reports.py``).
"""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from quality import load_dataset
from ranking_corpus import Tier, parse_folder, parser_digest, vectors_of
from semlens.core.hashing import content_hash
from semlens.core.symbol import Outline
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.segment.segment import Segment
from semlens.index.segment.vectors import VectorBlock
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.syntax.parsing.parser import parse

REPOSITORY = Path(__file__).resolve().parents[1]
SCRIPTS = REPOSITORY / "models" / "scripts"
MAX_FILES = 160
"""Files of a package beyond those that are asked about."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An answer. :ivar lines: first and last line, 1-based, or None for the whole file."""

    path: str
    lines: tuple[int, int] | None = None

    def is_answered_by(self, path: str, lines: tuple[int, int]) -> bool:
        """The symbol itself, or lines that are mostly it; not the class of a method, nor the file of a class."""
        if path != self.path or self.lines is None:
            return path == self.path
        (first, last), (start, end) = lines, self.lines
        shared = min(last, end) - max(first, start) + 1
        return shared > 0 and 2 * shared >= max(last - first + 1, min(end - start + 1, 30))


@dataclass(frozen=True, slots=True)
class Asked:
    """:ivar source: ``set`` (the labelled set), ``words`` (models/questions), ``report`` or ``code``."""

    text: str
    source: str
    kind: str
    wanted: tuple[Wanted, ...]


def answers(asked: Asked, segment: Segment, path: str, symbol: int, passage: int) -> bool:
    """Whether a hit answers. :param symbol: row, or -1 for the code of a passage outside symbols."""
    if symbol >= 0:
        span = segment.symbols.span(symbol)
        lines = (span.start_line + 1, span.last_line + 1)
    else:
        first, last = segment.passages.lines[passage]
        lines = (int(first) + 1, int(last) + 1)
    return any(wanted.is_answered_by(path, lines) for wanted in asked.wanted)


@dataclass
class Repository:
    """:ivar vectors: of its passages, by fingerprint of the model and hash of the passage."""

    name: str
    language: str
    parsed: list[ParsedFile]
    asked: list[Asked] = field(default_factory=list)
    vectors: dict[str, dict[bytes, np.ndarray]] = field(default_factory=dict)
    _texts: set[str] | None = None

    def embed(self, tier: Tier, cache: Path) -> None:
        hashes = [passage.content_hash for file in self.parsed for passage in file.outline.passages]
        self.vectors[tier.fingerprint] = dict(zip(hashes, vectors_of(self.parsed, tier, cache).matrix, strict=True))

    def snapshot(self, without: frozenset[str] = frozenset()) -> IndexSnapshot:
        """:param without: paths that are left out."""
        kept = [file for file in self.parsed if file.path not in without]
        hashes = [passage.content_hash for file in kept for passage in file.outline.passages]
        rows = np.arange(len(hashes), dtype=np.uint32)
        blocks = {
            fingerprint: (VectorBlock(rows, np.stack([known[key] for key in hashes])),)
            for fingerprint, known in self.vectors.items()
        }
        return IndexSnapshot(1, (SegmentView("/", build_segment(kept), None, blocks),), complete=True)

    def defines(self, text: str) -> bool:
        """Whether a symbol has this name, or a file this path."""
        if self._texts is None:
            self._texts = {symbol.name.lower() for file in self.parsed for symbol in file.outline.symbols}
            self._texts |= {"/".join(file.path.split("/")[-2:]).lower() for file in self.parsed}
        return text.lower() in self._texts

    @property
    def n_passages(self) -> int:
        return sum(len(file.outline.passages) for file in self.parsed)


@dataclass(frozen=True, slots=True)
class Material:
    """Where everything is. :ivar sources: of packages. :ivar reports: folders as ``bug_reports.py collect`` makes.

    :ivar share_of_words: of the questions of ``models/questions``, which are many.
    """

    dataset: Path
    checkouts: Path
    sources: tuple[Path, ...]
    reports: Path | None
    cache: Path
    share_of_words: float = 0.25


def load_repositories(material: Material) -> list[Repository]:
    """Those whose sources are there, by name. What is missing is said on stderr."""
    found = [*_labelled(material), *_packages(material), *_histories(material)]
    return sorted(found, key=lambda one: one.name)


def _labelled(material: Material) -> Iterator[Repository]:
    for labelled in load_dataset(material.dataset, material.checkouts, whole=False):
        one = Repository(labelled.name, labelled.language, parse_folder(labelled.root, material.cache))
        paths = {file.path for file in one.parsed}
        for question in labelled.questions:
            wanted = []
            for target in question.targets:
                path = target.resolved.removeprefix(f"{labelled.prefix}/" if labelled.prefix else "")
                if path in paths:
                    wanted.append(Wanted(path))
            if wanted:
                kind = "name" if question.category == "symbol" else "prose"
                one.asked.append(Asked(question.text, "set", kind, tuple(wanted)))
        yield one


def _histories(material: Material) -> Iterator[Repository]:
    if material.reports is None:
        return
    for labels in sorted(material.reports.glob("*/reports.json")):
        folder = labels.parent / "files"
        parsed = parse_folder(folder, material.cache)
        languages = Counter(file.outline.language for file in parsed if not file.outline.role)
        one = Repository(f"reports:{labels.parent.name}", languages.most_common(1)[0][0], parsed)
        paths = {file.path for file in parsed}
        for report in json.loads(labels.read_text()):
            wanted = tuple(Wanted(path) for path in report["files"] if path in paths)
            if wanted:
                one.asked.append(Asked(report["text"], "report", "report", wanted))
        yield one


def _packages(material: Material) -> Iterator[Repository]:
    """The packages of models/questions that validate: no model was trained on them."""
    sys.path.insert(0, str(SCRIPTS))
    from archives import packages_in
    from exclusions import plain
    from mine import REGISTRIES
    from question_symbols import read_items

    items = read_items(sorted((REPOSITORY / "models" / "questions").glob("*.jsonl")), split="validate")
    missing = set(items)
    for folder in material.sources:
        for registry in REGISTRIES:
            for package in packages_in(folder / registry, registry) if (folder / registry).is_dir() else ():
                key = (registry, plain(package.name))
                if key in missing:
                    missing.remove(key)
                    yield _package(package, items[key], material)
    if missing:
        print("Not among the sources:", ", ".join(sorted(f"{r}:{n}" for r, n in missing)), file=sys.stderr)


def _package(package: Any, items: Sequence[Mapping[str, Any]], material: Material) -> Repository:
    label = f"{package.registry}:{package.name}"
    by_path: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for item in items:
        by_path[item["path"]].append(item)
    digest = hashlib.sha256(parser_digest() + repr((label, package.version, MAX_FILES, sorted(by_path))).encode())
    kept = material.cache / "outlines" / f"{label.replace('/', '+')}-{digest.hexdigest()[:16]}.pickle"
    if kept.exists():
        parsed = pickle.loads(kept.read_bytes())
    else:
        parsed = _parse_package(package, by_path)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(parsed, pickle.HIGHEST_PROTOCOL))
    languages = [item["language"] for item in items]
    one = Repository(label, max(set(languages), key=languages.count), parsed)
    outlines = {file.path: file.outline for file in parsed}
    random = Random(f"asked:{label}")
    for item in items:
        wanted = _wanted(item["path"], item["qualifiedName"], outlines)
        for kind, texts in item["questions"].items() if wanted else ():
            chosen = [text for text in texts if random.random() < material.share_of_words]
            one.asked += [Asked(text, "words", kind, wanted) for text in chosen]
    return one


def _wanted(path: str, name: str | None, outlines: Mapping[str, Outline]) -> tuple[Wanted, ...]:
    if path not in outlines or name is None:
        return (Wanted(path),) if path in outlines else ()
    return tuple(
        Wanted(path, (symbol.span.start_line + 1, symbol.span.last_line + 1))
        for symbol in outlines[path].symbols
        if f".{symbol.qualified_name}".endswith(f".{name}")
    )


def _parse_package(package: Any, by_path: Mapping[str, Any]) -> list[ParsedFile]:
    from archives import sources_of
    from question_symbols import known_path
    from sample_questions import SUFFIXES, is_wanted

    sources = {}
    for path, data in sources_of(package, SUFFIXES):
        known = known_path(path, by_path)
        if known in by_path or is_wanted(path, data):
            sources.setdefault(known, data)
    others = sorted(sources.keys() - by_path.keys())
    Random(package.name).shuffle(others)
    chosen = sorted([*(sources.keys() & by_path.keys()), *others[:MAX_FILES]])
    return [ParsedFile(path, content_hash(sources[path]), parse(path, sources[path])) for path in chosen]
