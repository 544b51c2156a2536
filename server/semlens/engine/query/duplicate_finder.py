"""Finds what the workspace says twice: the shapes of all larger symbols, grouped; code before tests."""

from __future__ import annotations

import re

from semlens.core.cancel import CancelToken
from semlens.core.symbol import Role
from semlens.engine.query.current_texts import RequestDocuments
from semlens.engine.query.fingerprint_store import FingerprintStore
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.ranking.rank import RankedHit
from semlens.search.similarity.duplicates import DuplicateGroup, FingerprintedSymbol, group_duplicates

_UNMAINTAINED_ROLES = int(Role.GENERATED | Role.VENDORED)
_BUILD_OUTPUT_PATH = re.compile(r"(?!(?:.*/)?(?:src|source|lib)/)(?:.*/)?(?:build|dist)/")
"""Folders of what is made from the code: nobody saves a line there. Among sources such a name is one like any other."""


class DuplicateFinder:
    """Remembers shapes between questions."""

    def __init__(self) -> None:
        self._fingerprints = FingerprintStore()

    def find(
        self,
        snapshot: IndexSnapshot,
        place: tuple[SegmentView, int] | None,
        limit: int,
        documents: RequestDocuments,
        cancel: CancelToken,
    ) -> list[tuple[DuplicateGroup, list[RankedHit]]]:
        """Largest saving first, groups of tests alone last; generated and vendored files are left out.

        :param place: only groups that this file has a part in.
        """
        self._fingerprints.fill(snapshot, documents, cancel)
        symbols: list[FingerprintedSymbol] = []
        places: list[tuple[SegmentView, int]] = []
        n_files = 0
        for view in snapshot.views:
            table, files = view.segment.symbols, view.segment.files
            written: dict[int, bool] = {}
            for row, fingerprint in self._fingerprints.of(view).items():
                file = int(table.files[row])
                if view.alive is not None and not view.alive[file]:
                    continue
                if file not in written:
                    asked = place is not None and place[0] is view and place[1] == file
                    written[file] = asked or not (
                        int(files.roles[file]) & _UNMAINTAINED_ROLES or _BUILD_OUTPUT_PATH.match(files.paths[file])
                    )
                if not written[file]:
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
            groups = [group for group in groups if any(_is_at(places[one.key], place) for one in group.symbols)]
        groups.sort(key=lambda group: all(_is_test(*places[one.key]) for one in group.symbols))  # else as they were
        return [(group, [_hit(*places[one.key], group) for one in group.symbols]) for group in groups[:limit]]


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
