"""Parses Jupyter notebooks: one symbol a cell, and the symbols of its code, with positions in the JSON file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from semlens.core.reference import Reference
from semlens.core.span import Span
from semlens.core.symbol import Outline, Passage, Role, Symbol, SymbolKind
from semlens.syntax.languages.registry import BY_NAME
from semlens.syntax.parsing.grammars import grammar_of, parse_tree

_MAX_TITLE = 80
_LONE_CR = re.compile("\r(?!\n)")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MAGICS = {
    "bash": "sh",
    "sh": "sh",
    "javascript": "js",
    "js": "js",
    "html": "html",
    "ruby": "rb",
    "perl": "pl",
    "sql": "sql",
}
_EXTENSIONS = {
    "python": "py", "r": "R", "julia": "jl", "scala": "scala", "javascript": "js", "typescript": "ts", "c++": "cpp",
    "bash": "sh", "ruby": "rb", "rust": "rs", "go": "go", "kotlin": "kt", "java": "java", "c#": "cs", "haskell": "hs",
}  # fmt: skip

Parse = Callable[[str, bytes], Outline]


@dataclass(frozen=True, slots=True)
class _Cell:
    """:ivar places: row and column, in the file, of the first character of each line of ``text``."""

    kind: str
    text: str
    places: tuple[tuple[int, int], ...]
    span: Span


def outline_of_notebook(source: bytes, n_lines: int, role: Role, parse: Parse) -> Outline:
    """The outline of a notebook. A file that is no notebook has no symbols.

    :param parse: the parser for the cells' own text.
    """
    grammar = grammar_of(BY_NAME["json"])
    root = parse_tree(grammar.parser, source)
    notebook = _members(root.named_child(0), source) if root.named_child_count else {}
    extension = _extension(notebook, source)
    symbols: list[Symbol] = []
    passages: list[Passage] = []
    references: dict[Reference, None] = {}
    for number, cell in enumerate(_cells(notebook.get("cells"), source), start=1):
        at = len(symbols)
        first_row = cell.places[0][0] if cell.places else cell.span.start_line
        title = _title(cell, number)
        place = cell.places[0] if cell.places else (cell.span.start_line, cell.span.start_column)
        symbols.append(
            Symbol(
                title,
                title,
                SymbolKind.STRING,
                cell.span,
                Span(place[0], place[1], place[0], place[1]),
                "",
                "",
                -1,
            )
        )
        inner = parse(
            "cell.md" if cell.kind == "markdown" else f"cell.{_cell_extension(cell.text, extension)}", _code(cell)
        )
        if cell.kind == "code":
            symbols.extend(_moved(symbol, cell, at) for symbol in inner.symbols)
            references.update(
                dict.fromkeys(one._replace(symbol=at + 1 + max(one.symbol, -1)) for one in inner.references)
            )
        for passage in inner.passages:
            keeps = cell.kind == "code" and passage.symbol >= 0
            passages.append(
                passage._replace(
                    symbol=at + 1 + passage.symbol if keeps else at,
                    start_line=_row(cell, passage.start_line, first_row),
                    end_line=_row(cell, passage.end_line, first_row),
                    kind=passage.kind if keeps else SymbolKind.STRING,
                    name=passage.name if keeps else title,
                )
            )
    return Outline("jupyter", n_lines, tuple(symbols), tuple(passages), role, tuple(references))


def _members(node: Node | None, source: bytes) -> dict[str, Node]:
    """The pairs of a JSON object."""
    if node is None or node.type != "object":
        return {}
    members: dict[str, Node] = {}
    for pair in node.named_children:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and value is not None:
            members[_string(key, source)] = value
    return members


def _string(node: Node, source: bytes) -> str:
    try:
        value = json.loads(source[node.start_byte : node.end_byte], strict=False)
    except ValueError:
        return ""
    # JSON can spell half a surrogate pair, which has no UTF-8
    return _LONE_SURROGATE.sub("\ufffd", value) if isinstance(value, str) else ""


def _cells(cells: Node | None, source: bytes) -> Iterator[_Cell]:
    if cells is None or cells.type != "array":
        return
    for node in cells.named_children:
        members = _members(node, source)
        content = members.get("source")
        kind = _string(members["cell_type"], source) if "cell_type" in members else ""
        if content is None or not kind:
            continue
        strings = content.named_children if content.type == "array" else [content]
        text, places = "", []
        for string in strings:
            if string.type != "string":
                continue
            row, column = string.start_point[0], string.start_point[1] + 1
            value = _LONE_CR.sub("\n", _string(string, source))  # as the parser reads a cell
            for line in value.splitlines(keepends=True):
                if not text or text.endswith("\n"):
                    places.append((row, column))
                text += line
                column += len(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace")) - 2
        end = content.end_point
        span = Span(content.start_point[0], content.start_point[1], end[0], end[1])
        yield _Cell(kind, text, tuple(places), span)


def _extension(notebook: dict[str, Node], source: bytes) -> str:
    metadata = _members(notebook.get("metadata"), source)
    for section, key in (("language_info", "name"), ("kernelspec", "language")):
        node = _members(metadata.get(section), source).get(key)
        if node is not None:
            return _EXTENSIONS.get(_string(node, source).lower(), "txt")
    return "py"


def _cell_extension(text: str, extension: str) -> str:
    if text.startswith("%%"):
        words = text[2:].split(None, 1)
        return _MAGICS.get(words[0], extension) if words else extension
    return extension


def _code(cell: _Cell) -> bytes:
    """The text of a cell with magics replaced by empty comments, so that the rest parses."""
    lines = cell.text.split("\n")
    if cell.kind == "code":
        lines = ["#" * bool(line) if line.startswith(("%", "!", "?")) else line for line in lines]
    return "\n".join(lines).encode("utf-8", "replace")


def _title(cell: _Cell, number: int) -> str:
    for line in cell.text.split("\n"):
        title = line.strip().lstrip("#").strip()
        if title and (cell.kind != "code" or title[0] not in "%!?"):
            return title[:_MAX_TITLE]
    return f"cell {number}"


def _row(cell: _Cell, line: int, default: int) -> int:
    if not cell.places:
        return default
    return cell.places[min(line, len(cell.places) - 1)][0]


def _moved(symbol: Symbol, cell: _Cell, at: int) -> Symbol:
    """A symbol of a cell with positions in the file, and without the artificial module of the cell."""
    qualified_name = symbol.qualified_name.removeprefix("cell.")
    return symbol._replace(
        qualified_name=qualified_name,
        span=_moved_span(symbol.span, cell),
        name_span=_moved_span(symbol.name_span, cell),
        parent=at + 1 + symbol.parent if symbol.parent >= 0 else at,
    )


def _moved_span(span: Span, cell: _Cell) -> Span:
    start, end = (
        _moved_place(span.start_line, span.start_column, cell),
        _moved_place(span.end_line, span.end_column, cell),
    )
    return Span(*start, *max(start, end))


def _moved_place(line: int, column: int, cell: _Cell) -> tuple[int, int]:
    if not cell.places:
        return cell.span.start_line, cell.span.start_column
    row, start = cell.places[min(line, len(cell.places) - 1)]
    lines = cell.text.split("\n")
    text = lines[min(line, len(lines) - 1)].encode("utf-8", "replace")[:column].decode("utf-8", "ignore")
    return row, start + len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace")) - 2
