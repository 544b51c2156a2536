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
import itertools
import re
from collections.abc import Iterable, Iterator

from semlens.core.text.long_secrets import spans_in_kubernetes_secrets, values_of_secret_columns
from semlens.core.text.searched_text import SearchedText
from semlens.core.text.secret_forms import BASIC_AUTH_RULES, BLOCK_RULES, NAMED_PLACE_RULES, PLACE_RULES, ValueGroup
from semlens.core.text.secret_names import COMPOUND
from semlens.core.text.secret_values import (
    CODE_NAME,
    EASY,
    NAME_OF_SECRET,
    NAME_WORD,
    PLACEHOLDER,
    Requirement,
    has_prefix,
    is_secret,
    looks_random,
)
from semlens.core.text.token_forms import ISSUER, token_form

MASK = "[masked]"

RULES_VERSION = 10
"""Increase it with any change of a rule, because text that is masked differently has another vector."""


_TAIL = re.compile(r"[\w-]{0,40}")
_DESCRIPTIVE_WORDS = frozenset(
    """file path dir folder url uri name field label type length len size hash class regex pattern prompt hint min max
    policy error message msg reset form column header param arg env var prefix suffix input manager store provider
    format algo algorithm count limit index expiry expires title text help attribute option setting validator mode
    process cache source helper scope hasher hashers""".split()
)
"""A name with one of these words after it describes a secret and holds none, such as ``password_file``."""

_OPERATOR = re.compile(
    r"(?:\[\w{0,20}\])?(?P<end>[\\\"'`*\]\)}]{0,4})[ \t]{0,20}(?:\{ ?get;[^{}\n]{0,40}\}[ \t]{0,9})?"
    r"(?:(?:\|\||\?\?|//|[?+])=|(?P<pair>,|\|\|?|\?[?:]|or\b|to\b|is\b|:-|[({]|(?<=[ \t])(?=[\"'`“]))"
    r"|:=|=>|<-|[=!]==?|=|As[ \t]{1,5}\w{1,20}[ \t]{1,5}=|(?:string|\[\]byte)[ \t]{1,5}="
    r"|:(?!:)(?:\*\*)?(?:[ \t]{0,5}(?:&'\w{1,20}[ \t])?[\w.&<>\[\]?|* ]{1,40}=(?!=|[ \t]{0,5}$))?)",
    re.MULTILINE,
)
_QUOTED = re.compile(
    r"(?:[ \t]{0,5}\\\n)?\s{0,40}(?P<call>[\w.:\[\]]{1,40}(?=\())?\(?\s{0,40}(?P<default>default\s{0,5}[=:]\s{0,5})?"
    r"(?:[A-Za-z]{1,2}|[@&]|<<)?(?P<escaped>\\{1,2})?(?P<quote>\"\"\"|'''|[\"'`])(?:(?<=\"\"\"|''')\s{0,20})?"
    r"(?P<value>(?:[^\"'`\s\\]|(?!(?P=quote))'(?=\w)|(?(escaped)(?!)|\\[^\s\w(])){4,1000})\\{0,2}(?:\s{1,20}(?=\"\"\"|'''))?(?P=quote)"
    r"|[ \t]{0,5}(?:“(?P<curly>[^\s“”]{4,200})”|\[\[(?P<long>[^\s\]]{4,200})\]\])"
)
_PHRASE = re.compile(r"[ \t]{0,40}(?P<quote>[\"'])(?P<value>[^\s\"'\\]{1,40}(?: [^\s\"'\\]{1,40}){1,11})(?P=quote)")
"""A quoted value with blanks."""
_CONTINUED = re.compile(
    r"[\"'`](?:\s{0,80}(?:\+|\.\.?|&)\s{0,80}|[ \t]{0,9}\\?\n[ \t]{0,80})"
    r"[A-Za-z]{0,2}(?P<quote>[\"'`])(?P<value>[^\"'`\s\\]{1,1000})(?P=quote)(?![ \t]{0,5}[:=])"
)
"""The next part of a string, from the end of a part."""
_BARE = re.compile(
    # of YAML: a block, an anchor, a tag
    r"(?P<space>[ \t]{0,20}(?:[|>][+-]?[ \t]{0,5}\n[ \t]{1,40}|(?:&|!{1,2})\w{1,40}[ \t]{1,5})?)"
    r"(?P<value>[^\s\"'`(){}\[\],;<>$|&\\]{4,1000})(?=[\s;&|}\"',)\]\\]|\Z)"
)
_CONVERSION = re.compile(
    r"(?i)(?:\[\]byte|(?:std::)?string(?:[.:]+from\w*)?|b(?:uffer|ytes|ytearray)(?:\.from)?|secretstr|some|str|text)\Z"
)
"""A call that only changes the type of a secret."""
_LINE_END = re.compile(r"[ \t]*(?:#[^\n]*|(?<=[ \t]);[^\n]*)?(?:\n|\Z)")
_LINE_START = re.compile(r"[ \t]*(?:[-*>]{1,2}[ \t]+)?(?:\*\*)?(?:export[ \t]+|set[ \t]+|@)?[\w.:-]{0,80}")
_ASSIGNING = (None, "||", "??", "?:", "or", ":-")
"""What stands before the value of a name, or before the value that it has without another."""
_WORD_START = re.compile(r"(?:\A|(?<=[\s\"'?&]))(?P<option>-D|--)?[\w.-]*\Z")
"""Before a name: nothing but the first part of a word."""
_PROSE_START = re.compile(r"[ \t]*(?:[-*>#/]{1,3}[ \t]+)?(?:\*\*)?(?:[A-Za-z]+[ ]){1,4}[\w-]{0,40}")
"""Before a name: words, as in ``Admin password: ...``."""
_FLOW_START = re.compile(r"[ \t]*(?:-[ \t]+)?(?:[\w.-]{1,80}:[ \t]+)?[\[{](?:[^\n()=;\"'$]*[{,])?[ \t]*[\w.-]*")
"""Before a name within braces of YAML."""
_ENVIRONMENT = re.compile(r"(?i)(?:(?:env|propert|config|setting|fetch)[\w.]{0,30}|define(?=\())\W{1,3}[\w.-]{0,40}\Z")
_LOOK_BACK = 100

