"""What the engine says of itself: the protocol's status object, in our own types."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class EngineState(enum.Enum):
    """What the engine is doing; the names of the protocol."""

    STARTING = "starting"
    SCANNING = "scanning"
    INDEXING = "indexing"
    READY = "ready"
    PAUSED = "paused"
    DEGRADED = "degraded"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class RootStatus:
    """:ivar root: absolute path. :ivar watching: ``client``, ``native``, ``polling`` or ``none``."""

    root: str
    files: int
    symbols: int
    pending: int
    skipped: Mapping[str, int]
    watching: str


@dataclass(frozen=True, slots=True)
class TierStatus:
    """:ivar role: ``first`` or ``refine``. Counts are passages."""

    model: str
    role: str
    embedded: int
    pending: int


@dataclass(frozen=True, slots=True)
class RemoteStatus:
    """What was sent to a service, ever: texts, their bytes, and secrets masked in them.

    :ivar service: scheme, host and port.
    """

    service: str
    texts: int
    bytes: int
    redactions: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One file that could not be indexed, or one capability that is lost."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """The whole truth about the index at one moment.

    :ivar number: of this status: one that was taken later has a higher one.
    :ivar lag_ms: age of the oldest change that is not searchable yet, 0 when there is none.
    """

    number: int
    state: EngineState
    complete: bool
    refining: bool
    roots: tuple[RootStatus, ...]
    tiers: tuple[TierStatus, ...]
    generation: int
    lag_ms: float
    rss_bytes: int
    index_bytes: int
    problems: tuple[Problem, ...]
    counters: Mapping[str, int]
    remote: tuple[RemoteStatus, ...] = ()
