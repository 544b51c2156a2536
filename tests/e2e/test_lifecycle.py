"""Start and end of the server process, and what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from lsp_client import DEADLINE_SECONDS, ProcessClient, ResponseError, names

Start = Callable[..., ProcessClient]


def wait_gone(processes: list[psutil.Process]) -> list[psutil.Process]:
    """The processes that still run after the deadline. A zombie has ended, but in a container nobody may reap it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        _, alive = psutil.wait_procs(processes, timeout=0.1)
        alive = [process for process in alive if not is_zombie(process)]
        if not alive or time.monotonic() > deadline:
            return alive


def is_zombie(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    return True  # it ended just now, and was reaped


def children_of(client: ProcessClient) -> list[psutil.Process]:
    return psutil.Process(client.process.pid).children(recursive=True)


def test_a_whole_session(start: Start, workspace: Path) -> None:
    client = start()
    result = client.initialize(root=workspace)
    assert result["serverInfo"]["name"] == "semlens"
    capabilities = result["capabilities"]
    assert capabilities["positionEncoding"] == "utf-16"
    assert capabilities["textDocumentSync"]["change"] == 2
    assert capabilities["textDocumentSync"]["openClose"] is True
    assert capabilities["workspaceSymbolProvider"]["resolveProvider"] is True
    assert capabilities["workspace"]["workspaceFolders"]["supported"] is True
    assert "documentSymbolProvider" not in capabilities
    client.wait_ready()
    children = children_of(client)
    assert client.close() == 0
    assert wait_gone(children) == []


def test_the_end_of_input_stops_server_and_workers(server: ProcessClient) -> None:
    children = children_of(server)
    server._stdin.close()
    assert server.process.wait(DEADLINE_SECONDS) == 0
    assert wait_gone(children) == []


def test_the_death_of_the_editor_ends_the_server(start: Start, workspace: Path) -> None:
    """Its pipes stay open in this process, as in other children of an editor."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as editor:
        client = start()
        client.initialize(root=workspace, process_id=editor.pid)
        client.wait_ready()
        children = children_of(client)
        editor.kill()
        assert client.process.wait(DEADLINE_SECONDS) == 0
        assert wait_gone(children) == []


def test_an_editor_that_is_dead_already_ends_the_server(start: Start) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as editor:
        editor.wait()
    client = start()
    client.request("initialize", {"processId": editor.pid, "rootUri": None, "capabilities": {}})
    assert client.process.wait(DEADLINE_SECONDS) == 0


def test_sigterm_stops_the_server(server: ProcessClient) -> None:
    children = children_of(server)
    server.process.terminate()
    assert server.process.wait(DEADLINE_SECONDS) == 0
    assert wait_gone(children) == []


def test_no_process_outlives_a_killed_server(start: Start, workspace: Path) -> None:
    for number in range(300):
        (workspace / f"module_{number}.py").write_text(f"def function_{number}():\n    return {number}\n")
    client = start()
    client.initialize(root=workspace)
    children = client.until("workers", lambda: children_of(client), lambda found: len(found) > 0)
    client.process.send_signal(signal.SIGKILL)
    client.process.wait(DEADLINE_SECONDS)
    assert wait_gone(children) == []


def test_a_killed_server_loses_nothing_that_was_committed(start: Start, workspace: Path) -> None:
    first = start()
    first.initialize(root=workspace)
    first.wait_ready()
    follower = start()  # sees only committed data
    follower.initialize(root=workspace)
    follower.until(
        "the commit", lambda: names(follower.search("parse_colour")), lambda found: found[:1] == ["parse_colour"]
    )
    follower.kill()
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(DEADLINE_SECONDS)
    (workspace / "colour.py").write_text("def unrelated():\n    pass\n")
    second = start()
    second.initialize(root=workspace)
    status = second.wait_ready()
    assert names(second.search("download a page again after a failure"))[0] == "fetch_with_retry"
    assert "parse_colour" not in names(second.search("parse_colour"))
    assert status["counters"]["parsed"] <= 2


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc")
def test_no_child_inherits_the_pipes_of_the_server(server: ProcessClient) -> None:
    """stdin and stdout of the server are closed when the server exits."""

    def files_of(process_id: int, *descriptors: int) -> set[str]:
        folder = Path(f"/proc/{process_id}/fd")
        found = set()
        with contextlib.suppress(FileNotFoundError):  # the process, or all but its main thread, is gone
            for path in [folder / str(number) for number in descriptors] or list(folder.iterdir()):
                with contextlib.suppress(FileNotFoundError):  # closed after it was listed
                    found.add(str(path.readlink()))
        return found

    pipes = files_of(os.getpid(), server._stdin.fileno(), server._stdout.fileno())
    assert pipes < files_of(server.process.pid)
    assert not pipes & files_of(server.process.pid, 0, 1, 2)

    def holders() -> list[int]:
        # a starting child has the pipes until it executes its own program, so wait for that
        return [child.pid for child in children_of(server) if child.is_running() and pipes & files_of(child.pid)]

    server.until("children without our pipes", holders, lambda found: not found)


def test_servers_on_one_root_at_once(start: Start, workspace: Path) -> None:
    clients = [start() for _ in range(3)]
    for client in clients:
        client.initialize(root=workspace)
    for client in clients:
        client.wait_ready()
        assert names(client.search("parse_colour"))[0] == "parse_colour"
    for client in clients:
        assert client.close() == 0


def test_servers_on_one_root_agree_on_what_is_saved(start: Start, workspace: Path) -> None:
    writer, reader = start(), start()
    for client in (writer, reader):
        client.initialize(root=workspace)
        client.wait_ready()
    (workspace / "fresh.py").write_text("def throttle_requests():\n    pass\n")
    for client in (writer, reader):
        client.until(
            "the new function",
            lambda client=client: names(client.search("throttle_requests")),
            lambda found: found[:1] == ["throttle_requests"],
        )
    assert writer.close() == 0
    (workspace / "later.py").write_text("def debounce_clicks():\n    pass\n")
    reader.until(
        "the other takes over",
        lambda: names(reader.search("debounce_clicks")),
        lambda found: found[:1] == ["debounce_clicks"],
    )


def test_unsaved_text_is_visible_only_in_its_process(
    start: Start, workspace: Path, environment: dict[str, str]
) -> None:
    """Neither the other server nor the disk gets it."""
    one, other = start(), start()
    for client in (one, other):
        client.initialize(root=workspace)
        client.wait_ready()
    secret = "zanzibar_quokka"
    one.open((workspace / "colour.py").as_uri(), f"def {secret}():\n    pass\n")
    one.until("the unsaved function", lambda: names(one.search(secret)), lambda found: found[:1] == [secret])
    assert secret not in names(other.search(secret))
    for client in (one, other):  # the one that stays would write meanwhile
        assert client.close() == 0
    for path in Path(environment["SEMLENS_CACHE_DIR"]).rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


def test_nothing_is_written_into_the_workspace(server: ProcessClient, workspace: Path) -> None:
    before = sorted(workspace.rglob("*"))
    server.search("colour")
    server.close()
    assert sorted(workspace.rglob("*")) == before
    assert not [path for path in before if "semlens" in path.name]


def test_the_cache_is_private(server: ProcessClient, environment: dict[str, str]) -> None:
    server.close()
    cache = Path(environment["SEMLENS_CACHE_DIR"])
    for path in [cache, *cache.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, f"{path} has mode {mode:o}"


def test_an_unusable_cache_gives_one_message(start: Start, workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    client = start(env={"SEMLENS_CACHE_DIR": str(tmp_path / "file" / "cache")})
    with pytest.raises(ResponseError) as caught:
        client.initialize(root=workspace)
    assert caught.value.code == -32803
    assert "\n" not in caught.value.message
    assert str(tmp_path / "file") in caught.value.message
    assert client.close() == 0


def test_the_server_starts_without_a_folder(start: Start) -> None:
    client = start()
    client.initialize()
    status = client.call("semlens/status")
    assert status["roots"] == []
    client.open("untitled:Untitled-1", "def lonely_function():\n    pass\n")
    found = client.until("the untitled document", lambda: client.search("lonely_function")["hits"], bool)
    assert found[0]["location"]["uri"] == "untitled:Untitled-1"
    assert found[0]["dirty"] is True


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_root_that_is_no_folder_gives_one_message(start: Start, tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "file":
        path.touch()
    client = start()
    client.initialize(root=path)
    message = client.wait_for("a warning", lambda m: m.get("method") == "window/showMessage")["params"]["message"]
    assert str(path) in message
    assert "\n" not in message
    assert client.search("anything")["hits"] == []


def test_the_home_folder_is_not_indexed_by_default(start: Start, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "diary.py").write_text("def private_thoughts():\n    pass\n")
    client = start(env={"HOME": str(home)})
    client.initialize(root=home)
    client.wait_for("a warning", lambda m: m.get("method") == "window/showMessage")
    assert client.search("private_thoughts")["hits"] == []
    assert client.call("semlens/status")["roots"] == []


def test_the_log_has_no_contents(server: ProcessClient, environment: dict[str, str]) -> None:
    server.open("untitled:x.py", "def walrus_recipe():\n    pass\n")
    server.search("walrus_recipe")
    server.notify("textDocument/didChange", {"textDocument": {"uri": "walrus_recipe"}})
    with pytest.raises(ResponseError):
        server.call("textDocument/hover", {"textDocument": {"uri": "walrus_recipe"}, "position": "walrus_recipe"})
    server.close()
    log = (Path(environment["SEMLENS_CACHE_DIR"]) / "server.log").read_text()
    assert "The server ends." in log
    assert "walrus" not in log
    assert "walrus" not in server.stderr()


def test_the_first_answer_does_not_wait_for_the_scan(start: Start, workspace: Path) -> None:
    """The first answer comes while the index is not complete, and says so. Reading so many files takes seconds."""
    for number in range(2_000):
        (workspace / f"module_{number}.py").write_text(f"def function_{number}():\n    return {number}\n")
    client = start(configuration={})
    # The engine then starts after `initialized`, and the question is there already.
    client.initialize(root=workspace, capabilities={"workspace": {"configuration": True}}, initialized=False)
    with client.at_once():
        client.notify("initialized", {})
        asked = client.request("semlens/search", {"query": "function"})
    assert asked.result()["complete"] is False
    client.until("a hit", lambda: names(client.search("function_77")), lambda found: found[:1] == ["function_77"])


@pytest.mark.parametrize("closed", ["<&-", "</dev/null >&-"])
def test_a_missing_pipe_gives_one_message(environment: dict[str, str], closed: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m semlens serve {closed}', sys.executable],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "no stdin or stdout" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"Content-Length: x\r\n\r\n", b"Content-Length: 99999999999999\r\n\r\n"]
)
def test_invalid_input_stops_the_server(environment: dict[str, str], data: bytes) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "semlens", "serve"],
        input=data,
        env=os.environ | environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")
