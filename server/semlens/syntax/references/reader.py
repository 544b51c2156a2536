"""Reads the references of a file: calls, uses, bases and imports, each with what the text says about its definition.

Calls and uses are read from the text, because a walk over the tree takes as long as the parse. `graph/` resolves them.
"""

from __future__ import annotations

from semlens.core.reference import Reference, ReferenceKind, Scope
from semlens.syntax.languages.language import Language
from semlens.syntax.references.code_text import without_comments
from semlens.syntax.references.imports import Imports, imports_of, reads_imports
from semlens.syntax.references.scopes import FileScopes
from semlens.syntax.references.tree_references import TreeReference, innermost_definitions
from semlens.syntax.references.written_types import base_types, embedded_types, implemented_traits
from semlens.syntax.symbols.definition import TYPE_KINDS, Definition

_MAX_ARGUMENTS = 200  # bytes between the angle brackets of a generic call
_MAX_HEAD = 160  # bytes before a call in which the variable that it is assigned to is looked for
_MAX_HEAD_KEYWORDS = 12  # bytes of "async def " and the like before the name of a definition
_MAX_AWAIT = 8  # bytes between the equals sign and a call, such as "await "
_KEYWORDS = frozenset(
    b"if elif else while for return and or not in is lambda assert yield await del with except raise import from as"
    b" match case switch catch func fn fun function def let var mut loop unsafe move where impl dyn go defer select"
    b" range map chan type struct interface super self this Some Ok Err None sizeof typeof throw foreach using lock new"
    b" synchronized try do when guard init deinit constructor defined echo print array isset list unset empty elseif"
    b" declare fixed checked do defp unquote quote nameof alignof decltype noexcept static_assert alignas".split()
)
_PYTHON_BUILTINS = frozenset(
    b"abs all any bool bytearray bytes callable chr classmethod delattr dict dir divmod enumerate filter"
    b" float format frozenset getattr globals hasattr hash hex id input int isinstance issubclass iter len"
    b" list locals max memoryview min next object oct open ord pow property range repr reversed round set"
    b" setattr sorted staticmethod str sum tuple type vars zip super Exception ValueError TypeError"
    b" KeyError RuntimeError AttributeError NotImplementedError OSError IndexError AssertionError"
    b" StopIteration ImportError True False None".split()
)


def _table(kept: bytes) -> bytes:
    """Letters, digits and what joins them; a closing bracket of an index becomes ``}``, and all else a blank."""
    return bytes(
        0x7D
        if byte == 0x5D
        else byte
        if byte in kept or byte >= 0x80 or chr(byte).isalnum() or byte in b"_.()="
        else 0x20
        for byte in range(256)
    )


_TABLE, _TABLE_WITH_MACROS = _table(b""), _table(b"!")
_WORDS_ONLY = bytes(0x20 if byte in b"()}=" else byte for byte in range(256))


def read_references(
    language: Language, source: bytes, definitions: list[Definition], found: list[TreeReference], path: str
) -> tuple[Reference, ...]:
    """:param definitions: in source order, outermost first. :param found: what the query found in the tree."""
    code = without_comments(language, source)
    imports = imports_of(language, code, path)
    scopes = FileScopes(language, code, definitions, imports)
    reader = _Reader(language, _without_imports(code, imports), definitions, scopes)
    reader.add_imports(imports)
    reader.add_bases()
    if language.text_calls:
        reader.add_from_text()
    if reads_imports(language):
        found = [reference for reference in found if reference.kind is not ReferenceKind.IMPORT]
    reader.add_from_tree(found)
    return tuple(
        [
            Reference(index, name.decode("utf-8", "replace"), kind, scope, hint)
            for index, name, kind, scope, hint in reader.references
        ]
    )


