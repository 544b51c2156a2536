"""Measures the speed of making outlines, compared with ``Parser.parse`` alone on the same files.

``python bench/outline_speed.py [--json] [M] [LANGUAGE=FOLDER ...]`` prints one row per language: megabytes per second
of parsing alone, of bytes to symbols with passages, and the ratio of the two (bar: 70 %). ``M`` means the languages of
corpus M. Without arguments it uses Python and the interpreter's standard library (corpus S). Files are read beforehand.
Each figure is the best of three passes.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import sysconfig
import time
from pathlib import Path

from corpora import M, corpus
from semlens.syntax.languages.registry import BY_NAME, language_of
from semlens.syntax.parsing.grammars import grammar_of
from semlens.syntax.parsing.parser import parse

_LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "__pycache__", "lib2to3", "node_modules", ".git"}
_MAX_BYTES = 1_000_000
_MAX_TOTAL = 4_000_000


def sources(folder: Path, language: str) -> list[tuple[str, bytes]]:
    """About 4 MB of the folder's files in one language, in order of their paths."""
    found: list[tuple[str, bytes]] = []
    total = 0
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _LEFT_OUT)
        for name in sorted(names):
            path = Path(directory, name)
            if path.is_symlink() or language_of(name) != language or path.stat().st_size > _MAX_BYTES:
                continue
            source = path.read_bytes()
            if language_of(name, source[:65_536]) == language:
                found.append((path.relative_to(folder).as_posix(), source))
                total += len(source)
                if total > _MAX_TOTAL:
                    return found
    return found


def measure(language: str, files: list[tuple[str, bytes]]) -> dict[str, float | int | str]:
    parser = grammar_of(BY_NAME[language]).parser
    megabytes = sum(len(source) for _, source in files) / 1e6
    alone, whole = [], []
    n_symbols = n_passages = 0
    parse(*files[0])
    for _ in range(3):
        gc.collect()
        start = time.process_time()
        for _, source in files:
            parser.parse(source)
        alone.append(time.process_time() - start)
        start = time.process_time()
        n_symbols = n_passages = 0
        for path, source in files:
            outline = parse(path, source)
            n_symbols += len(outline.symbols)
            n_passages += len(outline.passages)
        whole.append(time.process_time() - start)
    return {
        "language": language, "files": len(files), "megabytes": round(megabytes, 2), "symbols": n_symbols,
        "passages": n_passages, "parseMBs": round(megabytes / min(alone), 2),
        "outlineMBs": round(megabytes / min(whole), 2),
        "ratio": round(min(alone) / min(whole), 3),
    }  # fmt: skip


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("corpora", nargs="*", metavar="LANGUAGE=FOLDER")
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    corpora = options.corpora or [f"python={sysconfig.get_paths()['stdlib']}"]
    if "M" in corpora:
        folder = corpus("M")
        folders = {package.language.replace("c++", "cpp"): folder / package.folder for package in reversed(M)}
        corpora.remove("M")
        corpora += [f"{language}={folders[language]}" for language in sorted(folders)]
    rows = []
    for pair in corpora:
        language, _, folder = pair.partition("=")
        files = sources(Path(folder), language)
        if not files:
            print(f"no {language} files in {folder}", file=sys.stderr)
            continue
        row = measure(language, files)
        rows.append(row)
        if not options.json:
            print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if options.json:
        print(json.dumps(rows, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
