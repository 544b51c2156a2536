"""What a question says, before anything is looked up: words, identifiers, and whether it asks for tests."""

from __future__ import annotations

import re
from dataclasses import dataclass

from semlens.core.words import IDENTIFIER, split_identifier, stem, terms_of_identifier
from semlens.index.terms import STOP_WORDS, term_hash

MAX_QUERY_CHARS = 4_000
"""The rest of a longer question is cut: no one reads it, and a pasted file would stop the search."""

_GENERIC = frozenset(
    """add all allow base build call case change check code create data default different do does each file get give
    handle handling implement implementation kind make manage method multiple object only other perform process provide
    purpose run set setup single specific start support thing type value various way work written""".split()
)
_GENERIC_WEIGHT = 0.3
_WHOLE_WEIGHT = 1.5
_TEST_WORDS = frozenset("test tests testing tested mock mocks mocking stub fake fixture fixtures spec".split())


@dataclass(frozen=True, slots=True)
class Query:
    """A question, taken apart.

    :ivar terms: hash and weight of each term to look up in the words.
    :ivar words: stems of its plain words, without function words.
    :ivar identifiers: its tokens that are written as names (camel case, underscores, digits), or its only token.
    :ivar is_name: the question is one name and nothing else.
    """

    text: str
    terms: tuple[tuple[int, float], ...]
    words: tuple[str, ...]
    plain: tuple[str, ...]
    identifiers: tuple[str, ...]
    is_name: bool
    asks_for_tests: bool


def _is_identifier(token: str) -> bool:
    return "_" in token.strip("_") or (len(split_identifier(token)) > 1 and not token.isupper())


def parse_query(text: str) -> Query:
    """Never fails: any text is a question, the empty one too."""
    text = text[:MAX_QUERY_CHARS]
    tokens = list(dict.fromkeys(IDENTIFIER.findall(text)))[:64]
    is_name = len(tokens) >= 1 and re.fullmatch(r"[\w.:#/\\$@<>()-]+", text.strip()) is not None
    identifiers = tuple(dict.fromkeys(token for token in tokens if _is_identifier(token)))
    if is_name:
        identifiers = tuple(dict.fromkeys((*identifiers, tokens[-1])))
    content = [token for token in tokens if token.lower() not in STOP_WORDS or token in identifiers] or tokens
    weights: dict[int, float] = {}
    for token in content:
        for term in terms_of_identifier(token):
            weight = _GENERIC_WEIGHT if token.lower() in _GENERIC and len(content) > 1 else 1.0
            if len(split_identifier(token)) > 1 and term == token.lower().strip("_"):
                weight = _WHOLE_WEIGHT
            key = term_hash(term)
            weights[key] = max(weights.get(key, 0.0), weight)
    plain = [part for token in content for part in split_identifier(token)]
    return Query(
        text=text,
        terms=tuple(weights.items()),
        words=tuple(dict.fromkeys(stem(part) for part in plain if part not in STOP_WORDS)),
        plain=tuple(dict.fromkeys(plain)),
        identifiers=identifiers,
        is_name=is_name,
        asks_for_tests=any(part in _TEST_WORDS for token in tokens for part in split_identifier(token)),
    )
