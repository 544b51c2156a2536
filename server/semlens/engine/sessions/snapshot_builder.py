"""Builds and publishes snapshots. An open buffer hides its file; a nested root hides its files in the outer root."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from semlens.engine.indexing.root_state import RootState
from semlens.engine.overlays.overlay import Overlay
from semlens.index.snapshot import EMPTY_SNAPSHOT, IndexSnapshot, SegmentView

PUBLISH_SECONDS = 0.2


class SnapshotBuilder:
    """Caches masked views between snapshots, so that unchanged ones are not computed again."""

    def __init__(self) -> None:
        self._masked: dict[str, tuple[SegmentView, frozenset[int], SegmentView]] = {}

    def compose(self, states: Mapping[str, RootState], overlays: Iterable[Overlay]) -> tuple[SegmentView, ...]:
        """The overlays, and the views of the roots without the files that these or inner roots hide."""
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
                    continue  # the file has the same text, so its own segment is used
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


class SnapshotPublisher:
    """Publishes snapshots: at once for urgent changes, else a few times a second.

    The indexer thread publishes; any thread may read.

    :ivar snapshot: the newest. :ivar published: notified with each.
    """

    def __init__(self, on_published: Callable[[IndexSnapshot], None]) -> None:
        self.snapshot = EMPTY_SNAPSHOT
        self.published = threading.Condition()
        self._on_published = on_published
        self._is_old = False
        self._at_once = False
        self._last_s = 0.0

    @property
    def is_current(self) -> bool:
        """Whether the snapshot shows all changes of the index."""
        return not self._is_old

    @property
    def publishes_at_once(self) -> bool:
        """Whether an urgent change, such as typed text, is about to be published."""
        return self._at_once

    def note_change(self, *, at_once: bool = False) -> None:
        self._is_old = True
        self._at_once |= at_once

    def due(self, now: float) -> float | None:
        """When to publish, in monotonic seconds; None when nothing changed."""
        if not self._is_old:
            return None
        return now if self._at_once else self._last_s + PUBLISH_SECONDS

    def publish(self, now: float, views: Sequence[SegmentView], *, complete: bool) -> None:
        self.snapshot = IndexSnapshot(self.snapshot.generation + 1, tuple(views), complete)
        self._is_old = self._at_once = False
        self._last_s = now
        with self.published:
            self.published.notify_all()
        self._on_published(self.snapshot)
