"""What makes a question about a piece of code usable for training. Pure: strings to verdicts, no files."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from enum import StrEnum
from math import ceil

from semlens.core.text.identifiers import identifiers_in, split_identifier, stem
from semlens.index.segment.terms import STOP_WORDS

ALIKE = 0.8  # share of common terms from which two questions are near-duplicates
ALIKE_TO_TEST = 0.6  # same, with a question of a test set
OTHER_LANGUAGES = ("de", "es", "fr", "pt", "zh", "ja", "ko", "ru")

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SCRIPTS = {
    "zh": re.compile(r"[\u4e00-\u9fff]"),
    "ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
}
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\uac00-\ud7af]")
_DENSE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_ASCII_LETTER = re.compile(r"[A-Za-z]")


class Register(StrEnum):
    """How a question is put."""

    WORDS = "words"
    NEED = "need"
    KEYWORDS = "keywords"
    ERROR = "error"
    WHERE = "where"


_WORDS_ALLOWED = {
    Register.WORDS: (3, 40),
    Register.NEED: (3, 45),
    Register.KEYWORDS: (2, 7),
    Register.ERROR: (2, 60),
    Register.WHERE: (3, 40),
}
_WIDEST = Register.ERROR  # a twin is of any register
_MAX_CHARACTERS = 400


def own_name(qualified_name: str | None, path: str) -> str:
    """The last part of a symbol's name, or a file's name without its extension."""
    if qualified_name is None:
        return path.rsplit("/", 1)[-1].split(".", 1)[0]
    names = _IDENTIFIER.findall(qualified_name.partition("(")[0])
    return str(names[-1]) if names else qualified_name


def problem_of(register: Register, question: str, name: str) -> str | None:
    """What is wrong with an English question, or None.

    :param name: see ``own_name``.
    """
    least, most = _WORDS_ALLOWED[register]
    n_words = len(question.split())
    if not question.strip():
        return "empty"
    if n_words < least:
        return "too short"
    if n_words > most or len(question) > _MAX_CHARACTERS:
        return "too long"
    if "```" in question:
        return "code"
    letters = [letter for letter in question if letter.isalpha()]
    if len(_ASCII_LETTER.findall(question)) < 0.7 * max(1, len(letters)):
        return "not English"
    if copies_name(question, name):
        return "copies the name"
    if register is Register.KEYWORDS and question.rstrip().endswith(("?", ".")):
        return "not keywords"
    return None if terms_of(question) else "says nothing"


def problem_of_other(language: str, question: str, english: str, name: str) -> str | None:
    """What is wrong with a question in another language and its English twin, or None."""
    if language not in OTHER_LANGUAGES:
        return "unknown language"
    length = len(question.split()) + len(_DENSE.findall(question)) // 2
    if length < 2:
        return "empty" if not question.strip() else "too short"
    if length > 60 or len(question) > _MAX_CHARACTERS:
        return "too long"
    if not _is_written_in(language, question) or question.strip().lower() == english.strip().lower():
        return "not in its language"
    if copies_name(question, name):
        return "copies the name"
    return problem_of(_WIDEST, english, name)


def _is_written_in(language: str, question: str) -> bool:
    script = _SCRIPTS.get(language)
    if script is None:
        return bool(_ASCII_LETTER.search(question)) and not any(other.search(question) for other in _SCRIPTS.values())
    if language == "zh" and _KANA_OR_HANGUL.search(question):
        return False
    return script.search(question) is not None


def copies_name(question: str, name: str) -> bool:
    """Whether a question has the whole name of what it asks for: as it is written, or its three parts or more in order.

    A name of a single word may be the plain word for the thing, so that it alone is no copy.
    """
    parts = split_identifier(name)
    if len(parts) < 2:
        return False
    plain = name.strip("_").lower()
    if any(token.strip("_").lower() == plain for token in _IDENTIFIER.findall(question)):
        return True
    words = [part for token in _IDENTIFIER.findall(question) for part in split_identifier(token)]
    return len(parts) >= 3 and any(
        tuple(words[start : start + len(parts)]) == parts for start in range(len(words) - len(parts) + 1)
    )


def terms_of(question: str, language: str = "en") -> frozenset[str]:
    """What two questions are compared by: stems without stop words; pairs of letters where words are not spaced."""
    if language == "en":
        parts = (part for identifier in identifiers_in(question) for part in split_identifier(identifier))
        return frozenset(stem(part) for part in parts if part not in STOP_WORDS)
    if language in {"zh", "ja"}:
        letters = "".join(identifiers_in(question.lower()))
        return frozenset(f"{language}:{letters[i : i + 2]}" for i in range(max(1, len(letters) - 1)))
    return frozenset(f"{language}:{word}" for word in identifiers_in(question.lower()))


def alike(sets: Sequence[frozenset[str]], threshold: float) -> list[int | None]:
    """For each set of terms the first kept one before it whose Jaccard similarity reaches the threshold, or None.

    A set with None is kept. Exact, by prefix filtering: two such sets share one of their rarest terms.
    """
    frequency = Counter(term for terms in sets for term in terms)
    index: dict[str, list[int]] = defaultdict(list)
    found: list[int | None] = []
    for number, terms in enumerate(sets):
        rarest = sorted(terms, key=lambda term: (frequency[term], term))
        prefix = rarest[: len(terms) - ceil(threshold * len(terms) - 1e-9) + 1]
        candidates = {other for term in prefix for other in index[term]}
        twin = next((other for other in sorted(candidates) if _similarity(terms, sets[other]) >= threshold), None)
        found.append(twin)
        if twin is None:
            for term in prefix:
                index[term].append(number)
    return found


def _similarity(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, len(one | other))
