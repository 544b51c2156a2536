"""Faults around the engine. It keeps answering, reports losses, and never shows a stale hit."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from damage import overwrite
from engine_cases import (
    DEADLINE_S,
    Gate,
    complete,
    computed,
    found,
    function,
    make_settings,
    parsed,
    paths_of,
    search,
    wait_for,
    write_model,
)

from semlens.core.cancel import CancelToken
from semlens.core.errors import CacheError, Cancelled, WorkspaceError
from semlens.core.request import SearchRequest
from semlens.core.status import EngineState, SkipReason
from semlens.engine.engine import Engine
from semlens.engine.indexing import committer as committing
from semlens.engine.query import query_service as questions
from semlens.index.segment import columns
from semlens.index.storage import root_store as store
from semlens.index.storage.root_store import root_folder
from semlens.index.versions import STORE_VERSION
from semlens.workers.pool import ParsePool

BRACKETS = b"x = " + b"{" * 50_000


# --- freshness -----------------------------------------------------------------------------------------------------


def test_a_hit_in_a_file_changed_without_an_event_is_reindexed(plain):
    plain.write("a.py", function("alpha"))
    plain.write("b.py", function("alpha"))
    engine = plain.engine()
    plain.write("a.py", "\n\n" + function("alpha"))
    assert found(engine, "alpha") == [("a.py", 2, False), ("b.py", 0, False)]
    plain.write("a.py", function("beta"))
    assert found(engine, "alpha") == [("b.py", 0, False)]
    assert found(engine, "beta") == [("a.py", 0, False)]


def test_a_hit_in_a_file_deleted_without_an_event_is_dropped(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    (plain.folder / "a.py").unlink()
    assert found(engine, "alpha") == []
    assert complete(engine).roots[0].files == 0


def test_no_stale_hit_is_returned_while_indexing_is_paused(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    engine.pause()
    wait_for(engine, lambda: engine.status().state is EngineState.PAUSED)
    monkeypatch.setattr(questions, "DISK_WAIT_SECONDS", 0.0)
    plain.write("a.py", "# moved\n" + function("alpha"))
    assert found(engine, "alpha") == []
    engine.resume()
    complete(engine)
    assert found(engine, "alpha") == [("a.py", 1, False)]


def test_a_file_replaced_by_one_of_the_same_size_and_time(plain):
    path = plain.write("a.py", function("alpha"))
    engine = plain.engine()
    status = path.stat()
    plain.write("a.py", function("omega"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert found(engine, "alpha") == []
    assert found(engine, "omega") == [("a.py", 0, False)]


def _link_to_file(path: Path, outside: Path) -> None:
    path.rename(outside)
    path.symlink_to(outside)


def _link_to_folder(path: Path, outside: Path) -> None:
    path.parent.rename(outside)
    path.parent.symlink_to(outside)


def _pipe(path: Path, _outside: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _device(path: Path, _outside: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("replace", [_link_to_file, _link_to_folder, _pipe, _device])
def test_a_folder_or_link_in_place_of_a_file_gives_no_hit(plain, tmp_path, replace):
    """Also while the file is still indexed, and the content is equal."""
    path = plain.write("src/a.py", function("alpha"))
    plain.write("b.py", function("alpha"))
    engine = plain.engine()
    assert paths_of(engine, "alpha") == ["b.py", "src/a.py"]
    replace(path, tmp_path / "outside")
    assert paths_of(engine, "alpha") == ["b.py"]


def test_a_scan_finds_all_changes_made_while_not_watching(plain):
    for name in ("a", "b", "c"):
        plain.write(f"{name}.py", function(name * 3))
    first = plain.engine()
    first.close()
    plain.write("a.py", function("new_name"))
    (plain.folder / "b.py").unlink()
    plain.write("d.py", function("ddd"))
    engine = plain.engine()
    assert parsed(engine) == 2
    assert [paths_of(engine, name) for name in ("aaa", "bbb", "ccc", "ddd", "new_name")] == [
        [],
        [],
        ["c.py"],
        ["d.py"],
        ["a.py"],
    ]


def hold_batches(monkeypatch):
    """Hold each batch after the worker has parsed it, until the gate is opened."""
    gate = Gate()
    parse_files = ParsePool._parse_files

    def slow(pool, request):
        batch = parse_files(pool, request)
        gate.pass_through()
        return batch

    monkeypatch.setattr(ParsePool, "_parse_files", slow)
    return gate


# --- changes during indexing ---------------------------------------------------------------------------------------


def test_a_file_created_in_a_folder_already_scanned_is_indexed(plain, monkeypatch):
    """The scan misses the file, but it is found."""
    plain.write("a/first.py", function("first"))
    plain.write("z/last.py", function("last"))
    engine = plain.engine()
    state = next(iter(engine._indexer.states.values()))
    gate = Gate()
    walk = state.discovery.walk

    def slow_walk(unread, **options):
        for file in walk(unread, **options):
            if file.path.startswith("z/"):
                gate.pass_through()
            yield file

    monkeypatch.setattr(state.discovery, "walk", slow_walk)
    engine.rescan()
    assert gate.entered.wait(60)
    plain.write("a/second.py", function("second"))
    engine.files_changed([plain.folder / "a/second.py"])
    wait_for(engine, lambda: "a/second.py" in state.index.rows)
    gate.opened.set()
    complete(engine)
    assert paths_of(engine, "second") == ["a/second.py"]
    assert paths_of(engine, "first") == ["a/first.py"]


def test_a_file_that_changes_while_a_worker_parses_it(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    plain.write("b.py", function("beta"))
    engine = plain.engine()
    gate = hold_batches(monkeypatch)
    plain.write("a.py", function("second"))
    engine.files_changed([plain.folder / "a.py"])
    assert gate.entered.wait(60)
    plain.write("a.py", function("third"))
    engine.rescan()
    state = next(iter(engine._indexer.states.values()))
    wait_for(engine, lambda: not state.scan and not state.scan_again and not engine._indexer.is_awaited)
    gate.opened.set()
    complete(engine)
    assert [paths_of(engine, name) for name in ("alpha", "second", "third")] == [[], [], ["a.py"]]


def test_a_folder_deleted_while_a_worker_parses_its_files(plain, monkeypatch):
    plain.write("folder/a.py", function("alpha"))
    plain.write("folder/b.py", function("beta"))
    plain.write("c.py", function("gamma"))
    engine = plain.engine()
    gate = hold_batches(monkeypatch)
    os.utime(plain.folder / "folder/a.py", (1, 1))  # the worker reports the file as unchanged
    plain.write("folder/b.py", function("delta"))
    plain.write("c.py", function("epsilon"))
    engine.files_changed([plain.folder / path for path in ("folder/a.py", "folder/b.py", "c.py")])
    assert gate.entered.wait(60)
    shutil.rmtree(plain.folder / "folder")
    engine.files_changed([plain.folder / "folder"])
    wait_for(engine, lambda: not engine._indexer.is_awaited)
    gate.opened.set()
    complete(engine)
    assert complete(engine).roots[0].files == 1
    assert [paths_of(engine, name) for name in ("alpha", "delta", "epsilon")] == [[], [], ["c.py"]]
    assert complete(engine).problems == ()


# --- workers -------------------------------------------------------------------------------------------------------


def fake_killer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Workers that exit on files with a certain text, which simulates a crash of the parser."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if 'semlens.workers.parse_worker' in sys.orig_argv:\n"
        "    import semlens.syntax.parsing.parser as parser\n"
        "    real = parser.parse\n"
        "    def parse(path, source):\n"
        "        if b'KILLER' in source: os.kill(os.getpid(), 9)\n"
        "        return real(path, source)\n"
        "    parser.parse = parse\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))


def test_a_file_that_crashes_the_worker_loses_only_itself(plain, monkeypatch, tmp_path):
    fake_killer(monkeypatch, tmp_path)
    for number in range(6):
        plain.write(f"file_{number}.py", function(f"function_{number}"))
    plain.write("file_3b.py", "# KILLER\n" + function("killer"))
    engine = plain.engine()
    assert [paths_of(engine, f"function_{number}") for number in range(6)] == [[f"file_{n}.py"] for n in range(6)]
    assert [hit.path for hit in search(engine, "killer")] == ["file_3b.py"]  # as plain text
    assert paths_of(engine, "killer") == []  # no symbol has this name
    status = complete(engine)
    assert [Path(problem.path).name for problem in status.problems] == ["file_3b.py"]
    assert status.roots[0].skipped == {SkipReason.PLAIN_TEXT: 1}
    assert status.state is EngineState.READY
    engine.close()

    again = plain.engine()  # not retried by any process until the file changes
    assert parsed(again) == 0
    assert "searched as plain text" in complete(again).problems[0].message
    assert [hit.path for hit in search(again, "killer")] == ["file_3b.py"]
    plain.write("file_3b.py", function("killer"))
    plain.change(again, "file_3b.py")
    assert paths_of(again, "killer") == ["file_3b.py"]
    assert complete(again).problems == ()


def test_a_buffer_that_crashes_the_worker_loses_only_itself(plain, monkeypatch, tmp_path):
    fake_killer(monkeypatch, tmp_path)
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    engine.open_buffer(plain.uri("b.py"), "python", "# KILLER\n" + function("beta"))
    complete(engine)
    assert found(engine, "beta") == []
    assert [hit.path for hit in search(engine, "beta")] == ["b.py"]  # as plain text
    assert found(engine, "alpha") == [("a.py", 0, False)]
    assert len(engine.status().problems) == 1
    engine.change_buffer(plain.uri("b.py"), function("beta"))
    complete(engine)  # a search does not wait for a document that crashed before
    assert found(engine, "beta") == [("b.py", 0, True)]
    assert complete(engine).problems == ()


def test_a_worker_killed_from_outside_loses_no_file(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    for turn in range(3):
        engine.open_buffer(plain.uri("b.py"), "python", function(f"beta_{turn}"))
        assert found(engine, f"beta_{turn}") == [("b.py", 0, True)]
        for pid in engine._indexer.parser.worker_pids():
            os.kill(pid, 9)
        plain.write("a.py", function(f"alpha_{turn}"))
        plain.change(engine, "a.py")
        assert found(engine, f"alpha_{turn}") == [("a.py", 0, False)]
    assert complete(engine).problems == ()


def test_deep_nesting_does_not_crash(plain):
    """50,000 brackets take a parser seconds in some languages."""
    plain.write("deep.lua", BRACKETS)
    plain.write("deep.py", BRACKETS)
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    assert paths_of(engine, "alpha") == ["a.py"]
    assert {Path(problem.path).name for problem in complete(engine).problems} <= {"deep.lua", "deep.py"}


def test_parsing_resumes_after_processes_could_not_start(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    engine._indexer.parser.interactive.release()
    is_failing = True
    take = ParsePool._acquire

    def no_process(pool):
        if is_failing:
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
        return take(pool)

    monkeypatch.setattr(ParsePool, "_acquire", no_process)
    plain.write("b.py", function("beta"))
    engine.files_changed([plain.folder / "b.py"])
    wait_for(engine, lambda: "Resource temporarily unavailable" in str(engine.status().problems))
    is_failing = False
    complete(engine)
    assert paths_of(engine, "beta") == ["b.py"]
    assert engine.status().problems == ()


def test_a_scan_that_failed_is_no_problem_any_more_after_one_that_did_not(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    state = next(iter(engine._indexer.states.values()))

    def fail(*_arguments, **_options):
        raise ValueError("a fault of ours")

    with monkeypatch.context() as patch:
        patch.setattr(state.discovery, "walk", fail)
        for _ in range(2):
            engine.rescan()
            complete(engine)
            assert [problem.message.partition(":")[0] for problem in engine.status().problems] == [
                "The scan failed (ValueError"
            ]
    assert paths_of(engine, "alpha") == ["a.py"]
    engine.rescan()
    assert complete(engine).problems == ()


# --- the store -----------------------------------------------------------------------------------------------------


def store_of(workspace) -> Path:
    return root_folder(workspace.cache, workspace.folder) / f"v{STORE_VERSION}"


@pytest.mark.parametrize(
    "damage", ["garbage", "newer", "empty", "deep", "no tables", "segments gone", "segment altered"]
)
def test_a_broken_index_is_built_again_from_the_cached_vectors(workspace, damage):
    for number in range(8):
        workspace.write(f"file_{number}.py", function(f"function_{number}", f"return {number}"))
    workspace.engine().close()
    database = store_of(workspace) / "index.sqlite"
    segments = sorted((store_of(workspace) / "segments").glob("*.segment"))
    if damage in ("garbage", "empty"):
        database.write_bytes(b"garbage" * 999 if damage == "garbage" else b"")
    elif damage == "deep":
        data = bytearray(database.read_bytes())
        data[4096:] = b"\x5a" * (len(data) - 4096)
        database.write_bytes(data)
    elif damage == "newer":
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA user_version = 999")
        connection.close()
    elif damage == "no tables":
        with sqlite3.connect(database) as connection:
            connection.execute("DROP TABLE files")
        connection.close()
    elif damage == "segments gone":
        shutil.rmtree(store_of(workspace) / "segments")
    else:
        for segment in segments:
            data = bytearray(segment.read_bytes())
            data[len(data) // 2] ^= 1
            overwrite(segment, data)
    engine = workspace.engine()
    assert (parsed(engine), computed(engine)) == (8, 0)
    assert paths_of(engine, "function_5") == ["file_5.py"]
    status = complete(engine)
    assert (status.state, status.problems) == (EngineState.READY, ())
    engine.close()
    again = workspace.engine()
    assert parsed(again) == 0
    assert paths_of(again, "function_5") == ["file_5.py"]


def test_a_file_deleted_after_its_segment_was_lost_stays_deleted(plain):
    plain.write("a.py", function("alpha"))
    plain.write("b.py", function("beta"))
    plain.engine().close()
    for segment in (store_of(plain) / "segments").glob("*.segment"):
        segment.unlink()
    (plain.folder / "a.py").unlink()
    engine = plain.engine()
    assert (paths_of(engine, "alpha"), paths_of(engine, "beta")) == ([], ["b.py"])
    assert complete(engine).roots[0].files == 1


def test_the_cache_is_deleted_while_in_use(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    index = next(iter(engine._indexer.states.values())).index
    wait_for(engine, lambda: not index.dirty)
    shutil.rmtree(root_folder(plain.cache, plain.folder))
    plain.write("b.py", function("beta"))
    plain.change(engine, "b.py")
    assert [paths_of(engine, name) for name in ("alpha", "beta")] == [["a.py"], ["b.py"]]
    wait_for(engine, lambda: not index.dirty)
    assert complete(engine).problems == ()
    engine.close()
    again = plain.engine()
    assert parsed(again) == 0
    assert [paths_of(again, name) for name in ("alpha", "beta")] == [["a.py"], ["b.py"]]


def test_a_full_disk_is_reported_and_search_works(workspace, monkeypatch):
    workspace.write("a.py", function("alpha", "return retry"))
    engine = workspace.engine()
    index = next(iter(engine._indexer.states.values())).index
    wait_for(engine, lambda: not index.dirty)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    n_attempts = []
    monkeypatch.setattr(committing, "BUSY_SECONDS", 0.05)
    with monkeypatch.context() as patch:
        patch.setattr(columns.os, "fsync", lambda descriptor: (n_attempts.append(1), full(descriptor)))
        workspace.write("b.py", function("beta", "return colour"))
        workspace.change(engine, "b.py")
        wait_for(engine, lambda: any("No space left" in problem.message for problem in engine.status().problems))
        assert engine.status().state is EngineState.DEGRADED
        assert paths_of(engine, "beta") == ["b.py"]
    wait_for(engine, lambda: not index.dirty and not index.commit_error)
    assert complete(engine).state is EngineState.READY
    engine.close()
    again = workspace.engine()
    assert (parsed(again), computed(again)) == (0, 0)
    assert [paths_of(again, name) for name in ("alpha", "beta")] == [["a.py"], ["b.py"]]


def test_a_full_disk_is_retried_with_backoff(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    state = next(iter(engine._indexer.states.values()))
    wait_for(engine, lambda: not state.index.dirty)
    attempts = []

    def commit(meta: object) -> None:
        attempts.append(meta)
        state.index.commit_error = "full"

    monkeypatch.setattr(state.index, "commit", commit)
    plain.write("b.py", function("beta"))
    plain.change(engine, "b.py")
    wait_for(engine, lambda: attempts)
    gate = threading.Event()
    for _ in range(5):
        engine._indexer.post(lambda: None)
    engine._indexer.post(gate.set)
    assert gate.wait(60)
    assert len(attempts) == 1


def test_a_full_disk_loses_only_cached_vectors(workspace):
    engine = workspace.engine()
    assert engine._shared._cache is not None
    connection = engine._shared._cache._database.connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(60):
        workspace.write(f"file_{number}.py", "".join(function(f"f_{number}_{n}", f"return {n}") for n in range(20)))
    engine.rescan()
    complete(engine)
    status = engine.status()
    assert status.tiers[0].pending == 0
    assert any("cannot be kept" in problem.message for problem in status.problems)
    assert paths_of(engine, "f_7_7") == ["file_7.py"]


def test_an_unusable_cache_folder_gives_one_message(plain):
    plain.cache.write_text("not a folder")
    with pytest.raises(CacheError) as error:
        Engine(make_settings(None), cache_folder=plain.cache)
    assert str(plain.cache) in str(error.value)
    assert "SEMLENS_CACHE_DIR" in str(error.value)


@pytest.fixture
def read_only_cache(plain, monkeypatch) -> Path:
    """root ignores permissions, so it replaces the permission check."""
    plain.cache.mkdir()
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: access(path, mode) and not (Path(path) == plain.cache and mode & os.W_OK)
    )
    return plain.cache


@pytest.fixture
def no_temporary_folder(monkeypatch) -> None:
    """As under `ulimit -f 0`, where no file may have a byte."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", fail)