_ENVIRONMENT_VALUE = re.compile(
    r"(?m)^(?P<name>[ \t]*(?:export[ \t]+)?\w+[ \t]*=[ \t]*)"
    r"(?P<value>(?:\"(?:[^\"\\]|\\[\s\S])*+\"|'[^']*+')[^\n]*|\S[^\n]*)"  # a quoted value may have many lines
)
_ENVIRONMENT_ONLY = r"\s*(?:#.*|(?:export\s+)?(?:\w+=.*|[A-Z][A-Z0-9_]*\s*=[^()\[\]{}]*))?\Z"
_ISSUER_REACH = 160
_ISSUED = re.compile(
    r"[\"'`=:](?:(?<=(?P<quote>[\"'`]))|(?<=[=:])(?<![=!].)[ \t]{0,5})(?P<value>[A-Za-z0-9+/=_.:~-]{20,200})"
    r"(?(quote)(?P=quote)|(?=[\s&;,)\"']|\Z))"
)
"""It begins with a set of characters, because `re` finds these in one loop."""
_IN_ADDRESS = re.compile(
    r"://(?P<host>[\w.-]{1,100})(?:/[a-z][\w-]{0,20}){0,2}/(?P<value>[A-Za-z0-9_-]{24,100})(?![\w/-])"
)
"""A key as the last part of an address: ``https://mainnet.infura.io/v3/...``."""
_LOWER_CASE = re.compile("[a-z._-]+\\Z")
_DIGEST = re.compile(
    "sha(?:sum|-?\\d)|md5|checksum|digest|hash|commit|integrity|revision|uuid|fingerprint|public|signature"
)
"""It says that a random string is no secret."""

_ANY_LINE_END = re.compile("\r\n|\r|\n")

_JSON_START = re.compile(r"\{(?:\s|\\[nrt])*+\\?\"")
"""Its brace is none of a template."""

_KEY_ALONE = re.compile(r"\s{0,20}(?P<value>[A-Za-z0-9+/=_-]{24,200})\s{0,20}\Z")
"""A file with nothing but a key, such as ``master.key`` of Rails."""

_LONG_WORD = re.compile(r"[a-z]{8,}\Z")
"""It is probably not the name of a type."""

_LEAST_CHARS = 6
_LEAST_CHARS_ELSEWHERE = 20
"""Of a value without quotes in the middle of a line."""


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
            for span in (*spans_in_kubernetes_secrets(text), *values_of_secret_columns(text))
            if not PLACEHOLDER.match(text[slice(*span)]) or _JSON_START.match(text, *span)
        ),
    ]
    if (alone := _KEY_ALONE.match(text)) and looks_random(alone["value"]):
        spans.append(alone.span("value"))
    return _with_masks(text, spans, count)


