"""The resident server as a real process with a fake host: starts, ends, kills, and the bridge of an editor."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from semlens.service.connection import NoServerError, connect
from semlens.service.daemon_control import server_status
from semlens.service.endpoint import endpoint_of
from semlens.service.frames import frame

SUPPORT = Path(__file__).parents[1] / "support"
SECONDS = 60


class Shell:
    """Runs `semlens` with a cache folder of its own. :ivar endpoint: where its resident server listens."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.endpoint = endpoint_of(folder / "cache")
        self.environment = {**os.environ, **environment}
        self.environment["PYTHONPATH"] = os.pathsep.join(
            [str(SUPPORT / "fake_host_site"), self.environment["PYTHONPATH"]]
        )
        self.bridges: list[subprocess.Popen[bytes]] = []

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "semlens", *arguments],
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def json(self, *arguments: str) -> dict:
        ran = self.run(*arguments, "--json")
        assert (ran.returncode, ran.stderr) == (0, "")
        return json.loads(ran.stdout)

    def bridge(self, **more: str) -> subprocess.Popen[bytes]:
        self.bridges.append(
            subprocess.Popen(
                [sys.executable, "-m", "semlens", "serve", "--shared"],
                env=self.environment | more,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
        )
        return self.bridges[-1]

    def processes(self) -> list[psutil.Process]:
        """The resident servers of this cache folder that run."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if str(self.endpoint.cache_folder) in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def close(self) -> None:
        for bridge in self.bridges:
            bridge.kill()
            bridge.wait(SECONDS)
            for stream in (bridge.stdin, bridge.stdout, bridge.stderr):
                stream.close()
        for process in self.processes():
            process.kill()


@pytest.fixture
def shell(tmp_path, environment):
    shell = Shell(tmp_path, environment)
    yield shell
    shell.close()


def gone(process_id: int) -> bool:
    """Wait until a process that is perhaps a child of this one ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(process_id).wait(SECONDS)
    return True


def test_start_status_stop(shell):
    assert shell.json("daemon", "status") == {"running": False}
    assert shell.run("daemon", "status").stdout == "No resident server runs.\n"
    started = shell.run("daemon", "start")
    status = shell.json("daemon", "status")
    assert started.stdout == f"The resident server started: process {status['processId']}.\n"
    assert (status["running"], status["sessions"], status["roots"]) == (True, [], [])
    assert f"process {status['processId']}, version {status['version']}" in shell.run("daemon", "status").stdout
    assert shell.run("daemon", "start").stdout.startswith("The resident server runs already")
    assert shell.run("daemon", "stop").stdout == "The resident server ended.\n"
    assert psutil.wait_procs(shell.processes(), SECONDS)[1] == []
    assert shell.run("daemon", "stop").stdout == "No resident server runs.\n"
    assert not Path(shell.endpoint.address).exists()


def test_many_starts_at_once_give_one_server(shell):
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: shell.json("daemon", "start"), range(4)))
    assert len({status["processId"] for status in statuses}) == 1
    others = [process for process in shell.processes() if process.pid != statuses[0]["processId"]]
    assert psutil.wait_procs(others, SECONDS)[1] == []  # those that found the lock taken
    assert [process.pid for process in shell.processes()] == [statuses[0]["processId"]]


def test_the_server_belongs_to_no_terminal_and_its_files_are_private(shell):
    status = shell.json("daemon", "start")
    process = psutil.Process(status["processId"])
    assert (process.cwd(), process.terminal(), os.getsid(process.pid)) == ("/", None, process.pid)
    files = {path.suffix: oct(path.stat().st_mode)[-3:] for path in shell.endpoint.folder.iterdir()}
    assert files == {".sock": "600", ".lock": "600", ".log": "600", ".pid": "600"}
    assert "serves" in shell.endpoint.log_path.read_text()


def test_a_killed_server_is_replaced(shell):
    first = shell.json("daemon", "start")["processId"]
    os.kill(first, signal.SIGKILL)
    assert gone(first)
    assert Path(shell.endpoint.address).exists()
    assert shell.json("daemon", "status") == {"running": False}
    assert shell.json("daemon", "start")["processId"] != first


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(shell, number):
    process_id = shell.json("daemon", "start")["processId"]
    with connect(shell.endpoint) as flooded:
        flooded.write(b"flood\n")
        assert flooded.read(1) == b"x"
        os.kill(process_id, number)
        assert gone(process_id)
    assert not Path(shell.endpoint.address).exists()
    assert f"it got {number.name}" in shell.endpoint.log_path.read_text()


