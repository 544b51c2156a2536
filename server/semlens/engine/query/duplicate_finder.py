"""Finds duplicated code: compares the fingerprints of all larger symbols and groups them, code before tests."""

from __future__ import annotations

import re
from collections.abc import Sequence

from semlens.core.cancel import CancelToken
from semlens.core.symbol import Role
from semlens.engine.query.current_texts import RequestDocuments
from semlens.engine.query.fingerprint_store import FingerprintStore
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.query.filter_masks import is_below
from semlens.search.ranking.rank import RankedHit
from semlens.search.similarity.duplicates import DuplicateGroup, FingerprintedSymbol, group_duplicates

_UNMAINTAINED_ROLES = int(Role.GENERATED | Role.VENDORED)
_BUILD_OUTPUT_PATH = re.compile(r"(?!(?:.*/)?(?:src|source|lib)/)(?:.*/)?(?:build|dist)/")
"""Build output, where duplicates do not matter. Inside source folders, such a name means nothing special."""


class DuplicateFinder:
    """Finds duplicates, and caches fingerprints between requests."""

    def __init__(self) -> None:
        self._fingerprints = FingerprintStore()

    def find(
        self,
        snapshot: IndexSnapshot,
        place: tuple[SegmentView, int] | None,
        limit: int,
        folders: Sequence[str],
        documents: RequestDocuments,
        cancel: CancelToken,
    ) -> list[tuple[DuplicateGroup, list[RankedHit]]]:
        """Return groups of duplicates: largest saving first, groups with only tests last.

        Generated and vendored files and build output are left out, except for the requested file.

        :param place: return only groups that contain code of this file.
        :param folders: absolute real paths; only code below one of them is compared. Without any, all is.
        """
        self._fingerprints.fill(snapshot, documents, cancel)
        symbols: list[FingerprintedSymbol] = []
        places: list[tuple[SegmentView, int]] = []
        n_files = 0
        for view in snapshot.views:
            table, files = view.segment.symbols, view.segment.files
            compared: dict[int, bool] = {}
            for row, fingerprint in self._fingerprints.of(view).items():
                file = int(table.files[row])
                if view.alive is not None and not view.alive[file]:
                    continue
                if file not in compared:
                    is_requested = place is not None and place[0] is view and place[1] == file
                    compared[file] = is_below(view, file, folders) and (
                        is_requested
                        or not (
                            int(files.roles[file]) & _UNMAINTAINED_ROLES or _BUILD_OUTPUT_PATH.match(files.paths[file])
                        )
                    )
                if not compared[file]:
                    continue
                first, last = int(table.spans[row, 0]), int(table.spans[row, 2])
                symbols.append(
                    FingerprintedSymbol(
                        len(places),
                        n_files + file,
                        first,
                        last,
                        fingerprint.n_tokens,
                        fingerprint.exact,
                        fingerprint.minima,
                    )
                )
                places.append((view, row))
            n_files += len(files)
        groups = group_duplicates(symbols, len(symbols), cancel)
        if place is not None:
            groups = [group for group in groups if any(_is_at(places[symbol.key], place) for symbol in group.symbols)]
        groups.sort(key=lambda group: all(_is_test(*places[symbol.key]) for symbol in group.symbols))  # a stable sort
        return [(group, [_hit(*places[symbol.key], group) for symbol in group.symbols]) for group in groups[:limit]]


def _is_at(symbol: tuple[SegmentView, int], place: tuple[SegmentView, int]) -> bool:
    view, row = symbol
    return view is place[0] and int(view.segment.symbols.files[row]) == place[1]


def _is_test(view: SegmentView, row: int) -> bool:
    return bool(int(view.segment.files.roles[int(view.segment.symbols.files[row])]) & Role.TEST)


def _hit(view: SegmentView, row: int, group: DuplicateGroup) -> RankedHit:
    passage = int(view.segment.first_passages[row])
    return RankedHit(
        view,
        int(view.segment.symbols.files[row]),
        row,
        (max(passage, 0),),
        group.similarity,
        {"shape": group.similarity},
    )
