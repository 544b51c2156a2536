"""Features of the files of a segment that do not depend on the query: roles, sizes and the words of their paths.

They are computed once for each segment, from its tables alone, and cached as long as the segment lives.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from semlens.core.symbol import Role
from semlens.core.text.identifiers import split_identifier, stem
from semlens.index.arrays import Floats, Ints, Mask
from semlens.index.segment.columns import run_starts
from semlens.index.segment.segment import Segment
from semlens.index.segment.terms import term_hash
from semlens.search.signals.path_roles import path_roles

_INDEX_STEMS = frozenset("__init__ index mod lib main __main__ package init default".split())
"""Stems without meaning. Such a file takes the name of its folder."""

_INNER_FOLDERS = frozenset("internal _internal internals private impl detail details _impl".split())

_MINOR = int(Role.TEST | Role.EXAMPLE | Role.VENDORED | Role.GENERATED | Role.DOCUMENTATION)


@dataclass(frozen=True, slots=True)
class Words:
    """Words of one part of the paths: the path of file ``files[i]`` contains ``terms[i]``.

    :ivar terms: term hashes, ascending. :ivar counts: number of distinct words of each file, shape (f,).
    """

    terms: npt.NDArray[np.uint64]
    files: Ints
    counts: Floats


@dataclass(frozen=True, slots=True)
class StaticSignals:
    """Columns over the f files of a segment, each of shape (f,).

    :ivar constant: features by name. :ivar tests: 1 for tests. :ivar documentation: 1 for documentation.
    :ivar stems: words of the file's own name. :ivar folders: words of the folders around it.
    :ivar paths: paths in lower case. :ivar places: the distinct folders of the paths.
    :ivar place_of: position of each file's folder in ``places``.
    :ivar stem_lengths: length in bytes of the base name without its extension.
    :ivar filled: rows of the files that have passages. :ivar starts: where the passages of each of these begin.
    :ivar minor: mask of the files that rank lower for their role.
    """

    constant: dict[str, Floats]
    tests: Floats
    documentation: Floats
    stems: Words
    folders: Words
    paths: tuple[str, ...]
    places: tuple[str, ...]
    place_of: Ints
    stem_lengths: Ints
    filled: Ints
    starts: Ints
    n_passages: Floats
    minor: Mask


_CACHED: WeakKeyDictionary[Segment, StaticSignals] = WeakKeyDictionary()
_COMPUTING = threading.Lock()


def static_signals_of(segment: Segment) -> StaticSignals:
    """The signals of a segment. They are computed at the first query and cached."""
    signals = _CACHED.get(segment)
    if signals is None:
        with _COMPUTING:  # half a second for 13,000 files, so not on two threads at once
            signals = _CACHED.get(segment) or _CACHED.setdefault(segment, _compute(segment))
    return signals


@lru_cache(maxsize=65_536)
def _path_words(path: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Hashes of the stemmed words of a file's own name and of its folders."""
    *folders, base = path.split("/")
    own = base.partition(".")[0] or base.strip(".")
    if own.lower() in _INDEX_STEMS and folders:
        own = folders.pop()
    return _hashes((own,)), _hashes(folders[-3:])


def _hashes(names: Sequence[str]) -> tuple[int, ...]:
    words = {stem(part) for name in names for part in split_identifier(name)}
    return tuple(term_hash(word) for word in sorted(words))


def _words(lists: Sequence[tuple[int, ...]]) -> Words:
    counts = np.array([len(terms) for terms in lists], np.int64)
    terms = np.array([term for terms in lists for term in terms], np.uint64)
    files = np.repeat(np.arange(len(lists), dtype=np.int64), counts)
    order = np.argsort(terms, kind="stable")
    return Words(terms[order], files[order], counts.astype(np.float32))


def _compute(segment: Segment) -> StaticSignals:
    paths = segment.files.paths.tolist()
    roles = segment.files.roles
    words = [_path_words(path) for path in paths]
    lower = tuple(path.lower() for path in paths)
    places: dict[str, int] = {}
    for path in lower:
        places.setdefault(path.rpartition("/")[0], len(places))

    def flag(role: Role) -> Floats:
        flags: Floats = ((roles & int(role)) != 0).astype(np.float32)
        return flags

    def column(values: Sequence[bool | float]) -> Floats:
        return np.array(values, np.float32)

    is_inner = [not _INNER_FOLDERS.isdisjoint(path.split("/")[:-1]) for path in lower]
    passage_files = segment.passages.files
    starts = run_starts(passage_files)
    n_passages = np.bincount(passage_files, minlength=len(paths)).astype(np.float32)
    return StaticSignals(
        constant={
            "example": flag(Role.EXAMPLE),
            "vendored": flag(Role.VENDORED),
            "generated": flag(Role.GENERATED),
            "size": np.log1p(segment.files.n_lines.astype(np.float32)),
            "inner": column(is_inner),
        }
        | path_roles(lower),
        tests=flag(Role.TEST),
        documentation=flag(Role.DOCUMENTATION),
        stems=_words([own for own, _ in words]),
        folders=_words([folders for _, folders in words]),
        paths=lower,
        places=tuple(places),
        place_of=np.array([places[path.rpartition("/")[0]] for path in lower], np.int64),
        stem_lengths=np.array([len(stem_of(path).encode("utf-8", "surrogateescape")) for path in paths], np.int64),
        filled=passage_files[starts].astype(np.int64),
        starts=starts,
        n_passages=n_passages,
        minor=((roles & _MINOR) != 0) | np.array(is_inner, bool),
    )


def stem_of(path: str) -> str:
    base = path.rpartition("/")[2]
    return base.rpartition(".")[0] or base
