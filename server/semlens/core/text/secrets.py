"""Masks keys, tokens and passwords in text for prompts and embedding services.

`token_forms` and `secret_forms` have the forms that are known. Other secrets are found by the name before a value.
After the name of a password, every value is masked that is not a placeholder. After the name of a token, a value must
look random.

The tests compare the rules with the detectors of the library ``detect-secrets``. It is not a dependency, because it
loads a second HTTP client and finds only the first line of a key. ``bench/secret_mask.py`` measures how often code
without secrets is masked.
"""

from __future__ import annotations

import base64
import enum
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from semlens.core.text.long_secrets import spans_in_kubernetes_secrets
from semlens.core.text.searched_text import SearchedText
from semlens.core.text.secret_forms import BASIC_AUTH_RULES, BLOCK_RULES, NAMED_PLACE_RULES, PLACE_RULES, ValueGroup
from semlens.core.text.secret_inserts import values_of_secret_columns
from semlens.core.text.secret_names import KEY_NAME, PASSWORD_NAME
from semlens.core.text.token_forms import ISSUER, token_form

MASK = "[masked]"

RULES_VERSION = 8
"""Increase it with any change of a rule, because text that is masked differently has another vector."""


class _Requirement(enum.Enum):
    """What a value must look like to count as a secret. The name and the place before it decide."""

    ANY = "any"
    """Any value."""
    MIXED = "mixed"
    """Letters, and digits or punctuation."""
    KEY = "key"
    """Not a name in code."""
    RANDOM = "random"
    """A random string, see `_looks_random`."""


_NAME_OF_SECRET = re.compile(rf"(?i){PASSWORD_NAME}|{KEY_NAME}")
_TAIL = re.compile(r"[\w-]{0,40}")
_DESCRIPTIVE_WORDS = frozenset(
    """file path dir folder url uri name field label type length len size hash class regex pattern prompt hint min max
    policy error message msg reset form column header param arg env var prefix suffix input manager store provider
    format algo algorithm count limit index expiry expires title text help attribute option setting validator mode
    process cache source helper scope hasher hashers""".split()
)
"""A name with one of these words after it describes a secret and holds none, such as ``password_file``."""

_OPERATOR = re.compile(
    r"(?P<end>[\\\"'\]\)}]{0,4})[ \t]{0,20}(?:\{ ?get;[^{}\n]{0,40}\}[ \t]{0,9})?"
    r"(?:(?P<pair>,|\|\|?|\?[?:]|or\b|to\b|:-|\()|:=|=>|<-|[=!]==?|=|As[ \t]{1,5}\w{1,20}[ \t]{1,5}="
    r"|:(?!:)(?:[ \t]{0,5}[\w.&<>\[\]?|* ]{1,40}=(?!=|[ \t]{0,5}$))?)",
    re.MULTILINE,
)
_QUOTED = re.compile(
    r"\s{0,40}(?P<call>[\w.:\[\]]{1,40}(?=\())?\(?\s{0,40}(?P<default>default\s{0,5}[=:]\s{0,5})?"
    r"(?:[A-Za-z]{1,2}|[@&])?\\{0,2}"
    r"(?P<quote>\"\"\"|'''|[\"'`])(?P<value>[^\"'`\s\\]{4,1000})\\{0,2}(?P=quote)"
)
_BARE = re.compile(
    r"(?P<space>[ \t]{0,20}(?:[|>][+-]?[ \t]{0,5}\n[ \t]{1,40}|[&!]\w{1,40}[ \t]{1,5})?)"  # of YAML: a block, an anchor
    r"(?P<value>[^\s\"'`(){}\[\],;<>$|&\\]{4,1000})(?=[\s;&|}\"']|\Z)"
)
_CONVERSION = re.compile(
    r"(?i)(?:\[\]byte|string[.:]+from\w*|b(?:uffer|ytes|ytearray)(?:\.from)?|secretstr|some|str|text)\Z"
)
"""A call that only changes the type of a secret."""
_LINE_END = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_LINE_START = re.compile(r"[ \t]*(?:-[ \t]+)?(?:export[ \t]+|set[ \t]+|@)?[\w.:-]{0,80}")
_ENVIRONMENT = re.compile(r"(?i)(?:env|propert|config|setting|fetch)[\w.]{0,30}\W{1,3}[\w.-]{0,40}\Z")
_LOOK_BACK = 100

