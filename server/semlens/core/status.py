"""The status of the engine. The protocol's status object is made from it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import NamedTuple


class EngineState(enum.Enum):
    """What the engine is doing. The values are the protocol's."""

    STARTING = "starting"
    SCANNING = "scanning"
    INDEXING = "indexing"
    READY = "ready"
    PAUSED = "paused"
    DEGRADED = "degraded"
    STOPPED = "stopped"


class WatchMode(enum.StrEnum):
    """How the changes of a root are noticed. The values are the protocol's."""

    CLIENT = "client"
    """The editor reports changes."""
    NATIVE = "native"
    """The events of the system report changes."""
    POLLING = "polling"
    NONE = "none"


class SkipReason(enum.StrEnum):
    """Why a file is not searchable."""

    NONE = ""
    """The file is searchable."""

    NOT_CODE = "not code"
    LOCKFILE = "lockfile"
    MINIFIED = "minified"
    GENERATED = "generated"
    BINARY = "binary"
    TOO_LARGE = "too large"
    IGNORED = "ignored"
    LINK = "link"
    """A link to a file of the same root, which is indexed under its own path."""
    LINK_LOOP = "link loop"
    OUTSIDE_ROOT = "outside root"
    UNREADABLE = "unreadable"
    NOT_READABLE_NOW = "not readable now"
    """Reading failed for a transient cause, so the index keeps what it knows about the file."""
    GONE = "gone"
    MISSING = "missing"
    """No regular file is at the path. Used for single paths only and never counted."""
    FOLDER = "folder"
    """A folder is at the path. Used for single paths only and never counted."""
    UNCHANGED = "same"
    """The content is what the index already has."""
    CRASHED_PARSER = "killed the parser"
    """The parse worker died on the file, also when it was read as text."""
    PLAIN_TEXT = "searched as plain text"
    """The parse worker died on the file. It has passages and no symbols."""
    FAILED_PARSER = "failed in the parser"
    """The parse worker met an error of its own on the file, and went on."""


SEARCHABLE = frozenset((SkipReason.NONE, SkipReason.PLAIN_TEXT))
"""Reasons of files that are in a segment."""

UNPARSABLE = frozenset((SkipReason.CRASHED_PARSER, SkipReason.FAILED_PARSER, SkipReason.PLAIN_TEXT))
"""Reasons that name the parser as the cause. Such a file is not tried again until it changes."""


class TierRole(enum.StrEnum):
    """The part that a model plays. The values are the protocol's and the ranking's."""

    FIRST = "first"
    """Its vectors cover every passage soon."""
    REFINE = "refine"
    """Its vectors are better and follow later."""


class RootStatus(NamedTuple):
    """:ivar root: absolute path."""

    root: str
    files: int
    symbols: int
    pending: int
    skipped: Mapping[str, int]
    watching: WatchMode


class TierStatus(NamedTuple):
    """Counts are passages."""

    model: str
    role: TierRole
    embedded: int
    pending: int


class RemoteStatus(NamedTuple):
    """Everything that was sent to a service so far: texts, their bytes, and the secrets masked in them.

    :ivar service: scheme, host and port.
    """

    service: str
    texts: int
    bytes: int
    redactions: int


class Problem(NamedTuple):
    """One file that could not be indexed, or one feature that does not work."""

    path: str
    message: str


class SessionStatus(NamedTuple):
    """One client of the resident server.

    :ivar client: its name, as it said. :ivar protocol: ``lsp``, ``api`` or ``mcp``. :ivar roots: absolute paths.
    """

    client: str
    protocol: str
    roots: tuple[str, ...]
    open_documents: int


class EngineStatus(NamedTuple):
    """The state of the index at one moment.

    :ivar number: number of this status; a later status has a higher number.
    :ivar sessions: of the resident server; empty elsewhere.
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
    sessions: tuple[SessionStatus, ...] = ()
