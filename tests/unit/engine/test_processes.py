"""Several processes on one root, and processes that are killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import engine_process
import pytest
from engine_cases import (
    DEADLINE_S,
    complete,
    computed,
    environment,
    found,
    function,
    make_settings,
    parsed,
    paths_of,
    wait_for,
)


class Process:
    """An engine in another process."""

    def __init__(self, workspace) -> None:
        model = str(workspace.model) if workspace.model else "none"
        self._process = subprocess.Popen(
            [sys.executable, engine_process.__file__, str(workspace.cache), str(workspace.folder), model],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def ask(self, *command: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process ended"
        return json.loads(line)

    def wait_for(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Repeats without sleeping, because each request takes a while."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition(status := self.ask("status")):
            assert time.monotonic() < deadline, status
        return status

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def start(workspace) -> Iterator[Callable[[], Process]]:
    started: list[Process] = []

    def start() -> Process:
        started.append(Process(workspace))
        return started[-1]

    yield start
    for process in started:
        process.kill()


def writer_and_reader(workspace, start):
    workspace.write("a.py", function("alpha"))
    writer = start()
    assert writer.ask("complete")
    writer.wait_for(lambda status: status["committed"])
    engine = workspace.engine(wait=False)
    wait_for(engine, lambda: engine.status().complete)
    return writer, engine


def test_a_reader_follows_the_writer_and_takes_over(workspace, start):
    workspace.write("a.py", function("alpha", "return retry"))
    writer = start()
    assert writer.ask("complete")
    writer.wait_for(lambda status: status["committed"])
    engine = workspace.engine(wait=False)
    wait_for(engine, lambda: paths_of(engine, "alpha") == ["a.py"])
    state = next(iter(engine._indexer.states.values()))
    assert not state.index.writer
    assert (parsed(engine), computed(engine)) == (0, 0)
    assert engine.status().complete

    workspace.write("b.py", function("beta", "return colour"))
    assert writer.ask("changed", "b.py")
    wait_for(engine, lambda: paths_of(engine, "beta") == ["b.py"])
    assert parsed(engine) == 0
    assert complete(engine).tiers[0].pending == 0

    # a hit that does not match the disk is dropped, not shown wrong
    workspace.write("a.py", "\n" + function("alpha", "return retry"))
    assert found(engine, "alpha") == []
    assert not engine.status().roots[0].pending

    writer.kill()
    wait_for(engine, lambda: state.index.writer)
    complete(engine)
    assert found(engine, "alpha") == [("a.py", 1, False)]
    workspace.write("c.py", function("gamma"))
    workspace.change(engine, "c.py")
    assert paths_of(engine, "gamma") == ["c.py"]


def test_overlays_belong_to_their_own_process(workspace, start):
    writer, engine = writer_and_reader(workspace, start)
    engine.open_buffer(workspace.uri("a.py"), "python", function("typed"))
    assert found(engine, "typed") == [("a.py", 0, True)]
    assert writer.ask("found", "typed") == []
    assert writer.ask("found", "alpha") == [["a.py", 0, False]]


def test_indexing_resumes_after_a_kill(workspace, start):
    """Committed work is not repeated, the rest is found, and no hit is wrong."""
    for number in range(300):
        workspace.write(f"folder_{number % 7}/file_{number}.py", function(f"function_{number}", f"return {number}"))
    for n_files in (1, 60, 200):
        process = start()
        process.wait_for(lambda status, enough=n_files: status["files"] >= enough)
        process.kill()
    engine = workspace.engine()
    for number in (0, 17, 123, 299):
        assert found(engine, f"function_{number}") == [(f"folder_{number % 7}/file_{number}.py", 0, False)]
    assert complete(engine).roots[0].symbols == 300
    assert complete(engine).tiers[0].embedded == 300
    engine.close()
    again = workspace.engine()
    assert (parsed(again), computed(again)) == (0, 0)


def test_no_work_is_repeated_after_a_kill_following_a_commit(workspace, start):
    for number in range(20):
        workspace.write(f"file_{number}.py", function(f"function_{number}", f"return {number}"))
    process = start()
    assert process.ask("complete")
    process.wait_for(lambda status: status["committed"])
    (workspace.folder / "file_3.py").unlink()
    process.kill()
    engine = workspace.engine()
    assert (parsed(engine), computed(engine)) == (0, 0)
    assert paths_of(engine, "function_3") == []
    assert paths_of(engine, "function_4") == ["file_4.py"]


def test_workers_exit_with_their_server(workspace, start):
    import psutil

    workspace.write("a.py", function("alpha"))
    process = start()
    assert process.ask("complete")
    children = psutil.Process(process._process.pid).children(recursive=True)
    assert any("semlens.workers.parse_worker" in child.cmdline() for child in children)
    process.kill()
    _, alive = psutil.wait_procs(children, timeout=DEADLINE_S)
    assert alive == []


def test_a_reader_does_not_queue_work_that_it_cannot_do(workspace, start):
    _, engine = writer_and_reader(workspace, start)
    engine.files_changed([workspace.folder / f"file_{number}.py" for number in range(100)])
    engine.rescan(full=True)
    status = complete(engine)
    assert (status.roots[0].pending, status.lag_ms, status.state.value) == (0, 0.0, "ready")


def test_a_reader_has_the_settings_that_hold_since_a_commit(plain):
    """It watches nothing. The writer commits ``.semlens.toml`` as it commits other files."""
    plain.write("a.py", function("alpha"))
    writer = plain.engine()
    settings = [make_settings(None)]
    reader = plain.engine(settings_of=lambda _root: settings[-1], wait=False)
    wait_for(reader, lambda: paths_of(reader, "alpha") == ["a.py"])
    (state,) = reader._indexer.states.values()
    assert not state.index.writer
    settings.append(make_settings(None, search={"limit": 7}))
    plain.write("b.py", function("beta"))
    plain.change(writer, "b.py")
    wait_for(reader, lambda: paths_of(reader, "beta") == ["b.py"])
    assert state.settings is settings[-1]


def test_a_read_only_engine_writes_nothing(workspace, start):
    workspace.write("a.py", function("alpha"))
    workspace.engine().close()
    before = {path: path.stat().st_mtime_ns for path in Path(workspace.cache).rglob("*.segment")}
    workspace.write("b.py", function("beta"))
    engine = workspace.engine(wait=False, read_only=True)
    wait_for(engine, lambda: engine.status().roots)
    assert paths_of(engine, "alpha") == ["a.py"]
    assert paths_of(engine, "beta") == []
    assert before == {path: path.stat().st_mtime_ns for path in Path(workspace.cache).rglob("*.segment")}


def test_a_command_that_follows_waits_for_the_writer(plain):
    """``semlens index`` during an editor session returns when the other process has committed everything."""
    for number in range(200):
        plain.write(f"module_{number}.py", function(f"function_{number}"))
    plain.engine(wait=False)
    follower = plain.engine(one_shot=True, follows=True, wait=False)
    assert follower.wait_complete(timeout=DEADLINE_S)
    assert all(paths_of(follower, f"function_{number}") for number in (0, 99, 199))
