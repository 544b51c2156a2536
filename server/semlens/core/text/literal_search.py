"""Finds matches of slow expressions by the words that they begin with.

`re` tries an expression with alternatives, or one that ignores case, at every character. To look for literal words is
many times faster. So the words are found first, and the expression is tried only there. The matches are the same as
those of `finditer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator


def beginnings(words: Iterable[str]) -> re.Pattern[str]:
    """An expression that finds each place where a word begins, also where another word is not over.

    Every alternative begins with a letter, so `re` passes over all other characters in one loop.
    """
    rests: dict[str, list[str]] = {}
    for word in words:
        rests.setdefault(word[0], []).append(re.escape(word[1:]))
    return re.compile("|".join(f"{re.escape(first)}(?={'|'.join(rest)})" for first, rest in rests.items()))


def places_of(words: Iterable[str], text: str) -> list[int]:
    """Where the words begin in a text, ascending."""
    places = []
    for word in words:
        place = text.find(word)
        while place >= 0:
            places.append(place)
            place = text.find(word, place + 1)
    return sorted(places)


def matches_at(pattern: re.Pattern[str], text: str, places: Iterable[int]) -> Iterator[re.Match[str]]:
    """The matches of `finditer`, if each begins at one of these places.

    :param places: ascending.
    """
    end = 0
    for place in places:
        if place >= end and (match := pattern.match(text, place)):
            end = match.end()
            yield match
