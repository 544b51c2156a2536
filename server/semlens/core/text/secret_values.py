"""Whether a value looks like a secret: random, chosen by a person, or a placeholder or a name in code."""

from __future__ import annotations

import enum
import itertools
import math
import re
from collections import Counter

from semlens.core.text.secret_names import KEY_NAME, PASSWORD_NAME


class Requirement(enum.Enum):
    """What a value must look like to count as a secret. The name and the place before it decide."""

    ANY = "any"
    """Any value."""
    MIXED = "mixed"
    """Letters, and digits or punctuation."""
    KEY = "key"
    """Not a name in code."""
    RANDOM = "random"
    """A random string, see `looks_random`."""
    ODD = "odd"
    """Letters, and digits or punctuation, but no name with a number."""
    PHRASE = "phrase"
    """Words that a person may have chosen, and no text for people."""


EASY = (Requirement.ANY, Requirement.MIXED, Requirement.KEY)
"""Those that a value which a person chose may fulfil."""

NAME_OF_SECRET = re.compile(rf"(?i){PASSWORD_NAME}|{KEY_NAME}")
PLACEHOLDER = re.compile(
    r"(?i)(?:x+|\*++|\.{1,2}/.*|\.++|--.*|\[.*|<.*>|\$+(?:[{(].*|[a-z_]\w*(?:[-.:>\[/@%$].*)?|\d(?:/.*)?)?|%.*%|@.*@"
    r"|.*(?:\{(?![a-z0-9+/]{22,}={0,2}\}\Z)|%[sd(]|://|\[masked\]).*"
    r"|(?:your|the|some|dummy|fake|example)[_-].*|\w*password[12]|change[_-]?me|example|user|username|pass|password|passwd"
    r"|passphrase|secret|token|key|string|none|null|nil|true|false|undefined|default|required|optional|prompt|redacted"
    r"|todo|value|hidden|same-origin)[:*?.!]*\Z"
)
CODE_NAME = re.compile(r"[A-Za-z_$][A-Za-z_$]*(?:[.:/#\\-]+[A-Za-z_$]+)*[:*?.!]*\Z")
_DOTTED = re.compile(r"[A-Za-z_]\w+(?:\.[A-Za-z_]\w+){2,}\Z")
_NUMBERED_NAME = re.compile(r"[A-Za-z_$]+\d{0,3}(?:[A-Z.][\w.]*)?\Z")
_WORDS_OF_TEXTS = frozenset(
    """a an and are be by can cannot characters confirm current do does enter error expired failed for forgot from has
    have here if in incorrect invalid is it least login minimum match missing must new no not of on one or please repeat
    required reset set sign the this to too type update use valid weak with wrong you your""".split()
)
"""A text with one of these words is more likely a message than a phrase that somebody chose as a password."""
_MOST_PHRASE_CHARS = 60
NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SECRET_WORDS = frozenset(
    "password passwords passwd passphrase pwd secret secrets token tokens key keys auth credential credentials".split()
)
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_PREFIXED = re.compile(
    r"(?:[a-z][a-z0-9]{1,9}|[A-Z][A-Z0-9]{1,9})(?:[_-][A-Za-z0-9]{1,8}){0,2}[_-](?P<random>[A-Za-z0-9]{28,120})\Z"
)
_LEAST_RANDOM_CHARS = 16
_LEAST_ENTROPY = {"hex": 2.7, "one case": 3.0, "both cases": 3.0}
_LEAST_CLASS_CHANGES = {"hex": 0.2, "one case": 0.25, "both cases": 0.4}
"""Least share of neighbouring characters that are of different classes: digits, capitals, small letters. It is 0.6 in
random base64, 0.5 in random hexadecimal digits, and much less in names and in words with a number."""
_LEAST_ODD_PAIRS, _LEAST_PAIRS = 0.4, 6
_PAIRS_OF_WORDS = frozenset(
    pair[0] + second
    for pair in """abcdgiklmnprstuvy baeiloru cacehiklortu dadeilosu eabcdefgilmnpqrstvwxy faefiortu gehiou haeiot
    iabcdefglmnoprstvz je kei ladeilostuy maeiopsu nacdefgilnostuy obcdfilmnoprstuvw paeiloprstuy qu racdegilmnorstuvy
    sacehiopstuy tacehiloprstuy uabceilmnprst vaei waehior xpt yprt ze""".split()
    for second in pair[1:]
)
"""A letter, and those that often follow it. These are 0.93 of the neighbours in words of public code, and 0.33 of those
in random letters."""


