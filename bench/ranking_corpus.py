"""Builds the snapshots that the ranking benchmarks search. Parse results and vectors are cached between runs.

Files, outlines and segments are made by the functions of the engine, without threads, worker processes and watching.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import semlens.syntax
from semlens.core.hashing import content_hash
from semlens.core.status import TierRole
from semlens.embedding.embedder import Embedder
from semlens.embedding.registry import find_model, load_embedder
from semlens.files.discovery import Discovery
from semlens.files.eligibility import content_skip_reason
from semlens.files.reading import read_file
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.segment.vectors import VectorBlock, quantise
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.signals.text_evidence import QueryVector
from semlens.settings.loading import Settings
from semlens.syntax.parsing.parser import parse

MAX_BYTES = 1 << 20
_BATCH = 256


def default_cache() -> Path:
    """The cache folder: ``$SEMLENS_BENCH_CACHE``, or a folder in the user's cache."""
    return Path(os.environ.get("SEMLENS_BENCH_CACHE", "~/.cache/semlens-bench")).expanduser()


@dataclass
class Tier:
    """A model and its role in a search."""

    role: TierRole
    name: str
    embedder: Embedder = field(init=False)

    def __post_init__(self) -> None:
        self.embedder = load_embedder(find_model(self.name))

    @property
    def fingerprint(self) -> str:
        return self.embedder.manifest.fingerprint

    def ask(self, text: str) -> list[QueryVector]:
        vector = self.embedder.embed_query(text)
        return [QueryVector(self.fingerprint, self.role, vector)] if vector.any() else []


def parse_folder(root: Path, cache: Path) -> list[ParsedFile]:
    """Every file that the engine would index, parsed. Cached until the parser or the list of files changes."""
    discovery = Discovery(root, Settings())
    found = list(discovery.walk())
    key = hashlib.sha256(parser_digest())
    key.update(repr([(file.path, file.size, file.mtime_ns) for file in found]).encode("utf-8", "surrogateescape"))
    kept = cache / "outlines" / f"{root.name}-{key.hexdigest()[:16]}.pickle"
    if kept.exists():
        with kept.open("rb") as file:
            return pickle.load(file)  # type: ignore[no-any-return]
    parsed = []
    for entry in found:
        _, data, reason = read_file(str(root), entry.path, MAX_BYTES)
        if not reason and content_skip_reason(entry.path, data) is None:
            parsed.append(ParsedFile(entry.path, content_hash(data), parse(entry.path, data)))
    kept.parent.mkdir(parents=True, exist_ok=True)
    with kept.open("wb") as file:
        pickle.dump(parsed, file, pickle.HIGHEST_PROTOCOL)
    return parsed


def parser_digest() -> bytes:
    folder = Path(semlens.syntax.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def make_snapshot(parsed: Sequence[ParsedFile], tiers: Sequence[Tier], cache: Path) -> IndexSnapshot:
    """A segment of all files, with the vectors of the given tiers."""
    segment = build_segment(parsed)
    blocks = {tier.fingerprint: (vectors_of(parsed, tier, cache),) for tier in tiers}
    return IndexSnapshot(1, (SegmentView("/", segment, None, blocks),), complete=True)


def vectors_of(parsed: Sequence[ParsedFile], tier: Tier, cache: Path) -> VectorBlock:
    passages = [passage for file in parsed for passage in file.outline.passages]
    hashes = [passage.content_hash for passage in passages]
    digest = hashlib.sha256(b"".join(sorted(set(hashes)))).hexdigest()[:16]
    kept = cache / "vectors" / tier.fingerprint / f"{digest}.npy"
    rows = np.arange(len(passages), dtype=np.uint32)
    if kept.exists():
        return VectorBlock(rows, np.load(kept)[: len(rows)])
    known: dict[bytes, np.ndarray] = {}
    fresh = list({passage.content_hash: passage for passage in passages}.items())
    for at in range(0, len(fresh), _BATCH):
        part = fresh[at : at + _BATCH]
        tokens = tier.embedder.tokenizer.tokenize([passage for _, passage in part])
        for (key, _), row in zip(part, quantise(tier.embedder.embed(tokens)), strict=True):
            known[key] = row
    matrix = np.stack([known[key] for key in hashes]) if hashes else np.zeros((0, 1), np.int8)
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.save(kept, matrix)
    return VectorBlock(rows, matrix)
