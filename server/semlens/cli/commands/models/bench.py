"""``semlens models bench``: measures the speed of the models on this machine, on semlens's own source.

Each model runs with several batch sizes (passages in one run of its graph) and numbers of threads (runs at the same
time). All configurations embed the same passages, tokenised beforehand. The output also shows the processor time, which
determines heat and battery use, and the quality in the model's manifest.
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
from pathlib import Path
from typing import Any

import semlens
from semlens.cli.commands.models.manage import known_models
from semlens.cli.output.terminal import human_bytes, paint
from semlens.core.symbol import Passage
from semlens.core.text.printable import printable
from semlens.embedding.embedder import LocalEmbedder, TokenIds
from semlens.embedding.manifest import ModelManifest
from semlens.embedding.registry import DEFAULT_THREADS, find_model, load_local_embedder

_QUERIES = ("split an identifier into words", "where is the cache folder made", "parseConfig", "retry after an error")
_QUERY_ROUNDS = 25
_SECONDS_PER_CONFIGURATION = 2.0
_BATCH_SIZES = (1, 8, 64)
_PASSAGES_PER_STEP = 64
_BAR_COLUMNS = 24


@dataclass(frozen=True, slots=True)
class BenchRun:
    """The speed of one configuration. :ivar cpu_ms: processor time for one passage, over all cores."""

    threads: int
    batch: int
    passages_per_second: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class ModelBench:
    """The measurements of one model.

    :ivar batch: the batch size that semlens uses.
    :ivar passages: the number of passages that each configuration embedded.
    :ivar query_ms: median time of one query, with tokenising.
    """

    manifest: ModelManifest
    batch: int
    load_ms: float
    query_ms: float
    passages: int
    runs: tuple[BenchRun, ...]

    @property
    def fastest(self) -> BenchRun:
        return max(self.runs, key=lambda run: run.passages_per_second)

    def is_used(self, run: BenchRun) -> bool:
        """Whether semlens uses this configuration."""
        return run.threads == DEFAULT_THREADS and run.batch == self.batch


def run(options: argparse.Namespace) -> int:
    manifests = [find_model(name) for name in options.models] or known_models()
    passages = _passages()
    benches = [_measure(manifest, passages) for manifest in manifests]
    if options.json:
        print(json.dumps({"models": [_json(bench) for bench in benches]}))
    else:
        for bench in benches:
            _print(bench)
        print(paint("* the configuration that semlens uses; cpu: processor time", "dim"))
    return 0


def _passages() -> list[Passage]:
    """The passages of semlens's own source: real code of usual sizes."""
    from semlens.workers.messages import BufferRequest
    from semlens.workers.pool import ParsePool

    source = Path(semlens.__file__).parent
    requests = [
        BufferRequest(file.relative_to(source).as_posix(), file.read_bytes(), "")
        for package in ("core", "search", "engine", "cli")
        for file in sorted((source / package).rglob("*.py"))
    ]
    with contextlib.closing(ParsePool(1, interactive=True)) as pool:
        batches = [pool.parse_buffer(request).result() for request in requests]
    outlines = [result.outline for batch in batches for result in batch.results]
    return [passage for outline in outlines if outline is not None for passage in outline.passages]


def _measure(manifest: ModelManifest, passages: Sequence[Passage]) -> ModelBench:
    """:raises ModelError: when the model cannot be loaded."""
    started = time.perf_counter()
    embedder = load_local_embedder(manifest)
    embedder.embed_query(_QUERIES[0])
    load_ms = (time.perf_counter() - started) * 1000
    query_ms = []
    for query in _QUERIES * _QUERY_ROUNDS:
        started = time.perf_counter()
        embedder.embed_query(query)
        query_ms.append((time.perf_counter() - started) * 1000)
    tokens = embedder.tokenizer.tokenize(passages)
    # First find how many passages fit the time. Then every configuration embeds the same ones.
    elapsed_s = 0.0
    n_passages = 0
    while elapsed_s < _SECONDS_PER_CONFIGURATION and n_passages < len(tokens):
        started = time.perf_counter()
        embedder.embed(tokens[n_passages : n_passages + _PASSAGES_PER_STEP])
        elapsed_s += time.perf_counter() - started
        n_passages = min(n_passages + _PASSAGES_PER_STEP, len(tokens))
    runs = [
        _time_run(embedder, tokens[:n_passages], threads, batch)
        for threads in sorted({1, DEFAULT_THREADS, os.cpu_count() or 1})
        for batch in sorted({*_BATCH_SIZES, embedder.batch})
    ]
    return ModelBench(manifest, embedder.batch, load_ms, statistics.median(query_ms), n_passages, tuple(runs))


def _time_run(embedder: LocalEmbedder, tokens: Sequence[TokenIds], threads: int, batch: int) -> BenchRun:
    """Time one configuration. Batches hold passages of similar length, so there is little padding."""
    ordered = sorted(tokens, key=len)
    batches = [ordered[at : at + batch] for at in range(0, len(ordered), batch)]
    with ThreadPoolExecutor(max_workers=threads) as pool:
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in pool.map(embedder.run, batches):
            pass
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return BenchRun(threads, batch, round(len(tokens) / wall, 1), round(cpu / len(tokens) * 1000, 4))


def _print(bench: ModelBench) -> None:
    manifest = bench.manifest
    size = human_bytes(sum(file.size for file in manifest.files))
    name = paint(printable(manifest.name), "bold")
    precision = printable(str(manifest.details.get("precision", "precision unknown")))
    print(f"{name}  {precision}, {size}, loaded in {bench.load_ms:.0f} ms, query {bench.query_ms:.2f} ms")
    quality = manifest.details.get("quality", {})
    if quality:
        print(f"  {paint('quality, MRR@10', 'dim')}  " + "  ".join(f"{k} {v:.3f}" for k, v in _short(quality).items()))
    print(paint("  threads  batch  passages/s   cpu ms", "dim"))
    for run in bench.runs:
        bar = "█" * max(1, round(_BAR_COLUMNS * run.passages_per_second / bench.fastest.passages_per_second))
        mark = "*" if bench.is_used(run) else " "
        print(
            f"{mark} {run.threads:>7}  {run.batch:>5}  {run.passages_per_second:>10,.0f}  {run.cpu_ms:>7.2f}  "
            f"{paint(bar, 'green')}"
        )
    print()


def _short(quality: dict[str, Any]) -> dict[str, float]:
    """Shorten names: ``docstring_mrr10_python`` to ``python``, ``paraphrase_mrr10`` to ``paraphrase``."""
    names = {name: name.removeprefix("docstring_mrr10_").removesuffix("_mrr10") for name in quality}
    return {names[name]: float(value) for name, value in quality.items() if isinstance(value, int | float)}


def _json(bench: ModelBench) -> dict[str, Any]:
    used = next(run for run in bench.runs if bench.is_used(run))
    return {
        "name": bench.manifest.name,
        "precision": bench.manifest.details.get("precision", ""),
        "bytes": sum(file.size for file in bench.manifest.files),
        "loadMs": round(bench.load_ms, 1),
        "queryMs": round(bench.query_ms, 3),
        "passages": bench.passages,
        "passagesPerSecond": used.passages_per_second,
        "ways": [_camel(asdict(run)) | {"used": bench.is_used(run)} for run in bench.runs],
        "quality": bench.manifest.details.get("quality", {}),
    }


def _camel(row: dict[str, Any]) -> dict[str, Any]:
    heads = {name: name.split("_") for name in row}
    return {parts[0] + "".join(part.title() for part in parts[1:]): row[name] for name, parts in heads.items()}
