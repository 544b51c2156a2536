"""Compares the callers that the code graph finds with those that a language server knows.

For each sampled function, method and class outside of tests, a language server lists the references. Those that are
calls make the pairs (caller, callee) of the truth: all calls that are resolvable inside the workspace. The graph's own
pairs are compared with them at confidence 0.8 and above, and at any confidence.

    python bench/graph_truth.py python FOLDER... --server pyright-langserver --stdio
    python bench/graph_truth.py python FOLDER... --server jedi
    python bench/graph_truth.py go FOLDER... --server gopls
    python bench/graph_truth.py typescript FOLDER... --server typescript-language-server --stdio

Each folder is a workspace. What the server says is kept in ``--cache``, because it takes minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

from language_server import LanguageServer
from semlens.core.hashing import content_hash
from semlens.core.reference import ReferenceKind
from semlens.core.symbol import Role, SymbolKind
from semlens.graph.neighbours import callers
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.snapshot import SegmentView
from semlens.syntax.parsing.parser import parse

SURE = 0.8
SEED = 20
MAX_FILE_BYTES = 1_000_000
MAX_CRASHES = 25
KINDS = (SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS, SymbolKind.STRUCT)
EXTENSIONS = {"python": (".py",), "typescript": (".ts", ".tsx"), "go": (".go",), "javascript": (".js", ".mjs")}
_CALL = re.compile(r"\w+\s*(?:<[^<>()]*>)?\(")
_DEFINING = re.compile(r"(?:\b(?:def|class|function|func|async|get|set|static)\s*\*?|func\s*\([^()]*\))\s*$")
RESULTS = Path(__file__).parent / "results"


@dataclass
class Workspace:
    """:ivar starts: per file, the first line of each symbol, and its row."""

    root: Path
    view: SegmentView
    texts: dict[str, list[str]]
    spans: dict[str, list[tuple[int, int, int]]] = field(default_factory=dict)
    name_places: dict[tuple[str, int], set[int]] = field(default_factory=dict)

    def caller(self, path: str, line: int) -> int:
        """The innermost symbol around a line, or a row behind all symbols for the file."""
        symbols = self.view.segment.symbols
        found = -1
        for first, last, row in self.spans.get(path, ()):
            if first > line:
                break
            if line <= last:
                found = row
        return found if found >= 0 else len(symbols) + self.view.segment.files.paths.tolist().index(path)


def load(root: Path, extensions: tuple[str, ...]) -> Workspace:
    parsed, texts = [], {}
    for path in sorted(root.rglob("*")):
        if path.suffix not in extensions or not path.is_file() or "node_modules" in path.parts:
            continue
        data = path.read_bytes()
        if len(data) < MAX_FILE_BYTES:
            name = path.relative_to(root).as_posix()
            parsed.append(ParsedFile(name, content_hash(data), parse(name, data)))
            texts[name] = data.decode("utf-8", "replace").split("\n")
    view = SegmentView(str(root), build_segment(parsed))
    workspace = Workspace(root, view, texts)
    symbols = view.segment.symbols
    for row in range(len(symbols)):
        span = symbols.span(row)
        path = view.segment.files.paths[int(symbols.files[row])]
        workspace.spans.setdefault(path, []).append((span.start_line, span.last_line, row))
        name = symbols.name_span(row)
        workspace.name_places.setdefault((path, name.start_line), set()).add(name.start_column)
    for spans in workspace.spans.values():
        spans.sort(key=lambda one: (one[0], -one[1]))
    return workspace


def sample(workspace: Workspace, count: int) -> list[int]:
    symbols = workspace.view.segment.symbols
    rows = [
        row
        for row in range(len(symbols))
        if int(symbols.kinds[row]) in KINDS
        and not symbols.names[row].startswith("__")
        and len(symbols.names[row]) > 1
        and not int(workspace.view.segment.files.roles[int(symbols.files[row])]) & Role.TEST
    ]
    random.Random(SEED).shuffle(rows)
    return sorted(rows[:count])


def truth_of(
    workspace: Workspace, rows: Sequence[int], command: Sequence[str], language: str
) -> dict[int, list[list[object]]]:
    """For each symbol the path, line and character of each call, as the server knows them."""
    found: dict[int, list[list[object]]] = {}
    symbols = workspace.view.segment.symbols
    server: LanguageServer | None = None
    n_crashes = 0
    for row in rows:
        path = workspace.view.segment.files.paths[int(symbols.files[row])]
        span = symbols.name_span(row)
        line = workspace.texts[path][span.start_line]
        column = len(line.encode()[: span.start_column].decode("utf-8", "replace"))
        try:
            if server is None:
                server = LanguageServer(command, workspace.root, language).__enter__()
                for name in workspace.texts if language != "go" else ():
                    server.open(workspace.root / name)
            references = server.references(workspace.root / path, span.start_line, column)
        except (RuntimeError, OSError) as error:
            print(f"{path}:{span.start_line + 1}: {error}", file=sys.stderr)
            if "ended" in str(error) or isinstance(error, OSError):  # it crashed at this question: leave it out
                if server is not None:
                    server.kill()
                server, n_crashes = None, n_crashes + 1
                if n_crashes > MAX_CRASHES:
                    break
            continue
        found[row] = [place for one in references if (place := _call_at(workspace, *one)) is not None]
    if server is not None:
        server.__exit__(None, None, None)
    return found


def _call_at(workspace: Workspace, uri: str, line: int, column: int) -> list[object] | None:
    """Path, line and character of a reference that is a call inside the workspace."""
    place = Path(unquote(urlparse(uri).path))
    if not place.is_relative_to(workspace.root):
        return None
    name = place.relative_to(workspace.root).as_posix()
    lines = workspace.texts.get(name)
    if (name, line) in workspace.name_places and column in workspace.name_places[name, line]:
        return None  # a declaration
    if lines is None or _DEFINING.search(lines[line][:column]) or not _CALL.match(lines[line][column:]):
        return None  # overloads are references too
    return [name, line, column]


def judge(
    workspace: Workspace,
    truth: dict[int, list[list[object]]],
    counts: Counter[str],
    wrong: list[str],
    missed: list[str],
) -> None:
    resolver = Resolver([workspace.view])
    segment = workspace.view.segment
    symbols = segment.symbols

    def shown(row: int) -> str:
        return symbols.qualified_names[row] if row < len(symbols) else segment.files.paths[row - len(symbols)]

    for row, places in truth.items():
        true_callers = {
            workspace.caller(str(path), int(str(line)))
            for path, line, column in places
            if column not in workspace.name_places.get((str(path), int(str(line))), ())
        }
        edges = callers(resolver, SymbolPlace(0, row), (ReferenceKind.CALL,)).edges
        found = {edge.row: edge.confidence for edge in edges}
        sure = {caller for caller, confidence in found.items() if confidence >= SURE - 1e-9}
        counts["symbols"] += 1
        counts["true pairs"] += len(true_callers)
        counts["sure"] += len(sure)
        counts["sure and true"] += len(sure & true_callers)
        counts["any"] += len(found)
        counts["any and true"] += len(found.keys() & true_callers)
        wrong += [
            f"{workspace.root.name}: {shown(row)} <- {shown(caller)} {found[caller]:.2f}"
            for caller in sorted(sure - true_callers)
        ]
        missed += [
            f"{workspace.root.name}: {shown(row)} <- {shown(caller)} {found.get(caller, 0):.2f}"
            for caller in sorted(true_callers - sure)
        ]
        for caller, confidence in found.items():
            bucket = min(9, int(confidence * 10 + 1e-9))
            counts[f"bucket {bucket}"] += 1
            counts[f"bucket {bucket} true"] += caller in true_callers


def ratio(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("language", choices=sorted(EXTENSIONS))
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--per-folder", type=int, default=60)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir(), "graph-truth"))
    parser.add_argument("--show", type=int, default=0, help="print so many wrong and missed pairs")
    parser.add_argument("--judge", default="", help="the name of the judge in the result")
    parser.add_argument("--result", type=Path, help="a JSON file to add the figures to")
    parser.add_argument("--server", nargs=argparse.REMAINDER, required=True)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    missed: list[str] = []
    for folder in options.folders:
        workspace = load(folder.resolve(), EXTENSIONS[options.language])
        rows = sample(workspace, options.per_folder)
        symbols = workspace.view.segment.symbols
        kept = options.cache / f"{Path(options.server[0]).name}-{folder.name}-{options.per_folder}.json"
        paths = workspace.view.segment.files.paths
        keys = {
            f"{paths[int(symbols.files[row])]}:{int(symbols.spans[row, 4])}:{symbols.names[row]}": row for row in rows
        }
        if not kept.exists():
            if options.server == ["jedi"]:
                from graph_jedi import jedi_truth  # not installed unless asked for

                found = jedi_truth(workspace, rows)
            else:
                found = truth_of(workspace, rows, options.server, options.language)
            by_row = {row: key for key, row in keys.items()}
            kept.write_text(json.dumps({by_row[row]: places for row, places in found.items()}))
        truth = {keys[key]: places for key, places in json.loads(kept.read_text()).items() if key in keys}
        judge(workspace, truth, counts, wrong, missed)
        print(
            folder.name,
            {key: value for key, value in counts.items() if "bucket" not in key},
            file=sys.stderr,
            flush=True,
        )
    figures = {
        "judge": options.judge or Path(options.server[0]).name,
        "symbols": counts["symbols"],
        "pairs": counts["true pairs"],
        "precision at .8": ratio(counts["sure and true"], counts["sure"]),
        "recall at .8": ratio(counts["sure and true"], counts["true pairs"]),
        "precision at any": ratio(counts["any and true"], counts["any"]),
        "recall at any": ratio(counts["any and true"], counts["true pairs"]),
        "precision by confidence": {
            f"{bucket / 10:.1f}": [
                ratio(counts[f"bucket {bucket} true"], counts[f"bucket {bucket}"]),
                counts[f"bucket {bucket}"],
            ]
            for bucket in range(10)
            if counts[f"bucket {bucket}"]
        },
    }
    print(json.dumps(figures, indent=1))
    for title, pairs in (("wrong", wrong), ("missed", missed)):
        random.Random(SEED).shuffle(pairs)
        for pair in pairs[: options.show]:
            print(title, pair)
    if options.result:
        results = json.loads(options.result.read_text()) if options.result.exists() else {}
        results[f"{options.language}, {figures['judge']}"] = figures
        options.result.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
