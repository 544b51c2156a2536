"""An index that cannot be saved, locked or merged. Losses are reported, search works, and saving is retried."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import filelock
import pytest
from engine_cases import complete, found, function, parsed, paths_of, wait_for

from semlens.core.hashing import content_hash
from semlens.core.status import EngineState
from semlens.engine.indexing import merger as merging
from semlens.engine.indexing import root_index, scheduling
from semlens.engine.indexing.root_index import RootIndex
from semlens.engine.indexing.scheduling import Backoff
from semlens.files.file_stamp import FileStamp
from semlens.index.storage.writer_lock import LockUnusableError, WriterLock

FAR = (1 << 63) + 10**18
"""Nanoseconds since 1970 in the year 2293, beyond SQLite's integers."""


@pytest.fixture
def no_locks(monkeypatch, plain):
    """Makes the lock of the cache folder fail for the given reason."""
    acquire = filelock.FileLock.acquire

    def install(number: int) -> None:
        def fail(lock, *arguments, **options):
            if str(plain.cache) in str(lock.lock_file):
                raise OSError(number, os.strerror(number))
            return acquire(lock, *arguments, **options)

        monkeypatch.setattr(filelock.FileLock, "acquire", fail)

    return install


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOLCK, "has no locks"),
        (errno.ENOSYS, "has no locks"),
        (errno.EOPNOTSUPP, "has no locks"),
        (errno.EACCES, "Make it writable"),
        (errno.EROFS, "Make it writable"),
        (errno.ENOSPC, "disk is full"),
    ],
)
def test_a_lock_that_cannot_be_taken_is_reported_and_search_works(plain, no_locks, number, says):
    no_locks(number)
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    status = complete(engine)
    assert status.state is EngineState.DEGRADED
    assert [says in problem.message for problem in status.problems] == [True]
    assert "SEMLENS_CACHE_DIR" in status.problems[0].message
    assert paths_of(engine, "alpha") == ["a.py"]
    plain.write("b.py", function("beta"))
    plain.change(engine, "b.py")
    assert paths_of(engine, "beta") == ["b.py"]
    assert engine.wait_saved() == status.problems[0].message
    scratch = next(iter(engine._indexer.states.values())).index.store.folder
    assert scratch.exists()
    engine.close()
    assert not scratch.exists()


def test_a_lock_held_by_another_process_is_no_problem(tmp_path):
    first, second = WriterLock(tmp_path / "lock"), WriterLock(tmp_path / "lock")
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_a_pipe_in_place_of_the_lock_is_replaced(tmp_path):
    os.mkfifo(tmp_path / "lock")
    lock = WriterLock(tmp_path / "lock")
    assert lock.acquire()
    assert (tmp_path / "lock").is_file()
    lock.release()


def test_a_folder_in_place_of_the_lock_is_reported(tmp_path):
    (tmp_path / "lock").mkdir()
    (tmp_path / "lock" / "file").touch()
    with pytest.raises(LockUnusableError, match="delete it"):
        WriterLock(tmp_path / "lock").acquire()


def test_a_root_that_cannot_be_opened_is_never_complete(plain, monkeypatch):
    plain.write("a.py", function("alpha"))

    def fail(_index: RootIndex) -> None:
        raise TypeError("of a fault that nobody thought of")

    monkeypatch.setattr(RootIndex, "load", fail)
    engine = plain.engine(wait=False)
    wait_for(engine, lambda: engine._indexer.failed_roots)
    assert not engine.wait_complete(timeout=60)
    status = engine.status()
    assert (status.complete, status.state) == (False, EngineState.DEGRADED)


# --- file times----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nanoseconds", [FAR, 10**30, -(10**30), -1, 0])
def test_any_modification_time_can_be_stored(nanoseconds):
    stamp = FileStamp.of(1, nanoseconds, nanoseconds, 1 << 70, 5)
    with closing(sqlite3.connect(":memory:")) as connection:
        row = connection.execute("SELECT ?, ?, ?", (stamp.mtime_ns, stamp.ctime_ns, stamp.inode)).fetchone()
    assert row == (stamp.mtime_ns, stamp.ctime_ns, stamp.inode)
    assert stamp.same_file(FileStamp.of(1, nanoseconds, nanoseconds, 1 << 70, 6))


def test_a_file_with_a_far_future_time_is_saved(plain):
    path = plain.write("a.py", function("alpha"))
    plain.write("b.py", function("beta"))
    os.utime(path, ns=(0, FAR))
    if path.stat().st_mtime_ns != FAR:
        pytest.skip("this file system has no such times")
    engine = plain.engine(one_shot=True)
    assert engine.wait_saved() == ""
    engine.close()
    again = plain.engine(one_shot=True)
    assert parsed(again) == 0
    assert (found(again, "alpha"), found(again, "beta")) == ([("a.py", 0, False)], [("b.py", 0, False)])


# --- retries -------------------------------------------------------------------------------------------------------


