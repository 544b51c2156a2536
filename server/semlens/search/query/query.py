"""Parses a query: its kind, words, names, paths and filters.

Only the text is read. Looking things up in the index belongs to `search/signals`. docs/search.md describes the syntax
for users.
"""

from __future__ import annotations

import enum
import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from semlens.core.request import SearchFilter
from semlens.core.text.identifiers import identifiers_in, split_identifier, stem, terms_of_identifier
from semlens.core.text.short_forms import other_forms
from semlens.index.segment.terms import STOP_WORDS, term_hash
from semlens.search.query.filter_syntax import split_filters
from semlens.search.query.long_text import MAX_LONG_CHARS, LongText, is_long, read_long_text
from semlens.search.query.stack_traces import Frame, find_frames

MAX_QUERY_CHARS = 4_000
"""A longer query is truncated, because a pasted file would make the search slow."""

_MAX_TOKENS = 64
_MAX_REPORT_TOKENS = 160
_MAX_REPORT_NAMES = 40
_MAX_REPORT_PATHS = 20
_TITLE_WEIGHT = 3.0
"""Weight of a word of a report's title, against one that is on one line of the report."""

_MAX_JOINED = 24
_LONG_RUN = re.compile(r"(\S{300})\S+")
"""No name or path is that long. Longer runs are truncated, so that regular expressions cannot backtrack for long."""
_GENERIC = frozenset(
    """add all allow base build call case change check code create data default different do does each file get give
    handle handling implement implementation kind make manage method multiple object only other perform process provide
    purpose run set setup single specific start support thing type value various way work written""".split()
)
_GENERIC_WEIGHT = 0.3
_WHOLE_WEIGHT = 1.5
_TEST_WORDS = frozenset("test tests testing tested mock mocks mocking stub fake fixture fixtures spec specs".split())
_ASKS_FOR_TEST = re.compile(
    r"^(?:(?:a|the|unit|integration|which|what|where|is|are|there|any)\s+)*(?:tests?|specs?)\b"
    r"|(?<!\bfor )(?<!\bfor unit )\b(?:unit )?tests?$",  # "a clock for tests" is none
    re.IGNORECASE,
)
_OLD_WORDS = frozenset(
    "old legacy deprecated deprecation compat compatibility obsolete archive backward backwards".split()
)
_DOC_WORDS = frozenset("readme docs documentation changelog guide tutorial manual".split())
_PROJECT_WORDS = frozenset(
    """manifest package packages dependency dependencies workflow workflows github ci pipeline pipelines template
    templates json yaml yml toml xml csv config configuration lint build dist bundle bundled minified amalgamated header
    docker dockerfile makefile cmake gradle maven npm cargo gem pip release""".split()
)
_VERSION = re.compile(r"\bv\d{1,2}\b", re.IGNORECASE)

_ONE_NAME = re.compile(r"[\w.:#/\\$@<>()~*&!?-]+")
_PATH = re.compile(
    r"(?<![\w/.@+-])(?:[\w.@+-]{1,80}[/\\]){0,30}[\w@+-][\w.@+-]{0,80}\.[A-Za-z]\w{0,9}(?![\w/(])"
    r"|(?<![\w/.@+-])(?:[\w.@+-]{1,80}/){1,30}[\w.@+-]{0,80}"
)
_KEYWORDS = """def class func fn function import from return if for while const let var public private static async
await use package namespace struct impl type raise throw""".split()
_STATEMENT = rf"^\s*(?:{'|'.join(_KEYWORDS)})\b.*[(){{}}\[\];:=.,]"
_CODE_MARKS = tuple(
    re.compile(pattern, re.MULTILINE)
    for pattern in (
        r"(?<![=!<>])=(?![=>])|[-+*/|&]=",
        r"==|!=|=>|->|:=|&&|\|\|",
        r"[{};]\s*$|\)\s*[:{]|\w:\s*$",
        r"\w[(\[][^)\]]*[)\]]",
        _STATEMENT,
    )
)
_ASKING = re.compile(
    r"\s*(?:how|what|where|which|why|when|who|is|are|does|do|can|show|find)\b.*(?<![;{}:)])\s*$", re.IGNORECASE
)
_FAULT = re.compile(
    r"(?<![\w.])(?:[A-Za-z_]\w{0,60}\.){0,9}\w{0,60}(?:Error|Exception|Warning|Fault|Failure|Panic)\b"
    r"|\b(?:error|warning|fatal|panic|exception)(?=:)"
)
_MESSAGE = re.compile(
    rf"^\W{{0,3}}(?:{_FAULT.pattern})\s*:\s*\S|^[A-Z]\S*\s[^?]*[a-z'\")\]]\.$"
    r"|\b(?:error|warning|fatal)\b.{0,40}:\s|\s[bru]?'[^'\s]{1,60}'"
)
_VALUES = re.compile(r"'[^'\s]{1,60}'|\b\d+\b|(?<==)\S+|https?://\S+")
_FAINT_WEIGHT = 0.25
"""Weight of the error type and of values in a message, because the code that made the message contains only the words
between them. Quoted words have this weight too: every hit contains them, so they do not order the hits."""

