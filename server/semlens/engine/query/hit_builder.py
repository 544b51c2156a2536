"""Builds hits with text from ranked rows, and caches the texts of files.

The caller has checked that the text is the indexed one. `make_hit` returns None when the ranges still do not fit.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from semlens.core.guarded_reader import GuardedFile, open_below, open_regular
from semlens.core.hashing import ContentHash, content_hash
from semlens.core.hit import SearchHit
from semlens.core.paths import path_to_uri
from semlens.core.span import Span
from semlens.core.symbol import SymbolKind
from semlens.search.query.query import Query
from semlens.search.ranking.highlight import best_lines
from semlens.search.ranking.rank import RankedHit
from semlens.search.ranking.reasons import reasons_of
from semlens.syntax.parsing.decode import decode, split_lines

SNIPPET_LINES = 6
MAX_LINE_CHARS = 400
"""Maximum length of a line in a snippet; longer lines are truncated."""

_MAX_TEXTS = 256
_MAX_CACHED_TEXT_BYTES = 1 << 20  # a larger text is read again each time
_MAX_CACHE_BYTES = 8 << 20  # a page of hits needs about fifteen files, and the next keystroke needs most again
_MAX_TEXT_BYTES = 65_536 << 10  # what the settings allow at most


@dataclass(frozen=True, slots=True)
class FileText:
    """The text of a file.

    :ivar lines: lines without line breaks.
    :ivar stamp: (size, mtime_ns, ctime_ns, inode, device) of the file.
    """

    lines: tuple[str, ...]
    hash: ContentHash
    stamp: tuple[int, ...]


class FileTextCache:
    """Caches the texts of recently read files while their stamp is unchanged. Thread-safe."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, FileText] = OrderedDict()
        self._n_bytes = 0
        self._lock = threading.Lock()

    def read(self, root: str, path: str) -> FileText | None:
        """Read a file of a root. None when it is not readable text or is a symbolic link."""
        return self._read(os.path.join(root, path), open_below(root, path))

    def read_opened(self, path: str) -> FileText | None:
        """Read a file that the user opened, outside a root too."""
        return self._read(path, open_regular(path, follow_link=True))

    def _read(self, path: str, opening: AbstractContextManager[GuardedFile]) -> FileText | None:
        try:
            with opening as file:
                status = file.status
                stamp = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)
                kept = self._get(path)
                # two writes within the resolution of the clock have the same times, so read new files again
                if kept is not None and kept.stamp == stamp and not _is_recently_written(status):
                    return kept
                data = file.read(_MAX_TEXT_BYTES + 1)
        except OSError:
            return None
        if len(data) > _MAX_TEXT_BYTES:
            return None
        text = decode(data)
        if text is None:
            return None
        document = FileText(tuple(split_lines(text)), content_hash(data), stamp)
        self._put(path, document)
        return document

    def _get(self, path: str) -> FileText | None:
        with self._lock:
            kept = self._texts.get(path)
            if kept is not None:
                self._texts.move_to_end(path)
            return kept

    def _put(self, path: str, document: FileText) -> None:
        with self._lock:
            before = self._texts.pop(path, None)
            self._n_bytes -= before.stamp[0] if before is not None else 0
            if document.stamp[0] > _MAX_CACHED_TEXT_BYTES:
                return
            self._texts[path] = document
            self._n_bytes += document.stamp[0]
            while len(self._texts) > _MAX_TEXTS or self._n_bytes > _MAX_CACHE_BYTES:
                _, dropped = self._texts.popitem(last=False)
                self._n_bytes -= dropped.stamp[0]


def _is_recently_written(status: os.stat_result) -> bool:
    return time.time_ns() - status.st_mtime_ns < 2_000_000_000


def make_hit(
    ranked: RankedHit, query: Query, lines: Sequence[str], *, display_root: str, uri: str, dirty: bool, explain: bool
) -> SearchHit | None:
    """Build a hit; None when its ranges do not fit the lines."""
    segment = ranked.view.segment
    passages = segment.passages
    first, last = (int(value) for value in passages.lines[ranked.passages[0]])
    path = ranked.path
    if ranked.symbol >= 0:
        symbols = segment.symbols
        span, name_span = symbols.span(ranked.symbol), symbols.name_span(ranked.symbol)
        name, qualified_name = symbols.names[ranked.symbol], symbols.qualified_names[ranked.symbol]
        # a short symbol without its own passage is ranked by the passage around it
        first, last = max(first, span.start_line), min(last, span.last_line)
        if last < first:
            first, last = span.start_line, span.last_line
        kind = SymbolKind(int(symbols.kinds[ranked.symbol]))
        signature = symbols.signatures[ranked.symbol]
        parent = int(symbols.parents[ranked.symbol])
        container = symbols.qualified_names[parent] if parent >= 0 else path
    else:
        last = min(last, len(lines) - 1)
        if last < first:
            return None
        span = Span(first, 0, last, len(lines[last].encode("utf-8", "surrogatepass")))
        name_span = Span(first, 0, first, 0)
        name = qualified_name = path.rpartition("/")[2]
        kind, container = SymbolKind.FILE, path.rpartition("/")[0]
        signature = next((line.strip()[:200] for line in lines[first : last + 1] if line.strip()), "")
    if span.end_line >= len(lines) and span.last_line >= len(lines):
        return None
    highlights = best_lines(lines[first : last + 1], first, query)
    snippet_span, snippet = _snippet(lines, span, highlights, first)
    needed = {span.start_line, span.end_line, name_span.start_line, name_span.end_line, snippet_span.end_line}
    needed |= {line for stretch in highlights for line in stretch}
    return SearchHit(
        root=display_root,
        path=path,
        uri=uri,
        name=name,
        qualified_name=qualified_name,
        container_name=container,
        kind=kind,
        language=segment.files.language(ranked.file),
        span=span,
        name_span=name_span,
        signature=signature,
        score=ranked.score,
        snippet=snippet,
        snippet_span=snippet_span,
        highlights=highlights,
        reasons=reasons_of(ranked.features, query),
        dirty=dirty,
        features=dict(ranked.features) if explain else {},
        line_texts={line: lines[line] for line in needed if line < len(lines)},
    )


def _snippet(lines: Sequence[str], span: Span, highlights: Sequence[tuple[int, int]], first: int) -> tuple[Span, str]:
    """Return a few lines around the best line range, inside the hit."""
    start = highlights[0][0] - 1 if highlights else first
    start = max(span.start_line, min(start, span.last_line - SNIPPET_LINES + 1))
    end = min(start + SNIPPET_LINES - 1, span.last_line, len(lines) - 1)
    chosen = lines[start : end + 1]
    end_column = len(chosen[-1].encode("utf-8", "surrogatepass")) if chosen else 0
    return Span(start, 0, max(end, start), end_column), "\n".join(line[:MAX_LINE_CHARS] for line in chosen)


def file_uri(root: str, path: str) -> str:
    return path_to_uri(os.path.join(root, path) if root else path)
