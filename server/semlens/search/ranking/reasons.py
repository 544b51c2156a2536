"""Why a hit is there, in a word each, from the features that ranked it."""

from __future__ import annotations

from collections.abc import Mapping

from semlens.search.query.query import Query

RECENT = "recent"
"""The feature of a hit that is shown because its file is open or was found a short time ago."""

_LEAST = 0.35
_SIMILAR = {"first": 1.2, "refine": 1.2}
"""What a cosine is worth beside the other strengths: good answers have cosines of 0.3 to 0.7."""


def reasons_of(features: Mapping[str, float], query: Query | None = None) -> tuple[str, ...]:
    """Of ``trace``, ``name``, ``path``, ``words``, ``meaning`` and ``recent`` those that speak for a hit.

    The strongest come first. A weak one is named when nothing stronger is there; none is named when nothing speaks for
    the hit, as in an answer to a question of filters alone. For a question that is one name, ``words`` and ``path`` are
    left out where the name matches.
    """
    strengths = {
        "recent": features.get(RECENT, 0.0),
        "trace": 2.0 * features.get("frame", 0.0),
        "name": max(
            features.get("name", 0.0), 0.8 * features.get("named", 0.0), 0.6 * features.get("file.definition", 0.0)
        ),
        "path": max(features.get("file.path", 0.0), 0.8 * features.get("file.stem", 0.0)),
        "words": max(features.get("words", 0.0), 0.8 * features.get("covered", 0.0)),
        "meaning": max(scale * features.get(role, 0.0) for role, scale in _SIMILAR.items()),
    }
    ordered = sorted(strengths.items(), key=lambda item: -item[1])
    found = [name for name, strength in ordered if strength >= _LEAST]
    if query is not None and query.is_name and features.get("name", 0.0) >= _LEAST:
        found = ["name", *(name for name in found if name in ("meaning", "trace"))]
    if not found and ordered[0][1] > 0.0:
        found = [ordered[0][0]]
    return tuple(found)
