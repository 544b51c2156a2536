"""Which symbols a change touches: of a given diff, of git's diff of a root, and of unsaved buffers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rapidfuzz.distance import LCSseq

from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.core.graph import ImpactRequest
from semlens.core.text.printable import printable
from semlens.engine.overlays.open_buffers import OpenBuffer
from semlens.engine.query.current_texts import RequestDocuments
from semlens.files.git_diff import end_of_range, git_diff, git_file, start_of_changes
from semlens.graph.diff import FileDiff, changed_lines, parse_diff
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace
from semlens.syntax.parsing.decode import split_lines

MAX_FILES = 2_000
_MAX_COMPARED = 400_000_000  # pairs of lines, for which 50 MB are needed


class DiffFiles:
    """The changed files of one root.

    :ivar notes: what was left out. :ivar n_found: changed files that are in the index.
    """

    def __init__(
        self,
        resolver: Resolver,
        root: str,
        documents: RequestDocuments,
        buffers: Iterable[OpenBuffer],
        cancel: CancelToken,
    ) -> None:
        self.notes: list[str] = []
        self.n_found = 0
        self._resolver = resolver
        self._root = root
        self._documents = documents
        self._buffers = {buffer.path: buffer for buffer in buffers if buffer.root == root}
        self._cancel = cancel
        self._rows = self._rows_of_paths()

    def changed(self, request: ImpactRequest) -> tuple[list[SymbolPlace], list[tuple[int, int]]]:
        """The innermost symbols with a changed line, and view and row of each changed file.

        :raises UsageError: when the diff does not fit.
        """
        ref = request.ref if request.diff else start_of_changes(Path(self._root), request.ref, self._cancel)
        text = request.diff or git_diff(Path(self._root), ref, self._cancel, staged=request.staged)
        diffs = parse_diff(text)
        if len(diffs) > MAX_FILES:
            self.notes.append(f"The diff has {len(diffs)} files. Only the first {MAX_FILES} were looked at.")
            diffs = diffs[:MAX_FILES]
        end = None if request.diff else end_of_range(request.ref)
        lines = {} if request.diff or request.staged or end else self._lines_of_buffers(ref)
        places: dict[SymbolPlace, None] = {}
        files: list[tuple[int, int]] = []
        n_deleted = 0
        for diff in diffs:
            self._cancel.check()
            key = self._rows.get(diff.path)
            n_deleted += diff.is_deleted
            if key is not None and diff.path not in lines:
                lines[diff.path] = (
                    self._lines_since(end, diff, key) if end else self._lines_of(diff, key, is_given=bool(request.diff))
                )
        for path, changed in lines.items():
            key = self._rows.get(path)
            if key is not None:
                self.n_found += 1
                files.append(key)
                places.update(dict.fromkeys(self._symbols_at(key, changed)))
        self.n_found += n_deleted
        if n_deleted:
            self.notes.append(f"{n_deleted} deleted files: what used them is not followed.")
        return list(places), files

    def _rows_of_paths(self) -> dict[str, tuple[int, int]]:
        rows: dict[str, tuple[int, int]] = {}
        for number, view in enumerate(self._resolver.views):
            for row, path in enumerate(view.segment.files.paths.tolist()):
                if view.alive is None or view.alive[row]:
                    rows[path] = (number, row)
        return rows

    def _lines_of(self, diff: FileDiff, key: tuple[int, int], *, is_given: bool) -> list[int]:
        """:raises UsageError: when a diff that the user gave does not fit the file."""
        if not is_given:  # git has just compared the file
            return sorted({line for hunk in diff.hunks for line in hunk.new_changed})
        document = self._documents.read(self._resolver.views[key[0]], key[1])
        if document is None:
            self.notes.append(f"{printable(diff.path)} has changed and is being indexed again.")
            return []
        found = changed_lines(diff, document.lines)
        if found is None:
            raise UsageError(
                f"The diff does not apply to {printable(diff.path)} as it is now. Make it against the present files."
            )
        return found

    def _lines_since(self, commit: str, diff: FileDiff, key: tuple[int, int]) -> list[int]:
        """The lines that a commit changed, where they are now. Those that were changed again since are left out."""
        changed = {line for hunk in diff.hunks for line in hunk.new_changed}
        document = self._documents.read(self._resolver.views[key[0]], key[1])
        committed = git_file(Path(self._root), commit, diff.path, self._cancel)
        if document is None or committed is None:
            return []
        return [
            now + step
            for before, now, size in equal_lines(split_lines(committed), document.lines)
            for step in range(size)
            if before + step in changed
        ]

    def _lines_of_buffers(self, ref: str) -> dict[str, list[int]]:
        """The changed lines of files with unsaved text, against the commit."""
        lines: dict[str, list[int]] = {}
        for path, buffer in self._buffers.items():
            document_key = self._rows.get(path)
            if document_key is None or not self._resolver.views[document_key[0]].dirty:
                continue
            committed = git_file(Path(self._root), ref, path, self._cancel)
            if committed is not None:
                lines[path] = lines_that_differ(split_lines(committed), split_lines(buffer.text))
        return lines

    def _symbols_at(self, key: tuple[int, int], lines: Sequence[int]) -> list[SymbolPlace]:
        number, file = key
        symbols = self._resolver.views[number].segment.symbols
        around = (symbols.around(file, line) for line in lines)
        return list(dict.fromkeys(SymbolPlace(number, symbols.innermost(rows)) for rows in around if len(rows)))


def lines_that_differ(before: Sequence[str], after: Sequence[str]) -> list[int]:
    """The lines of a text that were changed or added, and those before which lines were removed."""
    lines: dict[int, None] = {}
    old = new = 0
    for old_start, new_start, size in equal_lines(before, after):
        if new < new_start:
            lines.update(dict.fromkeys(range(new, new_start)))
        elif old < old_start:
            lines[max(new - 1, 0)] = None
        old, new = old_start + size, new_start + size
    return list(lines)


def equal_lines(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Blocks of lines that both texts have, in order: the first line in each, and their number. The last is empty.

    Between the first and the last line that differ, texts of many lines count as entirely different.
    """
    n_old, n_new = len(before), len(after)
    shorter = min(n_old, n_new)
    head = next((line for line in range(shorter) if before[line] != after[line]), shorter)
    tail = next((line for line in range(shorter - head) if before[-1 - line] != after[-1 - line]), shorter - head)
    if head:
        yield 0, 0, head
    old, new = before[head : n_old - tail], after[head : n_new - tail]
    if len(old) * len(new) <= _MAX_COMPARED:
        for block in LCSseq.opcodes(old, new):
            if block.tag == "equal":
                yield head + block.src_start, head + block.dest_start, block.src_end - block.src_start
    if tail:
        yield n_old - tail, n_new - tail, tail
    yield n_old, n_new, 0
