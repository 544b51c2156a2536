"""Measures what each feature of the ranking is worth on three sets of questions. Writes the table of docs/ranking.md.

    python bench/feature_worth.py --dataset DIR --checkouts DIR --packages DIR [--reports DIR] [--first MODEL]
    python bench/feature_worth.py --table

A feature is removed from every table of weights; the others keep their weights. The sets are the labelled questions of
``quality.py``, the questions in other words of ``other_words.py``, and the reports of ``bug_reports.py``. They tell
where their sources come from. ``--table`` writes the table again from the kept result.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import bug_reports
import other_words
from altered_weights import without, without_of_symbols
from quality import Repository, Search, in_process, load_dataset, searches
from ranking_corpus import Tier, default_cache, make_snapshot, parse_folder
from ranking_metrics import mean_with_interval, score
from semlens.core.status import TierRole
from semlens.search.ranking import weights as w
from semlens.search.ranking.prose_weights import PROSE

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "bench" / "results" / "feature_worth.json"
PAGE = ROOT / "docs" / "ranking.md"
BEGIN, END = "<!-- Written by bench/feature_worth.py --table. -->", "<!-- End of the table. -->"
SETS = {"repositories": "repository questions", "other_words": "other words", "reports": "bug reports"}

Values = dict[str, dict[str, list[float]]]
"""For each set, the values of its questions by repository or language."""


class Prepared(NamedTuple):
    """What is asked of which index."""

    repositories: Sequence[tuple[Repository, Search]]
    other_words: Sequence[other_words.Asked]
    reports: Mapping[str, tuple[Search, Sequence[bug_reports.Report]]]


def prepare(arguments: argparse.Namespace, tiers: list[Tier]) -> Prepared:
    cache: Path = arguments.cache
    labelled = load_dataset(arguments.dataset, arguments.checkouts, whole=False)
    reports: dict[str, tuple[Search, Sequence[bug_reports.Report]]] = {}
    labels = arguments.reports.glob("*/reports.json") if arguments.reports else ()
    for folder in sorted(path.parent for path in labels):
        snapshot = make_snapshot(parse_folder(folder / "files", cache), tiers, cache)
        reports[folder.name] = (in_process(snapshot, tiers, ""), bug_reports.read_reports(folder))
    return Prepared(
        list(searches(labelled, tiers, cache)),
        [one for path in other_words.FILES for one in other_words.prepare(path, tiers, arguments.packages, cache)],
        reports,
    )


def measure(prepared: Prepared, tiers: list[Tier]) -> Values:
    """NDCG@10, the reciprocal rank of the symbol, and whether all files of a report are among five."""
    values: Values = defaultdict(dict)
    for repository, search in prepared.repositories:
        values["repositories"][repository.name] = [
            score(search(question.text), question, repository.prefix, strict=False)["ndcg10"]
            for question in repository.questions
        ]
    for asked in prepared.other_words:
        values["other_words"].setdefault(asked.language, []).append(other_words.rank_of(asked, tiers)[0])
    for name, (search, reports) in prepared.reports.items():
        values["reports"][name] = [
            float({*report.files} <= {hit.path for hit in search(report.text)[:5]}) for report in reports
        ]
    return values


def change(before: Values, after: Values) -> dict[str, list[float]]:
    """For each set, the mean change of its questions and its 95 % interval."""
    return {
        name: [
            *mean_with_interval(
                {
                    group: [new - old for old, new in zip(values, after[name][group], strict=True)]
                    for group, values in groups.items()
                }
            )
        ]
        for name, groups in before.items()
    }


def table(result: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]) -> str:
    """The changes as a table of Markdown. Bold: the interval leaves 0 out."""
    all_of_them = result["all features"]["all"]
    shown = [name for name in SETS if name in all_of_them]
    lines = [f"| without | {' | '.join(SETS[name] for name in shown)} |", "|" + "---|" * (len(shown) + 1)]
    lines.append(f"| nothing | {' | '.join(f'{all_of_them[name][0]:.3f}' for name in shown)} |")
    idle = []
    for kind in ("files", "symbols"):
        for feature, changes in result[kind].items():
            cells = [_cell(*changes[name]) for name in shown]
            if set(cells) == {"0"}:
                idle.append(f"`{feature}` of {kind}")
            else:
                lines.append(f"| `{feature}` of {kind} | {' | '.join(cells)} |")
    if idle:
        lines += ["", f"No mean changes without {', '.join(idle)}."]
    return "\n".join(lines)


def _cell(mean: float, low: float, high: float) -> str:
    if low > 0 or high < 0:
        return f"**{mean:+.3f}**"
    return f"{mean:+.3f}" if abs(mean) >= 0.0005 else "0"


def page_with_table(page: str) -> str:
    """The page with the table of the kept result between its marks."""
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n\n{table(json.loads(RESULT.read_text()))}\n\n{END}{rest.split(END)[1]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--checkouts", type=Path)
    parser.add_argument("--packages", type=Path, help="packages of the questions in other words")
    parser.add_argument("--reports", type=Path)
    parser.add_argument("--first", default="semlens-static-v1")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--table", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    if not arguments.table:
        tiers = [Tier(TierRole.FIRST, arguments.first)]
        prepared = prepare(arguments, tiers)
        whole = measure(prepared, tiers)
        means = {name: [round(mean_with_interval(groups)[0], 4)] for name, groups in whole.items()}
        result: dict[str, dict[str, dict[str, list[float]]]] = {"all features": {"all": means}}
        tables = PROSE[TierRole.FIRST]
        for kind, remove, names in (
            ("files", without, {**w.FILE_WEIGHTS, **tables["files"]}),
            ("symbols", without_of_symbols, {**w.SYMBOL_WEIGHTS, **tables["symbols"]}),
        ):
            result[kind] = {}
            for feature in names:
                with remove(feature):
                    result[kind][feature] = change(whole, measure(prepared, tiers))
                print(kind, feature, result[kind][feature], flush=True)
        RESULT.write_text(json.dumps(result, indent=1) + "\n")
    PAGE.write_text(page_with_table(PAGE.read_text()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