_ENVIRONMENT_VALUE = re.compile(
    r"(?m)^(?P<name>[ \t]*(?:export[ \t]+)?\w+[ \t]*=[ \t]*)"
    r"(?P<value>(?:\"(?:[^\"\\]|\\[\s\S])*+\"|'[^']*+')[^\n]*|\S[^\n]*)"  # a quoted value may have many lines
)
_ENVIRONMENT_ONLY = r"\s*(?:#.*|(?:export\s+)?(?:\w+=.*|[A-Z][A-Z0-9_]*\s*=[^()\[\]{}]*))?\Z"
_PLACEHOLDER = re.compile(
    r"(?i)(?:x+|\*++|\.{1,2}/.*|\.++|--.*|\[.*|<.*>|\$.*|%.*%|@.*@|.*(?:\{|%[sd(]|://|\[masked\]).*"
    r"|(?:your|the|some|dummy|fake|example)[_-].*|\w*password[12]|change[_-]?me|example|user|username|pass|password|passwd"
    r"|passphrase|secret|token|key|string|none|null|nil|true|false|undefined|default|required|optional|prompt|redacted"
    r"|todo|value|hidden|same-origin)[:*?.!]*\Z"
)
_CODE_NAME = re.compile(r"[A-Za-z_$][A-Za-z_$]*(?:[.:/#-]+[A-Za-z_$]+)*[:*?.!]*\Z")
_DOTTED = re.compile(r"[A-Za-z_]\w+(?:\.[A-Za-z_]\w+){2,}\Z")
_NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LOWER_CASE = re.compile("[a-z._-]+\\Z")
_SECRET_WORDS = frozenset(
    "password passwords passwd passphrase pwd secret secrets token tokens key keys auth credential credentials".split()
)
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_ISSUER_REACH = 160
_ISSUED = re.compile(
    r"[\"'`=:](?:(?<=(?P<quote>[\"'`]))|(?<=[=:])(?<![=!].)[ \t]{0,5})(?P<value>[A-Za-z0-9+/=_.:~-]{20,200})"
    r"(?(quote)(?P=quote)|(?=[\s&;,)\"']|\Z))"
)
"""It begins with a set of characters, because `re` finds these in one loop."""
_DIGEST = re.compile(
    "sha(?:sum|-?\\d)|md5|checksum|digest|hash|commit|integrity|revision|uuid|fingerprint|public|signature"
)
"""It says that a random string is no secret."""

_ANY_LINE_END = re.compile("\r\n|\r|\n")

_KEY_ALONE = re.compile(r"\s{0,20}(?P<value>[A-Za-z0-9+/=_-]{24,200})\s{0,20}\Z")
"""A file with nothing but a key, such as ``master.key`` of Rails."""

_LONG_WORD = re.compile(r"[a-z]{8,}\Z")
"""It is probably not the name of a type."""

_LEAST_CHARS = 6
_LEAST_RANDOM_CHARS = 16
_LEAST_ENTROPY = 3.0
_LEAST_CLASS_CHANGES = {"hex": 0.25, "one case": 0.25, "both cases": 0.4}
"""Least share of neighbouring characters that are of different classes: digits, capitals, small letters. It is 0.6 in
random base64, 0.5 in random hexadecimal digits, and much less in names and in words with a number."""


def is_environment_file(path: str) -> bool:
    """Whether the file holds nothing but settings and secrets. Only its name is read."""
    name = path.rpartition("/")[2].lower()
    return name == ".env" or name.startswith(".env.") or name.endswith(".env")


def is_environment_text(text: str) -> bool:
    """Whether text of an unknown path looks like an environment file: each line is a comment or ``NAME=value``."""
    return "=" in text and all(re.match(_ENVIRONMENT_ONLY, line) for line in text.splitlines())


def mask_secrets(text: str, *, environment: bool = False) -> tuple[str, int]:
    """Return the text with masks for its secrets, and the number of secrets. The lines and their ends stay.

    :param environment: the text is of an environment file, so every value is masked.
    """
    if "\r" in text:  # the rules know one line end
        masked, count = mask_secrets(_ANY_LINE_END.sub("\n", text), environment=environment)
        ends = [*_ANY_LINE_END.findall(text), ""]
        return "".join(itertools.chain(*zip(masked.split("\n"), ends, strict=True))), count
    count = 0
    for keyword, block in BLOCK_RULES:
        if keyword in text:
            text, n = block.subn(_mask_of_lines, text)
            count += n
    if environment:
        text, n = _ENVIRONMENT_VALUE.subn(lambda match: match["name"] + _mask_of_lines(match, "value"), text)
        count += n
    text, n = token_form(text).subn(MASK, text)
    count += n
    searched = SearchedText(text)
    spans = [
        *_spans_in_known_places(searched),
        *_spans_after_names(searched),
        *_spans_after_issuers(text, searched.lower),
        *(
            span
            for span in (*spans_in_kubernetes_secrets(text), *values_of_secret_columns(searched))
            if not _PLACEHOLDER.match(text[slice(*span)])
        ),
    ]
    if (alone := _KEY_ALONE.match(text)) and _looks_random(alone["value"]):
        spans.append(alone.span("value"))
    return _with_masks(text, spans, count)


