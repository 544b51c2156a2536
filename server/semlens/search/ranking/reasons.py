"""Names the reasons for a hit, from the features that ranked it."""

from __future__ import annotations

from collections.abc import Mapping

from semlens.core.hit import Reason
from semlens.core.status import TierRole
from semlens.search.query.query import Query

RECENT = "recent"
"""The feature of a hit that is shown because its file is open or was a hit recently."""


_LEAST = 0.35
_SIMILAR = {TierRole.FIRST: 1.2, TierRole.REFINE: 1.2}
"""Scale of a cosine against the other strengths. Good hits have cosines of 0.3 to 0.7."""


def reasons_of(features: Mapping[str, float], query: Query | None = None) -> tuple[Reason, ...]:
    """The reasons for a hit, strongest first.

    A weak reason is given only when there is no stronger one. There is none for a query of filters alone. For a query
    of one name, ``words`` and ``path`` are left out when the name matches.
    """
    strengths = {
        Reason.RECENT: features.get(RECENT, 0.0),
        Reason.TRACE: 2.0 * features.get("frame", 0.0),
        Reason.NAME: max(
            features.get("name", 0.0), 0.8 * features.get("named", 0.0), 0.6 * features.get("file.definition", 0.0)
        ),
        Reason.PATH: max(features.get("file.path", 0.0), 0.8 * features.get("file.stem", 0.0)),
        Reason.WORDS: max(features.get("words", 0.0), 0.8 * features.get("covered", 0.0)),
        Reason.MEANING: max(scale * features.get(role, 0.0) for role, scale in _SIMILAR.items()),
    }
    ordered = sorted(strengths.items(), key=lambda item: -item[1])
    reasons = [reason for reason, strength in ordered if strength >= _LEAST]
    if query is not None and query.is_name and features.get("name", 0.0) >= _LEAST:
        reasons = [Reason.NAME, *(reason for reason in reasons if reason in (Reason.MEANING, Reason.TRACE))]
    if not reasons and ordered[0][1] > 0.0:
        reasons = [ordered[0][0]]
    return tuple(reasons)
