"""Compares the calls that the code graph finds in Rust with calls that were labelled by hand.

`graph_labels/rust.tsv` has 230 pairs of a function and a name that it calls, 325 call sites in all, sampled at random
from the code of five crates outside of their tests. Only names that the crate defines were sampled. The labels were
written from reading the code, before the graph was asked: the lines of all definitions that the sites mean, or
"outside" for the standard library, other crates and variants of enums. A call on a generic value or a trait object
means the declaration in the trait.

Labels of hyperfine and ripgrep may be looked at when rules are changed. Those of zoxide, cargo and tokio are for
judging alone.

    python bench/graph_rust.py hyperfine=FOLDER ripgrep=FOLDER zoxide=FOLDER cargo=FOLDER tokio=FOLDER
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from graph_truth import SURE, Workspace, load, ratio
from semlens.core.reference import ReferenceKind
from semlens.graph.neighbours import references_from
from semlens.graph.resolver import Resolver
from semlens.index.segment.terms import term_hash

LABELS = Path(__file__).parent / "graph_labels" / "rust.tsv"
MAY_BE_TUNED = ("hyperfine", "ripgrep")


def judge(workspace: Workspace, rows: list[list[str]], show: bool) -> Counter[str]:
    resolver = Resolver([workspace.view])
    segment = workspace.view.segment
    counts: Counter[str] = Counter()

    def place(row: int) -> str:
        return f"{segment.files.paths[int(segment.symbols.files[row])]}:{segment.symbols.name_span(row).start_line + 1}"

    for _, _, path, lines, name, definitions in rows:
        true = set() if definitions == "outside" else set(definitions.split())
        caller = workspace.caller(path, int(lines.partition(",")[0]) - 1)
        found: dict[str, float] = {}
        for edge in references_from(resolver, 0, [caller]):
            if edge.kind is ReferenceKind.CALL and edge.term == term_hash(name):
                for one, confidence in resolver.targets(edge):
                    shown = place(one.symbol)
                    found[shown] = max(found.get(shown, 0.0), confidence)
        sure = {one for one, confidence in found.items() if confidence >= SURE - 1e-9}
        counts["pairs of a function and a name"] += 1
        counts["call sites"] += lines.count(",") + 1
        counts["true"] += len(true)
        counts["sure"] += len(sure)
        counts["sure and true"] += len(sure & true)
        counts["any"] += len(found)
        counts["any and true"] += len(found.keys() & true)
        if show and sure != true:
            print(path, lines, name, "true:", definitions, "found:", found)
    return counts


def figures_of(counts: Counter[str]) -> dict[str, float]:
    return {
        "pairs of a function and a name": counts["pairs of a function and a name"],
        "call sites": counts["call sites"],
        "precision at .8": ratio(counts["sure and true"], counts["sure"]),
        "recall at .8": ratio(counts["sure and true"], counts["true"]),
        "precision at any": ratio(counts["any and true"], counts["any"]),
        "recall at any": ratio(counts["any and true"], counts["true"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("crates", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--show", action="store_true", help="print what differs in the crates that may be looked at")
    parser.add_argument("--result", type=Path, help="a JSON file to add the figures to")
    options = parser.parse_args()
    labels = [line.split("\t") for line in LABELS.read_text().splitlines()[1:]]
    tuned: Counter[str] = Counter()
    unseen: Counter[str] = Counter()
    for crate in options.crates:
        name, _, folder = crate.partition("=")
        workspace = load(Path(folder).resolve(), (".rs",))
        counts = judge(workspace, [row for row in labels if row[0] == name], options.show and name in MAY_BE_TUNED)
        (tuned if name in MAY_BE_TUNED else unseen).update(counts)
        print(name, json.dumps(figures_of(counts)), flush=True)
    figures = {
        "Rust, labelled by hand": figures_of(tuned + unseen),
        "Rust, the labels never looked at": figures_of(unseen),
    }
    print(json.dumps(figures, indent=1))
    if options.result:
        results = json.loads(options.result.read_text()) if options.result.exists() else {}
        options.result.write_text(json.dumps(results | figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