@pytest.mark.usefixtures("read_only_cache")
def test_a_read_only_cache_folder_is_reported_and_search_works(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    assert paths_of(engine, "alpha") == ["a.py"]
    status = complete(engine)
    assert status.state is EngineState.DEGRADED
    assert any("read-only" in problem.message for problem in status.problems)
    scratch = Path(engine._shared.cache_folder)
    assert scratch.is_dir()
    engine.close()
    assert not scratch.exists()
    assert list(plain.cache.iterdir()) == []


def test_a_root_whose_store_cannot_be_created(plain, monkeypatch):
    def fail(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "_write_private", fail)
    plain.write("a.py", function("alpha"))
    engine = plain.engine(wait=False)
    assert engine.wait_complete(timeout=60) is False
    assert any("No space left" in problem.message for problem in engine.status().problems)
    assert search(engine, "alpha") == ()


@pytest.mark.usefixtures("no_temporary_folder")
def test_a_read_only_cache_is_named_where_no_temporary_folder_can_be_written(read_only_cache):
    with pytest.raises(CacheError, match=f"Cannot read and write the cache folder {read_only_cache}"):
        Engine(make_settings(None), cache_folder=read_only_cache)


@pytest.mark.usefixtures("no_temporary_folder")
def test_an_index_that_cannot_be_written_is_named_where_no_temporary_folder_can_be_written(plain, monkeypatch):
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EFBIG, "File too large")

    monkeypatch.setattr(store, "_write_private", fail)
    engine = plain.engine(wait=False)
    assert engine.wait_complete(timeout=60) is False
    [message] = {problem.message for problem in engine.status().problems}
    assert message.startswith("Cannot write the cache folder")


