"""Chooses the lines of a hit that match the query best."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from semlens.core.text.identifiers import identifiers_in, terms_of_identifier
from semlens.index.segment.terms import term_hash
from semlens.search.query.query import Query

_MAX_LINES_READ = 2_000
_MAX_LINE_CHARS = 1_000
_MAX_STRETCHES = 3


def best_lines(lines: Sequence[str], first_line: int, query: Query) -> tuple[tuple[int, int], ...]:
    """Ranges (first, last) of lines, inclusive, counted from ``first_line``: best first, at most three.

    The value of a line is the sum of the weights of the query terms on it. The n-th occurrence of a term counts
    1 / sqrt(n), so that ranges that cover different terms win over repetitions.
    """
    weights = dict(query.terms)
    shown = [line[:_MAX_LINE_CHARS] for line in lines[:_MAX_LINES_READ]]
    is_unrelated = frozenset(weights).isdisjoint
    seen: dict[int, int] = {}
    worth: list[tuple[float, int]] = []
    for offset in _lines_with(query.term_texts, "\n".join(shown).lower()):
        hashes = map(_hashes, set(identifiers_in(shown[offset])))
        terms = frozenset().union(*(of_word for of_word in hashes if not is_unrelated(of_word)))
        value = 0.0
        for term in sorted(terms & weights.keys()):
            seen[term] = seen.get(term, 0) + 1
            value += weights[term] / seen[term] ** 0.5
        if value > 0:
            worth.append((value, offset))
    if not worth:
        return ()
    worth.sort(key=lambda item: (-item[0], item[1]))
    least = worth[0][0] / 2
    chosen = sorted(offset for value, offset in worth[: 3 * _MAX_STRETCHES] if value >= least)
    stretches: list[tuple[int, int]] = []
    for offset in chosen:
        if stretches and offset <= stretches[-1][1] + 1:
            stretches[-1] = (stretches[-1][0], offset)
        else:
            stretches.append((offset, offset))
    value_of = {offset: value for value, offset in worth}
    stretches.sort(key=lambda s: -max(value_of.get(line, 0.0) for line in range(s[0], s[1] + 1)))
    return tuple((first + first_line, last + first_line) for first, last in stretches[:_MAX_STRETCHES])


def _lines_with(stems: Sequence[str], lowered: str) -> list[int]:
    """The lines that may have a word with one of the stems, ascending: few, so that few are cut into words."""
    found: set[int] = set()
    for stem in stems:
        start = stem.removesuffix("i") or stem  # a word begins with its stem, but for ``queri`` of ``query``
        line = at = 0
        while (place := lowered.find(start, at)) >= 0:
            line += lowered.count("\n", at, place)
            found.add(line)
            at = lowered.find("\n", place)
            if at < 0:
                break
    return sorted(found)


@lru_cache(maxsize=16_384)
def _hashes(identifier: str) -> frozenset[int]:
    return frozenset(term_hash(term) for term in terms_of_identifier(identifier))
