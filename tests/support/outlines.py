"""Builds outlines and segments in memory, for tests that need no parser."""

from __future__ import annotations

from collections.abc import Sequence

from semlens.core.hashing import content_hash
from semlens.core.reference import Reference
from semlens.core.span import Span
from semlens.core.symbol import Outline, Passage, Role, Symbol, SymbolKind
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.segment.segment import Segment


def symbol(name: str, line: int = 0, *, parent: int = -1, kind: SymbolKind = SymbolKind.FUNCTION) -> Symbol:
    return Symbol(
        name,
        f"module.{name}",
        kind,
        Span(line, 0, line + 1, 4),
        Span(line, 4, line, 4 + len(name.encode("utf-8", "surrogatepass"))),
        f"def {name}()",
        "",
        parent,
    )


def passage(name: str, body: str = "", *, row: int = 0, line: int = 0, documentation: str = "") -> Passage:
    return Passage(row, line, line + 1, SymbolKind.FUNCTION, "", name, f"def {name}()", documentation, body)


def parsed_file(
    path: str,
    names: Sequence[str],
    *,
    language: str = "python",
    bodies: Sequence[str] = (),
    references: Sequence[tuple[int, str] | Reference] = (),
    role: Role = Role.NONE,
) -> ParsedFile:
    """A file with a two-line function for each name."""
    texts = [*bodies, *[""] * (len(names) - len(bodies))]
    symbols = tuple(symbol(name, 2 * row) for row, name in enumerate(names))
    passages = tuple(
        passage(name, text, row=row, line=2 * row) for row, (name, text) in enumerate(zip(names, texts, strict=True))
    )
    uses = tuple(one if isinstance(one, Reference) else Reference(*one) for one in references)
    outline = Outline(language, 2 * len(names), symbols, passages, role, uses)
    return ParsedFile(path, content_hash(f"{path}{names}{bodies}".encode("utf-8", "surrogatepass")), outline)


def segment_of(*files: ParsedFile) -> Segment:
    return build_segment(files)