def test_a_missing_root_gives_one_message(plain):
    engine = plain.engine()
    with pytest.raises(WorkspaceError, match="does not exist"):
        engine.add_root(plain.folder / "missing")


def test_a_deleted_root_is_handled(plain, tmp_path):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    plain.folder.rename(tmp_path / "elsewhere")
    engine.rescan()
    complete(engine)
    assert found(engine, "alpha") == []
    assert any("cannot be read" in problem.message for problem in engine.status().problems)
    (tmp_path / "elsewhere").rename(plain.folder)
    engine.rescan()
    complete(engine)
    assert found(engine, "alpha") == [("a.py", 0, False)]


# --- models --------------------------------------------------------------------------------------------------------


def test_changing_the_model_and_back(workspace, tmp_path):
    """Vectors of the first model are cached, those of the other are computed, and commits do not repeat endlessly."""
    other = write_model(tmp_path / "other")
    (other / "config.json").write_text('{"hidden_size": 8, "other": true}')
    (other / "tokenizer.json").write_text((other / "tokenizer.json").read_text() + "\n")
    for number in range(12):
        workspace.write(f"file_{number}.py", function(f"function_{number}", f"return {number}"))
    first = workspace.engine()
    assert computed(first) == 12
    first.close()
    second = workspace.engine(settings=make_settings(other))
    assert (parsed(second), computed(second)) == (0, 12)
    index = next(iter(second._indexer.states.values())).index
    wait_for(second, lambda: not index.dirty and not index.unwritten_vectors)
    second.close()
    third = workspace.engine()
    assert (parsed(third), computed(third)) == (0, 0)
    assert paths_of(third, "function_5") == ["file_5.py"]


