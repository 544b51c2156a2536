"""A definition on its way from a query match to a symbol and its passages."""

from __future__ import annotations

from semlens.core.symbol import SymbolKind

TYPE_KINDS = frozenset((SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.STRUCT, SymbolKind.ENUM, SymbolKind.OBJECT))
CONTAINER_KINDS = TYPE_KINDS | {
    SymbolKind.MODULE,
    SymbolKind.NAMESPACE,
    SymbolKind.PACKAGE,
    SymbolKind.STRING,
    SymbolKind.KEY,
}
METHOD_OWNERS = TYPE_KINDS | {SymbolKind.ENUMMEMBER}
CALLABLE_KINDS = frozenset((SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR))


class Definition:
    """Offsets are bytes, rows and columns 0-based.

    :ivar start: first byte of the range, decorators included; ``code`` is the first without them.
    :ivar lead: first byte of the comment above, or ``start``.
    :ivar body: first byte of the body, or -1; ``inner`` is the first after a docstring.
    :ivar within: index of the innermost definition whose range holds this one, or -1.
    :ivar has_passages: whether it gets passages of its own.
    """

    __slots__ = (
        "body",
        "body_end",
        "children",
        "code",
        "documentation",
        "end",
        "end_column",
        "end_row",
        "has_passages",
        "inner",
        "kind",
        "lead",
        "name",
        "name_end",
        "name_start",
        "qualifier",
        "signature",
        "start",
        "start_row",
        "within",
    )  # fmt: skip

    name: str
    qualifier: str
    kind: SymbolKind
    signature: str
    documentation: str
    lead: int
    start: int
    code: int
    end: int
    name_start: int
    name_end: int
    body: int
    body_end: int
    inner: int
    start_row: int
    end_row: int
    end_column: int
    within: int
    has_passages: bool
    children: list[int] | None
