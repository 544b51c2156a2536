"""Temporarily missing roots and files: they stay indexed, the status reports them, and they are retried."""

from __future__ import annotations

import errno
import os
import shutil

import pytest
from engine_cases import Workspace, complete, found, function, make_settings, parsed, paths_of, wait_for

from semlens.core.status import EngineState, SkipReason, WatchMode
from semlens.engine.engine import Engine
from semlens.engine.indexing import root_presence, root_state
from semlens.engine.indexing.root_presence import Presence, check_folder
from semlens.files.reading import read_file
from semlens.files.watching.changes import Rescan
from semlens.workers.messages import FileOutcome


@pytest.fixture(autouse=True)
def _often(monkeypatch):
    monkeypatch.setattr(root_presence, "CHECK_SECONDS", 0.02)
    monkeypatch.setattr(root_state, "RETRY_SECONDS", 0.02)


def open_watched(plain: Workspace, watching: str) -> Engine:
    """:param watching: the watch mode in the status."""
    mode = "auto" if watching == "client" else watching
    engine = Engine(make_settings(None, watch={"mode": mode, "poll_seconds": 1}), cache_folder=plain.cache)
    plain.engines.append(engine)
    engine.start()
    engine.add_root(plain.folder, watching=WatchMode.CLIENT if watching == "client" else WatchMode.NATIVE)
    complete(engine)
    wait_for(engine, lambda: engine.status().roots[0].watching == watching)
    return engine


def problems(engine: Engine) -> str:
    return "\n".join(problem.message for problem in engine.status().problems)


WATCHING = ["native", "polling", "client"]


@pytest.mark.parametrize("watching", WATCHING)
def test_a_temporarily_missing_root_keeps_its_index(plain, tmp_path, watching):
    for name in ("a", "b", "c"):
        plain.write(f"{name}.py", function(name * 3))
    engine = open_watched(plain, watching)
    plain.folder.rename(tmp_path / "away")
    wait_for(engine, lambda: "its index is kept until it is back" in problems(engine))
    wait_for(engine, lambda: engine.status().state is EngineState.DEGRADED)
    assert paths_of(engine, "aaa") == []  # unreadable files give no hits
    complete(engine)
    assert engine.status().roots[0].files == 3
    (tmp_path / "away").rename(plain.folder)
    wait_for(engine, lambda: engine.status().state is EngineState.READY)
    assert paths_of(engine, "aaa") == ["a.py"]
    assert parsed(engine) == 3


@pytest.mark.parametrize("watching", WATCHING)
def test_a_root_that_is_deleted_and_recreated_is_rescanned(plain, watching):
    plain.write("old.py", function("old"))
    engine = open_watched(plain, watching)
    shutil.rmtree(plain.folder)
    wait_for(engine, lambda: engine.status().state is EngineState.DEGRADED)
    plain.write("new.py", function("new"))
    wait_for(engine, lambda: paths_of(engine, "new"))
    wait_for(engine, lambda: engine.status().state is EngineState.READY)
    status = engine.status()
    assert (status.roots[0].files, status.roots[0].watching, status.problems) == (1, watching, ())
    if watching != "client":
        plain.write("newer.py", function("newer"))
        wait_for(engine, lambda: paths_of(engine, "newer"))


def test_a_root_that_is_replaced_between_two_scans_is_rescanned(plain, tmp_path):
    engine = open_watched(plain, "client")
    other = Workspace(tmp_path / "other", tmp_path / "cache", None)
    other.write("new.py", function("new"))
    plain.folder.rename(tmp_path / "away")
    other.folder.rename(plain.folder)
    wait_for(engine, lambda: paths_of(engine, "new"))


def test_an_empty_folder_on_another_device_counts_as_an_unmounted_drive(tmp_path):
    status = tmp_path.stat()
    here = (status.st_dev, status.st_ino)
    assert check_folder(tmp_path, None) == check_folder(tmp_path, here) == Presence(here)
    assert "not mounted" in check_folder(tmp_path, (status.st_dev + 1, 2)).problem
    (tmp_path / "a.py").touch()
    assert check_folder(tmp_path, (status.st_dev + 1, 2)) == Presence(here)
    assert "cannot be read" in check_folder(tmp_path / "a.py", here).problem


