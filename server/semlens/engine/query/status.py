"""Builds the `EngineStatus`: state, counts and problems of the engine at one moment."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from semlens.core.paths import relative_path
from semlens.core.status import (
    EngineState,
    EngineStatus,
    Problem,
    RemoteStatus,
    RootStatus,
    TierRole,
    TierStatus,
)
from semlens.engine.embedding.remote_tier import RemoteTier
from semlens.engine.embedding.tiers import Tier
from semlens.engine.indexing.indexer import Indexer
from semlens.engine.indexing.root_state import RootState
from semlens.engine.sessions.index_session import IndexSession
from semlens.index.snapshot import IndexSnapshot
from semlens.index.storage.sent_ledger import Sent
from semlens.workers.pool import parser_problem

if TYPE_CHECKING:
    from semlens.engine.shared_engine import SharedEngine

_MAX_PROBLEMS = 100
_PLATFORM: str = sys.platform


def build_status(number: int, shared: SharedEngine, session: IndexSession) -> EngineStatus:
    """Build a status from counters only, which is cheap enough for every change. Any thread may call this."""
    indexer, tiers, shows_all = shared.indexer, shared.tiers, session.shows_all
    snapshot = session.snapshot
    complete = snapshot.complete and shows_all
    states = list(session.states.values())
    tier_statuses = tuple(_tier_status(tier, snapshot, asks_store=indexer.may_refine) for tier in tiers)
    refining = any(tier.role == TierRole.REFINE and tier.pending for tier in tier_statuses) and all(
        tier.error is None and not _store_error(tier) for tier in tiers if tier.role == TierRole.REFINE
    )
    return EngineStatus(
        number=number,
        state=_state(shared, session, complete=complete),
        complete=complete,
        refining=refining,
        roots=tuple(
            RootStatus(
                session.display_root(str(state.index.root)),
                state.index.n_files,
                state.index.n_symbols,
                len(state.pending) + len(state.in_flight) + len(state.changed),
                dict(Counter(dict(state.skipped)) + Counter(dict(state.index.skipped))),
                state.watching,
            )
            for state in states
        ),
        tiers=tier_statuses,
        generation=snapshot.generation,
        lag_ms=_lag_ms(session),
        rss_bytes=_resident_bytes(indexer),
        index_bytes=sum(state.index.store.n_bytes() for state in states),
        remote=_remote(tiers, shared.ledger.totals()),
        problems=tuple(_problems(shared, session)[:_MAX_PROBLEMS]),
        counters={
            "parsed": indexer.parser.n_parsed,
            **{f"computed.{tier.role}": tier.n_computed for tier in tiers},
        },
        sessions=shared.sessions_of_process(),
    )


def of_roots_alone(status: EngineStatus, roots: Sequence[str]) -> EngineStatus:
    """Without what concerns the whole process: it may tell of roots that the client may not know of."""
    problems = [one for one in status.problems if any(relative_path(root, one.path) is not None for root in roots)]
    return status._replace(problems=tuple(problems), sessions=(), remote=(), counters={}, index_bytes=0, rss_bytes=0)


def _state(shared: SharedEngine, session: IndexSession, *, complete: bool) -> EngineState:
    states = list(session.states.values())
    if shared.indexer.paused:
        return EngineState.PAUSED
    if shared.indexer.is_awaited or session.preparing or any(state.scan or state.scan_again for state in states):
        return EngineState.SCANNING
    if not session.settled or not session.is_complete:
        return EngineState.INDEXING
    has_roots = states or session.has_named_roots
    if not complete and has_roots and not (session.failed_roots and session.is_published):
        return EngineState.INDEXING  # all work is done, but the snapshot is not published yet
    degraded = (
        shared.problems
        or any(tier.error or tier.cache_error or _store_error(tier) for tier in shared.tiers)
        or any(_root_problems(state) for state in states)
        or session.failed_roots
    )
    return EngineState.DEGRADED if degraded else EngineState.READY


def _store_error(tier: Tier) -> str:
    return tier.store.error if tier.store is not None else ""


def _problems(shared: SharedEngine, session: IndexSession) -> list[Problem]:
    indexer, tiers = shared.indexer, shared.tiers
    problems = [Problem("", message) for message in shared.problems]
    problems += [Problem("", str(tier.error)) for tier in tiers if tier.error]
    problems += [
        Problem("", f"Vectors of {tier.manifest.name} cannot be kept ({tier.cache_error}). Free some disk space.")
        for tier in tiers
        if tier.cache_error
    ]
    problems += [Problem("", _store_error(tier)) for tier in tiers if _store_error(tier)]
    problems += [problem._replace(path=session.display_root(root)) for root, problem in session.failed_roots.items()]
    for real, state in session.states.items():
        root = session.display_root(real)
        problems += [Problem(root, text) for text in _root_problems(state)]
        problems += [
            Problem(str(Path(root, path)), parser_problem(cause, is_searchable=path in state.index.rows))
            for path, cause in sorted(dict(state.index.crashing_files).items())
        ]
    problems += list(session.overlays.problems.values())
    problems += [Problem("", text) for text in (indexer.parser.problem, *indexer.vectors.problems) if text]
    problems += list(indexer.errors)
    return problems


def _root_problems(state: RootState) -> list[str]:
    """Return the messages about features that the root lacks."""
    index = state.index
    texts = (
        index.unsaved_reason,
        index.commit_error,
        index.merge_error,
        state.watch_problem,
        *state.freshness_problems,
    )
    return [text for text in texts if text]


def _tier_status(tier: Tier, snapshot: IndexSnapshot, *, asks_store: bool) -> TierStatus:
    """:param asks_store: whether this process has asked stores which passages they have. A command has not."""
    if tier.store is not None and not asks_store:
        return TierStatus(tier.manifest.name, tier.role, 0, 0)
    embedded = sum(view.n_embedded(tier.fingerprint) for view in snapshot.views)
    return TierStatus(tier.manifest.name, tier.role, embedded, max(0, snapshot.n_passages - embedded))


def _remote(tiers: Sequence[Tier], sent: Sequence[Sent]) -> tuple[RemoteStatus, ...]:
    """Return every service that received text, and the configured one."""
    totals = {total.service: total for total in sent}
    for tier in tiers:
        if isinstance(tier, RemoteTier):
            totals.setdefault(tier.service.name, Sent(tier.service.name))
    return tuple(RemoteStatus(total.service, total.texts, total.bytes, total.redactions) for total in totals.values())


def _lag_ms(session: IndexSession) -> float:
    now = time.monotonic()
    oldest = [when for state in session.states.values() if (when := state.oldest_change) is not None]
    shown = session.overlays.shown
    for buffer in session.buffers.all():
        overlay = shown.get(buffer.uri)
        if overlay is None or overlay.revision != buffer.revision:
            oldest.append(buffer.changed_at)
    return max(0.0, (now - min(oldest)) * 1000.0) if oldest else 0.0


def _resident_bytes(indexer: Indexer) -> int:
    return sum(map(_resident_bytes_of, (os.getpid(), *indexer.parser.worker_pids())))


def _resident_bytes_of(process_id: int) -> int:
    """0 for a process that has ended. On Linux without psutil, which takes longer to load than a search takes."""
    if _PLATFORM == "linux":
        if sys.platform == "win32":  # tells the type checker that only others come here
            raise NotImplementedError
        try:
            return int(Path(f"/proc/{process_id}/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            return 0
    import psutil

    try:
        return int(psutil.Process(process_id).memory_info().rss)
    except psutil.Error:
        return 0
