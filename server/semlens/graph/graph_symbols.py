"""The symbols of one snapshot: files, kinds and owners, the definitions of a name, and the types that are written.

Names and types are hashes: of a term, or of a hint (`reference_table`). `resolver` says what a reference means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from semlens.core.symbol import SymbolKind
from semlens.graph.candidates import Candidates, Definition
from semlens.graph.language_traits import LanguageTraits, traits_of
from semlens.graph.segment_names import TYPE_KINDS, SymbolPlace, names_of
from semlens.index.segment.reference_table import hint_hash, term_range
from semlens.index.snapshot import SegmentView
from semlens.syntax.references.written_types import result_type, value_type

_PACKAGE_NAME = re.compile(r"\W*name\W+?([@\w][^\"]*)")
MAX_DEFINITIONS = 10_000
"""Of one name. More are not looked at."""


class GraphSymbols:
    """What is found is kept, so that the same question is answered once."""

    def __init__(self, views: Sequence[SegmentView]) -> None:
        self.views = views
        self._traits = [[traits_of(name) for name in view.segment.files.language_names.tolist()] for view in views]
        self._root_names = [view.root.rstrip("/").rpartition("/")[2] for view in views]
        self._paths: dict[tuple[int, int], str] = {}
        self._candidates: dict[tuple[int, str], Candidates] = {}
        self._kinds: dict[tuple[int, str], frozenset[int]] = {}
        self._types_of_results: dict[tuple[int, str], int] = {}
        self._types_of_values: dict[tuple[int, str], int] = {}
        self._packages: dict[int, str] | None = None

    def traits(self, view: int, file: int) -> LanguageTraits:
        return self._traits[view][int(self.views[view].segment.files.languages[file])]

    def family_of_language(self, view: int, language: int) -> str:
        """:param language: row of the language in the segment."""
        return self._traits[view][language].family

    def file_of(self, view: int, row: int) -> int:
        """The file of a row of references: a symbol's, or the file's own."""
        symbols = self.views[view].segment.symbols
        return int(symbols.files[row]) if row < len(symbols) else row - len(symbols)

    def path(self, view: int, file: int) -> str:
        """The path of a file, with the name of its root."""
        found = self._paths.get((view, file))
        if found is None:
            found = f"{self._root_names[view]}/{self.views[view].segment.files.paths[file]}"
            self._paths[view, file] = found
        return found

    def term_of(self, place: SymbolPlace) -> int:
        return int(names_of(self.views[place.view].segment).of_row[place.symbol])

    def kind_of(self, place: SymbolPlace) -> SymbolKind:
        return SymbolKind(int(self.views[place.view].segment.symbols.kinds[place.symbol]))

    def owner_type(self, view: int, row: int) -> tuple[int, int]:
        """The row of the innermost type around a row of references, or -1; and the hint hash of its name, or 0."""
        symbols = self.views[view].segment.symbols
        names = names_of(self.views[view].segment)
        symbol = row if row < len(symbols) else -1
        while symbol >= 0:
            if int(symbols.kinds[symbol]) in TYPE_KINDS:
                return symbol, int(names.of_row[symbol]) >> 32
            if names.owners[symbol] and int(symbols.parents[symbol]) < 0:
                return -1, int(names.owners[symbol])
            symbol = int(symbols.parents[symbol])
        return -1, 0

    def definitions(self, first_term: int, end_term: int, family: str) -> list[Definition]:
        """The living definitions in a range of term hashes."""
        found: list[Definition] = []
        for number, view in enumerate(self.views):
            names = names_of(view.segment)
            start, end = np.searchsorted(names.hashes, np.array([first_term, end_term - 1], np.uint64), "left").tolist()
            while end < len(names.hashes) and int(names.hashes[end]) < end_term:
                end = int(np.searchsorted(names.hashes, names.hashes[end], "right"))
            for row in names.rows[start:end].tolist():
                file = int(view.segment.symbols.files[row])
                if view.alive is not None and not view.alive[file]:
                    continue
                if self.traits(number, file).family == family:
                    found.append(self._definition(number, row, file))
                    if len(found) >= MAX_DEFINITIONS:
                        return found
        return found

    def _definition(self, view: int, row: int, file: int) -> Definition:
        segment = self.views[view].segment
        names, symbols = names_of(segment), segment.symbols
        owner = int(names.owners[row])
        owner_name = 0
        parent = int(symbols.parents[row])
        if owner and parent >= 0:
            owner_name = hint_hash(symbols.names[parent].lower().strip("_"))
        return Definition(view, row, file, self.path(view, file), owner, owner_name, bool(names.is_member[row]))

    def signature_of(self, one: Definition) -> str:
        return str(self.views[one.view].segment.symbols.signatures[one.symbol])

    def package_folder(self, name: int) -> str:
        """The folder of an npm package of the workspace, with a slash at its end, or "".

        :param name: hint hash of the package's name.
        """
        if self._packages is None:
            self._packages = {}
            for folder, package in sorted(self._npm_packages(), key=lambda one: len(one[0])):
                self._packages.setdefault(hint_hash(package), folder)
        return self._packages.get(name, "")

    def _npm_packages(self) -> Iterator[tuple[str, str]]:
        """Folder and name of each package, as its ``package.json`` says."""
        for number, view in enumerate(self.views):
            symbols, paths = view.segment.symbols, view.segment.files.paths.tolist()
            for file in (row for row, path in enumerate(paths) if path.rpartition("/")[2] == "package.json"):
                if view.alive is not None and not view.alive[file]:
                    continue
                of_file = symbols.of_file(file)
                for row in range(of_file.start, of_file.stop):
                    if symbols.qualified_names[row] == "name" and (
                        written := _PACKAGE_NAME.match(symbols.signatures[row])
                    ):
                        yield self.path(number, file).removesuffix("package.json"), written[1]

    def candidates(self, term: int, family: str) -> Candidates:
        key = (term, family)
        found = self._candidates.get(key)
        if found is None:
            found = self._candidates[key] = Candidates(self.definitions(term, term + 1, family))
        return found

    def is_type(self, name: int, family: str, *kinds: SymbolKind) -> bool:
        """Whether the workspace defines a type of the name. :param kinds: of types; all without any."""
        defined = self._kinds.get((name, family))
        if defined is None:
            definitions = self.definitions(*term_range(name), family)
            defined = frozenset(int(self.views[one.view].segment.symbols.kinds[one.symbol]) for one in definitions)
            self._kinds[name, family] = defined
        return not defined.isdisjoint(kinds or TYPE_KINDS)

    def type_of_result(self, function: int, family: str) -> int:
        """The type that the functions of a name return, if all that say so agree; else 0."""
        key = (function, family)
        if key not in self._types_of_results:
            written = set()
            for one in self.definitions(*term_range(function), family):
                segment = self.views[one.view].segment
                if int(segment.symbols.kinds[one.symbol]) in TYPE_KINDS:
                    written.add(function)
                    continue
                name = result_type(segment.files.language(one.file), segment.symbols.signatures[one.symbol])
                if name:
                    written.add(one.owner if name in ("Self", "self") and one.owner else hint_hash(name))
            self._types_of_results[key] = written.pop() if len(written) == 1 else 0
        return self._types_of_results[key]

    def type_of_value(self, name: int, family: str) -> int:
        """The type of the constants and variables of a name, if all that say so agree; else 0."""
        key = (name, family)
        if key not in self._types_of_values:
            written = set()
            for one in self.definitions(*term_range(name), family):
                symbols = self.views[one.view].segment.symbols
                if int(symbols.kinds[one.symbol]) in (SymbolKind.CONSTANT, SymbolKind.VARIABLE):
                    declared = value_type(symbols.signatures[one.symbol])
                    written |= {hint_hash(declared)} if declared else set()
            found = written.pop() if len(written) == 1 else 0
            self._types_of_values[key] = found if found != name and self.is_type(found, family) else 0
        return self._types_of_values[key]
