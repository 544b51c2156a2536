"""``semlens models bench``: how fast the models are on this machine, over semlens's own source.

Each model is run in several ways: passages in one run of its graph (batch), and runs at the same time (threads). All
ways embed the same passages, tokenised beforehand. Processor time stands beside the speed: it is what a fan answers to.
The quality that was measured for its manifest stands with each model.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

from semlens.cli.commands.models import known_models
from semlens.cli.output.terminal import human_bytes, paint
from semlens.core.symbol import Passage
from semlens.core.text.printable import printable
from semlens.embedding.embedder import GraphEmbedder, TokenIds
from semlens.embedding.manifest import ModelManifest
from semlens.embedding.registry import DEFAULT_THREADS, find_model, load_graph

_QUESTIONS = ("split an identifier into words", "where is the cache folder made", "parseConfig", "retry after an error")
_QUERY_ROUNDS = 25
_SECONDS_A_WAY = 2.0
_BATCHES = (1, 8, 64)
_CHUNK = 64
_BAR = 24  # columns


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run a model. :ivar cpu_ms: processor time a passage, over all cores."""

    threads: int
    batch: int
    passages_per_second: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """:ivar batch: passages a run as semlens runs the model. :ivar passages: how many each way embedded.

    :ivar query_ms: median of one question, tokenising included.
    """

    manifest: ModelManifest
    batch: int
    load_ms: float
    query_ms: float
    passages: int
    ways: tuple[Way, ...]

    @property
    def fastest(self) -> Way:
        return max(self.ways, key=lambda way: way.passages_per_second)

    def is_used(self, way: Way) -> bool:
        """Whether semlens runs the model this way."""
        return way.threads == DEFAULT_THREADS and way.batch == self.batch


def run(options: argparse.Namespace) -> int:
    manifests = [find_model(name) for name in options.models] or known_models()
    passages = _passages()
    measured = [_measure(manifest, passages) for manifest in manifests]
    if options.json:
        print(json.dumps({"models": [_json(one) for one in measured]}))
    else:
        for one in measured:
            _print(one)
        print(paint(f"* how semlens runs it, with at most {DEFAULT_THREADS} threads; cpu: processor time", "dim"))
    return 0


def _passages() -> list[Passage]:
    """Real code of usual sizes: our own."""
    from semlens.workers.messages import BufferRequest
    from semlens.workers.pool import ParsePool

    requests = [
        BufferRequest(f"{package}/{file.name}", file.read_bytes(), "")
        for package in ("core", "search", "engine", "cli")
        for file in resources.files("semlens").joinpath(package).iterdir()
        if file.name.endswith(".py")
    ]
    with contextlib.closing(ParsePool(1, interactive=True)) as pool:
        batches = [pool.parse_buffer(request).result() for request in requests]
    outlines = [result.outline for batch in batches for result in batch.results]
    return [passage for outline in outlines if outline is not None for passage in outline.passages]


def _measure(manifest: ModelManifest, passages: Sequence[Passage]) -> Measured:
    """:raises ModelError: when the model cannot be loaded."""
    started = time.perf_counter()
    embedder = load_graph(manifest)
    embedder.embed_query(_QUESTIONS[0])
    load_ms = (time.perf_counter() - started) * 1000
    query_ms = []
    for question in _QUESTIONS * _QUERY_ROUNDS:
        started = time.perf_counter()
        embedder.embed_query(question)
        query_ms.append((time.perf_counter() - started) * 1000)
    tokens = embedder.tokenizer.tokenize(passages)
    # how many passages fit the time, then every way with the same ones
    elapsed_s = 0.0
    n = 0
    while elapsed_s < _SECONDS_A_WAY and n < len(tokens):
        started = time.perf_counter()
        embedder.embed(tokens[n : n + _CHUNK])
        elapsed_s += time.perf_counter() - started
        n = min(n + _CHUNK, len(tokens))
    ways = [
        _timed(embedder, tokens[:n], threads, batch)
        for threads in sorted({1, DEFAULT_THREADS, os.cpu_count() or 1})
        for batch in sorted({*_BATCHES, embedder.batch})
    ]
    return Measured(manifest, embedder.batch, load_ms, statistics.median(query_ms), n, tuple(ways))


def _timed(embedder: GraphEmbedder, tokens: Sequence[TokenIds], threads: int, batch: int) -> Way:
    """Batches of passages of alike lengths, so that little is padding."""
    ordered = sorted(tokens, key=len)
    batches = [ordered[at : at + batch] for at in range(0, len(ordered), batch)]
    with ThreadPoolExecutor(max_workers=threads) as pool:
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in pool.map(embedder.run, batches):
            pass
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Way(threads, batch, round(len(tokens) / wall, 1), round(cpu / len(tokens) * 1000, 4))


def _print(one: Measured) -> None:
    manifest = one.manifest
    size = human_bytes(sum(file.size for file in manifest.files))
    name = paint(printable(manifest.name), "bold")
    precision = printable(str(manifest.details.get("precision", "precision unknown")))
    print(f"{name}  {precision}, {size}, loaded in {one.load_ms:.0f} ms, question {one.query_ms:.2f} ms")
    quality = manifest.details.get("quality", {})
    if quality:
        print(f"  {paint('quality, MRR@10', 'dim')}  " + "  ".join(f"{k} {v:.3f}" for k, v in _short(quality).items()))
    print(paint("  threads  batch  passages/s   cpu ms", "dim"))
    for way in one.ways:
        bar = "█" * max(1, round(_BAR * way.passages_per_second / one.fastest.passages_per_second))
        mark = "*" if one.is_used(way) else " "
        print(
            f"{mark} {way.threads:>7}  {way.batch:>5}  {way.passages_per_second:>10,.0f}  {way.cpu_ms:>7.2f}  "
            f"{paint(bar, 'cyan')}"
        )
    print()


def _short(quality: dict[str, Any]) -> dict[str, float]:
    """``docstring_mrr10_python`` as ``python``, ``paraphrase_mrr10`` as ``paraphrase``."""
    names = {name: name.removeprefix("docstring_mrr10_").removesuffix("_mrr10") for name in quality}
    return {names[name]: float(value) for name, value in quality.items() if isinstance(value, int | float)}


def _json(one: Measured) -> dict[str, Any]:
    used = next(way for way in one.ways if one.is_used(way))
    return {
        "name": one.manifest.name,
        "precision": one.manifest.details.get("precision", ""),
        "bytes": sum(file.size for file in one.manifest.files),
        "loadMs": round(one.load_ms, 1),
        "queryMs": round(one.query_ms, 3),
        "passages": one.passages,
        "passagesPerSecond": used.passages_per_second,
        "ways": [_camel(asdict(way)) | {"used": one.is_used(way)} for way in one.ways],
        "quality": one.manifest.details.get("quality", {}),
    }


def _camel(row: dict[str, Any]) -> dict[str, Any]:
    heads = {name: name.split("_") for name in row}
    return {parts[0] + "".join(part.title() for part in parts[1:]): row[name] for name, parts in heads.items()}
