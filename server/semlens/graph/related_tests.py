"""Tests that belong to what changed although no call leads there: by name, import, fixture, or by words and place.

`impact` orders them. Which files are tests is said by their roles.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import takewhile
from weakref import WeakKeyDictionary

import numpy as np

from semlens.core.reference import ReferenceKind, Scope
from semlens.core.symbol import Role, SymbolKind
from semlens.core.text.identifiers import split_identifier, stem
from semlens.graph.candidates import FileKey, module_paths, package_suffixes
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace
from semlens.index.segment.reference_table import code_of, hint_hash
from semlens.index.segment.segment import Segment
from semlens.index.segment.terms import term_hash

CONFTEST = "conftest.py"
_LEAST_NAME = 4  # characters of a symbol whose name a file of tests may carry
_AFFIX = re.compile(r"^(?:tests?|spec)[_.-]?|[_.-]?(?:tests?|spec|unittest)s?$", re.IGNORECASE)
_PARAMETER = re.compile(r"[(,]\s*(\w+)")
_IMPORT = code_of(ReferenceKind.IMPORT, Scope.MODULE)


def tests_by_name(resolver: Resolver, files: Sequence[FileKey], changed: Sequence[SymbolPlace]) -> dict[FileKey, str]:
    """The files of tests that carry the name of a changed file or symbol, with that name."""
    names = [_symbol_name(resolver, place) for place in changed]
    stems = {_plain(name): name for name in names if len(name) >= _LEAST_NAME}
    paths = [resolver.path(*file) for file in files]
    stems |= {plain_stem(path): path.rpartition("/")[2] for path in paths}
    found: dict[FileKey, str] = {}
    for number, view in enumerate(resolver.views):
        for plain, rows in _test_files(view.segment).items():
            if plain in stems:
                found |= {(number, file): stems[plain] for file in rows if view.alive is None or view.alive[file]}
    return found


def tests_by_import(resolver: Resolver, files: Sequence[FileKey]) -> dict[FileKey, str]:
    """The files of tests that import a changed file, with the name of that."""
    modules: dict[int, str] = {}
    # by the name and the hint of an import such as `from package import module`
    members: dict[tuple[int, int], str] = {}
    for file in files:
        path = resolver.path(*file)
        name = path.rpartition("/")[2]
        modules |= dict.fromkeys(_modules(path), name)
        member = term_hash(name.partition(".")[0])
        members |= {(member, package): name for package in package_suffixes(path)}
    found: dict[FileKey, str] = {}
    for number, view in enumerate(resolver.views):
        references = view.segment.references
        entries = np.flatnonzero(references.codes == _IMPORT)
        hints = references.hints[entries]
        near = np.isin(hints, np.array([*modules, *(hint for _, hint in members)], np.uint32))
        entries, hints = entries[near], hints[near]
        terms = references.terms[np.searchsorted(references.offsets, entries, "right") - 1]
        rows = references.rows[entries]
        for row, term, hint in zip(rows.tolist(), terms.tolist(), hints.tolist(), strict=True):
            name = modules.get(hint) or members.get((term, hint), "")
            file_row = resolver.file_of(number, row)
            if name and (number, file_row) not in found and is_living_test(resolver, number, file_row):
                found[number, file_row] = name
    return found


def tests_of_fixture(resolver: Resolver, place: SymbolPlace) -> list[SymbolPlace]:
    """What takes a function of a ``conftest.py`` as a parameter: pytest gives it to the tests below the folder."""
    path = resolver.path(place.view, resolver.file_of(*place))
    symbols = resolver.views[place.view].segment.symbols
    if path.rpartition("/")[2] != CONFTEST or symbols.kinds[place.symbol] != SymbolKind.FUNCTION:
        return []
    folder = path.removesuffix(CONFTEST)
    name = _symbol_name(resolver, place)
    found: list[SymbolPlace] = []
    for number, view in enumerate(resolver.views):
        for row in _parameters(view.segment).get(name, ()):
            file = resolver.file_of(number, row)
            if resolver.path(number, file).startswith(folder) and is_living_test(resolver, number, file):
                found.append(SymbolPlace(number, row))
    return found


def tests_nearby(
    resolver: Resolver, files: Sequence[FileKey], changed: Sequence[SymbolPlace], known: Iterable[FileKey], count: int
) -> list[FileKey]:
    """Further files of tests whose paths share words with the change, rare ones first; then those that lie nearest."""
    left_out = set(known)
    words = {
        (number, file): _words(view.segment.files.paths[file])
        for number, view in enumerate(resolver.views)
        for rows in _test_files(view.segment).values()
        for file in rows
        if view.alive is None or view.alive[file]
    }
    n_having = Counter(word for ones in words.values() for word in ones)
    asked = {word for file in files for word in _words(resolver.path(*file))}
    asked |= {stem(word) for place in changed for word in split_identifier(_symbol_name(resolver, place))}
    folders = [resolver.path(*file).split("/")[:-1] for file in files]

    def rank(file: FileKey) -> tuple[float, int, int, str]:
        shared = sum(math.log((len(words) + 1) / n_having[word]) for word in words[file] & asked)
        path = resolver.path(*file)
        return -round(shared, 3), -common_folders(path, folders), path.count("/"), path

    return sorted((file for file in words if file not in left_out), key=rank)[:count]


def is_living_test(resolver: Resolver, view: int, file: int) -> bool:
    found = resolver.views[view]
    return bool(int(found.segment.files.roles[file]) & Role.TEST) and (found.alive is None or bool(found.alive[file]))


def common_folders(path: str, folders: Sequence[Sequence[str]]) -> int:
    """How many parts a path and one of the folders begin with alike, at most."""
    pairs = [zip(path.split("/"), folder, strict=False) for folder in folders]
    return max((sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pair)) for pair in pairs), default=0)


_TEST_FILES: WeakKeyDictionary[Segment, dict[str, list[int]]] = WeakKeyDictionary()


def _test_files(segment: Segment) -> dict[str, list[int]]:
    found = _TEST_FILES.get(segment)
    if found is None:
        found = {}
        roles = segment.files.roles.tolist()
        for file, path in enumerate(segment.files.paths.tolist()):
            if roles[file] & Role.TEST:
                found.setdefault(plain_stem(path), []).append(file)
        _TEST_FILES[segment] = found
    return found


_PARAMETERS: WeakKeyDictionary[Segment, dict[str, list[int]]] = WeakKeyDictionary()


def _parameters(segment: Segment) -> dict[str, list[int]]:
    """The rows of the Python functions in files of tests, by the names of their parameters."""
    found = _PARAMETERS.get(segment)
    if found is None:
        found = {}
        for file, path in enumerate(segment.files.paths.tolist()):
            if path.endswith(".py") and int(segment.files.roles[file]) & Role.TEST:
                rows = segment.symbols.of_file(file)
                for row in range(rows.start, rows.stop):
                    for name in set(_PARAMETER.findall(segment.symbols.signatures[row])):
                        found.setdefault(name, []).append(row)
        _PARAMETERS[segment] = found
    return found


def _symbol_name(resolver: Resolver, place: SymbolPlace) -> str:
    return str(resolver.views[place.view].segment.symbols.names[place.symbol])


def _modules(path: str) -> list[int]:
    """The hint hashes of the paths by which a file is imported, without those of one name alone."""
    paths = module_paths(path)
    return [hint_hash(one) for one in paths if "/" in one or len(paths) <= 2]


@lru_cache(maxsize=16_384)
def _words(path: str) -> frozenset[str]:
    """The stems of the words in the name of a file and its folder, without those that mark tests."""
    folder, _, name = path.rpartition("/")
    words = {stem(word) for word in split_identifier(f"{folder.rpartition('/')[2]} {name.rpartition('.')[0]}"[-80:])}
    return frozenset(words - {"test", "spec", "src", "lib"})


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def plain_stem(path: str) -> str:
    """The name of a file without extensions and without what marks tests: ``test_retry.py`` is ``retry``."""
    folder, _, name = path.rpartition("/")
    first = name.partition(".")[0]
    if ".test." in name or ".spec." in name:
        first = name.partition(".test.")[0].partition(".spec.")[0]
    plain = _plain(_AFFIX.sub("", first))
    return plain if plain not in ("", "init", "index", "mod", "main") else folder.rpartition("/")[2].lower()
