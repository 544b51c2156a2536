"""Builds and publishes snapshots. An open buffer hides its file; a nested root hides its files in the outer root."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from semlens.core.paths import relative_path
from semlens.engine.indexing.root_state import RootState
from semlens.engine.overlays.overlay import Overlay
from semlens.index.arrays import Mask
from semlens.index.snapshot import EMPTY_SNAPSHOT, IndexSnapshot, SegmentView

PUBLISH_SECONDS = 0.2

_Key = tuple[str, str]
"""A root, and the id of a segment. The roots of two git worktrees may have the same segment."""


class SnapshotBuilder:
    """Caches masked views between snapshots, so that unchanged ones are not computed again."""

    def __init__(self) -> None:
        self._masked: dict[_Key, tuple[SegmentView, frozenset[int], Mask | None, SegmentView]] = {}
        self._roots: tuple[str, ...] = ()
        self._prefixes: dict[str, tuple[str, ...]] = {}
        self._nested: dict[_Key, Mask | None] = {}  # by segment, which never changes

    def compose(self, states: Mapping[str, RootState], overlays: Iterable[Overlay]) -> tuple[SegmentView, ...]:
        """The overlays, and the views of the roots without the files that these or inner roots hide."""
        hidden: dict[_Key, set[int]] = defaultdict(set)  # rows of files
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
                    hidden[overlay.buffer.root, place[0].segment.id].add(place[1])
            view = overlay.view(dirty=dirty)
            if view is not None:
                shown.append(view)
        if self._roots != tuple(states):
            self._roots, self._prefixes, self._nested = tuple(states), prefixes_of_nested(tuple(states)), {}
        masked = {}
        nested: dict[_Key, Mask | None] = {}
        for name, state in states.items():
            prefixes = self._prefixes.get(name)
            for view in state.index.views():
                key = name, view.segment.id
                if prefixes is not None:
                    nested[key] = self._nested[key] if key in self._nested else _files_below(view, prefixes)
                below = nested.get(key)
                rows = frozenset(hidden.get(key, ()))
                if not rows and below is None:
                    shown.append(view)
                    continue
                kept = self._masked.get(key)
                if kept is None or kept[0] is not view or kept[1] != rows or kept[2] is not below:
                    kept = (view, rows, below, _without(view, rows, below))
                masked[key] = kept
                shown.append(kept[3])
        self._masked, self._nested = masked, nested
        return tuple(shown)


def prefixes_of_nested(roots: Sequence[str], *, windows: bool = os.name == "nt") -> dict[str, tuple[str, ...]]:
    """By root that has others below it, the beginnings of the paths of their files in it."""
    prefixes = {}
    for outer in roots:
        below = (relative_path(outer, inner, windows=windows) for inner in roots)
        found = tuple(f"{path}/" for path in below if path)
        if found:
            prefixes[outer] = found
    return prefixes


def _files_below(view: SegmentView, prefixes: tuple[str, ...]) -> Mask | None:
    """The files whose paths begin with a prefix, shape (files,); None where none does."""
    mask = np.array([path.startswith(prefixes) for path in view.segment.files.paths.tolist()], bool)
    return mask if mask.any() else None


def _without(view: SegmentView, rows: frozenset[int], nested: Mask | None) -> SegmentView:
    alive = np.ones(len(view.segment.files), bool) if view.alive is None else view.alive.copy()
    alive[list(rows)] = False
    if nested is not None:
        alive &= ~nested
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
        self._is_asked_again = False
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

    def publish_again(self) -> None:
        """Publish soon what the snapshot shows already, for those who read it or who hear of it."""
        self._is_old = self._is_asked_again = True

    def due(self, now: float) -> float | None:
        """When to publish, in monotonic seconds; None when nothing changed."""
        if not self._is_old:
            return None
        return now if self._at_once or self._is_asked_again else self._last_s + PUBLISH_SECONDS

    def publish(self, now: float, views: Sequence[SegmentView], *, complete: bool) -> None:
        self.snapshot = IndexSnapshot(self.snapshot.generation + 1, tuple(views), complete)
        self._is_old = self._at_once = self._is_asked_again = False
        self._last_s = now
        with self.published:
            self.published.notify_all()
        self._on_published(self.snapshot)
