"""Roots and open buffers to one snapshot. An open buffer hides its file; a nested root hides its files in the outer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from semlens.engine.indexing.root_state import RootState
from semlens.engine.overlays.overlay import Overlay
from semlens.index.snapshot import SegmentView


class SnapshotBuilder:
    """Keeps masked views from one snapshot to the next, so that what did not change is not computed again."""

    def __init__(self) -> None:
        self._masked: dict[str, tuple[SegmentView, frozenset[int], SegmentView]] = {}

    def compose(self, states: Mapping[str, RootState], overlays: Iterable[Overlay]) -> tuple[SegmentView, ...]:
        hidden: dict[str, set[int]] = defaultdict(set)  # rows of files by segment
        shown: list[SegmentView] = []
        for overlay in overlays:
            dirty = True
            state = states.get(overlay.buffer.root)
            if state is not None:
                entry = state.index.files.get(overlay.buffer.path)
                place = state.index.place(overlay.buffer.path)
                dirty = entry is None or entry.hash != overlay.hash
                if place is not None and not dirty:
                    continue  # the disk says the same: its own segment serves
                if place is not None:
                    hidden[place[0].segment.id].add(place[1])
            view = overlay.view(dirty=dirty)
            if view is not None:
                shown.append(view)
        self._hide_nested(states, hidden)
        masked: dict[str, tuple[SegmentView, frozenset[int], SegmentView]] = {}
        for state in states.values():
            for view in state.index.views():
                rows = frozenset(hidden.get(view.segment.id, ()))
                if not rows:
                    shown.append(view)
                    continue
                kept = self._masked.get(view.segment.id)
                if kept is None or kept[0] is not view or kept[1] != rows:
                    kept = (view, rows, _without(view, rows))
                masked[view.segment.id] = kept
                shown.append(kept[2])
        self._masked = masked
        return tuple(shown)

    @staticmethod
    def _hide_nested(states: Mapping[str, RootState], hidden: dict[str, set[int]]) -> None:
        for outer_name, outer in states.items():
            for inner_name in states:
                if inner_name == outer_name or not inner_name.startswith(outer_name.rstrip("/\\") + "/"):
                    continue
                below = inner_name[len(outer_name.rstrip("/\\")) + 1 :].replace("\\", "/") + "/"
                for path, row in outer.index.rows.items():
                    if path.startswith(below):
                        hidden[outer.index.files[path].segment].add(row)


def _without(view: SegmentView, rows: frozenset[int]) -> SegmentView:
    alive = np.ones(len(view.segment.files), bool) if view.alive is None else view.alive.copy()
    alive[list(rows)] = False
    return replace(view, alive=alive)
