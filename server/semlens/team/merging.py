"""Merges the hits of a team's server with the local ones. What the user's own clone has wins.

Both lists have scores between 0 and 1 from the same ranking, under the statistics of their own index. Each keeps its
order. Everything that the server says is checked, because it is data of another machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from semlens.core.hit import Reason, SearchHit, SearchResult
from semlens.files.git_origin import is_repository_name
from semlens.search.ranking.confidence import FIRST_HITS
from semlens.search.ranking.confidence_weights import NOTHING_FITS
from semlens.service.decoding import search_hit

MAX_HITS = 1_000
_MAX_TEXT_CHARS = 100_000
_MAX_FEATURE = 1e9


def team_hits(answer: Mapping[str, Any]) -> list[SearchHit]:
    """The hits of an answer to `search`. Those of a wrong form are left out."""
    listed = answer.get("hits")
    hits = []
    for data in listed[:MAX_HITS] if isinstance(listed, list) else ():
        try:
            hit = search_hit(data)._replace(team=data["repository"])
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        if _is_sound(hit):
            hits.append(hit)
    return hits


def confidence_in(answer: Mapping[str, Any]) -> float:
    value = answer.get("confidence")
    return float(min(1.0, max(0.0, value))) if isinstance(value, int | float) else 0.0


def merge(
    local: SearchResult,
    hits: Sequence[SearchHit],
    confidence: float,
    limit: int,
    is_local: Callable[[str, str], bool],
) -> SearchResult:
    """:param hits: of the team. :param confidence: of the team's answer.

    :param is_local: given a repository and a path, whether the user has that file.
    """
    foreign = [hit for hit in hits if not is_local(hit.team, hit.path)]
    if not foreign:
        return local
    merged: list[SearchHit] = []
    own, others = list(local.hits), foreign
    while (own or others) and len(merged) < limit:
        takes_own = bool(own) and (not others or own[0].score >= others[0].score)
        merged.append((own if takes_own else others).pop(0))
    first = merged[:FIRST_HITS]
    of_local = local.confidence if any(not hit.team for hit in first) else 0.0
    of_team = confidence if any(hit.team for hit in first) else 0.0
    best = max(of_local, of_team)
    return local._replace(hits=tuple(merged), confidence=best, nothing_fits=best < NOTHING_FITS)


def is_safe(repository: str, path: str) -> bool:
    """Whether neither leads out of a folder."""
    return (
        is_repository_name(repository)
        and 0 < len(path) <= 4_096
        and not {"", ".", ".."} & set(path.split("/"))
        and not any(character in path for character in "\0\\:")
    )


def _is_sound(hit: SearchHit) -> bool:
    texts: list[Any] = [hit.team, hit.path, hit.root, hit.name, hit.qualified_name, hit.language]
    texts += [hit.signature, hit.snippet]
    if not all(isinstance(text, str) and len(text) <= _MAX_TEXT_CHARS for text in texts):
        return False
    numbers: list[Any] = [*hit.span, *hit.name_span, *hit.snippet_span]
    numbers += [line for lines in hit.highlights for line in lines]
    score: Any = hit.score
    is_score = isinstance(score, int | float) and 0.0 <= score <= 1.0
    are_numbers = all(isinstance(number, int) and 0 <= number < 1 << 31 for number in numbers)
    are_reasons = all(reason in tuple(Reason) for reason in hit.reasons)
    features: Any = hit.features
    are_features = isinstance(features, dict) and all(map(_is_feature, features.values()))
    return is_score and are_numbers and are_reasons and are_features and is_safe(hit.team, hit.path)


def _is_feature(value: Any) -> bool:
    return isinstance(value, int | float) and -_MAX_FEATURE <= value <= _MAX_FEATURE
