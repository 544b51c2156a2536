"""Draws docs/plots/models-*.svg from bench/results/embedding.json, which bench/embedding.py writes.

python bench/models_plots.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from report import DOCS, RESULTS, Bar, plot

_WAYS = {
    "bm25": "BM25",
    "semlens-static-v1": "static",
    "all-minilm-l6-v2": "MiniLM, published",
    "semlens-minilm-v1": "MiniLM, fine-tuned",
    "semlens-static-v1 + bm25": "static + BM25",
    "static + refine": "static + fine-tuned",
}
_LANGUAGES = {"python": "Python", "js/ts": "JavaScript", "go": "Go", "rust": "Rust", "java": "Java"}


def _bars(values: Mapping[str, Any], group: str = "") -> list[Bar]:
    lead = f"{group}: " if group else ""
    return [Bar(f"{lead}{label}", values[way]) for way, label in _WAYS.items() if way in values]


def plots(results: Mapping[str, Any]) -> dict[str, str]:
    """SVG texts by file name."""
    docstrings, speed = results["docstrings"], results["speed"]
    by_language = [
        bar for key, label in _LANGUAGES.items() if key in docstrings for bar in _bars(docstrings[key], label)
    ]
    speeds = [Bar(_WAYS[name], row["together_per_s"]) for name, row in speed.items()]
    return {
        "models-docstrings.svg": plot("First sentence of the documentation to its symbol", "MRR@10", by_language),
        "models-paraphrases.svg": plot("Questions in other words", "MRR@10", _bars(results["paraphrases"]["all"])),
        "models-speed.svg": plot("From text to vectors, two threads", "passages/s", speeds),
    }


def main() -> None:
    results = json.loads((RESULTS / "embedding.json").read_text(encoding="utf-8"))
    for name, svg in plots(results).items():
        (DOCS / "plots" / name).write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
