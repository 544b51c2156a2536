"""What names stand for in one file: its definitions, its imports, and variables whose type is written."""

from __future__ import annotations

from bisect import bisect_right

from semlens.core.reference import ReferenceKind, Scope
from semlens.core.symbol import SymbolKind
from semlens.syntax.languages.language import Language
from semlens.syntax.references.go_variables import go_variables
from semlens.syntax.references.imports import Imports
from semlens.syntax.references.written_types import (
    TypeStyle,
    assigned_fields,
    field_types,
    parameter_types,
    type_name,
    type_style,
)
from semlens.syntax.symbols.definition import CALLABLE_KINDS, TYPE_KINDS, Definition

_SELF = frozenset((b"self", b"this", b"cls", b"Self", b"static", b"me"))
_SUPER = frozenset((b"super", b"parent", b"base"))
_CONSTRUCTING = frozenset(b"new create default from build open connect of get_instance getInstance instance".split())
_CONSTRUCTING_PREFIXES = (b"new_", b"from_", b"with_", b"try_new")
_MEMBERS_WITHOUT_SELF = frozenset(("java", "csharp", "kotlin", "scala", "swift", "cpp", "objc", "dart", "ruby", "php"))
"""Languages in which a method is called by its name alone from inside the type."""

_RUST_LIBRARIES = ("std/", "core/", "alloc/")
_MAX_CLIMB = 60

_NOTHING: set[bytes] = set()

Resolved = tuple[bytes, Scope, str]
"""The name in the module that defines it, the scope, and the hint."""