def test_it_ends_when_it_is_idle(shell):
    ran = shell.run("daemon", "run", "--cache-folder", str(shell.endpoint.cache_folder), "--idle-seconds", "0.01")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert "it was idle" in shell.endpoint.log_path.read_text()
    assert not Path(shell.endpoint.address).exists()


def test_a_server_that_cannot_start_says_why(shell):
    site = shell.endpoint.cache_folder.parent / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text("import sys; sys.modules['semlens.daemon.host'] = None")
    ran = shell.run("daemon", "start", PYTHONPATH=os.pathsep.join([str(site), shell.environment["PYTHONPATH"]]))
    assert ran.returncode == 1
    assert ran.stderr.startswith(
        "semlens: The resident server cannot start: semlens failed unexpectedly (ModuleNotFound"
    )
    assert len(ran.stderr.splitlines()) == 1


def test_a_folder_that_others_may_open_is_refused(shell):
    shell.endpoint.folder.mkdir(parents=True)
    shell.endpoint.folder.chmod(0o755)
    for command in ("start", "status", "stop"):
        ran = shell.run("daemon", command)
        assert (ran.returncode, "chmod 700" in ran.stderr, len(ran.stderr.splitlines())) == (1, True, 1)
    assert shell.bridge().wait(SECONDS) == 1


def test_a_long_cache_folder_is_served_elsewhere(shell, tmp_path, run_time):
    long_folder = tmp_path / ("x" * 100)
    environment = {"SEMLENS_CACHE_DIR": str(long_folder), "XDG_RUNTIME_DIR": str(run_time)}
    assert shell.run("daemon", "start", **environment).returncode == 0
    assert [path.stat().st_mode & 0o777 for path in (run_time / "semlens").glob("*.sock")] == [0o600]
    assert shell.run("daemon", "stop", **environment).stdout == "The resident server ended.\n"


def test_a_bridge_starts_the_server_and_copies_both_ways(shell):
    bridge = shell.bridge()
    data = frame(b'{"method": "x"}') + bytes(range(256)) * 2000
    with ThreadPoolExecutor(1) as pool:
        echoed = pool.submit(lambda: b"".join(iter(lambda: bridge.stdout.read(1 << 16), b"")))
        _write_all(bridge.stdin.fileno(), data)
        bridge.stdin.close()
        assert echoed.result(SECONDS) == data
    assert bridge.wait(SECONDS) == 0
    assert bridge.stderr.read() == b""


def test_a_bridge_sends_the_users_settings_and_key(shell, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[search]\nlimit = 3\n")
    bridge = shell.bridge(SEMLENS_USER_SETTINGS='{"search.perFile": 1}', SEMLENS_REMOTE_KEY="secret")
    _write_all(bridge.stdin.fileno(), b"x")
    assert bridge.stdout.read(1) == b"x"
    assert [session["client"] for session in server_status(shell.endpoint)["sessions"]] == ["semlens serve --shared"]
    (process,) = shell.processes()
    assert not {"SEMLENS_USER_SETTINGS", "SEMLENS_REMOTE_KEY"} & set(process.environ())


def test_a_bridge_whose_server_is_killed_says_so(shell):
    bridge = shell.bridge()
    _write_all(bridge.stdin.fileno(), b"x")
    assert bridge.stdout.read(1) == b"x"
    (process,) = shell.processes()
    process.kill()
    assert bridge.wait(SECONDS) == 1
    assert bridge.stderr.read().decode() == "semlens: The resident server ended. Start the language server again.\n"


def test_a_bridge_whose_editor_sent_exit_is_done(shell):
    bridge = shell.bridge()
    message = frame(b'{"jsonrpc": "2.0", "method": "exit"}')
    _write_all(bridge.stdin.fileno(), message)
    assert bridge.stdout.read(len(message)) == message
    assert shell.run("daemon", "stop").returncode == 0  # as a session that closes the connection after `exit`
    assert (bridge.wait(SECONDS), bridge.stderr.read()) == (0, b"")


def test_a_bridge_whose_editor_reads_no_more_ends(shell):
    bridge = shell.bridge()
    bridge.stdout.close()
    _write_all(bridge.stdin.fileno(), b"x")
    assert bridge.wait(SECONDS) == 0


def test_a_stale_socket_blocks_no_bridge(shell):
    shell.endpoint.folder.mkdir(parents=True, mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(shell.endpoint.address)
    with pytest.raises(NoServerError):
        connect(shell.endpoint)
    bridge = shell.bridge()
    _write_all(bridge.stdin.fileno(), b"x")
    assert bridge.stdout.read(1) == b"x"


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
