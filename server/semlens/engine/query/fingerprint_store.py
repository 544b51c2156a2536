"""Caches the code fingerprints of larger symbols for as long as their segment exists.

Many fingerprints are computed in worker processes, a few in this process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from weakref import WeakKeyDictionary

import numpy as np

from semlens.core.cancel import CancelToken
from semlens.core.symbol import SymbolKind
from semlens.engine.query.current_texts import RequestDocuments
from semlens.index.segment.segment import Segment
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.similarity.duplicates import LEAST_LINES
from semlens.settings.processors import n_available_cores
from semlens.syntax.fingerprint import CodeFingerprint, fingerprints_of
from semlens.workers.messages import FingerprintsRequest, FingerprintsResult
from semlens.workers.pool import ParsePool

_FINGERPRINTED_KINDS = [
    int(kind)
    for kind in (
        SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CLASS, SymbolKind.STRUCT,
        SymbolKind.INTERFACE, SymbolKind.ENUM,
    )
]  # fmt: skip

_MAX_SYMBOL_LINES = 2_000
_MAX_INLINE_LINES = 5_000
"""Up to this size, fingerprints are computed in this process (50 ms of one core). Workers compute more."""

_BATCH_LINES = 20_000
_WAIT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _PendingFile:
    """Symbols of one file without fingerprints.

    :ivar rows: rows of the symbols.
    :ivar stretches: their first and last lines.
    """

    view: SegmentView
    file: int
    rows: tuple[int, ...]
    stretches: tuple[tuple[int, int], ...]

    @property
    def n_lines(self) -> int:
        return sum(last - first + 1 for first, last in self.stretches)


class FingerprintStore:
    """Fingerprints by segment and symbol row."""

    def __init__(self) -> None:
        self._fingerprints: WeakKeyDictionary[Segment, dict[int, CodeFingerprint]] = WeakKeyDictionary()

    def fill(self, snapshot: IndexSnapshot, documents: RequestDocuments, cancel: CancelToken) -> None:
        """Compute all missing fingerprints, except of files that have just changed.

        :raises Cancelled: when the token was cancelled. Computed fingerprints stay cached.
        """
        work = [item for view in snapshot.views for item in self._missing(view)]
        of_files = [item for item in work if not item.view.buffer_uri]
        if sum(item.n_lines for item in of_files) > _MAX_INLINE_LINES:
            self._fill_in_workers(of_files, cancel)
            work = [item for item in work if item.view.buffer_uri]
        for item in work:
            cancel.check()
            document = documents.read(item.view, item.file)
            if document is not None:
                self._store(item, fingerprints_of(document.lines, item.stretches))

    def of(self, view: SegmentView) -> Mapping[int, CodeFingerprint]:
        return self._fingerprints.get(view.segment, {})

    def _missing(self, view: SegmentView) -> Iterator[_PendingFile]:
        known = self._fingerprints.setdefault(view.segment, {})
        table = view.segment.symbols
        lengths = table.spans[:, 2].astype(np.int64) - table.spans[:, 0] + 1
        eligible = (
            np.isin(table.kinds, _FINGERPRINTED_KINDS) & (lengths >= LEAST_LINES) & (lengths <= _MAX_SYMBOL_LINES)
        )
        if view.alive is not None:
            eligible &= view.alive[table.files]
        rows = [row for row in np.flatnonzero(eligible).tolist() if row not in known]
        for file, of_file in groupby(rows, key=lambda row: int(table.files[row])):
            symbols = tuple(of_file)
            stretches = tuple((int(table.spans[row, 0]), int(table.spans[row, 2])) for row in symbols)
            yield _PendingFile(view, file, symbols, stretches)

    def _fill_in_workers(self, work: Sequence[_PendingFile], cancel: CancelToken) -> None:
        with closing(ParsePool(n_available_cores())) as pool:
            pending: dict[Future[FingerprintsResult], Sequence[_PendingFile]] = {
                pool.fingerprints(_request(batch)): batch for batch in _batches(work)
            }
            while pending:
                cancel.check()
                done, _ = wait(pending, timeout=_WAIT_SECONDS)
                for future in done:
                    for item, fingerprints in zip(pending.pop(future), future.result().fingerprints, strict=True):
                        if fingerprints is not None:
                            self._store(item, fingerprints)

    def _store(self, item: _PendingFile, fingerprints: Sequence[CodeFingerprint]) -> None:
        self._fingerprints.setdefault(item.view.segment, {}).update(zip(item.rows, fingerprints, strict=True))


def _batches(work: Sequence[_PendingFile]) -> Iterator[Sequence[_PendingFile]]:
    """Group files into batches of one root each."""
    for _, of_root in groupby(work, key=lambda item: item.view.root):
        batch: list[_PendingFile] = []
        n_lines = 0
        for item in of_root:
            batch.append(item)
            n_lines += item.n_lines
            if n_lines >= _BATCH_LINES:
                yield batch
                batch, n_lines = [], 0
        if batch:
            yield batch


def _request(batch: Sequence[_PendingFile]) -> FingerprintsRequest:
    files = []
    for item in batch:
        table = item.view.segment.files
        files.append((table.paths[item.file], table.hashes[item.file].tobytes(), item.stretches))
    return FingerprintsRequest(batch[0].view.root, tuple(files))
