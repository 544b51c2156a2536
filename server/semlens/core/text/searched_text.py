"""A text in which rules look for secrets. Names of secrets and keywords are found once, for all rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from semlens.core.text.literal_search import beginnings, matches_at, places_of
from semlens.core.text.secret_forms import KEYWORDS, PlaceRule
from semlens.core.text.secret_names import NAME_BEGINNINGS, SECRET_NAME_PART

_BEGINNINGS = beginnings(NAME_BEGINNINGS)
_FOLDED = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u1c82": "\u043e"}
"""Letters (dotted and dotless i, long s, narrow o) that expressions without regard to case take for another one."""


@dataclass(frozen=True)
class SearchedText:
    """A text in the forms in which rules search it. All of them have the same length."""

    text: str

    @cached_property
    def lower(self) -> str:
        """The text in lower case, without letters that have two in lower case."""
        lower = self.text.lower()
        if len(lower) == len(self.text):
            return lower
        return "İ".join(part.lower() for part in self.text.split("İ"))

    @cached_property
    def folded(self) -> str:
        """The text in lower case as expressions without regard to case see it."""
        folded = self.lower
        if self._has_odd_letters:
            for letter, other in _FOLDED.items():
                folded = folded.replace(letter, other)
        return folded

    @cached_property
    def _has_odd_letters(self) -> bool:
        return not self.text.isascii() and any(letter in self.text for letter in _FOLDED)

    @cached_property
    def keywords(self) -> set[str]:
        """The keywords of rules that the text has."""
        lower = self.lower
        return {keyword for keyword in KEYWORDS if keyword in lower}

    @cached_property
    def names(self) -> list[re.Match[str]]:
        """The names of secrets, in order."""
        places = (place.start() for place in _BEGINNINGS.finditer(self.lower))
        return list(matches_at(SECRET_NAME_PART, self.lower, places))

    @cached_property
    def lines_with_names(self) -> list[tuple[int, int]]:
        """Start and end of each line that may have the name of a secret, without regard to case."""
        if self._has_odd_letters:
            return [(0, len(self.text))]
        lines: list[tuple[int, int]] = []
        end = 0
        for name in self.names:
            if lines and name.start() < end:
                continue
            start = self.text.rfind("\n", end, name.start()) + 1 or end
            end = self.text.find("\n", name.start())
            end = len(self.text) if end < 0 else end
            lines.append((start, end))
        return lines

    def rules_that_may_match(self, rules: Iterable[PlaceRule]) -> Iterator[PlaceRule]:
        return (rule for rule in rules if not self.keywords.isdisjoint(rule.keywords))

    def matches(self, rule: PlaceRule) -> Iterator[re.Match[str]]:
        """The matches of the rule's expression, as `finditer` gives them."""
        if rule.part and not re.search(rule.part, self.text):
            return
        if rule.begins:
            yield from matches_at(rule.pattern, self.text, places_of(rule.begins, self.folded))
        elif rule.in_line:
            for start, end in self.lines_with_names:
                yield from rule.pattern.finditer(self.text, start, end)
        else:
            yield from rule.pattern.finditer(self.text)
