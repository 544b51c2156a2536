"""Splits long text at statements if there is a tree, else at blank lines and low indentation."""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

MAX_LINES = 60
MAX_BYTES = 2_000
WINDOW_LINES = 40
_MAX_SLICES = 8  # of one enormous line; the rest of it is data
_MAX_INDENT = 99  # depth of a line that no border is known for


def statement_rows(node: Node, first_row: int, last_row: int) -> dict[int, int]:
    """Rows between `first_row` and `last_row` on which a node starts a line, with how deep it stands below `node`.

    Only nodes that are long themselves are looked into, so the work is that of a long statement list, not of its tree.
    """
    starts: dict[int, int] = {}
    pending: list[tuple[Node, int]] = [(node, 0)]
    before = (max(0, first_row - 1), 0)
    while pending:
        parent, depth = pending.pop()
        cursor = parent.walk()
        if cursor.goto_first_child_for_point(before) is None:
            continue
        previous_end = -1
        has_more = True
        while has_more:
            child = cursor.node
            assert child is not None
            start, end = child.start_point[0], child.end_point[0]
            if start > last_row:
                break
            has_more = cursor.goto_next_sibling()
            if end < first_row:
                continue
            if start > previous_end and start > first_row and child.is_named:
                starts.setdefault(start, depth)
            previous_end = end
            if end - start > WINDOW_LINES // 2 and depth < 40:
                pending.append((child, depth + 1))
    return starts


def chunk_lines(
    lines: list[bytes], first_row: int, depths: Mapping[int, int] | None, max_lines: int = MAX_LINES
) -> list[tuple[int, int]]:
    """Stretches of lines, each within the limits, that end where the text is least connected.

    :param lines: with their line ends.
    :param depths: of :func:`statement_rows`, by row; None to go by indentation and blank lines.
    :return: half-open stretches of positions in `lines`; a line longer than the limit stands alone.
    """
    chunks: list[tuple[int, int]] = []
    count = len(lines)
    start = 0
    while start < count:
        stop, size = start, 0
        while stop < count and stop - start < max_lines:
            size += len(lines[stop])
            if size > MAX_BYTES and stop > start:
                break
            stop += 1
        if stop < count:
            stop = _best_cut(lines, start, stop, first_row, depths)
        chunks.append((start, stop))
        start = stop
    return chunks


def _best_cut(lines: list[bytes], start: int, stop: int, first_row: int, depths: Mapping[int, int] | None) -> int:
    """The last of the shallowest borders in the second half of a stretch."""
    best, best_cost = stop, 1_000_000
    for position in range(stop, start + max(1, (stop - start) // 3) - 1, -1):
        blank = not lines[position - 1].strip()
        if depths is None:
            line = lines[position]
            text = line.strip()
            if not text:
                continue
            indent = len(line) - len(line.lstrip())
            cost = 4 * min(indent, _MAX_INDENT) + (0 if blank else 40) + (60 if text[:1] in b"})]" else 0)
        else:
            depth = depths.get(first_row + position)
            if depth is None:
                continue
            cost = 4 * depth + (0 if blank else 2)
        if cost < best_cost:
            best, best_cost = position, cost
    return best


def slice_long_line(line: bytes) -> list[bytes]:
    """An enormous line in pieces that fit; the rest of more than a few pieces is left out."""
    return [
        line[position : position + MAX_BYTES]
        for position in range(0, min(len(line), _MAX_SLICES * MAX_BYTES), MAX_BYTES)
    ]
