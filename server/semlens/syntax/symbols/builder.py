"""Builds symbols from query matches: nesting, qualified names, kinds, signatures, documentation, references.

It knows no language. Descriptions and queries hold the differences between languages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tree_sitter import Node

from semlens.core.reference import Reference
from semlens.core.span import Span
from semlens.core.symbol import Symbol, SymbolKind
from semlens.syntax.languages.language import Language
from semlens.syntax.parsing.grammars import Grammar, Pattern, PatternRole
from semlens.syntax.parsing.matches import Captures, Match, Matches, Place, sorted_matches
from semlens.syntax.references.reader import read_references
from semlens.syntax.symbols.definition import METHOD_OWNERS, TYPE_KINDS, Definition
from semlens.syntax.symbols.names import DefinitionName, NameReader
from semlens.syntax.symbols.signatures import signature_reader
from semlens.syntax.symbols.surroundings import Surroundings

_MAX_DEPTH = 60  # definitions within definitions that enter a qualified name


@dataclass(frozen=True, slots=True)
class FileSymbols:
    """What the query of one language found in one file.

    :ivar definitions: parallel to ``symbols``.
    """

    symbols: list[Symbol]
    definitions: list[Definition]
    references: tuple[Reference, ...]


def find_symbols(
    language: Language, grammar: Grammar, root: Node, source: bytes, module: str, path: str = ""
) -> FileSymbols:
    """The symbols, definitions and references that the query of the language finds.

    :param module: prefix of every qualified name, from the file's path.
    :param path: of the file, relative to the workspace, for relative imports.
    """
    if grammar.query is None:
        return FileSymbols([], [], ())
    matches = sorted_matches(language, grammar, root, source)
    builder = _SymbolBuilder(language, source, module, matches)
    for match in matches.definitions:
        builder.add(match)
    symbols, definitions = builder.symbols, builder.definitions
    references = read_references(language, source, definitions, matches.references, path)
    return FileSymbols(symbols, definitions, references)


def merge_file_symbols(findings: list[FileSymbols]) -> FileSymbols:
    """The findings of several parts of one file as one, in source order."""
    if len(findings) == 1:
        return findings[0]
    order = sorted(
        (definition.start, -definition.end, part, index)
        for part, file_symbols in enumerate(findings)
        for index, definition in enumerate(file_symbols.definitions)
    )
    positions = {(part, index): position for position, (_, _, part, index) in enumerate(order)}
    symbols: list[Symbol] = []
    definitions: list[Definition] = []
    for _, _, part, index in order:
        symbol, definition = findings[part].symbols[index], findings[part].definitions[index]
        definition.within = positions.get((part, definition.within), -1)
        symbols.append(symbol._replace(parent=positions.get((part, symbol.parent), -1)))
        definitions.append(definition)
    references = dict.fromkeys(
        reference._replace(symbol=positions.get((part, reference.symbol), -1))
        for part, file_symbols in enumerate(findings)
        for reference in file_symbols.references
    )
    return FileSymbols(symbols, definitions, tuple(references))


class _Scope(NamedTuple):
    """What a definition stands in.

    :ivar within: index of the definition around, or -1. :ivar parent: index of the symbol above, or -1.
    :ivar qualifier: of what is defined directly inside.
    """

    end: int
    start: int
    within: int
    parent: int
    qualifier: str
    kind: SymbolKind


class _Placement(NamedTuple):
    """Where a definition belongs by its name and its scope. :ivar inner: its qualified name, without the module."""

    kind: SymbolKind
    qualifier: str
    parent: int
    inner: str


class _SymbolBuilder:
    """Takes the matches of one file, outermost first, and keeps the open scopes on a stack."""

    def __init__(self, language: Language, source: bytes, module: str, matches: Matches) -> None:
        self.symbols: list[Symbol] = []
        self.definitions: list[Definition] = []
        self._language = language
        self._source = source
        self._module = module + language.separator if module else ""
        self._names = NameReader(language, source)
        self._surroundings = Surroundings(language, source, matches)
        self._read_signature = signature_reader(language).read
        self._scopes: list[_Scope] = []
        self._package = ""
        self._clauses: dict[int, int] = {}
        self._types: dict[str, int] = {}
        self._joiners = dict(language.joiners)
        self._method_owners = METHOD_OWNERS if language.functions_in_types_are_methods else frozenset()
        if language.modules_own_methods:
            self._method_owners |= {SymbolKind.MODULE}

    def add(self, match: Match) -> None:
        code, negative_end, pattern, node, captures = match
        role, kind = pattern.role, pattern.kind
        if role is PatternRole.IGNORE:
            return
        name = self._names.read(captures, pattern)
        if not name.text:
            return
        if role is PatternRole.PACKAGE:
            self._open_package(name.text, kind)
            if not pattern.capture.endswith(".symbol"):
                return
            kind = SymbolKind.PACKAGE
        start, row, end = code, -1, -negative_end
        if self._surroundings.has_prefixes:
            start, row = self._surroundings.start_with_prefixes(start)
        scope = self._scope_at(start, end, is_package=role is PatternRole.PACKAGE)
        placement = self._place(name, kind, pattern, captures, scope)
        if role is PatternRole.SCOPE:
            parent = placement.parent
            if placement.kind is SymbolKind.CLASS:
                parent = self._types.get(name.text, parent)
            self._open(_Scope(end, start, scope.within, parent, placement.inner, placement.kind))
            return
        if self._language.merge_clauses and self._is_another_clause(name.text, placement.inner, scope, node):
            earlier = self._clauses[scope.within]
            self._scopes.append(_Scope(end, start, earlier, earlier, placement.inner, placement.kind))
            return
        definition = self._definition(name, placement, scope, node, captures, code, start, end)
        self._add_symbol(definition, name, placement, row if row >= 0 else node.start_point[0], start, node)
        position = len(self.definitions) - 1
        if placement.kind in TYPE_KINDS:
            self._types.setdefault(name.text, position)
        self._open(_Scope(end, start, position, position, placement.inner, placement.kind))

    def _open_package(self, name: str, kind: SymbolKind) -> None:
        is_nested = kind is SymbolKind.PACKAGE and self._package
        self._package = self._package + self._language.separator + name if is_nested else name
        self._scopes.clear()

    def _open(self, scope: _Scope) -> None:
        if len(self._scopes) < _MAX_DEPTH:
            self._scopes.append(scope)

    def _scope_at(self, start: int, end: int, *, is_package: bool) -> _Scope:
        """The innermost scope that holds a range; scopes that ended before it are closed."""
        scopes = self._scopes
        while scopes and (scopes[-1].end < end or (scopes[-1].end == end and scopes[-1].start == start)):
            scopes.pop()
        if scopes:
            return scopes[-1]
        return _Scope(len(self._source), 0, -1, -1, "" if is_package else self._package, SymbolKind.FILE)

    def _place(
        self, name: DefinitionName, kind: SymbolKind, pattern: Pattern, captures: Captures, scope: _Scope
    ) -> _Placement:
        language, separator = self._language, self._language.separator
        parent, container = scope.parent, scope.kind
        qualifier = "" if pattern.absolute else scope.qualifier
        qualifiers = name.qualifiers
        receiver = captures.get("receiver")
        if receiver is not None:
            qualifiers = [*self._names.receiver_parts(receiver[0]), *qualifiers]
        if qualifiers:
            joined = separator.join(qualifiers)
            qualifier = qualifier + separator + joined if qualifier else joined
            parent = self._types.get(qualifiers[-1], parent)
            if parent >= 0 and self.symbols[parent].kind in TYPE_KINDS:
                container = SymbolKind.CLASS
        if kind is SymbolKind.FUNCTION and container in self._method_owners:
            kind = SymbolKind.METHOD
        if kind is SymbolKind.METHOD and self._constructs(name.text, qualifier):
            kind = SymbolKind.CONSTRUCTOR
        elif kind is SymbolKind.FUNCTION and qualifiers and language.type_named_constructors:
            kind = _kind_outside_type(name.text, qualifiers[-1])
        if not qualifier:
            return _Placement(kind, qualifier, parent, name.text)
        joiner = self._joiner(pattern, kind, container) if self._joiners else separator
        return _Placement(kind, qualifier, parent, qualifier + joiner + name.text)

    def _joiner(self, pattern: Pattern, kind: SymbolKind, container: SymbolKind) -> str:
        if container in self._method_owners:
            joiner = self._joiners.get(pattern.capture) or self._joiners.get(kind.label)
            if joiner:
                return joiner
        return self._language.separator

    def _constructs(self, name: str, qualifier: str) -> bool:
        language = self._language
        if name in language.constructors:
            return True
        return language.type_named_constructors and name == qualifier.rsplit(language.separator, 1)[-1]

    def _is_another_clause(self, name: str, inner: str, scope: _Scope, node: Place) -> bool:
        """Whether this is one more clause of the function before; its symbol then takes the clause in."""
        earlier = self._clauses.get(scope.within)
        if earlier is not None:
            symbol = self.symbols[earlier]
            if symbol.name == name and symbol.qualified_name.endswith(inner):
                self._merge(earlier, node)
                return True
        self._clauses[scope.within] = len(self.definitions)
        return False

    def _merge(self, earlier: int, node: Place) -> None:
        """Make a further clause part of the symbol of the first."""
        definition, symbol = self.definitions[earlier], self.symbols[earlier]
        end_row, end_column = node.end_point[0], node.end_point[1]
        end_column = self._surroundings.end_column_of_code(node, node.start_byte, node.end_byte, end_column)
        definition.end, definition.end_row, definition.end_column = node.end_byte, end_row, end_column
        definition.body_end = node.end_byte
        span = Span(symbol.span.start_line, symbol.span.start_column, end_row, end_column)
        self.symbols[earlier] = symbol._replace(span=span)

    def _definition(
        self,
        name: DefinitionName,
        placement: _Placement,
        scope: _Scope,
        node: Place,
        captures: Captures,
        code: int,
        start: int,
        end: int,
    ) -> Definition:
        """:param code: first byte of the definition itself; ``start`` is that of its first prefix."""
        definition = Definition()
        definition.name, definition.qualifier, definition.kind = name.text, placement.qualifier, placement.kind
        definition.start, definition.code = start, code
        definition.within, definition.children, definition.has_passages = scope.within, None, False
        definition.name_start, definition.name_end = name.node.start_byte, name.end
        end_point = node.end_point if end == node.end_byte else captures["body"][-1].end_point
        end_row, end_column = end_point[0], end_point[1]
        if self._language.indented or end_column == 0:
            end, end_row, end_column = self._surroundings.end_without_comments(code, end, end_row, end_column)
        end_column = self._surroundings.end_column_of_code(node, code, end, end_column)
        definition.end, definition.end_row, definition.end_column = end, end_row, end_column
        body = captures.get("body")
        if body is not None:
            last = body[-1]
            definition.body = body[0].start_byte
            # a captured bracket stands for the rest of the definition
            definition.body_end = end if last.end_byte - last.start_byte == 1 else min(last.end_byte, end)
        else:
            definition.body, definition.body_end = -1, end
        self._surroundings.document(definition)
        if start != code and self._language.prefix_is_signature:
            definition.signature = self._read_signature(self._source, start, -1, code)
        else:
            definition.signature = self._read_signature(self._source, code, definition.body, end)
        return definition

    def _add_symbol(
        self, definition: Definition, name: DefinitionName, placement: _Placement, row: int, start: int, node: Place
    ) -> None:
        """:param row: of the first prefix, or of the definition where it has none."""
        definition.start_row = row
        column = node.start_point[1] if start == definition.code else start - (self._source.rfind(b"\n", 0, start) + 1)
        name_row, name_column = name.node.start_point[0], name.node.start_point[1]
        name_end = name.end + name_column - name.node.start_byte
        self.symbols.append(
            Symbol._make(
                (
                    name.text,
                    self._module + placement.inner,
                    placement.kind,
                    Span(row, column, definition.end_row, definition.end_column),
                    Span(name_row, name_column, name_row, name_end),
                    definition.signature,
                    definition.documentation,
                    placement.parent,
                )
            )
        )
        self.definitions.append(definition)


def _kind_outside_type(name: str, type_name: str) -> SymbolKind:
    """Of "A::A" and "A::~A", whose class is in another file."""
    if name == type_name:
        return SymbolKind.CONSTRUCTOR
    return SymbolKind.METHOD if name.endswith(type_name) and name[0] == "~" else SymbolKind.FUNCTION
