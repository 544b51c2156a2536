"""What Jedi knows of calls, as the other judge of `graph_truth.py`: it is asked where each call leads.

Jedi is no dependency of the project: `pip install jedi`. Its own search for references stops after 30 files, so every
place that calls a name of a sampled symbol, or an alias of it, is looked up instead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import jedi

if TYPE_CHECKING:
    from graph_truth import Workspace

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*(?=\s*\()")
_ALIAS = re.compile(r"\b(\w+)\s+as\s+(\w+)")
_DEFINING = re.compile(r"\b(?:def|class)\s+$")


def jedi_truth(workspace: Workspace, rows: Sequence[int]) -> dict[int, list[list[object]]]:
    """For each symbol the path, line and character of each call that leads to it."""
    symbols, paths = workspace.view.segment.symbols, workspace.view.segment.files.paths
    project = jedi.Project(str(workspace.root))
    sampled: dict[tuple[int, str], list[int]] = {}
    for row in rows:
        sampled.setdefault((int(symbols.files[row]), symbols.qualified_names[row]), []).append(row)
    wanted: dict[tuple[str, int], list[int]] = {}
    for row in range(len(symbols)):  # overloads are one: Jedi goes to the last of them
        file = int(symbols.files[row])
        if ones := sampled.get((file, symbols.qualified_names[row])):
            wanted[str(workspace.root / paths[file]), symbols.name_span(row).start_line + 1] = ones
    names = {symbols.names[row] for row in rows}
    for lines in workspace.texts.values():
        names |= {alias for line in lines for name, alias in _ALIAS.findall(line) if name in names}
    found: dict[int, list[list[object]]] = {row: [] for row in rows}
    for name, lines in workspace.texts.items():
        script = None
        for number, line in enumerate(lines):
            for match in _IDENTIFIER.finditer(line):
                if match[0] not in names or _DEFINING.search(line[: match.start()]):
                    continue
                if script is None:
                    script = jedi.Script(path=str(workspace.root / name), project=project)
                try:
                    definitions = script.goto(number + 1, match.start(), follow_imports=True)
                except Exception as error:  # noqa: BLE001 - Jedi raises anything on code that it does not understand
                    print(f"{name}:{number + 1}: {type(error).__name__}: {error}")
                    continue
                for one in definitions:
                    for row in wanted.get((str(one.module_path), one.line or 0), ()):
                        found[row].append([name, number, match.start()])
    return found
