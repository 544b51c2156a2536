"""Writes the part of docs/benchmarks.md about ranking: quality by kind of query, and against the time to index.

It reads the results of ``bench/quality.py`` (``quality_*.json``) and of ``bench/hard_cases.py``. The points of the plot
are runs with ``--engine``, which built a new index.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KINDS = (("bare-symbol", "a name"), ("filename", "file named"), ("ident", "name in prose"), ("prose", "plain prose"))
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 300, 70, 160, 40, 50


@dataclass(frozen=True, slots=True)
class Point:
    """:ivar x: seconds. :ivar y: NDCG@10, with its interval."""

    label: str
    x: float
    y: float
    interval: tuple[float, float]


def quality(results: Mapping[str, Any], plots: dict[str, str]) -> Iterator[str]:
    """Return the section as Markdown. Add the plot to ``plots``."""
    found = {name: value for name, value in results.items() if name.startswith("quality_")}
    if not found:
        return
    yield "## Ranking\n"
    yield (
        "`python bench/quality.py --dataset DIR --checkouts DIR`. NDCG@10 for labelled queries about public"
        " repositories, averaged over the repositories. The interval is a bootstrap over queries. All files"
        " are searched, not only code as by default."
        " [ranking.md](ranking.md) tells how the weights were learned.\n"
    )
    header = [
        "run",
        "commit",
        "NDCG@10",
        "95 % interval",
        *(label for _, label in KINDS),
        "index, s",
        "processor ms a query",
    ]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    for name, value in found.items():
        overall, by_kind = value["overall"], value["by_kind"]
        cells = [
            name.removeprefix("quality_").replace("_", " "), value["commit"], f"{overall['ndcg10']:.3f}",
            "{:.3f} to {:.3f}".format(*overall["ndcg10_95"]),
            *(f"{by_kind[kind]['ndcg10']:.3f}" if kind in by_kind else "" for kind, _ in KINDS),
            str(value.get("index_s", {}).get("all", "")), str(value["median_ms"]),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    yield "\n".join(lines) + "\n"
    points = [
        Point(
            " + ".join(filter(None, ("words", value["first"], value["refine"]))),
            value["index_s"]["all"],
            value["overall"]["ndcg10"],
            (value["overall"]["ndcg10_95"][0], value["overall"]["ndcg10_95"][1]),
        )
        for value in found.values()
        if "index_s" in value
    ]
    if points:
        plots["quality.svg"] = scatter("NDCG@10 against the time to index all repositories", points)
        yield "![Quality against index time](plots/quality.svg)\n"


def hard_cases(results: Mapping[str, Any], plots: dict[str, str]) -> Iterator[str]:  # noqa: ARG001 - as all sections
    """Return the section on our own queries: each searcher as a row, then MRR@10 by kind of query."""
    runs = [run for name in ("hard_cases", "hard_cases_by_file") for run in results.get(name, [])]
    if not runs:
        return
    yield "## Hard cases\n"
    yield (
        "`python bench/hard_cases.py`. Our own queries about installed packages: typing errors, prefixes, paraphrases,"
        " messages, stack traces, filters. A hit counts by symbol, or by file where another searcher has no symbols.\n"
    )
    lines = ["| searcher | hits count by | queries | first hit right | MRR@10 | ms a query |", "|" + "---|" * 6]
    labels = [f"{run['searcher']}, by {'file' if run['by_file'] else 'symbol'}" for run in runs]
    for run in runs:
        unit, total = "file" if run["by_file"] else "symbol", run["all"]
        cells = (run["searcher"], unit, total["n"], total["hit1"], total["mrr10"], run["ms_a_query"])
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    yield "\n".join(lines) + "\n"
    yield "MRR@10 by kind of query:\n"
    lines = ["| kind | queries | " + " | ".join(labels) + " |", "|" + "---|" * (len(labels) + 2)]
    for kind, first in runs[0]["by_kind"].items():
        values = [str(run["by_kind"].get(kind, {}).get("mrr10", "")) for run in runs]
        lines.append(f"| {kind} | {first['n']} | " + " | ".join(values) + " |")
    yield "\n".join(lines) + "\n"


def scatter(title: str, points: Sequence[Point]) -> str:
    """Draw NDCG@10 against seconds. The vertical axis starts below the lowest interval."""
    right = max(point.x for point in points) * 1.1 or 1.0
    low = min(point.interval[0] for point in points) - 0.01
    high = max(point.interval[1] for point in points) + 0.01

    def across(x: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * x / right

    def up(y: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (y - low) / (high - low)

    base = _HEIGHT - _BOTTOM
    size = f'width="{_WIDTH}" height="{_HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {_WIDTH} {_HEIGHT}">',
        "<style>text { font: 13px sans-serif; fill: #222 } line { stroke: #888 }</style>",
        f'<rect {size} fill="#ffffff"/>',
        f'<text x="12" y="22">{html.escape(title)}</text>',
        f'<line x1="{_LEFT}" y1="{base}" x2="{_WIDTH - _RIGHT}" y2="{base}"/>',
        f'<line x1="{_LEFT}" y1="{_TOP}" x2="{_LEFT}" y2="{base}"/>',
    ]
    for step in range(5):
        y, x = low + (high - low) * step / 4, right * step / 4
        parts += [
            f'<text x="{_LEFT - 8}" y="{up(y) + 4:.1f}" text-anchor="end">{y:.3f}</text>',
            f'<text x="{across(x):.1f}" y="{base + 18}" text-anchor="middle">{x:.0f} s</text>',
        ]
    for point in points:
        x, y = across(point.x), up(point.y)
        parts += [
            f'<line x1="{x:.1f}" y1="{up(point.interval[0]):.1f}" x2="{x:.1f}" y2="{up(point.interval[1]):.1f}"/>',
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#3b6ea5"/>',
            f'<text x="{x + 9:.1f}" y="{y - 6:.1f}">{html.escape(point.label)}: {point.y:.3f}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
