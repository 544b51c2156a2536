"""What a parser finds in one file: symbols, and the passages that are made searchable."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

from semlens.core.reference import Reference
from semlens.core.span import Span

if TYPE_CHECKING:
    from semlens.core.hashing import ContentHash


class SymbolKind(enum.IntEnum):
    """The kinds of LSP's SymbolKind, with its numbers."""

    FILE = 1
    MODULE = 2
    NAMESPACE = 3
    PACKAGE = 4
    CLASS = 5
    METHOD = 6
    PROPERTY = 7
    FIELD = 8
    CONSTRUCTOR = 9
    ENUM = 10
    INTERFACE = 11
    FUNCTION = 12
    VARIABLE = 13
    CONSTANT = 14
    STRING = 15
    NUMBER = 16
    BOOLEAN = 17
    ARRAY = 18
    OBJECT = 19
    KEY = 20
    NULL = 21
    ENUMMEMBER = 22
    STRUCT = 23
    EVENT = 24
    OPERATOR = 25
    TYPEPARAMETER = 26

    @property
    def label(self) -> str:
        """The lower-case name, as the command line prints and filters it."""
        return self.name.lower()


class Role(enum.IntFlag):
    """What part a file plays in its repository. Ranking uses it."""

    NONE = 0
    TEST = 1
    EXAMPLE = 2
    VENDORED = 4
    GENERATED = 8
    DOCUMENTATION = 16


class Symbol(NamedTuple):
    """One named piece of code. A tuple, as a span is.

    :ivar name: as written, e.g. ``fetch``.
    :ivar qualified_name: containers and name joined as the language does; for languages whose modules are paths it
        starts with the module, e.g. ``net.retry.Client.fetch``.
    :ivar span: from the first decorator, attribute, annotation or modifier to the last token.
    :ivar name_span: where the name stands.
    :ivar signature: the declaration without its body, white space folded, at most 300 characters.
    :ivar documentation: docstring or the comment above, markers stripped; ``""`` when there is none.
    :ivar parent: index of the containing symbol in the outline, or -1.
    """

    name: str
    qualified_name: str
    kind: SymbolKind
    span: Span
    name_span: Span
    signature: str
    documentation: str
    parent: int = -1


class Passage(NamedTuple):
    """The unit that is embedded and searched: a symbol, a part of a long one, or code outside every symbol.

    A tuple, as a span is.

    :ivar symbol: index into the outline's symbols, or -1 for code outside any symbol.
    :ivar start_line: first line, 0-based.
    :ivar end_line: last line, 0-based, inclusive.
    :ivar kind: kind of the symbol, ``SymbolKind.FILE`` where there is none.
    :ivar qualifier: names of the containers within the file, without any path: a moved file keeps its vectors.
    :ivar body: the code, common indentation removed; for a class its members' signatures.
    """

    symbol: int
    start_line: int
    end_line: int
    kind: SymbolKind
    qualifier: str
    name: str
    signature: str
    documentation: str
    body: str

    @property
    def content_hash(self) -> ContentHash:
        """The hash of the text to embed. It stays when a passage moves or is indented differently."""
        from semlens.core.hashing import content_hash_of_fields  # loads OpenSSL, which a client need not do

        return content_hash_of_fields(
            self.kind.label, self.qualifier, self.name, self.signature, self.documentation, self.body
        )


class Outline(NamedTuple):
    """The symbols, passages and references of one file.

    :ivar language: name of the language description, or "" for text without one.
    :ivar symbols: in source order; a parent stands before its children.
    :ivar passages: in source order; a symbol's parts follow each other.
    :ivar references: the names that each symbol calls or uses, distinct, in order of first use.
    """

    language: str
    n_lines: int
    symbols: tuple[Symbol, ...]
    passages: tuple[Passage, ...]
    role: Role = Role.NONE
    references: tuple[Reference, ...] = ()