_QUOTED = re.compile(r'(?<![\w=(\[,])"([^"\n]{1,200})"(?![\w])')


class QueryKind(enum.StrEnum):
    """What a query looks like."""

    NAME = "name"
    PATH = "path"
    PROSE = "prose"
    MESSAGE = "message"
    CODE = "code"
    TRACE = "trace"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Name:
    """A token that is written as a name.

    :ivar text: as written. :ivar within: the names before it: ``a`` and ``b`` of ``a.b.c``.
    """

    text: str
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query.

    :ivar text: the query without filters; of a report its title. Models embed this text.
    :ivar terms: hash and weight of each term to look up in the postings.
    :ivar term_texts: the stems and names whose hashes these are, as they are in the text of the query.
    :ivar joined: hashes of neighbouring words written as one, such as ``JsonArray`` for ``JSON array``.
    :ivar forms: hashes of other forms of the words, such as ``config`` for "configuration".
    :ivar plain: the words in parts of identifiers, without function words.
    :ivar names: tokens that are written as names (camel case, underscores, digits), or the only token.
    :ivar capitals: other words that begin with a capital within the sentence, and may be names.
    :ivar paths: path fragments, in lower case, with forward slashes.
    :ivar required: hashes of terms from quoted words. A hit contains all of them.
    :ivar frames: frames of a stack trace, innermost first.
    :ivar filter: the filters in the text. :ivar container: the value of ``in:``, or "".
    :ivar asks_for_tests: the query mentions tests, so tests are not ranked lower.
    :ivar wants_tests: the query asks for a test, so tests are ranked higher.
    :ivar asks_for_old: the query mentions old code, so superseded code is not ranked lower.
    :ivar asks_for_documentation: the query mentions documentation, so it is not ranked lower.
    :ivar asks_for_project_files: the query mentions manifests, data or builds, so these are not ranked lower.
    :ivar notes: sentences for the user about parts that were not applied.
    """

    text: str
    kind: QueryKind
    terms: tuple[tuple[int, float], ...] = ()
    term_texts: tuple[str, ...] = ()
    joined: tuple[int, ...] = ()
    forms: tuple[int, ...] = ()
    plain: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()
    capitals: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    required: tuple[int, ...] = ()
    frames: tuple[Frame, ...] = ()
    filter: SearchFilter = field(default_factory=SearchFilter)
    container: str = ""
    notes: tuple[str, ...] = ()
    asks_for_tests: bool = False
    wants_tests: bool = False
    asks_for_old: bool = False
    asks_for_documentation: bool = False
    asks_for_project_files: bool = False

    @property
    def is_name(self) -> bool:
        return self.kind is QueryKind.NAME

    @property
    def is_prose(self) -> bool:
        return self.kind is QueryKind.PROSE

    @property
    def is_report(self) -> bool:
        """The query is a long text, such as a bug report. Most of its words say nothing about the code."""
        return self.kind is QueryKind.REPORT

    @property
    def has_filter(self) -> bool:
        return bool(self.container) or not self.filter.is_empty

    @property
    def is_literal(self) -> bool:
        """The words occur literally in the code: the query is a message or a piece of code, not a description."""
        return self.kind in (QueryKind.MESSAGE, QueryKind.CODE)


def parse_query(text: str) -> Query:
    """Parse a query. Never fails: any text is a query, even an empty one."""
    if is_long(text[:MAX_LONG_CHARS]):
        return _parse_report(_LONG_RUN.sub(r"\1", text[:MAX_LONG_CHARS]))
    cut = split_filters(_LONG_RUN.sub(r"\1", text[:MAX_QUERY_CHARS]))
    text = cut.text
    frames = find_frames(text)
    tokens = list(dict.fromkeys(identifiers_in(text)))[:_MAX_TOKENS]
    kind = _kind(text, tokens, frames)
    faint: frozenset[str] = _faint_words(text) if kind is QueryKind.MESSAGE else frozenset()
    paths = _paths(text) if kind in (QueryKind.PATH, QueryKind.PROSE, QueryKind.NAME) else ()
    names = _names(text, tokens, kind)
    written = {name.text for name in names}
    content = [token for token in tokens if token.lower() not in STOP_WORDS or token in written] or tokens
    plain = tuple(dict.fromkeys(part for token in content for part in split_identifier(token)))
    every_part = {part for token in tokens for part in split_identifier(token)}
    quoted = _QUOTED.findall(text) if kind is QueryKind.PROSE else []
    faint |= {token for phrase in quoted for token in identifiers_in(phrase)}
    if faint.issuperset(content):
        faint = frozenset()
    terms = _terms(content, faint)
    return Query(
        text=text,
        kind=kind,
        terms=_hashed(terms),
        term_texts=tuple(terms),
        joined=_joined(plain) if kind is QueryKind.PROSE else (),
        forms=_forms(plain) if kind is QueryKind.PROSE else (),
        plain=plain,
        names=names,
        capitals=tuple(
            token for token in tokens[1 if len(tokens) > 3 else 0 :] if token[:1].isupper() and token[1:].islower()
        ),
        paths=paths,
        required=tuple(dict.fromkeys(term for phrase in quoted for term in _required(phrase))),
        frames=frames,
        filter=cut.filter,
        container=cut.container,
        notes=cut.notes,
        asks_for_tests=not _TEST_WORDS.isdisjoint(every_part),
        wants_tests=kind is QueryKind.PROSE and _ASKS_FOR_TEST.search(text) is not None,
        asks_for_old=not _OLD_WORDS.isdisjoint(every_part) or _VERSION.search(text) is not None,
        asks_for_documentation=not _DOC_WORDS.isdisjoint(every_part),
        asks_for_project_files=not _PROJECT_WORDS.isdisjoint(every_part) or kind is QueryKind.PATH,
    )


def _parse_report(text: str) -> Query:
    """A long text: all words by frequency, with no filters, no quoted words and no wish for tests inferred from it."""
    report = read_long_text(text)
    counts = report.counts
    title = tuple(dict.fromkeys(identifiers_in(report.title)))
    tokens = sorted(counts, key=lambda token: -counts[token] - (_TITLE_WEIGHT if token in title else 0.0))
    read = "\n".join((report.title, *report.lines))
    names = _names(read, tokens, QueryKind.REPORT)
    plain = [token for token in title if token.lower() not in STOP_WORDS]
    frames = find_frames(text)
    framed = {frame.path.lower().strip("/.") for frame in frames}  # they count as frames
    terms = _report_terms(report, tokens[:_MAX_REPORT_TOKENS], frozenset(title))
    return Query(
        text=report.title,
        kind=QueryKind.REPORT,
        terms=_hashed(terms),
        term_texts=tuple(terms),
        plain=tuple(dict.fromkeys(part for token in plain for part in split_identifier(token))),
        names=tuple(sorted(names, key=lambda name: -counts[name.text])[:_MAX_REPORT_NAMES]),
        paths=tuple(path for path in _paths(read, _MAX_REPORT_PATHS) if path not in framed),
        frames=frames,
    )


def _report_terms(report: LongText, tokens: list[str], title: frozenset[str]) -> dict[str, float]:
    content = [token for token in tokens if token.lower() not in STOP_WORDS]
    weights: dict[str, float] = {}
    for token in content or tokens:
        weight = 1.0 + math.log(max(1, report.counts[token])) + (_TITLE_WEIGHT if token in title else 0.0)
        for term, share in _terms([token], frozenset()).items():
            weights[term] = max(weights.get(term, 0.0), weight * share)
    return weights


def _kind(text: str, tokens: list[str], frames: tuple[Frame, ...]) -> QueryKind:
    stripped = text.strip()
    if frames and (len(frames) > 1 or "\n" in stripped or frames[0].is_sure):
        return QueryKind.TRACE
    if tokens and _ONE_NAME.fullmatch(stripped):
        return QueryKind.PATH if _is_path(stripped) else QueryKind.NAME
    n_marks = sum(pattern.search(stripped) is not None for pattern in _CODE_MARKS)
    if n_marks >= 2 and not _ASKING.fullmatch(stripped):
        return QueryKind.CODE
    return QueryKind.MESSAGE if _MESSAGE.search(stripped) else QueryKind.PROSE


def _is_path(text: str) -> bool:
    if "/" in text.strip("/") or ("\\" in text and "\\\\" not in text):
        return "::" not in text
    match = re.fullmatch(r"[\w@+-][\w.@+-]*\.([A-Za-z]\w{0,4})", text)
    return match is not None and match[1] in _EXTENSIONS  # in lower case only: ``Context.JSON`` is a method


_EXTENSIONS = frozenset(
    """py pyi js jsx mjs cjs ts tsx go rs rb php java kt kts scala sc swift c h cc cpp cxx hpp hh hxx cs lua sh bash zsh
    ex exs hs zig vue svelte md rst toml yaml yml json html css scss sql proto cmake mk gradle dart r jl ml mli clj el
    vim nix tf pl pm txt cfg ini xml""".split()
)


def _paths(text: str, most: int = 4) -> tuple[str, ...]:
    fragments = []
    for match in _PATH.finditer(text.replace("\\", "/")):
        fragment = match[0].strip("/.")
        if "/" in fragment or fragment.rpartition(".")[2] in _EXTENSIONS:
            fragments.append(fragment.lower())
    return tuple(dict.fromkeys(fragments))[:most]


def _names(text: str, tokens: list[str], kind: QueryKind) -> tuple[Name, ...]:
    """Written names, each with the names before it. A query of one name asks for its last token."""
    if kind is QueryKind.PATH:
        return ()
    if kind is QueryKind.NAME:
        parts = re.findall(r"\w+(?:-\w+)*", text)  # lisp-style and file names keep their dashes
        return (Name(parts[-1], tuple(parts[:-1])),) if parts else ()
    names: dict[str, Name] = {}
    for chain in re.findall(r"\w+(?:(?:\.|::|#|->)\w+)*", text):
        parts = re.split(r"\.|::|#|->", chain)
        last = parts[-1]
        if last in tokens and (_is_written_name(last) or (len(parts) > 1 and len(last) > 2)):
            names.setdefault(last, Name(last, tuple(parts[:-1])))
        for part in parts[:-1]:
            if part in tokens and _is_written_name(part):
                names.setdefault(part, Name(part))
    return tuple(names.values())


def _is_written_name(token: str) -> bool:
    return "_" in token.strip("_") or (len(split_identifier(token)) > 1 and not token.isupper())


def _faint_words(text: str) -> frozenset[str]:
    return frozenset(
        token for pattern in (_FAULT, _VALUES) for match in pattern.finditer(text) for token in identifiers_in(match[0])
    )


def _terms(content: list[str], faint: frozenset[str]) -> dict[str, float]:
    """The weight of each term."""
    weights: dict[str, float] = {}
    for token in content:
        parts = split_identifier(token)
        if token in faint:
            for term in terms_of_identifier(token):
                weights.setdefault(term, _FAINT_WEIGHT)
            continue
        for term in terms_of_identifier(token):
            weight = _GENERIC_WEIGHT if token.lower() in _GENERIC and len(content) > 1 else 1.0
            if len(parts) > 1 and term == token.lower().strip("_"):
                weight = _WHOLE_WEIGHT
            weights[term] = max(weights.get(term, 0.0), weight)
    return weights


def _hashed(weights: Mapping[str, float]) -> tuple[tuple[int, float], ...]:
    return tuple((term_hash(term), weight) for term, weight in weights.items())


def _joined(plain: tuple[str, ...]) -> tuple[int, ...]:
    pairs = itertools.pairwise(plain[:_MAX_JOINED])
    return tuple(dict.fromkeys(term_hash(joined) for a, b in pairs for joined in (a + b, stem(a + b), f"{a}_{b}")))


def _forms(plain: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(term_hash(form) for word in plain for form in other_forms(stem(word))))


def _required(phrase: str) -> list[int]:
    return [
        term_hash(stem(part))
        for token in identifiers_in(phrase)
        if token.lower() not in STOP_WORDS
        for part in split_identifier(token)
        if part not in STOP_WORDS
    ]