def _mask_of_lines(match: re.Match[str], group: str | int = 0) -> str:
    return MASK + "\n" * match[group].count("\n")


def _with_masks(text: str, spans: Iterable[tuple[int, int]], count: int) -> tuple[str, int]:
    """Replace each span with a mask, and keep the number of lines. Overlapping spans get one mask."""
    parts: list[str] = []
    end = 0
    for start, stop in sorted(spans):
        if start < end:
            continue
        parts += [text[end:start], MASK + "\n" * text.count("\n", start, stop)]
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
            first = match[1].lstrip()
            has_spaced_value = match[1][-1].isspace() and first.startswith(("-", match["name"]))  # ``--password words``
            if NAME_OF_SECRET.search(match["name"]):
                requirement = Requirement.MIXED if has_spaced_value else Requirement.ANY
            else:
                requirement = Requirement.RANDOM if has_spaced_value else Requirement.MIXED
            if is_secret(match["value"], requirement):
                yield match.span("value")
    for rule in text.rules_that_may_match(BASIC_AUTH_RULES):
        for match in text.matches(rule):
            if _is_user_and_password(match["value"]):
                yield match.span("value")


def _counts(value: str, group: ValueGroup) -> bool:
    """Whether a value in a known place is a secret."""
    if group is ValueGroup.ALWAYS:
        return value != MASK
    if group is ValueGroup.TOKEN and (_LOWER_CASE.match(value) or (len(value) < 20 and CODE_NAME.match(value))):
        return False
    if group is ValueGroup.RANDOM and not looks_random(value):
        return False
    if group is ValueGroup.MIXED:
        return is_secret(value, Requirement.MIXED)
    return not PLACEHOLDER.match(value)


def _spans_after_names(searched: SearchedText) -> Iterator[tuple[int, int]]:
    text = searched.text
    for name in searched.names:
        tail = _TAIL.match(text, name.end())
        operator = _OPERATOR.match(text, tail.end()) if tail else None
        if tail is None or operator is None or not _starts_word(searched, name):
            continue
        requirement = _requirement_of_name(name, tail[0])
        if value := _QUOTED.match(text, operator.end()):
            place_requirement = _requirement_of_quoted(requirement, text, name.start(), operator, value)
        elif value := _BARE.match(text, operator.end()):
            place_requirement = _requirement_of_bare(requirement, text, name.start(), tail.end(), operator, value)
        elif requirement is Requirement.ANY and operator["pair"] in _ASSIGNING:
            value, place_requirement = _PHRASE.match(text, operator.end()), Requirement.PHRASE
        else:
            continue
        if value and place_requirement and is_secret(value[value.lastgroup or 0], place_requirement):
            yield value.span(value.lastgroup or 0)
            place = value.end()
            while value.re is _QUOTED and (more := _CONTINUED.match(text, place - 1)):
                yield more.span("value")
                place = more.end()


def _spans_after_issuers(text: str, lower: str) -> Iterator[tuple[int, int]]:
    """Random strings behind the name of a service on the same line."""
    for value in _ISSUED.finditer(text):
        start = value.start()
        reach = max(0, start - _ISSUER_REACH)
        line_start = max(reach, text.rfind("\n", reach, start) + 1)
        if not looks_random(value["value"]):
            continue
        issuer = ISSUER.search(lower, line_start, start)
        if (issuer or has_prefix(value["value"])) and not _DIGEST.search(
            lower, issuer.start() if issuer else line_start, start
        ):
            yield value.span("value")
    for value in _IN_ADDRESS.finditer(text) if "://" in text else ():
        if looks_random(value["value"]) and ISSUER.search(lower, value.start("host"), value.end("host")):
            yield value.span("value")


def _requirement_of_quoted(
    requirement: Requirement, text: str, name_start: int, operator: re.Match[str], value: re.Match[str]
) -> Requirement | None:
    """What a quoted value must look like. None when it is not the value of this name."""
    is_pair = operator["pair"] is not None and not value["default"]
    if value["call"] and not _CONVERSION.match(value["call"]):
        return Requirement.RANDOM
    if len(value[value.lastgroup or 0]) < _LEAST_CHARS:
        return Requirement.MIXED if requirement is Requirement.ANY and not is_pair else None
    if not is_pair:
        return requirement
    if operator["pair"] == "," and not re.search("[\"']", operator["end"]):
        return None  # two arguments; the first has such a name
    if _ENVIRONMENT.search(text[max(0, name_start - _LOOK_BACK) : name_start]):
        return Requirement.MIXED if requirement is Requirement.RANDOM else requirement
    # a name and another text are often two names
    return Requirement.MIXED if requirement is Requirement.ANY else Requirement.RANDOM


