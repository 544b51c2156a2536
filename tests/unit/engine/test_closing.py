"""Closing an engine: what was indexed is saved before anything that may take long."""

from __future__ import annotations

import pytest
from engine_cases import Workspace, function

from semlens.engine.indexing import committer
from semlens.index.storage.cache_bound import CacheBound
from semlens.index.storage.root_store import LOCK_NAME, store_folder
from semlens.index.storage.seeding import has_commit
from semlens.index.storage.writer_lock import WriterLock


@pytest.fixture(autouse=True)
def _no_commit_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer, "QUIET_SECONDS", 1e6)
    monkeypatch.setattr(committer, "BUSY_SECONDS", 1e6)


def test_the_index_is_saved_before_the_cache_is_checked(plain: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is told to end may be killed while it deletes old indexes. Its own must not count as unused."""
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    assert not has_commit(plain.cache, plain.folder)
    seen: list[tuple[bool, bool]] = []

    def look(_: CacheBound) -> None:
        lock = WriterLock(store_folder(plain.cache, plain.folder) / LOCK_NAME)
        seen.append((has_commit(plain.cache, plain.folder), lock.acquire()))

    monkeypatch.setattr(CacheBound, "close", look)
    engine.close()
    assert seen == [(True, False)]


def test_an_error_in_the_check_of_the_cache_does_not_cost_the_commit(
    plain: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    monkeypatch.setattr(CacheBound, "close", lambda _self: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        engine.close()
    assert has_commit(plain.cache, plain.folder)
    lock = WriterLock(store_folder(plain.cache, plain.folder) / LOCK_NAME)
    assert lock.acquire()
    lock.release()