def has_prefix(value: str) -> bool:
    """Whether it is a random string of letters of both cases and digits behind a short word, as issuers make tokens."""
    token = _PREFIXED.match(value)
    return token is not None and all(re.search(one, token["random"]) for one in ("[a-z]", "[A-Z]", "[0-9]"))


def is_secret(value: str, requirement: Requirement) -> bool:
    """Whether a value fulfils a requirement, and is no placeholder and no name in code."""
    if PLACEHOLDER.match(value) or _is_code_name(value):
        return False
    if requirement is Requirement.ANY:
        return True
    if requirement is Requirement.KEY:
        return not CODE_NAME.match(value) or (value.isalpha() and (len(value) >= 10 or not value.islower()))
    if requirement is Requirement.RANDOM:
        return looks_random(value)
    if requirement is Requirement.PHRASE:
        return _is_phrase(value)
    if requirement is Requirement.ODD and _NUMBERED_NAME.match(value):
        return False
    return bool(re.search("[A-Za-z]", value) and re.search(r"[0-9!#%^*+~]", value))


def _is_phrase(value: str) -> bool:
    words = value.split(" ")
    return (
        len(value) <= _MOST_PHRASE_CHARS
        and value[-1] not in ".:?!,;>"
        and not NAME_OF_SECRET.search(value)
        and not any(word.lower() in _WORDS_OF_TEXTS for word in words)
        and (all(word.islower() for word in words) or bool(re.search("[0-9]", value)))
    )


def _is_code_name(value: str) -> bool:
    """Whether the value is a name in code, such as ``db_password`` or ``auth.tokens.Sha256``."""
    if _DOTTED.match(value):
        return True
    words = NAME_WORD.findall(value) if CODE_NAME.match(value) else []
    return len(words) > 1 and any(word.lower() in _SECRET_WORDS for word in words)


def looks_random(value: str) -> bool:
    """Whether a machine made it: it changes often between letters and digits, or its letters form no words."""
    if len(value) < _LEAST_RANDOM_CHARS or not re.search("[0-9]", value):
        return False
    classes = ["d" if letter.isdigit() else "u" if letter.isupper() else "l" for letter in value if letter.isalnum()]
    changes = sum(before != after for before, after in itertools.pairwise(classes)) / max(1, len(classes) - 1)
    kind = "hex" if _HEX.match(value) else "both cases" if {"u", "l"} <= set(classes) else "one case"
    return (
        len(classes) > 0.8 * len(value)
        and _entropy(value) >= _LEAST_ENTROPY[kind]
        and (
            changes >= _LEAST_CLASS_CHANGES[kind] or (kind != "hex" and _share_of_odd_pairs(value) >= _LEAST_ODD_PAIRS)
        )
    )


def _share_of_odd_pairs(value: str) -> float:
    """Of the neighbouring letters, how many are rarely neighbours in words. 0 where there are too few to tell."""
    pairs = [f"{one}{other}" for one, other in itertools.pairwise(value.lower()) if one.isalpha() and other.isalpha()]
    return sum(pair not in _PAIRS_OF_WORDS for pair in pairs) / len(pairs) if len(pairs) >= _LEAST_PAIRS else 0.0


def _entropy(text: str) -> float:
    """Shannon entropy, in bits per character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