def test_two_tiers_are_both_filled(workspace, tmp_path):
    refine = write_model(tmp_path / "refine")
    (refine / "tokenizer.json").write_text((refine / "tokenizer.json").read_text() + "\n")
    for number in range(5):
        workspace.write(f"file_{number}.py", function(f"function_{number}", f"return {number}"))
    engine = workspace.engine(settings=make_settings(workspace.model, refine=refine))
    status = complete(engine, refined=True)
    assert [(tier.role, tier.embedded, tier.pending) for tier in status.tiers] == [("first", 5, 0), ("refine", 5, 0)]
    engine.close()
    again = workspace.engine(settings=make_settings(workspace.model, refine=refine))
    status = complete(again, refined=True)
    assert (status.counters["computed.first"], status.counters["computed.refine"]) == (0, 0)


def test_a_missing_model_disables_only_search_by_meaning(plain, tmp_path):
    plain.write("a.py", function("alpha"))
    engine = plain.engine(settings=make_settings(tmp_path / "missing"))
    status = complete(engine)
    assert status.state is EngineState.DEGRADED
    assert any("model" in problem.message.lower() for problem in status.problems)
    assert paths_of(engine, "alpha") == ["a.py"]


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_broken_model_disables_only_search_by_meaning(plain, tmp_path, name):
    model = write_model(tmp_path / "broken")
    (model / name).write_bytes(b"{]")
    for number in range(3):
        plain.write(f"file_{number}.py", function(f"function_{number}"))
    engine = plain.engine(settings=make_settings(model))
    assert paths_of(engine, "function_1") == ["file_1.py"]
    status = complete(engine)
    assert status.state is EngineState.DEGRADED
    assert status.roots[0].skipped == {}
    engine.open_buffer(plain.uri("new.py"), "python", function("typed"))
    assert found(engine, "typed") == [("new.py", 0, True)]


