"""Measures the error of the token estimate by language, compared with real tokenizers.

    python bench/token_estimate.py --folder DIR... --tokenizer NAME=FILE... [--out FILE]

Each sample is 40 lines of a file, as in contexts. ``error`` is the estimate divided by the tokenizer's count, minus
one. Below zero the estimate would let a context exceed its budget. Reports the median, the lowest twentieth of all
samples, and the error of all samples together. The tokenizers are ``tokenizer.json`` files.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from pathlib import Path

import numpy as np

from semlens.embedding.registry import find_model
from semlens.embedding.token_counting import EstimatingCounter, load_counter

SUFFIXES = {
    ".py": "python", ".js": "javascript", ".ts": "typescript", ".go": "go", ".rs": "rust", ".java": "java", ".c": "c",
    ".h": "c", ".cc": "c++", ".cpp": "c++", ".cs": "c#", ".kt": "kotlin", ".scala": "scala", ".rb": "ruby",
    ".php": "php", ".ex": "elixir", ".hs": "haskell", ".lua": "lua", ".swift": "swift", ".sh": "bash", ".zig": "zig",
    ".md": "markdown",
}  # fmt: skip
SAMPLES_A_LANGUAGE = 150
LINES = 40


def samples(folders: list[Path]) -> dict[str, list[str]]:
    """Samples of code by language, drawn with a fixed seed."""
    paths: dict[str, list[Path]] = defaultdict(list)
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                paths[SUFFIXES[path.suffix]].append(path)
    found: dict[str, list[str]] = {}
    draw = random.Random(5)
    for language, files in sorted(paths.items()):
        texts = []
        for path in draw.sample(files, min(len(files), SAMPLES_A_LANGUAGE)):
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
            start = draw.randrange(max(1, len(lines) - LINES))
            text = "\n".join(lines[start : start + LINES])
            if len(text) > 400:
                texts.append(text)
        found[language] = texts
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, nargs="+", required=True)
    parser.add_argument("--tokenizer", nargs="*", default=[])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    named = dict(item.split("=", 1) for item in options.tokenizer)
    named["semlens-minilm-v1"] = str(find_model("semlens-minilm-v1").path("tokenizer.json"))
    counters = {name: load_counter(path) for name, path in named.items()}
    estimate = EstimatingCounter()
    report: dict[str, dict[str, dict[str, float]]] = {name: {} for name in counters}
    for language, texts in samples(options.folder).items():
        guessed = np.array([estimate.count(text) for text in texts], float)
        for name, counter in counters.items():
            real = np.array([counter.count(text) for text in texts], float)
            errors = guessed / real - 1
            row = {
                "samples": len(texts),
                "median": round(float(np.median(errors)), 3),
                "low": round(float(np.percentile(errors, 5)), 3),
                "together": round(float(guessed.sum() / real.sum() - 1), 3),
                "under": round(float((errors < 0).mean()), 3),
            }
            report[name][language] = row
            print(f"{name:20} {language:12} {row}")
    if options.out:
        options.out.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
