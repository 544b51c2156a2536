"""All sessions of one engine, in the order in which they were opened. The indexer thread changes the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from semlens.engine.embedding.tiers import Tier
from semlens.engine.overlays.overlay import Overlay
from semlens.engine.sessions.index_session import IndexSession
from semlens.settings.loading import Settings


class SessionList:
    """What concerns every session: their changes, their snapshots, and what they need first."""

    def __init__(self, settings: Settings, expect_call_at: Callable[[float], None]) -> None:
        """:param settings: what holds while no session is open.

        :param expect_call_at: told when the sessions need the next step, in monotonic seconds.
        """
        self._settings = settings
        self._expect_call_at = expect_call_at
        self._sessions: list[IndexSession] = []

    def __iter__(self) -> Iterator[IndexSession]:
        return iter(list(self._sessions))  # a copy, because other threads iterate too

    def add(self, session: IndexSession) -> None:
        self._sessions.append(session)

    def remove(self, session: IndexSession) -> None:
        self._sessions.remove(session)
        session.overlays.close()

    @property
    def settings(self) -> Settings:
        """What holds for the work as a whole: the settings of the oldest session."""
        return next((session.settings for session in self), self._settings)

    def settings_of(self, root: Path) -> Settings | None:
        """The settings of a root: those of the session that has had it for longest. None where no session has it."""
        session = next((session for session in self if str(root) in session.roots), None)
        return session.settings_of(root) if session is not None else None

    def has_root(self, real: str) -> bool:
        return any(real in session.roots for session in self)

    def note_change(self, *, at_once: bool = False) -> None:
        for session in self:
            session.note_change(at_once=at_once)

    def publish_again(self) -> None:
        for session in self:
            session.publish_again()

    def step_overlays(self, tiers: Sequence[Tier]) -> None:
        """Start to parse changed buffers."""
        for session in self:
            if (due := session.overlays.step(session.states, tiers)) is not None:
                self._expect_call_at(due)

    def publish_if_due(self, now: float) -> None:
        for session in self:
            session.publish_if_due(now)

    def expect_publishing(self, now: float) -> None:
        """Note when the next snapshots are due. Call it at the end of a step, because a step changes the index."""
        for session in self:
            if (due := session.publish_due(now)) is not None:
                self._expect_call_at(due)

    @property
    def overlays_are_settled(self) -> bool:
        return not any(session.overlays.waiting for session in self)

    @property
    def are_published(self) -> bool:
        return all(session.is_published for session in self)

    @property
    def shown_overlays(self) -> list[Overlay]:
        return [overlay for session in self for overlay in session.overlays.shown.values()]

    @property
    def urgent_files(self) -> list[tuple[str, str]]:
        """(real root, path) of the files that are open or were found last."""
        return [
            place
            for session in self
            for place in (*((buffer.root, buffer.path) for buffer in session.buffers.all()), *session.recent)
        ]
