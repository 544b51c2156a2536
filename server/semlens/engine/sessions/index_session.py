"""What one session of the engine sees of the index: its roots, its open buffers, and the snapshots made of both.

Sessions share the roots on disk. Unsaved text belongs to one session, and no other session can reach it. The indexer
thread changes a session; any thread may read it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from semlens.core.status import Problem
from semlens.engine.indexing.root_state import RootState
from semlens.engine.overlays.open_buffers import OpenBuffer, OpenBuffers
from semlens.engine.overlays.overlay_indexer import OverlayIndexer
from semlens.engine.sessions.snapshot_builder import SnapshotBuilder, SnapshotPublisher
from semlens.index.snapshot import IndexSnapshot
from semlens.settings.loading import Settings
from semlens.workers.pool import ParsePool

SettingsOf = Callable[[Path], Settings]
"""Returns the settings of one root; reads its `.semlens.toml`."""


class IndexSession:
    """:ivar roots: the roots of the session: the path that the client named, by the real path.

    :ivar preparing: roots that are on their way: their index may be fetched before they are opened.
    :ivar buffers: its open documents. :ivar overlays: the searchable forms of them.
    :ivar recent: (real root, path) of files that were found last.
    """

    def __init__(
        self,
        settings: Settings,
        settings_of: SettingsOf,
        on_published: Callable[[IndexSnapshot], None],
        *,
        all_states: Mapping[str, RootState],
        failed_roots: Mapping[str, Problem],
        pool: ParsePool,
        post: Callable[[Callable[[], None]], None],
        is_awaited: Callable[[], bool],
        is_embedded: Callable[[RootState], bool],
    ) -> None:
        """:param all_states: the roots of all sessions. :param failed_roots: why some roots cannot be indexed.

        :param is_awaited: whether a job that brings work has not run yet.
        :param is_embedded: whether all passages of a root have a first-tier vector.
        """
        self.settings = settings
        self.settings_of = settings_of
        self.roots: dict[str, Path] = {}
        self.preparing: set[Path] = set()
        self.has_named_roots = False
        """The client has named its roots, perhaps none."""
        self.buffers = OpenBuffers()
        self.overlays = OverlayIndexer(self.buffers, pool, post, lambda: self.note_change(at_once=True))
        self.recent: deque[tuple[str, str]] = deque(maxlen=64)
        self._all_states = all_states
        self._all_failed_roots = failed_roots
        self._is_awaited = is_awaited
        self._is_embedded = is_embedded
        self._builder = SnapshotBuilder()
        self._publisher = SnapshotPublisher(on_published)
        self.published = self._publisher.published

    @property
    def snapshot(self) -> IndexSnapshot:
        """The newest snapshot."""
        return self._publisher.snapshot

    @property
    def states(self) -> dict[str, RootState]:
        """The roots of the session that are indexed, by their real paths."""
        return {name: state for name in list(self.roots) if (state := self._all_states.get(name)) is not None}

    @property
    def failed_roots(self) -> dict[str, Problem]:
        return {name: problem for name in list(self.roots) if (problem := self._all_failed_roots.get(name)) is not None}

    @property
    def writers(self) -> list[RootState]:
        """The roots of the session that this process writes the index of."""
        return [state for state in self.states.values() if state.index.writer]

    @property
    def is_reader(self) -> bool:
        """Whether another process writes the index, and this one only reads it."""
        states = self.states
        return bool(states) and not any(state.index.writer for state in states.values())

    def display_root(self, real: str) -> str:
        """The path of a root as the client named it."""
        return str(self.roots.get(real, real))

    # --- how far it is ---------------------------------------------------------------------------------------------

    @property
    def settled(self) -> bool:
        """Whether all known changes are in the index."""
        return (
            not self._is_awaited()
            and not self.preparing
            and not self.overlays.waiting
            and all(state.settled for state in self.writers)
        )

    @property
    def is_complete(self) -> bool:
        """Whether everything is searchable by names, words and first-tier vectors. Files that failed do not count."""
        if not self.settled or not self.overlays.is_complete:
            return False
        return all(
            self._is_embedded(state) if state.index.writer else state.index.meta.get("complete", False)
            for state in self.states.values()
        )

    @property
    def is_published(self) -> bool:
        """Whether the snapshot shows all changes of the index."""
        return self._publisher.is_current

    @property
    def shows_all(self) -> bool:
        """Whether the snapshot has all folders and documents of the client. Read the snapshot after this.

        Without one of them it is not complete, even if it was when it was published.
        """
        return not self.preparing and self.shows(self.buffers.all())

    def shows(self, buffers: Iterable[OpenBuffer]) -> bool:
        """Whether the snapshot has these texts."""
        shown = self.overlays.shown
        are_shown = all(
            (overlay := shown.get(buffer.uri)) is not None and overlay.revision == buffer.revision for buffer in buffers
        )
        return are_shown and not self._publisher.publishes_at_once  # read last, see `OverlayIndexer.shown`

    def is_waiting_for(self, paths: Iterable[str]) -> bool:
        """Some of these files (absolute) are known to have changed and not in the snapshot yet.

        Nor are open documents that their file showed until it changed.
        """
        return (
            self._is_awaited()
            or self.overlays.waiting
            or any(
                (relative := state.discovery.relative(path)) is not None and state.is_waiting_for(relative)
                for path in paths
                for state in self.writers
            )
            or not self.is_published
        )

    # --- for the indexer thread ------------------------------------------------------------------------------------

    def note_change(self, *, at_once: bool = False) -> None:
        self._publisher.note_change(at_once=at_once)

    def publish_again(self) -> None:
        self._publisher.publish_again()

    def publish_due(self, now: float) -> float | None:
        """When to publish, in monotonic seconds; None when nothing changed."""
        return self._publisher.due(now)

    def publish_if_due(self, now: float) -> None:
        is_late = self.is_published and not self.snapshot.complete and self.is_complete
        is_opened = self.states or self.has_named_roots  # before a root is opened, nothing is complete
        if is_opened and is_late and not self.failed_roots:
            self.note_change(at_once=True)  # work was awaited when the snapshot was made, and changed nothing
        due = self._publisher.due(now)
        if due is not None and due <= now:
            views = self._builder.compose(self.states, self.overlays.shown.values())
            self._publisher.publish(now, views, complete=self.is_complete and not self.failed_roots)