def _requirement_of_bare(
    requirement: Requirement, text: str, name_start: int, name_end: int, operator: re.Match[str], value: re.Match[str]
) -> Requirement | None:
    """Like `_requirement_of_quoted`, for shell, YAML and properties. In code, such a value may be a name or a type."""
    is_tight = not value["space"]
    if is_tight and operator[0] in ("=", ":-") and text[name_start:name_end].isupper():
        return Requirement.ANY if requirement is Requirement.MIXED else requirement  # a variable of a shell
    start = _line_start(text, name_start)
    is_property = is_tight and operator[0] == "=" and start >= 0 and text[start].isalpha()
    if len(value["value"]) < _LEAST_CHARS:
        return Requirement.MIXED if is_property and requirement is Requirement.ANY else None
    is_long = len(value["value"]) >= _LEAST_CHARS_ELSEWHERE and "/" not in value["value"] and operator["pair"] is None
    elsewhere = Requirement.RANDOM if is_long else None
    if start < 0 or not _LINE_END.match(text, value.end()):
        within_line = _requirement_within_line(requirement, text, name_start, operator, value)
        return within_line or elsewhere
    is_word_in_yaml = operator[0] == ":" and (_LONG_WORD.match(value["value"]) or value["value"].isdigit())
    if requirement is Requirement.RANDOM or is_property or is_word_in_yaml:
        return requirement
    return Requirement.RANDOM if "." in value["value"] else Requirement.MIXED


def _requirement_within_line(
    requirement: Requirement, text: str, name_start: int, operator: re.Match[str], value: re.Match[str]
) -> Requirement | None:
    """Of a value without quotes whose name does not begin the line: of an option, in braces of YAML, in prose."""
    after = text[value.end() : value.end() + 1]
    if requirement not in EASY:
        return None
    if operator[0] == "=" and not value["space"]:
        word = _WORD_START.search(text[max(0, name_start - _LOOK_BACK) : name_start])
        if word is None or after in (",", ")", "]"):
            return None
        return requirement if word["option"] else Requirement.MIXED
    if operator[0] == ":" and value["space"]:
        before = {",": _FLOW_START, "}": _FLOW_START, "\n": _PROSE_START, "": _PROSE_START}.get(after)
        return Requirement.ODD if before and _stands_after(before, text, name_start) else None
    return None


def _requirement_of_name(name: re.Match[str], tail: str) -> Requirement:
    """What a value after this name must look like.

    :param tail: the rest of the name.
    """
    if name["weak"] or name["weak_word"] or any(word.lower() in _DESCRIPTIVE_WORDS for word in NAME_WORD.findall(tail)):
        return Requirement.RANDOM
    return (
        Requirement.MIXED
        if name["short"] or name["short_word"]
        else Requirement.KEY
        if name["key"]
        else Requirement.ANY
    )


def _starts_word(searched: SearchedText, name: re.Match[str]) -> bool:
    """Whether a short name begins a word: ``pass``, ``db_pass``, ``dbPass`` and ``dbpass``, but not ``bypass``."""
    text, start = searched.text, name.start()
    before = text[start - 1 : start]
    return (
        not (name["short_word"] or name["weak_word"])
        or not before.isalpha()
        or text[start].isupper() > before.isupper()
        or bool(name["short_word"] and COMPOUND.search(searched.lower[max(0, start - 10) : start]))
    )


def _stands_after(before: re.Pattern[str], text: str, name_start: int) -> bool:
    """Whether the line before the name is this: `_PROSE_START`, `_FLOW_START`."""
    start = text.rfind("\n", max(0, name_start - _LOOK_BACK), name_start) + 1
    return name_start - start < _LOOK_BACK and bool(before.fullmatch(text, start, name_start))


def _line_start(text: str, name_start: int) -> int:
    """Return the start of the line if only the first part of a name is before the name; else -1."""
    start = text.rfind("\n", max(0, name_start - _LOOK_BACK), name_start) + 1
    if name_start - start >= _LOOK_BACK:
        return -1
    return start if _LINE_START.fullmatch(text, start, name_start) else -1


def _is_user_and_password(value: str) -> bool:
    try:
        decoded = base64.b64decode(value, validate=True)
    except ValueError:  # no base64, or a letter that only counts as one of ASCII without regard to case
        return False
    return b":" in decoded and decoded.isascii() and decoded.decode("ascii").isprintable()
