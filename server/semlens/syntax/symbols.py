"""Query matches to symbols: nesting, qualified names, kinds, signatures, documentation, references.

Knows no language: what differs between them stands in their descriptions and queries.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from tree_sitter import Node

from semlens.core.span import Span
from semlens.core.symbol import Symbol, SymbolKind
from semlens.syntax.calls import calls_in
from semlens.syntax.comments import MAX_DOCUMENTATION, comment_reader, docstring
from semlens.syntax.found import CALLABLE_KINDS, METHOD_OWNERS, TYPE_KINDS, Definition
from semlens.syntax.grammars import Grammar, Pattern, PatternRole
from semlens.syntax.language import Language
from semlens.syntax.matches import MAX_NAME, Captures, Match, Matches, Place, sorted_matches
from semlens.syntax.recovery import Stretch
from semlens.syntax.references import assign_references
from semlens.syntax.signatures import signature_reader

_MAX_CHAIN = 40  # declarators within declarators
_MAX_DEPTH = 60  # definitions within definitions that enter a qualified name

_TYPE_ARGUMENTS = re.compile(r"\s*<[^<>]*>|\s*\[[^\[\]]*\]")
_FIRST = re.compile(rb"\s*(\S)")
_NO_COMMENT = frozenset(bytes((byte,)) for byte in range(128) if chr(byte).isalnum() or chr(byte) in "})];_")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Findings:
    """What the query of one language found in one file.

    :ivar definitions: parallel to ``symbols``.
    """

    symbols: list[Symbol]
    definitions: list[Definition]
    references: tuple[tuple[int, str], ...]


def find_symbols(language: Language, grammar: Grammar, root: Node, source: bytes, module: str) -> Findings:
    """Everything that the language's query finds.

    :param module: prefix of every qualified name, from the file's path.
    """
    if grammar.query is None:
        return Findings([], [], ())
    matches = sorted_matches(language, grammar, root, source)
    symbols, definitions = _Builder(language, source, module, matches).build(matches.definitions)
    references = assign_references(matches.references, definitions)
    if language.text_calls:
        references |= calls_in(source, definitions)
    return Findings(
        symbols, definitions, tuple([(index, name.decode("utf-8", "replace")) for index, name in references])
    )


def merge_findings(findings: list[Findings]) -> Findings:
    """The findings of several parts of one file as one, in source order."""
    if len(findings) == 1:
        return findings[0]
    order = sorted(
        (definition.start, -definition.end, part, index)
        for part, found in enumerate(findings)
        for index, definition in enumerate(found.definitions)
    )
    place = {(part, index): position for position, (_, _, part, index) in enumerate(order)}
    symbols: list[Symbol] = []
    definitions: list[Definition] = []
    for _, _, part, index in order:
        symbol, definition = findings[part].symbols[index], findings[part].definitions[index]
        definition.within = place.get((part, definition.within), -1)
        symbols.append(symbol._replace(parent=place.get((part, symbol.parent), -1)))
        definitions.append(definition)
    references = dict.fromkeys(
        (place.get((part, index), -1), name) for part, found in enumerate(findings) for index, name in found.references
    )
    return Findings(symbols, definitions, tuple(references))


class _Builder:
    """Walks the matches of one file, outermost first, with the open containers on a stack."""

    def __init__(
        self,
        language: Language,
        source: bytes,
        module: str,
        matches: Matches,
    ) -> None:
        self._language = language
        self._source = source
        self._module = module + language.separator if module else ""
        self._comments = comment_reader(language)
        self._signature = signature_reader(language)
        prefixes, documentations = matches.prefixes, matches.documentations
        prefixes.sort(key=_start_of)
        self._prefixes = prefixes
        self._prefix_ends = [node.end_byte for node in prefixes]
        documentations.sort(key=_start_of)
        self._documentations = documentations
        self._documentation_ends = [node.end_byte for node in documentations]
        self._documentation_starts = [node.start_byte for node in documentations]
        self._types: dict[str, int] = {}
        self._joiners = dict(language.joiners)
        self._method_owners = METHOD_OWNERS if language.functions_in_types_are_methods else frozenset()
        if language.modules_own_methods:
            self._method_owners |= {SymbolKind.MODULE}
        self._plain_names = not (language.name_trim or language.name_cut or language.name_separators)

    def build(self, matches: list[Match]) -> tuple[list[Symbol], list[Definition]]:
        language, source, separator = self._language, self._source, self._language.separator
        symbols: list[Symbol] = []
        definitions: list[Definition] = []
        new_symbol, new_span = Symbol._make, Span._make
        # end byte, start byte, definition around, symbol above, qualifier of what is within, kind of the container
        stack: list[tuple[int, int, int, int, str, SymbolKind]] = []
        package = ""
        clauses: dict[int, int] = {}
        # looked up once: a large repository has hundreds of thousands of matches
        ignore, opens_package, opens_scope = PatternRole.IGNORE, PatternRole.PACKAGE, PatternRole.SCOPE
        function, method, file = SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.FILE
        method_owners, module, types = self._method_owners, self._module, self._types
        read_name, document, read_signature = self._name, self._document, self._signature.read
        has_prefixes, has_joiners = bool(self._prefixes), bool(self._joiners)
        merges, indented, starts_early = language.merge_clauses, language.indented, language.prefix_is_signature
        for code, negative_end, pattern, node, captures in matches:
            start, end = code, -negative_end
            role, kind = pattern.role, pattern.kind
            if role is ignore:
                continue
            name_node, name_end, name, name_parts = read_name(captures, pattern)
            if not name:
                continue
            if role is opens_package:
                package = package + separator + name if kind is SymbolKind.PACKAGE and package else name
                stack.clear()
                if not pattern.capture.endswith(".symbol"):
                    continue
                kind = SymbolKind.PACKAGE
            row = -1
            if has_prefixes:
                start, row = self._extended(start)
            while stack and (stack[-1][0] < end or (stack[-1][0] == end and stack[-1][1] == start)):
                stack.pop()
            if stack:
                _, _, within, parent, qualifier, container = stack[-1]
            else:
                qualifier = "" if role is opens_package else package
                within, parent, container = -1, -1, file
            if pattern.absolute:
                qualifier = ""
            receiver = captures.get("receiver")
            if receiver is not None:
                name_parts = [*self._parts(_text(source, receiver[0]).strip(language.name_trim or None)), *name_parts]
            if name_parts:
                joined = separator.join(name_parts)
                qualifier = qualifier + separator + joined if qualifier else joined
                parent = self._types.get(name_parts[-1], parent)
                if parent >= 0 and symbols[parent].kind in TYPE_KINDS:
                    container = SymbolKind.CLASS
            if kind is function and container in method_owners:
                kind = method
            if kind is method and self._constructs(name, qualifier):
                kind = SymbolKind.CONSTRUCTOR
            elif kind is function and name_parts and language.type_named_constructors and name.endswith(name_parts[-1]):
                # "A::A" and "A::~A", whose class is in another file
                kind = SymbolKind.CONSTRUCTOR if name == name_parts[-1] else method if name[0] == "~" else function
            if not qualifier:
                inner = name
            elif has_joiners:
                inner = qualifier + self._joiner(pattern, kind, container) + name
            else:
                inner = qualifier + separator + name
            if role is opens_scope:
                if kind is SymbolKind.CLASS:
                    parent = self._types.get(name, parent)
                if len(stack) < _MAX_DEPTH:
                    stack.append((end, start, within, parent, inner, kind))
                continue
            if merges:
                earlier = clauses.get(within)
                if (
                    earlier is not None
                    and symbols[earlier].name == name
                    and symbols[earlier].qualified_name.endswith(inner)
                ):
                    self._merge(symbols, definitions, earlier, node)
                    stack.append((end, start, earlier, earlier, inner, kind))
                    continue
                clauses[within] = len(definitions)

            definition = Definition()
            definition.name, definition.qualifier, definition.kind = name, qualifier, kind
            definition.start, definition.code = start, code
            definition.within, definition.children, definition.own = within, None, False
            end_point = node.end_point if end == node.end_byte else captures["body"][-1].end_point
            end_row, end_column = end_point[0], end_point[1]
            if indented or end_column == 0:
                end, end_row, end_column = self._without_trailing(code, end, end_row, end_column)
            definition.end, definition.end_row, definition.end_column = end, end_row, end_column
            start_point = node.start_point
            if row < 0:
                row, column = start_point[0], start_point[1]
            else:
                column = start - (source.rfind(b"\n", 0, start) + 1)
            definition.start_row = row
            body = captures.get("body")
            if body is not None:
                last = body[-1]
                definition.body = body[0].start_byte
                # a captured bracket stands for the rest of the definition
                definition.body_end = end if last.end_byte - last.start_byte == 1 else min(last.end_byte, end)
            else:
                definition.body, definition.body_end = -1, end
            document(definition)
            if start != code and starts_early:
                definition.signature = read_signature(source, start, -1, code)
            else:
                definition.signature = read_signature(source, code, definition.body, end)

            name_point = name_node.start_point
            name_row, name_column = name_point[0], name_point[1]
            definition.name_start, definition.name_end = name_node.start_byte, name_end
            name_end += name_column - name_node.start_byte
            symbols.append(
                new_symbol(
                    (
                        name,
                        module + inner,
                        kind,
                        new_span((row, column, end_row, end_column)),
                        new_span((name_row, name_column, name_row, name_end)),
                        definition.signature,
                        definition.documentation,
                        parent,
                    )
                )
            )
            definitions.append(definition)
            position = len(definitions) - 1
            if kind in TYPE_KINDS:
                types.setdefault(name, position)
            if len(stack) < _MAX_DEPTH:
                stack.append((-negative_end, start, position, position, inner, kind))
        return symbols, definitions

    def _merge(self, symbols: list[Symbol], definitions: list[Definition], earlier: int, node: Place) -> None:
        """Makes a further clause part of the symbol of the first."""
        definition, symbol = definitions[earlier], symbols[earlier]
        end_row, end_column = node.end_point[0], node.end_point[1]
        definition.end, definition.end_row, definition.end_column = node.end_byte, end_row, end_column
        definition.body_end = node.end_byte
        span = Span(symbol.span.start_line, symbol.span.start_column, end_row, end_column)
        symbols[earlier] = symbol._replace(span=span)

    def _name(self, captures: Captures, pattern: Pattern) -> tuple[Place, int, str, list[str]]:
        """The node of the name, the byte after it, the name, and what the name itself is qualified with."""
        language = self._language
        nodes = captures.get("name")
        if nodes is not None:
            node = nodes[0]
            if self._plain_names and not pattern.counts and "name.until" not in captures:
                start, end = node.start_byte, node.end_byte
                text = self._source[start:end]
                if end - start <= MAX_NAME and not text.isspace() and b"\n" not in text:
                    return node, end, text.decode("utf-8", "replace"), []
        else:
            node = _end_of_chain(captures["name.chain"][0], language.name_chain)
        until = captures.get("name.until")
        end = until[-1].end_byte if until is not None else node.end_byte
        name = self._source[node.start_byte : end].decode("utf-8", "replace")
        if language.name_cut:
            shorter = re.sub(language.name_cut, "", name)
            if shorter != name:
                name, end = shorter, node.end_byte
        if language.name_trim:
            trimmed = name.strip(language.name_trim)
            if trimmed.count("(") == trimmed.count(")"):  # "Show (T a)" keeps what "(<>)" loses
                name = trimmed
        parts: list[str] = []
        if language.name_separators:
            *parts, name = self._parts(name) or [""]
        if "\n" in name or " " in name:
            name = _SPACE.sub(" ", name)
        if pattern.counts:
            counted = captures.get("arity")
            name = f"{name}/{_n_named(counted[0]) if counted else 0}"
        line_end = self._source.find(b"\n", node.start_byte, end)
        return node, end if line_end == -1 else line_end, name.strip()[:MAX_NAME], parts

    def _joiner(self, pattern: Pattern, kind: SymbolKind, container: SymbolKind) -> str:
        if self._joiners and container in self._method_owners:
            joiner = self._joiners.get(pattern.capture) or self._joiners.get(kind.label)
            if joiner:
                return joiner
        return self._language.separator

    def _parts(self, name: str) -> list[str]:
        """The parts of a name as written: ``a::Foo<int>::f`` is ``["a", "Foo", "f"]``."""
        language = self._language
        operator = ""
        if language.drop_type_arguments and ("<" in name or "[" in name):
            position = name.find("operator")
            if position != -1:
                name, operator = name[:position], name[position:]
            shorter = _TYPE_ARGUMENTS.sub("", name)
            while shorter != name:
                name, shorter = shorter, _TYPE_ARGUMENTS.sub("", shorter)
        for mark in language.name_separators:
            if mark in name:
                written = re.split("|".join(map(re.escape, language.name_separators)), name)
                parts = [part.strip(" \t\r\n" + language.name_trim) for part in written]
                parts[-1] += operator
                return [part for part in parts if part]
        return [name + operator]

    def _constructs(self, name: str, qualifier: str) -> bool:
        language = self._language
        if name in language.constructors:
            return True
        return language.type_named_constructors and name == qualifier.rsplit(language.separator, 1)[-1]

    def _extended(self, start: int) -> tuple[int, int]:
        """The start of the prefixes right before a definition, and its row, or -1 where there are none."""
        row = -1
        position = bisect_left(self._prefix_ends, start + 1) - 1
        while position >= 0:
            prefix = self._prefixes[position]
            if not self._only_comments(prefix.end_byte, start):
                break
            start = prefix.start_byte
            row = prefix.start_point[0]
            position -= 1
        return start, row

    def _only_comments(self, start: int, end: int) -> bool:
        if start > end:
            return False
        first = _FIRST.match(self._source, start, end)
        if first is None:
            return True
        if first[1] in _NO_COMMENT:
            return False
        line_end = self._source.find(b"\n", first.start(1), end)
        line = self._source[first.start(1) : line_end if line_end >= 0 else end].rstrip()
        if not line.startswith(b"/*") and not self._comments.is_comment(line):
            return False  # most often so: what is between is code, and may be long
        between = self._source[first.start(1) : end].strip()
        return all(not line.strip() or self._comments.is_comment(line.strip()) for line in between.split(b"\n")) or (
            between.startswith(b"/*") and between.endswith(b"*/")
        )

    def _without_trailing(self, start: int, end: int, row: int, column: int) -> tuple[int, int, int]:
        """The end of a range without blank and comment lines at its end."""
        source = self._source
        while end > start:
            line_start = source.rfind(b"\n", start, end) + 1
            if line_start == 0:
                break
            line = source[line_start:end].strip()
            if line and not self._comments.is_comment(line):
                break
            end = line_start - 1
            while end > start and source[end - 1] in b" \t\r":
                end -= 1
            row -= 1
            column = end - (source.rfind(b"\n", 0, end) + 1)
        return end, row, column

    def _document(self, definition: Definition) -> None:
        source, language = self._source, self._language
        definition.inner = definition.body
        definition.lead = definition.start
        definition.documentation = ""
        if language.docstrings and definition.body >= 0:
            definition.inner, definition.documentation = docstring(source, definition.body, definition.body_end)
            if definition.documentation:
                return
        if self._documentations:
            node = self._documentation_node(definition)
            if node is not None:
                definition.lead = min(node.start_byte, definition.start)
                text = re.sub(language.documentation_marks, "", _text(source, node).strip())
                definition.documentation = text.strip()[:MAX_DOCUMENTATION].rstrip()
                return
        lead, text = self._comments.above(source, definition.start)
        if not text and definition.code != definition.start:
            _, text = self._comments.above(source, definition.code)
        definition.lead = lead
        definition.documentation = text

    def _documentation_node(self, definition: Definition) -> Node | None:
        """The documentation that ends before a definition or, for modules, starts its body."""
        position = bisect_left(self._documentation_starts, definition.code)
        if position < len(self._documentations) and self._documentation_starts[position] == definition.code:
            return self._documentations[position]
        position = bisect_left(self._documentation_ends, definition.start + 1) - 1
        if position >= 0 and self._only_comments(self._documentation_ends[position], definition.start):
            return self._documentations[position]
        if definition.body >= 0 and definition.kind not in CALLABLE_KINDS:
            position = bisect_left(self._documentation_starts, definition.body)
            if position < len(self._documentations):
                start = self._documentation_starts[position]
                if start < definition.body_end and self._source[definition.body : start].strip() in (b"", b"do", b"{"):
                    return self._documentations[position]
        return None


def _end_of_chain(node: Place, field: str) -> Place:
    """The name within declarators within declarators: ``f`` of ``*(*f(int))(void)``."""
    for _ in range(_MAX_CHAIN):
        if isinstance(node, Stretch):
            break
        if node.type == "operator_cast":
            break
        inner = node.child_by_field_name(field)
        if inner is None:
            if node.type.startswith("parenthesized") or node.type in ("reference_declarator", "attributed_declarator"):
                inner = node.named_child(0)
            if inner is None:
                break
        node = inner
    return node


def _n_named(node: Place) -> int:
    return 0 if isinstance(node, Stretch) else node.named_child_count


def _text(source: bytes, node: Place) -> str:
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _start_of(node: Node) -> int:
    return node.start_byte