class FileScopes:
    """:ivar known_names: names that the file imports, or defines outside of types.

    :ivar named_scopes: those of modules and types, whose members are worth knowing.
    """

    def __init__(self, language: Language, code: bytes, definitions: list[Definition], imports: Imports) -> None:
        self._language = language
        self._code = code
        self._definitions = definitions
        self._imports = imports
        self._implicit_self = language.name in _MEMBERS_WITHOUT_SELF
        self._types_are_capitalised = language.name not in ("go", "csharp")  # else functions are, too
        self._variables: dict[bytes, dict[int, tuple[Scope, str]]] = {}  # by name and definition
        self._fields: dict[tuple[str, bytes], tuple[Scope, str]] = {}
        self._types: set[bytes] = set()
        self._defined: set[bytes] = set()
        self._members: dict[str, set[bytes]] = {}
        self._owners = [self._owner(index) for index in range(len(definitions))]
        for index, definition in enumerate(definitions):
            name = definition.name.encode("utf-8", "replace")
            owner = self._owners[index]
            if definition.kind in TYPE_KINDS:
                self._types.add(name)
            if owner and definition.kind in (SymbolKind.METHOD, SymbolKind.CONSTRUCTOR):
                self._members.setdefault(owner, set()).add(name)
            else:
                self._defined.add(name)
        self._own_members = {
            owner: {own + name for name in names for own in (b"self.", b"this.", b"cls.")}
            for owner, names in self._members.items()
        }
        self.named_scopes: set[bytes] = self._types | imports.keys()
        self.known_names: set[bytes] = self._defined | self.named_scopes
        self._style = type_style(language.name)
        if self._style is not None:
            self._read_written_types()
        if language.name == "go":
            self._read_go_variables()

    def _owner(self, index: int) -> str:
        """The name of the type around a definition, or ""."""
        definition = self._definitions[index]
        within = definition.within
        for _ in range(_MAX_CLIMB):
            if within < 0:
                break
            if self._definitions[within].kind in TYPE_KINDS:
                return self._definitions[within].name
            within = self._definitions[within].within
        if definition.kind in (SymbolKind.METHOD, SymbolKind.CONSTRUCTOR) and definition.qualifier:
            return definition.qualifier.rpartition(self._language.separator)[2]
        return ""

    def _read_written_types(self) -> None:
        assert self._style is not None
        self_field = b"self." in self._code or b"this." in self._code
        for index, definition in enumerate(self._definitions):
            if definition.kind in CALLABLE_KINDS and (
                self._style is not TypeStyle.COLON or ":" in definition.signature
            ):
                for name, written in parameter_types(self._style, definition.signature):
                    self._variables.setdefault(name.encode(), {})[index] = Scope.TYPE, self._imported(written)
        for index, definition in enumerate(self._definitions):
            if definition.kind in TYPE_KINDS and definition.body >= 0:
                head = self._code[definition.body : self._first_member(index, definition)]
                for field, written in field_types(self._style, head):
                    self._fields[definition.name, field] = Scope.TYPE, self._imported(written)
            elif self_field and definition.kind is SymbolKind.CONSTRUCTOR:
                self._read_constructor(index, definition)

    def _read_go_variables(self) -> None:
        starts = [definition.start for definition in self._definitions]
        for position, name, written, called, copied in go_variables(self._code):
            index = bisect_right(starts, position) - 1
            while index >= 0 and self._definitions[index].end <= position:
                index = self._definitions[index].within
            if index < 0:
                continue
            known: tuple[Scope, str] | None = None
            if written:
                short = type_name(written.decode("utf-8", "replace"))
                known = (Scope.TYPE, self._imported(short)) if short else None
            elif called:
                known = self._result_of(called)
            else:
                first, _, field = copied.partition(b".")
                known = self._variable(index, first)
                if field and known is not None:
                    known = self._fields.get((known[1], field)) if known[0] is Scope.TYPE else None
            if known is not None and known[1]:
                self._variables.setdefault(name, {}).setdefault(index, known)

    def _first_member(self, index: int, definition: Definition) -> int:
        """Where the first callable of a type begins. Fields are declared before it."""
        for member in self._definitions[index + 1 :]:
            if member.start >= definition.body_end:
                break
            if member.kind in CALLABLE_KINDS:
                return min(member.start, definition.body + 20_000)
        return min(definition.body_end, definition.body + 20_000)

    def _read_constructor(self, index: int, definition: Definition) -> None:
        owner = self._owners[index]
        for match in parameter_fields(self._language.name, definition.signature):
            self._fields[owner, match] = self._variables.get(match, {}).get(index, (Scope.RECEIVER, ""))
        for field, written, value, is_called in assigned_fields(self._code[definition.code : definition.end]):
            if written:
                self._fields[owner, field] = Scope.TYPE, self._imported(written)
            elif is_called:
                self._fields.setdefault((owner, field), self._result_of(value))
            elif value and (known := self._variable(index, value)) is not None:
                self._fields.setdefault((owner, field), known)

    def _imported(self, name: str) -> str:
        """The name under which an imported type is defined. A type of the standard library keeps its module."""
        found = self._imports.get(name.encode("utf-8", "replace"))
        if found is not None and self._language.name == "rust" and found.module.startswith(_RUST_LIBRARIES):
            return f"{found.module}/{found.name}"
        return found.name if found is not None and found.name and found.name != "default" else name

    def note_assignment(self, index: int, before: bytes, last: bytes, called: bytes) -> None:
        """A variable is set to what a call returns.

        :param before: the word before the last of those before the equals sign: a variable, a type or a keyword.
        """
        if 0x41 <= last[0] <= 0x5A and before and not before[0] <= 0x39:
            variable, known = before, (Scope.TYPE, self._imported(type_name(last.decode("utf-8", "replace"))))
        elif before and 0x41 <= before[0] <= 0x5A:
            variable, known = last, (Scope.TYPE, self._imported(type_name(before.decode("utf-8", "replace"))))
        else:
            variable, known = last, self._result_of(called)
        if not known[1]:
            return
        head, _, name = variable.rpartition(b".")
        if not head and self._language.name == "go":
            self._variables.setdefault(name, {}).setdefault(index, known)
        elif not head:
            self._variables.setdefault(name, {})[index] = known
        elif head in _SELF:
            self._fields.setdefault((self._owners[index] if index >= 0 else "", name), known)

    def _result_of(self, called: bytes) -> tuple[Scope, str]:
        head, _, name = called.rstrip(b".").rpartition(b".")
        if not name:
            return Scope.RECEIVER, ""
        if name in self._types or (self._types_are_capitalised and _is_type_name(name)):
            return Scope.TYPE, self._imported(name.decode("utf-8", "replace"))
        constructs = name in _CONSTRUCTING or name.startswith(_CONSTRUCTING_PREFIXES)
        if head and constructs and _is_type_name(owner := head.rstrip(b".").rpartition(b".")[2]):
            return Scope.TYPE, self._imported(owner.decode("utf-8", "replace"))
        return Scope.RESULT, self._imported(name.decode("utf-8", "replace"))

    def _variable(self, index: int, name: bytes) -> tuple[Scope, str] | None:
        by_definition = self._variables.get(name)
        if by_definition is None:
            return None
        for _ in range(_MAX_CLIMB):
            known = by_definition.get(index)
            if known is not None or index < 0:
                return known
            index = self._definitions[index].within
        return None

    def own_members(self, index: int) -> set[bytes]:
        """The methods of the type around a definition, as they are written behind the object itself."""
        return self._own_members.get(self._owners[index], _NOTHING) if index >= 0 else _NOTHING

    def of_bare_name(self, index: int, name: bytes, kind: ReferenceKind) -> Resolved:
        """What a name alone means. Its name is b"" where it names a variable, or the definition itself."""
        owner = self._owners[index] if index >= 0 else ""
        if index >= 0 and self._definitions[index].kind in TYPE_KINDS:
            owner = self._definitions[index].name
        if self._implicit_self and owner and name in self._members.get(owner, ()):
            return name, Scope.SELF, ""
        if name in self._defined or name in self._types:
            if kind is ReferenceKind.USE and self._is_own_name(index, name):
                return b"", Scope.FILE, ""
            return name, Scope.FILE, ""
        found = self._imports.get(name)
        if found is not None:
            if found.name in ("", "default"):
                return name, Scope.MODULE, found.module
            return found.name.encode("utf-8", "replace"), Scope.MODULE, found.module
        known = self._variable(index, name)
        if known is not None or (kind is ReferenceKind.CALL and self._is_parameter(index, name)):
            return b"", Scope.UNKNOWN, ""
        return name, Scope.UNKNOWN, ""

    def _is_own_name(self, index: int, name: bytes) -> bool:
        return index >= 0 and self._definitions[index].name.encode("utf-8", "replace") == name

    def _is_parameter(self, index: int, name: bytes) -> bool:
        if index < 0 or self._definitions[index].kind not in CALLABLE_KINDS:
            return False
        signature = self._definitions[index].signature.encode("utf-8", "replace")
        opening = signature.find(b"(")
        position = signature.find(name, opening + 1) if opening >= 0 else -1
        if position <= 0:
            return False
        after = signature[position + len(name) : position + len(name) + 1]
        before = signature[position - 1 : position]
        return before in b"( ,*&" and after in b",:)= ?"

    def of_member(self, index: int, head: bytes, name: bytes, previous: bytes) -> Resolved:
        """The scope of a name behind something. :param previous: the call that the head is the result of, or b""."""
        if self._language.name == "rust" and head.endswith(b"."):
            found = self._of_rust_path(index, [part for part in head.split(b".") if part], name)
            if found is not None:
                return found
        head = head.strip(b".")
        first, dot, rest = head.partition(b".")
        if not head or b")" in head or b"}" in head or head[0] <= 0x39:
            return self._of_result(name, head, previous)
        if dot:
            rest = rest.strip(b".")
            return self._of_chain(index, first, rest, name)
        if head in _SELF:
            return name, Scope.SELF, ""
        if head in _SUPER and (head == b"super" or self._language.name in ("csharp", "php")):
            return name, Scope.SUPER, ""
        known = self._variable(index, head)
        if known is not None:
            return name, *known
        if head in self._imports:
            return name, *self._of_imported(head)
        if head in self._types or _is_type_name(head):
            return name, Scope.TYPE, head.decode("utf-8", "replace")
        if self._implicit_self:
            field = self._fields.get((self._owners[index] if index >= 0 else "", head))
            if field is not None:
                return name, *field
        return name, Scope.RECEIVER, _receiver(head)

    def _of_rust_path(self, index: int, path: list[bytes], name: bytes) -> Resolved | None:
        """A function behind the path of a module, such as ``super::f`` and ``crate::net::retry::f``, or None."""
        modules = [part for part in path if part not in (b"crate", b"self", b"super")]
        if not modules:
            return self.of_bare_name(index, name, ReferenceKind.CALL) if path else None
        if b")" in path[-1] or b"}" in path[-1] or _is_type_name(path[-1]) or not self.named_scopes.isdisjoint(path):
            return None
        return name, Scope.MODULE, b"/".join(modules).decode("utf-8", "replace")

    def _of_imported(self, name: bytes) -> tuple[Scope, str]:
        """What stands behind an imported name: members of a module or of a type."""
        found = self._imports[name]
        if not found.name:
            return Scope.MODULE, found.module
        if _is_type_name(name) or self._language.name not in ("python", "rust"):
            return Scope.TYPE, self._imported(name.decode("utf-8", "replace"))
        return Scope.MODULE, f"{found.module}/{found.name}" if found.module else found.name

    def _of_result(self, name: bytes, head: bytes, previous: bytes) -> Resolved:
        if not previous or (head and not head.endswith(b")")):
            return name, Scope.RECEIVER, ""
        if previous == b"super":
            return name, Scope.SUPER, ""
        return name, *self._result_of(previous.strip(b"!"))

    def _of_chain(self, index: int, first: bytes, rest: bytes, name: bytes) -> Resolved:
        last = rest.rpartition(b".")[2]
        if b"." not in rest and (first in _SELF or (index >= 0 and self._is_receiver(index, first))):
            owner = self._owners[index] if index >= 0 else ""
            field = self._fields.get((owner, rest))
            if field is not None and field[1]:
                return name, *field
            return name, Scope.RECEIVER, _receiver(rest)
        found = self._imports.get(first)
        if found is not None:
            if _is_type_name(last):
                return name, Scope.TYPE, last.decode("utf-8", "replace")
            path = "/".join(part for part in (found.module, found.name) if part)
            middle = rest.decode("utf-8", "replace").replace(".", "/")
            return name, Scope.MODULE, f"{path}/{middle}"
        if _is_type_name(last):
            return name, Scope.TYPE, last.decode("utf-8", "replace")
        known = self._variable(index, first)
        if known is not None and known[0] is Scope.TYPE and b"." not in rest:
            field = self._fields.get((known[1], rest))
            if field is not None and field[1]:
                return name, *field
        return name, Scope.RECEIVER, _receiver(last)

    def _is_receiver(self, index: int, name: bytes) -> bool:
        """Whether a name is the receiver of a method of Go."""
        known = self._variable(index, name) if self._language.name == "go" else None
        return known is not None and known == (Scope.TYPE, self._owners[index])


def parameter_fields(language: str, signature: str) -> list[bytes]:
    """Parameters of a constructor that are fields at once, as in TypeScript."""
    if language not in ("typescript", "tsx"):
        return []
    parts = signature.partition("(")[2].split(",")
    words = [part.partition(":")[0].split() for part in parts]
    return [
        names[-1].rstrip("?").encode()
        for names in words
        if len(names) > 1 and names[0] in ("private", "public", "protected", "readonly")
    ]


def _is_type_name(name: bytes) -> bool:
    """Whether a name is written like a type: ``Client``, but not ``MAX_SIZE``."""
    bare = name.lstrip(b"_")
    return 0x41 <= bare[:1][0] <= 0x5A and (len(bare) == 1 or not bare.isupper()) if bare else False


def _receiver(name: bytes) -> str:
    return name.decode("utf-8", "replace").strip("_").lower()