class BrokenDisk:
    """A disk that fails for paths with these endings, until `ends` is emptied."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *ends: str) -> None:
        self.ends = ends
        for name in ("scandir", "stat", "lstat", "open"):
            monkeypatch.setattr(os, name, self._failing(getattr(os, name)))

    def _failing(self, call):
        def failing(path, *arguments, **options):
            if isinstance(path, str | os.PathLike) and os.fspath(path).endswith(self.ends or "\0"):
                raise OSError(errno.EIO, "Input/output error", str(path))
            return call(path, *arguments, **options)

        return failing


def test_an_unreadable_folder_keeps_its_indexed_files(plain, monkeypatch):
    plain.write("sub/deep/a.py", function("alpha"))
    plain.write("b.py", function("beta"))
    engine = plain.engine()
    disk = BrokenDisk(monkeypatch, "/sub")
    (plain.folder / "b.py").unlink()
    engine.rescan()
    wait_for(engine, lambda: engine.status().state is EngineState.DEGRADED)
    assert "'sub'" in problems(engine)
    assert engine.status().roots[0].files == 1
    disk.ends = ()
    wait_for(engine, lambda: engine.status().state is EngineState.READY)
    assert paths_of(engine, "alpha") == ["sub/deep/a.py"]
    assert parsed(engine) == 2


def test_an_unreadable_ignore_file_lets_no_ignored_file_in(plain, monkeypatch):
    plain.write("sub/.gitignore", "secret.py\n")
    plain.write("sub/secret.py", function("secret"))
    plain.write("sub/a.py", function("alpha"))
    engine = plain.engine()
    disk = BrokenDisk(monkeypatch, ".gitignore")
    engine.rescan()
    wait_for(engine, lambda: engine.status().state is EngineState.DEGRADED)
    assert paths_of(engine, "secret") == []
    assert paths_of(engine, "alpha") == ["sub/a.py"]
    disk.ends = ()
    wait_for(engine, lambda: engine.status().state is EngineState.READY)
    assert paths_of(engine, "secret") == []


def test_changes_beside_an_ignore_file_that_cannot_be_read_are_not_lost(plain, monkeypatch):
    plain.write("sub/.gitignore", "secret.py\n")
    plain.write("sub/a.py", function("alpha"))
    plain.write("b.py", function("beta"))
    engine = plain.engine()
    disk = BrokenDisk(monkeypatch, "sub/.gitignore")
    for name, text in (("sub/a.py", "gamma"), ("sub/secret.py", "secret"), ("b.py", "delta")):
        (plain.folder / name).write_text(function(text))
    engine.files_changed([plain.folder / name for name in (".gitignore", "sub/a.py", "sub/secret.py", "b.py")])
    wait_for(engine, lambda: paths_of(engine, "delta") == ["b.py"])
    assert "internal error" not in problems(engine)
    disk.ends = ()
    wait_for(engine, lambda: paths_of(engine, "gamma") == ["sub/a.py"])
    assert paths_of(engine, "secret") == []


def test_an_error_at_one_path_costs_a_scan_and_not_the_other_changes(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    (state,) = engine._indexer.states.values()
    with monkeypatch.context() as patch:
        patch.setattr(state.discovery, "is_ignore_file", lambda _path: 1 / 0)
        plain.write("a.py", function("beta"))
        engine.files_changed([plain.folder / "a.py"])
        wait_for(engine, lambda: "internal error" in problems(engine))
    wait_for(engine, lambda: paths_of(engine, "beta") == ["a.py"])


def test_a_root_is_watched_again_when_the_folder_without_a_watch_can_be_read(plain):
    plain.write("sub/a.py", function("alpha"))
    engine = open_watched(plain, "native")
    (state,) = engine._indexer.states.values()
    watcher = state.watcher
    engine._indexer.post(lambda: engine._indexer._workspace._note_changes(state, Rescan("", frozenset({"sub"}))))
    wait_for(engine, lambda: state.watcher is not watcher)
    wait_for(engine, lambda: engine.status().state is EngineState.READY)


def test_a_file_that_cannot_be_examined_stays_indexed(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    disk = BrokenDisk(monkeypatch, "a.py")
    plain.change(engine, "a.py")
    assert engine.status().roots[0].files == 1
    assert found(engine, "alpha") == []
    disk.ends = ()
    wait_for(engine, lambda: engine.status().state is EngineState.READY)
    assert found(engine, "alpha") == [("a.py", 0, False)]


def test_a_file_that_a_worker_cannot_read_stays_indexed(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    (state,) = engine._indexer.states.values()
    with monkeypatch.context() as patch:
        BrokenDisk(patch, "a.py")
        assert read_file(str(plain.folder), "a.py", 100) == (None, b"", SkipReason.NOT_READABLE_NOW)
    outcomes = [
        FileOutcome("a.py", None, b"", SkipReason.NOT_READABLE_NOW),
        FileOutcome("b.py", None, b"", SkipReason.GONE),
    ]
    assert state.without_doubtful(outcomes) == outcomes[1:]
    assert state.unread == {"a.py"}
    plain.folder.rename(plain.folder.with_name("away"))
    assert state.without_doubtful(outcomes) == []


def test_retries_back_off(plain):
    engine = plain.engine()
    (state,) = engine._indexer.states.values()
    engine.close()
    pauses = []
    for _ in range(30):
        state.begin_scan(1)
        before = root_state.time.monotonic()
        state.note_unread(["a"])
        state.note_unread(["b"])
        pauses.append(state.retry_at - before)
    assert pauses[0] < 0.1 < pauses[5]
    assert pauses[-1] <= root_state.MAX_RETRY_SECONDS + 1