class _Reader:
    def __init__(self, language: Language, code: bytes, definitions: list[Definition], scopes: FileScopes) -> None:
        self.references: dict[tuple[int, bytes, ReferenceKind, Scope, str], None] = {}
        self._language = language
        self._code = code
        self._definitions = definitions
        self._scopes = scopes
        self._builtins = _PYTHON_BUILTINS if language.name == "python" else frozenset[bytes]()
        for mark in (b"->", b"::", b"?."):
            if mark in code:
                code = code.replace(mark, b"..")
        self._text = code.translate(_TABLE_WITH_MACROS if language.name == "rust" else _TABLE)
        self._chains = self._text.translate(_WORDS_ONLY)
        self._names_functions = b"function" in code  # `a.b = function c(` defines c

    def add_imports(self, imports: Imports) -> None:
        for alias, (module, name, (position, _)) in imports.items():
            imported = name or module.rpartition("/")[2]
            if imported == "default":
                imported = alias.decode("utf-8", "replace")
            shown = imported.encode("utf-8", "replace")
            self.references[
                _definition_at(self._definitions, position), shown, ReferenceKind.IMPORT, Scope.MODULE, module
            ] = None

    def add_bases(self) -> None:
        """The bases of types, as their signatures name them."""
        rows: dict[str, int] = {}
        for index, definition in enumerate(self._definitions):
            if definition.kind in TYPE_KINDS:
                rows.setdefault(definition.name, index)
                for name in base_types(self._language.name, definition.name, definition.signature):
                    self._add(index, name.encode("utf-8", "replace"), ReferenceKind.BASE, b"")
                if self._language.name == "go" and definition.body >= 0:
                    for embedded in embedded_types(self._code[definition.body : definition.body_end]):
                        self._add(index, embedded, ReferenceKind.BASE, b"")
        if self._language.name == "rust":
            for trait, name in implemented_traits(self._code):
                if (row := rows.get(name)) is not None:
                    self._add(row, trait, ReferenceKind.BASE, b"")

    def add_from_tree(self, found: list[TreeReference]) -> None:
        for index, (start, name, kind) in innermost_definitions(found, self._definitions):
            if kind is ReferenceKind.CALL:
                before = self._text[max(0, start - _MAX_HEAD) : start]
                chain = before.rpartition(b" ")[2].rpartition(b"(")[2] + name if before.endswith((b".", b":")) else name
                self._add(index, chain, kind, b"")
            else:
                self._add(index, name, kind, b"")

    def add_from_text(self) -> None:
        """Calls and uses, stretch by stretch: each stretch belongs to one definition."""
        definitions, end_of_text = self._definitions, len(self._text) + 1
        stack, ends, position = [-1], [end_of_text], 0
        for index, definition in enumerate(definitions):
            start = definition.start
            while ends[-1] <= start:
                position = self._add_stretch(position, ends.pop(), stack.pop())
            if position < start:
                position = self._add_stretch(position, start, stack[-1])
            stack.append(index)
            ends.append(definition.end)
            if definition.code != start:
                self._add_stretch(start, definition.code, index)
            if definition.name_start - definition.code > _MAX_HEAD_KEYWORDS:
                # a decorator, or the type of the result
                self._add_stretch(definition.code, definition.name_start, index)
            # the name of what is defined is no call of it
            position = max(position, definition.name_end)
        while ends:
            position = self._add_stretch(position, ends.pop(), stack.pop())
        if b">(" in self._code:
            self._add_generic_calls()

    def _add_stretch(self, start: int, end: int, index: int) -> int:
        """Add what stands between two bytes. Returns the position to continue at."""
        if end <= start:
            return start
        pieces = self._text[start:end].split(b"(")
        pieces.pop()
        previous = b""
        called: set[bytes] = set()  # words that were seen; an assignment may change their scopes
        names = set()
        for piece in pieces:
            word = piece.rpartition(b" ")[2]
            if b"=" in word:
                word = word.rpartition(b"=")[2]
            if not word or (self._names_functions and piece[: -len(word)].rstrip().endswith(b"function")):
                previous = b""
                continue
            if word[0] == 0x2E or b")" in word:  # behind the result of a call
                is_result = piece.count(b")") == 1 and piece[: piece.rfind(b".")].rstrip().endswith(b")")
                names.add(self._add(index, word, ReferenceKind.CALL, previous if is_result else b""))
            elif word not in called:
                names.add(self._add(index, word, ReferenceKind.CALL, b""))
                called.add(word)
            previous = word
            if piece.find(b"=", -len(word) - _MAX_AWAIT) != -1:
                self._note_assignment(index, piece[-_MAX_HEAD:], word)
                called.clear()
        self._add_uses(index, set(self._chains[start:end].split()), names)
        return end

    def _note_assignment(self, index: int, head: bytes, called: bytes) -> None:
        left, _, right = head.rpartition(b"=")
        words = left.rsplit(None, 2)[-2:]
        if words and left[-1:] != b"=" and right.count(b" ") < _MAX_AWAIT:
            before = b""
            if len(words) > 1:  # only a word right before: a type, or the variable before its type
                gap = len(left.rstrip()) - len(words[1])
                before = words[0] if left.endswith((words[0] + b" ", words[0] + b"  "), 0, gap) else b""
            self._scopes.note_assignment(index, before, words[-1], called.strip(b"!"))

    def _add_uses(self, index: int, chains: set[bytes], called: set[bytes]) -> None:
        scopes = self._scopes
        known, named = scopes.known_names, scopes.named_scopes
        dotted = [chain for chain in chains if b"." in chain]
        heads = chains.difference(dotted)
        heads.update([chain.partition(b".")[0] for chain in dotted])
        used = heads & known
        used.update([head for head in heads if b"A" <= head < b"["])
        for head in used - called:
            self._add(index, head, ReferenceKind.USE, b"")
        if not dotted:
            return
        members = chains & scopes.own_members(index)
        if not used.isdisjoint(named):
            members.update([chain for chain in dotted if chain.count(b".") == 1 and chain.partition(b".")[0] in named])
        for chain in members:
            if chain.rpartition(b".")[2] not in called:
                self._add(index, chain, ReferenceKind.USE, b"")

    def _add(self, index: int, chain: bytes, kind: ReferenceKind, previous: bytes) -> bytes:
        """Add one reference as it is written. Returns its name.

        :param previous: the call whose result the chain begins with, if it begins with a closing bracket.
        """
        head, dot, name = chain.rpartition(b".")
        name = name.strip(b"!")
        if not name or name[0] <= 0x39 or name[-1] == 0x7D or (not dot and name in _KEYWORDS):
            return name
        if not dot:
            if name in self._builtins and name not in self._scopes.known_names:
                return name
            resolved, scope, hint = self._scopes.of_bare_name(index, name, kind)
        else:
            resolved, scope, hint = self._scopes.of_member(index, head, name, previous)
        if resolved:
            self.references[index, resolved, kind, scope, hint] = None
        return name

    def _add_generic_calls(self) -> None:
        """Calls with type arguments between the name and the parenthesis: ``parse::<u8>(``."""
        found: list[TreeReference] = []
        code, text = self._code, self._text
        defined = {definition.name_start for definition in self._definitions}
        position = code.find(b">(")
        while position != -1:
            floor = max(0, position - _MAX_ARGUMENTS)
            opening = code.rfind(b"<", floor, position)
            while opening != -1 and code.count(b">", opening, position) >= code.count(b"<", opening, position):
                opening = code.rfind(b"<", floor, opening)
            if opening != -1:
                words = text[max(0, opening - _MAX_ARGUMENTS) : opening].rstrip(b" .")
                word = words.rpartition(b" ")[2].rpartition(b"(")[2].rpartition(b".")[2].rpartition(b"=")[2]
                start = max(0, opening - _MAX_ARGUMENTS) + len(words) - len(word)
                if word and word not in _KEYWORDS and word[0] > 0x39 and start not in defined:
                    found.append(TreeReference(start, word, ReferenceKind.CALL))
            position = code.find(b">(", position + 2)
        self.add_from_tree(found)


def _without_imports(code: bytes, imports: Imports) -> bytes:
    """The text with blanks for the import statements, which use nothing."""
    if not imports:
        return code
    text = bytearray(code)
    for start, end in {found.span for found in imports.values()}:
        text[start:end] = b" " * (end - start)
    return bytes(text)


def _definition_at(definitions: list[Definition], position: int) -> int:
    """The innermost definition around a byte, or -1."""
    found = -1
    for index, definition in enumerate(definitions):
        if definition.start > position:
            break
        if definition.end > position:
            found = index
    return found
