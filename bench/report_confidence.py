"""The section of docs/benchmarks.md on the confidence, and its plot: see `report`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_COLUMNS = (
    *("n", "answer in the first three", "AUC", "AUC removed", "AUC elsewhere", "AUC first three right"),
    *("calibration error", "says nothing fits, right", "says nothing fits, no answer"),
)
_COLOURS = {"words only": "#888888", "static": "#3b6ea5", "static and refined": "#b3412e"}
_SIZE, _LEFT, _TOP = 360, 60, 40


def confidence(results: Mapping[str, Any], plots: dict[str, str]) -> Iterator[str]:
    """Return the section: a table for each set of models."""
    result = results.get("confidence")
    if result is None:
        return
    yield "## Confidence\n"
    yield (
        "`python bench/confidence.py`. Each question is asked where its answer is, and where there is none: in the same"
        " repository without the files that answer (removed), or in another one of the same language, mostly of the"
        " nearest subject (elsewhere). The weights for a fold of languages are learnt without any repository of these"
        " languages. AUC: area under the ROC curve, of questions with an answer against those without. The last two"
        f" columns are shares of answers. One confidence takes {result['microseconds']:g} microseconds."
        " [search.md](search.md#confidence) says what the groups are.\n"
    )
    for models, colour in _COLOURS.items():
        if models in result and colour:
            content = result[models]
            yield f"With {models}, {content['repositories']} repositories:\n"
            lines = ["| questions | " + " | ".join(_COLUMNS) + " |", "|" + "---|" * (len(_COLUMNS) + 1)]
            for group, row in content["groups"].items():
                lines.append("| " + " | ".join([group, *(str(row[column]) for column in _COLUMNS)]) + " |")
            yield "\n".join(lines) + "\n"
    plots["confidence.svg"] = reliability_plot(result)
    yield "![Reliability of the confidence](plots/confidence.svg)\n"


def reliability_plot(result: Mapping[str, Any]) -> str:
    """Said against true share, a point for each bin; its area is the share of the questions."""
    size, left, top = _SIZE, _LEFT, _TOP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="620" height="{size + 90}" viewBox="0 0 620 {size + 90}">',
        "<style>text { font: 13px sans-serif; fill: #222 }</style>",
        f'<rect width="620" height="{size + 90}" fill="#ffffff"/>',
        '<text x="12" y="22">Confidence: said, and true, on languages not learnt from</text>',
        f'<line x1="{left}" y1="{top + size}" x2="{left + size}" y2="{top}" stroke="#999999" stroke-dasharray="4 3"/>',
        f'<rect x="{left}" y="{top}" width="{size}" height="{size}" fill="none" stroke="#999999"/>',
        f'<text x="{left + size / 2}" y="{top + size + 38}" text-anchor="middle">confidence</text>',
        f'<text x="18" y="{top + size / 2}" transform="rotate(-90 18 {top + size / 2})" text-anchor="middle">',
        "answer among the first three</text>",
    ]
    for tick in range(0, 11, 2):
        at = tick / 10
        parts.append(f'<text x="{left + size * at}" y="{top + size + 18}" text-anchor="middle">{at:g}</text>')
        parts.append(f'<text x="{left - 8}" y="{top + size - size * at + 4}" text-anchor="end">{at:g}</text>')
    for row, (name, colour) in enumerate(_COLOURS.items()):
        bins = result[name]["bins"]
        points = [(left + size * one["said"], top + size - size * one["true"], one["share"]) for one in bins]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 14 * s**0.5:.1f}" fill="{colour}" fill-opacity="0.5"/>'
            for x, y, s in points
        ]
        parts.append(f'<text x="{left + size + 16}" y="{top + 20 + 20 * row}" style="fill: {colour}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