def test_a_model_that_fails_at_run_time_disables_its_tier(workspace):
    workspace.write("a.py", function("alpha"))
    engine = workspace.engine()
    embedder = engine._tiers[0].embedder()

    class Failing:
        manifest = embedder.manifest
        tokenizer = embedder.tokenizer
        embed_query = embedder.embed_query

        @staticmethod
        def embed(tokens: object) -> None:
            raise RuntimeError("no such operator")

    engine._tiers[0]._embedder = Failing()  # type: ignore[assignment]
    workspace.write("b.py", function("beta", "return wall"))
    workspace.change(engine, "b.py")
    assert paths_of(engine, "beta") == ["b.py"]
    status = complete(engine)
    assert status.state is EngineState.DEGRADED
    assert any("no such operator" in problem.message for problem in status.problems)


# --- cancelling ----------------------------------------------------------------------------------------------------


def test_a_cancelled_search_stops(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        engine.search(SearchRequest("alpha"), cancel)


def test_a_search_is_cancelled_in_the_middle_of_ranking(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    cancel = CancelToken()
    rank_answer = questions.rank_answer

    def cancelled_meanwhile(*arguments: object, **options: object) -> object:
        cancel.cancel()
        return rank_answer(*arguments, **options)

    monkeypatch.setattr(questions, "rank_answer", cancelled_meanwhile)
    with pytest.raises(Cancelled):
        engine.search(SearchRequest("alpha beta"), cancel)


def test_a_search_is_cancelled_while_it_waits_for_buffers(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    cancel = CancelToken()
    monkeypatch.setattr(engine, "_buffers_are_shown", cancel.cancel)
    with pytest.raises(Cancelled):
        engine.search(SearchRequest("alpha"), cancel)


@pytest.mark.parametrize("query", ["", "*", "foo(bar", 'a"b', "C++", "\0", "\udcff", "x" * 100_000, "(" * 10_000, "🙂"])
def test_any_query_gives_a_result(workspace, query):
    workspace.write("a.py", function("alpha"))
    engine = workspace.engine()
    assert {hit.name for hit in search(engine, query)} <= {"alpha"}
    assert found(engine, "alpha")


def test_nobody_waits_for_an_indexer_that_fails_at_every_step(plain, monkeypatch):
    start_thread = ThreadPoolExecutor._adjust_thread_count

    def fail_to_scan(executor):
        if executor._thread_name_prefix == "scan":
            raise RuntimeError("can't start new thread")
        start_thread(executor)

    monkeypatch.setattr("semlens.engine.indexing.indexer.MAX_FAILED_STEPS", 2)
    monkeypatch.setattr(ThreadPoolExecutor, "_adjust_thread_count", fail_to_scan)
    plain.write("a.py", function("alpha"))
    engine = plain.engine(wait=False)
    assert not engine.wait_complete(timeout=60)
    assert "can't start new thread" in str(engine.status().problems)


def test_an_engine_can_be_closed_twice_and_before_start(plain):
    engine = Engine(make_settings(None), cache_folder=plain.cache)
    engine.close()
    engine.close()


@pytest.mark.parametrize("work", ["file", "document", "merge"])
def test_work_goes_on_after_a_thread_could_not_be_started(plain, monkeypatch, work):
    """It waits neither for a thread that never ran, nor for a restart."""
    refused = "merge" if work == "merge" else "parse"
    is_failing = False
    start_thread = ThreadPoolExecutor._adjust_thread_count

    def start_or_fail(executor):
        if is_failing and executor._thread_name_prefix == refused:
            raise RuntimeError("can't start new thread")
        start_thread(executor)

    monkeypatch.setattr(ThreadPoolExecutor, "_adjust_thread_count", start_or_fail)
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    index = next(iter(engine._indexer.states.values())).index
    is_failing = True
    if work == "document":
        engine.open_buffer(plain.uri("b.py"), "python", function("beta"))
    else:
        engine.files_changed([plain.write("b.py", function("beta"))])
    wait_for(engine, lambda: "can't start new thread" in str(engine.status().problems))
    is_failing = False
    complete(engine)
    assert found(engine, "beta") == [("b.py", 0, work == "document")]
    wait_for(engine, lambda: len(index.segments) == 1)


@pytest.mark.parametrize("place", ["worker", "embedding thread"])
def test_a_command_gives_up_when_no_thread_can_start(workspace, monkeypatch, place):
    def fail(*_, **__):
        raise RuntimeError("can't start new thread")

    if place == "worker":
        monkeypatch.setattr("semlens.workers.pool.WorkerProcess", fail)
    else:
        monkeypatch.setattr("semlens.engine.embedding.vector_filler.VectorFiller._submit", fail)
    workspace.write("a.py", function("alpha"))
    engine = workspace.engine(one_shot=True, wait=False)
    assert not engine.wait_complete(timeout=DEADLINE_S)
    assert engine.is_stuck()
    assert "can't start new thread" in " ".join(problem.message for problem in engine.status().problems)
