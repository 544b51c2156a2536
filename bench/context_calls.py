"""Measures whether the context of a function has the definitions that the function calls, as Jedi resolves them.

    pip install --no-deps --target DIR -r bench/hard_cases/packages.txt
    python bench/context_calls.py resolve --packages DIR --out CALLS      # with a Python that has jedi
    python bench/context_calls.py measure --packages DIR --calls CALLS [--out FILE]

``resolve`` draws twenty functions from each of ten packages. With Jedi it finds the definition of every name that they
call, and keeps those inside the package. ``measure`` builds the context of each function with 4,000 tokens of MiniLM's
tokenizer, and counts the definitions whose line is shown in any form. Jedi is not a dependency of this project.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PACKAGES = (
    "click", "flask", "httpx", "jinja2", "marshmallow", "requests", "rich", "tenacity", "tornado", "werkzeug",
)  # fmt: skip
FUNCTIONS_A_PACKAGE = 20
BUDGET = 4_000
BAR = 0.90
ABSENT = 3


@dataclass(frozen=True, slots=True)
class Function:
    """:ivar line: of its name, 1-based. :ivar calls: path and 1-based line of each called definition."""

    package: str
    path: str
    name: str
    line: int
    calls: tuple[tuple[str, int], ...]


def resolve(packages: Path) -> list[Function]:
    """Functions that call something of their own package, drawn by a fixed seed."""
    import jedi  # type: ignore[import-not-found]

    found = []
    for package in PACKAGES:
        root = packages / package
        project = jedi.Project(str(packages))
        places = [
            (path, node)
            for path in sorted(root.rglob("*.py"))
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        random.Random(7).shuffle(places)
        taken = 0
        for path, node in places:
            calls = _calls(jedi, project, root, path, node)
            if calls:
                found.append(Function(package, path.relative_to(root).as_posix(), node.name, node.lineno, calls))
                taken += 1
                print(package, path.name, node.name, len(calls), file=sys.stderr, flush=True)
            if taken == FUNCTIONS_A_PACKAGE:
                break
    return found


def _calls(
    jedi: object, project: object, root: Path, path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef
) -> tuple[tuple[str, int], ...]:
    script = jedi.Script(path=str(path), project=project)  # type: ignore[attr-defined]
    first, last = node.lineno, node.end_lineno or node.lineno
    definitions = set()
    for line, column in sorted(set(_called_names(node))):
        try:
            places = script.goto(line, column, follow_imports=True)
        except Exception as error:  # noqa: BLE001 - Jedi fails on some code; such a call is no case
            print(f"{path}:{line}: {error!r}", file=sys.stderr)
            continue
        for place in places:
            home = place.module_path
            if place.type not in {"function", "class"} or home is None or not home.is_relative_to(root):
                continue
            inside = home == path and first <= place.line <= last
            if not inside:
                definitions.add((home.relative_to(root).as_posix(), place.line))
    return tuple(sorted(definitions))


def _called_names(node: ast.AST) -> Iterator[tuple[int, int]]:
    """1-based line, and column, of the last name of each callee."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            if isinstance(call.func, ast.Name):
                yield call.func.lineno, call.func.col_offset
            elif isinstance(call.func, ast.Attribute):
                assert call.func.end_lineno is not None
                assert call.func.end_col_offset is not None
                yield call.func.end_lineno, call.func.end_col_offset - 1


def measure(packages: Path, functions: list[Function]) -> dict[str, object]:
    from context import Workspace, shown_lines
    from ranking_corpus import default_cache, make_snapshot, parse_folder
    from semlens.embedding.registry import find_model
    from semlens.embedding.token_counting import load_counter

    counter = load_counter(str(find_model("semlens-minilm-v1").path("tokenizer.json")))
    by_package: dict[str, list[float]] = defaultdict(list)
    shown, wanted = 0, 0
    missed = []
    for package in sorted({function.package for function in functions}):
        root = packages / package
        workspace = Workspace(
            root, make_snapshot(parse_folder(root, default_cache()), [], default_cache()), [], counter
        )
        for function in (one for one in functions if one.package == package):
            pack = workspace.pack_at(function.path, function.line - 1, BUDGET)
            lines = shown_lines(pack, workspace.lines_of)
            held = [line - 1 in lines.get(path, ()) for path, line in function.calls]
            by_package[package].append(float(np.mean(held)))
            shown, wanted = shown + sum(held), wanted + len(held)
            missed += [
                f"{package}/{function.path}:{function.line} {function.name} -> {path}:{line}"
                for (path, line), found in zip(function.calls, held, strict=True)
                if not found
            ]
    shares = [share for group in by_package.values() for share in group]
    draws = np.random.default_rng(7).choice(shares, (2_000, len(shares))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    for line in missed[:40]:
        print("  missed:", line)
    return {
        "functions": len(shares), "definitions": wanted, "definitions_held": round(shown / wanted, 4),
        "mean_by_function": round(float(np.mean(shares)), 4), "low": round(float(low), 4),
        "high": round(float(high), 4), "bar": BAR, "budget": BUDGET,
        "by_package": {name: round(float(np.mean(group)), 3) for name, group in by_package.items()},
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("resolve", "measure"))
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--calls", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if not all((options.packages / package).is_dir() for package in PACKAGES):
        print(
            f"The ten packages are not all in {options.packages}: install them as the text above says.", file=sys.stderr
        )
        return ABSENT
    if options.step == "resolve":
        rows = [
            [one.package, one.path, one.name, one.line, [list(call) for call in one.calls]]
            for one in resolve(options.packages)
        ]
        options.out.write_text(json.dumps(rows, indent=0) + "\n")
        return 0
    functions = [
        Function(package, path, name, line, tuple((str(p), int(n)) for p, n in calls))
        for package, path, name, line, calls in json.loads(options.calls.read_text())
    ]
    report = measure(options.packages, functions)
    print(json.dumps(report, indent=1))
    if options.out:
        options.out.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