def test_the_backoff_doubles_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(scheduling.time, "monotonic", lambda: 100.0)
    wait = Backoff(1.0, 10.0)
    waits = []
    for _ in range(6):
        wait.failed()
        waits.append(wait.due - 100.0)
    assert waits == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    wait.succeeded()
    assert (wait.due, wait.n_failures) == (0.0, 0)
    for _ in range(5000):
        wait.failed()
    assert wait.due == 110.0


def test_a_failed_merge_is_reported_and_retried(plain, monkeypatch):
    monkeypatch.setattr(root_index, "FIRST_RETRY_SECONDS", 0.05)
    failing = True
    attempts = []
    merge = merging.merge_job

    def merge_or_fail(*arguments):
        attempts.append(1)
        if failing:
            raise IndexError("a row that is not there")
        return merge(*arguments)

    monkeypatch.setattr(merging, "merge_job", merge_or_fail)
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    index = next(iter(engine._indexer.states.values())).index
    plain.write("b.py", function("beta"))
    plain.change(engine, "b.py")
    wait_for(engine, lambda: len(attempts) > 2)
    assert index.merge_backoff.n_failures > 1
    assert any("could not be merged" in problem.message for problem in engine.status().problems)
    assert [paths_of(engine, name) for name in ("alpha", "beta")] == [["a.py"], ["b.py"]]
    failing = False
    wait_for(engine, lambda: len(index.segments) == 1)
    wait_for(engine, lambda: not engine.status().problems)
    assert index.merge_backoff.n_failures == 0


@pytest.fixture
def index(tmp_path: Path):
    opened = RootIndex(tmp_path / "root", tmp_path / "cache")
    opened.acquire_writer_lock()
    yield opened
    opened.close()


def test_a_commit_to_a_locked_database_is_retried(index, tmp_path):
    (path,) = tmp_path.glob("cache/roots-*/*/v*/index.sqlite")
    connection = index.store._database.connection
    assert connection.execute("PRAGMA busy_timeout").fetchone()[0] <= 250
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        index.commit({"complete": True})
        assert index.commit_backoff.n_failures == 1
        assert index.commit_error == ""  # the lock may be short
        index.commit({"complete": True})
        assert "tries again" in index.commit_error
        other.execute("ROLLBACK")
    index.commit({"complete": True})
    assert (index.commit_error, index.commit_backoff.due) == ("", 0.0)


def test_an_internal_error_in_a_commit_is_retried(index, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(index.store, "commit", lambda _commit: 1 / 0)
        index.commit({})
        assert "division by zero" in index.commit_error
        assert index.commit_backoff.n_failures == 1
    index.commit({})
    assert index.commit_error == ""


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "free some space"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "free some space"),
        (PermissionError(errno.EACCES, "Permission denied"), "writable"),
        (OSError(errno.EROFS, "Read-only file system"), "writable"),
    ],
)
def test_the_advice_depends_on_the_error(index, monkeypatch, error, says):
    def fail(_commit):
        raise error

    monkeypatch.setattr(index.store, "commit", fail)
    index.commit({})
    assert says in index.commit_error
    assert error.strerror in index.commit_error


def test_a_failed_last_commit_lets_the_next_engine_write(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    state = next(iter(engine._indexer.states.values()))
    wait_for(engine, lambda: not state.index.dirty)
    plain.write("b.py", function("beta"))
    plain.change(engine, "b.py")
    monkeypatch.setattr(state.index, "commit", lambda _meta: 1 / 0)
    engine.close()
    again = plain.engine()
    assert paths_of(again, "beta") == ["b.py"]
    assert next(iter(again._indexer.states.values())).index.writer


def test_vectors_of_saved_text_are_cached_in_the_background(workspace):
    """Another thread may hold the vector cache while another process locks its file."""
    workspace.write("a.py", function("alpha", "return retry"))
    engine = workspace.engine()
    state = next(iter(engine._indexer.states.values()))
    text = function("beta", "return colour")
    engine.open_buffer(workspace.uri("a.py"), "python", text)
    complete(engine)
    with engine._shared._cache._lock:
        workspace.write("a.py", text)
        engine.files_changed([workspace.folder / "a.py"])
        wait_for(engine, lambda: state.index.files["a.py"].hash == content_hash(text.encode()))
    complete(engine)
    assert found(engine, "beta") == [("a.py", 0, False)]


def test_what_is_saved_or_paused_stays_complete(plain, monkeypatch):
    """Both are published again. A command that asked just before that said that the index was not complete."""
    engine, answers = plain.engine(), []
    [state] = engine._session.states.values()
    indexer = engine._indexer

    def save():
        with monkeypatch.context() as patch:
            patch.setattr(indexer._committer, "due", lambda *_, **__: 0.0)
            indexer._commit_if_due(state, 1.0)
        answers.append((engine._session.is_published, engine.status().complete))

    def pause():
        indexer.set_paused(engine._session, paused=False)
        indexer.post(lambda: answers.append((engine._session.is_published, engine.status().complete)))

    indexer.post(save)
    indexer.post(pause)
    wait_for(engine, lambda: len(answers) == 2)
    assert answers == [(False, True)] * 2
