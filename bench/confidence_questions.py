"""Questions taken from the code of a repository, and the other repositories where they have no answer.

Names as written, in another style, begun or mistyped; paths; first sentences of documentation; messages; lines of code;
stack traces.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random

import numpy as np

from confidence_corpus import Asked, Repository, Wanted
from semlens.core.symbol import SymbolKind
from semlens.core.text.identifiers import split_identifier

_ALIKE = (
    {"c", "cpp", "objc"}, {"java", "kotlin", "scala"}, {"javascript", "typescript"}, {"haskell", "ocaml"},
    {"elixir", "erlang"}, {"bash", "powershell"}, {"swift", "objc"}, {"perl", "ruby", "php"},
    {"python", "r", "julia"}, {"dart", "java", "typescript"}, {"clojure", "scala"},
)  # fmt: skip
"""Languages that stand in for one another where a language has one repository only."""

_NAMED = (SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS, SymbolKind.STRUCT, SymbolKind.INTERFACE)
_FAULTS = r"(?:rais|throw|rror|xception|panic|fail|log|warn|abort|die)"
_LITERAL = re.compile(_FAULTS + r"""[^\n"]{0,60}"([A-Z][^"\n\\]{24,90})\"""")
_HOLE = re.compile(r"%[-+ #0-9.]*[a-z]+|\$?\{[^}]*\}|#\{[^}]*\}")
_PER_KIND = {"path": 2, "docs": 6, "message": 4, "code": 3, "trace": 2}


def from_code(one: Repository, n_names: int = 8) -> list[Asked]:
    """Questions that the code itself gives, some of each kind. :param n_names: one in eight is in words."""
    random = Random(f"code:{one.name}")
    places: dict[str, list[Wanted]] = defaultdict(list)
    docs: dict[str, tuple[Wanted, ...]] = {}
    traces: dict[str, tuple[Wanted, ...]] = {}
    for file in one.parsed:
        for symbol in file.outline.symbols:
            wanted = Wanted(file.path, (symbol.span.start_line + 1, symbol.span.last_line + 1))
            if symbol.kind in _NAMED and len(symbol.name) >= 6:
                places[symbol.name].append(wanted)
                traces[_trace(file.path, symbol.name, wanted)] = (wanted,)
            sentence = re.split(r"(?<=[.!?])\s|\n\s*\n", symbol.documentation.strip())[0]
            sentence = " ".join(sentence.strip("/*#;-= ").split())
            if 4 <= len(sentence.split()) <= 20 and sentence.isascii():
                docs.setdefault(sentence, (wanted,))
    names = sorted(name for name in places if len(places[name]) <= 3)
    random.shuffle(names)
    names = names[:n_names]
    asked = [Asked(_written(n, i, random), "code", "name", tuple(places[n])) for i, n in enumerate(names)]
    paths = {"/".join(file.path.split("/")[-2:]): (Wanted(file.path),) for file in one.parsed}
    for kind, found in (("docs", docs), ("trace", traces), ("path", paths), *_literals(one).items()):
        texts = sorted(found)
        random.shuffle(texts)
        asked += [Asked(text, "code", kind, found[text]) for text in texts[: _PER_KIND[kind]]]
    return asked


def _written(name: str, number: int, random: Random) -> str:
    """A name as users type it: half as it is, else in another style, begun, or with two letters swapped."""
    parts = split_identifier(name)
    form = number % 8
    if form == 4 and len(parts) > 1:
        return "_".join(parts) if "_" not in name else "".join(part.capitalize() for part in parts)
    if form == 5:
        return name[: max(5, 2 * len(name) // 3)]
    if form == 6 and len(name) >= 8:
        at = random.randrange(2, len(name) - 2)
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return " ".join(parts) if form == 7 and len(parts) > 1 else name


def _trace(path: str, name: str, wanted: Wanted) -> str:
    line = wanted.lines[0] + 1 if wanted.lines else 1
    if path.endswith(".py"):
        return f'Traceback (most recent call last):\n  File "/srv/app/{path}", line {line}, in {name}\nKeyError: 7'
    return f"Error: it failed\n    at {name} (/srv/app/{path}:{line}:5)"


def _literals(one: Repository) -> dict[str, Mapping[str, tuple[Wanted, ...]]]:
    """Messages and lines of code, each with the files that contain it."""
    messages: dict[str, set[str]] = defaultdict(set)
    lines: dict[str, set[str]] = defaultdict(set)
    for file in one.parsed:
        for passage in file.outline.passages:
            for match in _LITERAL.finditer(passage.body):
                text = _HOLE.sub("7", match[1])
                if len(text.split()) >= 4 and text.isascii():
                    messages[f"Error: {text}"].add(file.path)
            for line in passage.body.split("\n"):
                stripped = line.strip()
                if 30 <= len(stripped) <= 100 and re.search(r"\w\(.*[=.].*\)", stripped) and stripped[0].isalpha():
                    lines[stripped].add(file.path)
    return {
        kind: {text: tuple(map(Wanted, sorted(paths))) for text, paths in found.items() if len(paths) <= 2}
        for kind, found in (("message", messages), ("code", lines))
    }


def strangers(one: Repository, everyone: Sequence[Repository], means: Mapping[str, np.ndarray]) -> list[Repository]:
    """Other repositories of the same language, or else of a similar one; nearest in meaning first.

    :param means: the mean vector of each repository's code, which says what it is about.
    """
    others = [other for other in everyone if other.name != one.name]
    same = [other for other in others if other.language == one.language]
    alike = [other for other in others if any({one.language, other.language} <= group for group in _ALIKE)]
    return sorted(same or alike or others, key=lambda other: -float(means[one.name] @ means[other.name]))