def _mask_of_lines(match: re.Match[str], group: str | int = 0) -> str:
    return MASK + "\n" * match[group].count("\n")


def _with_masks(text: str, spans: Iterable[tuple[int, int]], count: int) -> tuple[str, int]:
    """Replace each span with a mask. Overlapping spans get one mask."""
    parts: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if start < end:
            continue
        parts += [text[end:start], MASK]
        end, count = stop, count + 1
    return "".join([*parts, text[end:]]), count


def _spans_in_known_places(text: SearchedText) -> Iterator[tuple[int, int]]:
    for rule in text.rules_that_may_match(PLACE_RULES):
        group = rule.group
        for match in text.matches(rule):
            if _counts(match[group], group):
                yield match.span(group)
    for rule in text.rules_that_may_match(NAMED_PLACE_RULES) if text.lines_with_names else ():
        for match in text.matches(rule):
            has_spaced_value = match[1][-1] == " " and match[1][0] == "-"  # ``--password words``
            if _NAME_OF_SECRET.search(match["name"]):
                requirement = _Requirement.MIXED if has_spaced_value else _Requirement.ANY
            else:
                requirement = _Requirement.RANDOM if has_spaced_value else _Requirement.MIXED
            if _is_secret(match["value"], requirement):
                yield match.span("value")
    for rule in text.rules_that_may_match(BASIC_AUTH_RULES):
        for match in text.matches(rule):
            if _is_user_and_password(match["value"]):
                yield match.span("value")


def _counts(value: str, group: ValueGroup) -> bool:
    """Whether a value in a known place is a secret."""
    if group is ValueGroup.ALWAYS:
        return value != MASK
    if group is ValueGroup.TOKEN and (_LOWER_CASE.match(value) or (len(value) < 20 and _CODE_NAME.match(value))):
        return False
    if group is ValueGroup.RANDOM and not _looks_random(value):
        return False
    if group is ValueGroup.MIXED:
        return _is_secret(value, _Requirement.MIXED)
    return not _PLACEHOLDER.match(value)


def _spans_after_names(searched: SearchedText) -> Iterator[tuple[int, int]]:
    text = searched.text
    for name in searched.names:
        tail = _TAIL.match(text, name.end())
        operator = _OPERATOR.match(text, tail.end()) if tail else None
        if tail is None or operator is None or not _starts_word(text, name):
            continue
        requirement = _requirement_of_name(name, tail[0])
        if value := _QUOTED.match(text, operator.end()):
            place_requirement = _requirement_of_quoted(requirement, text, name.start(), operator, value)
        elif value := _BARE.match(text, operator.end()):
            place_requirement = _requirement_of_bare(requirement, text, name.start(), tail.end(), operator, value)
        else:
            continue
        if place_requirement and _is_secret(value["value"], place_requirement):
            yield value.span("value")


def _spans_after_issuers(text: str, lower: str) -> Iterator[tuple[int, int]]:
    """Random strings behind the name of a service on the same line."""
    for value in _ISSUED.finditer(text):
        start = value.start()
        reach = max(0, start - _ISSUER_REACH)
        line_start = max(reach, text.rfind("\n", reach, start) + 1)
        issuer = ISSUER.search(lower, line_start, start) if _looks_random(value["value"]) else None
        if issuer and not _DIGEST.search(lower, issuer.start(), start):
            yield value.span("value")


def _requirement_of_quoted(
    requirement: _Requirement, text: str, name_start: int, operator: re.Match[str], value: re.Match[str]
) -> _Requirement | None:
    """What a quoted value must look like. None when it is not the value of this name."""
    if len(value["value"]) < _LEAST_CHARS:
        return None
    if value["call"] and not _CONVERSION.match(value["call"]):
        return _Requirement.RANDOM
    if not operator["pair"] or value["default"]:
        return requirement
    if operator["pair"] == "," and not re.search("[\"']", operator["end"]):
        return None  # two arguments; the first has such a name
    if _ENVIRONMENT.search(text[max(0, name_start - _LOOK_BACK) : name_start]):
        return _Requirement.MIXED if requirement is _Requirement.RANDOM else requirement
    # a name and another text are often two names
    return _Requirement.MIXED if requirement is _Requirement.ANY else _Requirement.RANDOM


