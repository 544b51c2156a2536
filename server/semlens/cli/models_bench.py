"""``semlens models bench``: how fast the embedding models are on this machine, over semlens's own source."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from importlib import resources
from typing import Any

from semlens.cli.models import known_models
from semlens.cli.terminal import paint
from semlens.core.symbol import Passage
from semlens.embedding.manifest import ModelManifest
from semlens.embedding.registry import find_model, load_embedder

_QUESTIONS = ("split an identifier into words", "where is the cache folder made", "parseConfig", "retry after an error")
_QUERY_ROUNDS = 25
_SECONDS_A_MODEL = 5.0
_CHUNK = 32


def run(options: argparse.Namespace) -> int:
    manifests = [find_model(options.model)] if options.model else known_models()
    passages = _passages()
    measured = []
    for manifest in manifests:
        figures = _measure(manifest, passages)
        measured.append(figures)
        if not options.json:
            print(
                f"{paint(manifest.name, 'bold'):<28}  loaded in {figures['loadMs']:.0f} ms  "
                f"{figures['passagesPerSecond']:,.0f} passages/s  question {figures['queryMs']:.2f} ms"
            )
    if options.json:
        print(json.dumps({"models": measured}))
    return 0


def _passages() -> list[Passage]:
    """Real code of usual sizes: our own."""
    from semlens.syntax.parser import parse

    found: list[Passage] = []
    for package in ("core", "search", "engine", "cli"):
        for file in resources.files("semlens").joinpath(package).iterdir():
            if file.name.endswith(".py"):
                found += parse(f"{package}/{file.name}", file.read_bytes()).passages
    return found


def _measure(manifest: ModelManifest, passages: Sequence[Passage]) -> dict[str, Any]:
    """:raises ModelError: when the model cannot be loaded."""
    started = time.perf_counter()
    embedder = load_embedder(manifest)
    embedder.embed_query(_QUESTIONS[0])
    load_ms = (time.perf_counter() - started) * 1000
    started = time.perf_counter()
    n_embedded = 0
    elapsed_s = 0.0
    while elapsed_s < _SECONDS_A_MODEL and n_embedded < len(passages):
        chunk = passages[n_embedded : n_embedded + _CHUNK]
        embedder.embed(embedder.tokenizer.tokenize(chunk))
        n_embedded += len(chunk)
        elapsed_s = time.perf_counter() - started
    query_ms = []
    for question in _QUESTIONS * _QUERY_ROUNDS:
        started = time.perf_counter()
        embedder.embed_query(question)
        query_ms.append((time.perf_counter() - started) * 1000)
    return {
        "name": manifest.name,
        "loadMs": round(load_ms, 1),
        "passages": n_embedded,
        "passagesPerSecond": round(n_embedded / elapsed_s, 1),
        "queryMs": round(statistics.median(query_ms), 3),
    }
