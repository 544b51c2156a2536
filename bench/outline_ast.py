"""Compares functions, classes and methods of our outlines with the standard library's ``ast``.

``python bench/outline_ast.py [FOLDER ...]`` (default: corpus S, the interpreter's own standard library) compares
qualified name, line of the name and end line of every function, class and method. It prints each difference, then the
percentage that is equal (bar: 99.9 %). Files that ``ast`` cannot parse are counted and skipped.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
import sysconfig
import warnings
from pathlib import Path

from semlens.core.symbol import SymbolKind
from semlens.syntax.languages.registry import BY_NAME, module_of
from semlens.syntax.parsing.decode import decode
from semlens.syntax.parsing.parser import parse

_LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "__pycache__", "lib2to3"}
_KINDS = {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CLASS}

Definition = tuple[str, int, int]  # qualified name, line of the name, end line, 1-based


def expected(tree: ast.Module, module: str, lines: list[str]) -> set[Definition]:
    found: set[Definition] = set()
    todo: list[tuple[ast.AST, str]] = [(tree, module)]
    while todo:
        node, qualifier = todo.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{qualifier}.{child.name}" if qualifier else child.name
                found.add((name, _name_line(child, lines), child.end_lineno or 0))
                todo.append((child, name))
            else:
                todo.append((child, qualifier))
    return found


def _name_line(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, lines: list[str]) -> int:
    """The line of the name. ``ast`` gives the line of ``def``, and a backslash may continue the line."""
    row = node.lineno
    while lines[row - 1].rstrip().endswith("\\") and node.name not in lines[row - 1]:
        row += 1
    return row


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folders", nargs="*", default=[sysconfig.get_paths()["stdlib"]])
    arguments.add_argument("--with-tests", action="store_true", help="include test folders")
    options = arguments.parse_args()
    warnings.simplefilter("ignore")
    total = equal = extra = unparsable = 0
    for folder in map(Path, options.folders):
        for directory, folders, names in os.walk(folder):
            folders[:] = sorted(folders if options.with_tests else set(folders) - _LEFT_OUT)
            for name in sorted(names):
                path = Path(directory, name)
                if path.suffix != ".py" or path.is_symlink():
                    continue
                source = path.read_bytes()
                relative = path.relative_to(folder).as_posix()
                try:
                    tree = ast.parse(source)
                except (SyntaxError, ValueError):
                    unparsable += 1
                    continue
                lines = (decode(source) or "").splitlines() or [""]
                want = expected(tree, module_of(BY_NAME["python"], relative), lines)
                have = {
                    (symbol.qualified_name, symbol.name_span.start_line + 1, symbol.span.last_line + 1)
                    for symbol in parse(relative, source).symbols
                    if symbol.kind in _KINDS and symbol.signature.startswith(("def", "class", "async"))
                }
                total += len(want)
                equal += len(want & have)
                extra += len(have - want)
                for entry in sorted(want - have):
                    print(f"missing {relative}: {entry}")
                for entry in sorted(have - want):
                    print(f"extra   {relative}: {entry}")
    share = 100 * equal / total if total else 0.0
    print(f"{equal} of {total} equal ({share:.3f} %), {extra} extra, {unparsable} files that ast cannot parse")
    return 0 if share >= 99.9 else 1


if __name__ == "__main__":
    sys.exit(main())