def _requirement_of_bare(
    requirement: _Requirement, text: str, name_start: int, name_end: int, operator: re.Match[str], value: re.Match[str]
) -> _Requirement | None:
    """Like `_requirement_of_quoted`, for shell, YAML and properties. In code, such a value may be a name or a type."""
    is_tight = not value["space"]
    if is_tight and operator[0] in ("=", ":-") and text[name_start:name_end].isupper():
        return _Requirement.ANY if requirement is _Requirement.MIXED else requirement  # a variable of a shell
    start = _line_start(text, name_start)
    if start < 0 or not _LINE_END.match(text, value.end()) or len(value["value"]) < _LEAST_CHARS:
        return None
    is_property = is_tight and operator[0] == "=" and text[start].isalpha()
    is_word_in_yaml = operator[0] == ":" and _LONG_WORD.match(value["value"])
    if requirement is _Requirement.RANDOM or is_property or is_word_in_yaml:
        return requirement
    return _Requirement.RANDOM if "." in value["value"] else _Requirement.MIXED


def _requirement_of_name(name: re.Match[str], tail: str) -> _Requirement:
    """What a value after this name must look like.

    :param tail: the rest of the name.
    """
    if (
        name["weak"]
        or name["weak_word"]
        or any(word.lower() in _DESCRIPTIVE_WORDS for word in _NAME_WORD.findall(tail))
    ):
        return _Requirement.RANDOM
    return (
        _Requirement.MIXED
        if name["short"] or name["short_word"]
        else _Requirement.KEY
        if name["key"]
        else _Requirement.ANY
    )


def _starts_word(text: str, name: re.Match[str]) -> bool:
    """Whether a short name begins a word: ``pass``, ``db_pass`` and ``dbPass``, but not ``bypass``."""
    before = text[name.start() - 1 : name.start()]
    return (
        not (name["short_word"] or name["weak_word"])
        or not before.isalpha()
        or text[name.start()].isupper() > before.isupper()
    )


def _line_start(text: str, name_start: int) -> int:
    """Return the start of the line if only the first part of a name is before the name; else -1."""
    start = text.rfind("\n", max(0, name_start - _LOOK_BACK), name_start) + 1
    if name_start - start >= _LOOK_BACK:
        return -1
    return start if _LINE_START.fullmatch(text, start, name_start) else -1


def _is_secret(value: str, requirement: _Requirement) -> bool:
    if _PLACEHOLDER.match(value) or _is_code_name(value):
        return False
    if requirement is _Requirement.ANY:
        return True
    if requirement is _Requirement.KEY:
        return not _CODE_NAME.match(value) or (value.isalpha() and (len(value) >= 10 or not value.islower()))
    if requirement is _Requirement.RANDOM:
        return _looks_random(value)
    return bool(re.search("[A-Za-z]", value) and re.search(r"[0-9!#%^*+~]", value))


def _is_code_name(value: str) -> bool:
    """Whether the value is a name in code, such as ``db_password`` or ``auth.tokens.Sha256``."""
    if _DOTTED.match(value):
        return True
    words = _NAME_WORD.findall(value) if _CODE_NAME.match(value) else []
    return len(words) > 1 and any(word.lower() in _SECRET_WORDS for word in words)


def _looks_random(value: str) -> bool:
    if len(value) < _LEAST_RANDOM_CHARS or not re.search("[0-9]", value):
        return False
    if _entropy(value) < _LEAST_ENTROPY:
        return False
    classes = ["d" if letter.isdigit() else "u" if letter.isupper() else "l" for letter in value if letter.isalnum()]
    changes = sum(before != after for before, after in itertools.pairwise(classes)) / max(1, len(classes) - 1)
    kind = "hex" if _HEX.match(value) else "both cases" if {"u", "l"} <= set(classes) else "one case"
    return len(classes) > 0.8 * len(value) and changes >= _LEAST_CLASS_CHANGES[kind]


def _entropy(text: str) -> float:
    """Shannon entropy, in bits per character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _is_user_and_password(value: str) -> bool:
    try:
        decoded = base64.b64decode(value, validate=True)
    except ValueError:  # no base64, or a letter that only counts as one of ASCII without regard to case
        return False
    return b":" in decoded and decoded.isascii() and decoded.decode("ascii").isprintable()
