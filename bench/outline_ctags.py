"""Measures how many functions, methods and classes of Universal Ctags our outlines have, by name and line.

``python bench/outline_ctags.py [--misses N] LANGUAGE=FOLDER ...`` runs ``ctags`` (Debian ``universal-ctags``) over the
files of one language below a folder. It prints, per language, how many of its functions, methods and classes our
outline has with the same name on the same line (bar: 98 %). ``--misses`` prints examples of the others. Skips anonymous
ones, and lines that define nothing according to ``DEFINING_LINE``.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from outline_speed import sources
from semlens.syntax.parsing.parser import parse

CTAGS_NAME = {
    "python": "Python", "javascript": "JavaScript", "typescript": "TypeScript", "tsx": "TypeScript", "go": "Go",
    "rust": "Rust", "java": "Java", "c": "C", "cpp": "C++", "csharp": "C#", "ruby": "Ruby", "php": "PHP", "lua": "Lua",
    "perl": "Perl", "erlang": "Erlang", "objc": "ObjectiveC", "r": "R", "bash": "Sh", "kotlin": "Kotlin",
    "haskell": "Haskell", "elixir": "Elixir", "powershell": "PowerShell", "julia": "Julia", "clojure": "Clojure",
    "ocaml": "OCaml", "sql": "SQL", "proto": "Protobuf", "cmake": "CMake",
}  # fmt: skip
KINDS = {
    "function", "method", "class", "struct", "interface", "trait", "enum", "subroutine", "func", "implementation",
    "singletonMethod", "constructor", "getter", "setter", "generator", "protocol", "category", "union", "record",
    "typespec",
    "macro", "script", "delegate",
}  # fmt: skip
ANONYMOUS = re.compile(r"^(?:__anon|anonymous|AnonymousFunction|AnonymousClass)")
ANYTHING = re.compile("")
CLASS_LINE = re.compile(r"\bclass\b|\bfunction\b")
# for languages that ctags parses by patterns: the form of a line that defines something
DEFINING_LINE = {
    # ctags accepts every line with "function" in it
    "lua": re.compile(r"\bfunction\s+[\w.:]+\s*\(|^\s*(?:local\s+)?[\w.\[\]\"']+\s*=\s*function\b"),
    "kotlin": re.compile(r"\b(?:fun|class|interface|object|constructor|enum)\b"),  # and lambdas for methods
    # ctags reports objects in objects as classes
    "javascript": re.compile(
        r"\bfunction\b|\bclass\b|=>|^\s*(?:static\s+|async\s+|get\s+|set\s+|\*\s*)*[\w$#\"'.\[\]]+\s*[(:]"
    ),
}

_LEFT_OUT_KINDS = {
    "c": {"macro"}, "cpp": {"macro"}, "objc": {"macro", "category"}, "rust": {"implementation"}, "erlang": {"macro"},
    "go": {"methodSpec"}, "bash": {"script"},
}  # fmt: skip


def tags(language: str, path: Path) -> list[tuple[str, int, str]]:
    """Name, line and kind of each tag of one file."""
    done = subprocess.run(
        ["ctags", "--options=NONE", "--output-format=json", "--fields=NnK", "--sort=no",
         f"--language-force={CTAGS_NAME[language]}", "-o", "-", str(path)],
        capture_output=True, check=True,
    )  # fmt: skip
    found = []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        try:
            tag = json.loads(line)
        except ValueError:  # ctags truncates long names in the middle of the JSON string
            continue
        kind = tag.get("kind", "")
        if tag.get("_type") != "tag" or kind not in KINDS or kind in _LEFT_OUT_KINDS.get(language, ()):
            continue
        found.append((tag["name"], tag["line"], kind))
    return found


def bare(name: str) -> str:
    """The name in a common form: without qualifiers, arity, white space and quotes."""
    name = re.sub(r"/\d+$", "", name.strip("\"'`")) or name
    name = re.sub(r"\s+", "", name)
    if not re.match(r"operator\b(?![.:])", name):
        name = re.split(r"[.:#]+(?=\w)", name)[-1]
    return name


def compare(language: str, folder: Path, n_misses: int) -> float:
    wanted = found = 0
    misses: list[str] = []
    kinds: Counter[str] = Counter()
    for relative, source in sources(folder, language):
        lines = source.decode("utf-8", "replace").split("\n")
        if max(map(len, lines)) > 5_000:  # minified: names of one letter, all on one line
            continue
        ours = {(bare(symbol.name), symbol.name_span.start_line + 1) for symbol in parse(relative, source).symbols}
        for name, line, kind in tags(language, folder / relative):
            if kind == "class" and language == "javascript" and not CLASS_LINE.search(lines[line - 1]):
                continue  # ctags reports objects in objects as classes
            if ANONYMOUS.search(name) or not DEFINING_LINE.get(language, ANYTHING).search(lines[line - 1]):
                continue
            wanted += 1
            if (bare(name), line) in ours:
                found += 1
            else:
                kinds[kind] += 1
                misses.append(f"    {relative}:{line}: {kind} {name}: {lines[line - 1].strip()[:100]}")
    share = 100 * found / wanted if wanted else 0.0
    print(f"{language}: {found} of {wanted} ({share:.2f} %); missing by kind: {dict(kinds.most_common(5))}", flush=True)
    random.Random(1).shuffle(misses)
    for miss in misses[:n_misses]:
        print(miss)
    return share


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("corpora", nargs="+", metavar="LANGUAGE=FOLDER")
    arguments.add_argument("--misses", type=int, default=0, help="examples of what is missing, per language")
    options = arguments.parse_args()
    shares = []
    for corpus in options.corpora:
        language, _, folder = corpus.partition("=")
        shares.append(compare(language, Path(folder), options.misses))
    return 0 if all(share >= 98 for share in shares) else 1


if __name__ == "__main__":
    sys.exit(main())
