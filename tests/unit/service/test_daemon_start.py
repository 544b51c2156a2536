"""Starting the resident server: what the client is told when it does not start."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import nullcontext

import pytest

from semlens.service import daemon_start
from semlens.service.daemon_start import StartError, ensure_server, run_command, start_in_background
from semlens.service.endpoint import create_private_folder, endpoint_of


@pytest.fixture
def endpoint(tmp_path):
    return endpoint_of(tmp_path / "c")


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import sys; sys.exit('semlens: Cannot do it. Try harder.')", "cannot start: Cannot do it. Try harder.$"),
        ("raise ValueError('one\\ntwo')", "cannot start: two$"),
        ("import os; os._exit(3)", "ended without a message. Its log is"),
        ("import os; os.kill(os.getpid(), 9)", "cannot start: signal 9 ends it"),
    ],
)
def test_a_server_that_ends_at_once_is_one_sentence(endpoint, program, message):
    with pytest.raises(StartError, match=message):
        ensure_server(endpoint, command=[sys.executable, "-c", program])


def test_a_server_that_is_killed_while_it_starts_is_started_again(endpoint, tmp_path):
    program = f"import os, pathlib; path = pathlib.Path({str(tmp_path / 'starts')!r}); n = len(path.read_text()) "
    program += (
        "if path.exists() else 0; path.write_text('x' * (n + 1)); os.kill(os.getpid(), 9) if n < 2 else exit('end')"
    )
    with pytest.raises(StartError, match=r"cannot start: end$"):
        ensure_server(endpoint, command=[sys.executable, "-c", program])
    assert (tmp_path / "starts").read_text() == "xxx"


def test_a_message_of_an_earlier_start_is_no_reason(endpoint):
    for program, message in (("import sys; sys.exit('old')", "old"), ("import os; os._exit(3)", "without a message")):
        with pytest.raises(StartError, match=message):
            ensure_server(endpoint, command=[sys.executable, "-c", program])


def test_a_server_that_does_nothing_is_given_up(endpoint):
    with pytest.raises(StartError, match="it does nothing"):
        ensure_server(endpoint, command=[sys.executable, "-c", "input"], patience_s=0.0)


ACCEPTS = """
import socket, sys
listening = socket.socket(socket.AF_UNIX)
listening.bind({address!r})
listening.listen()
listening.accept()
"""
WORKS = "import pathlib, time\nwhile not pathlib.Path({go!r}).exists(): pass\n"
IS_ANOTHER = "import pathlib\nif not pathlib.Path({go!r}).exists(): raise SystemExit(0)\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a Unix socket")
def test_a_server_that_works_is_waited_for_and_the_user_hears_of_it(endpoint, tmp_path, monkeypatch):
    told, clock = [], slow_clock(monkeypatch, works=True)
    go = tmp_path / "go"

    def tell(text):
        told.append(text)
        if len(told) == 3:
            go.touch()

    program = (WORKS + ACCEPTS).format(go=str(go), address=endpoint.address)
    ensure_server(endpoint, command=[sys.executable, "-c", program], tell=tell).close()
    assert clock.passed_s > 1.4 * daemon_start.PATIENCE_SECONDS
    assert "still starts, after" in told[0]


@pytest.mark.skipif(sys.platform == "win32", reason="a Unix socket")
@pytest.mark.parametrize("works", [True, False])
def test_the_server_that_another_client_started_is_waited_for_while_it_works(endpoint, tmp_path, monkeypatch, works):
    slow_clock(monkeypatch, works=works)
    go = tmp_path / "go"
    create_private_folder(endpoint.folder)
    other = subprocess.Popen([sys.executable, "-c", WORKS.format(go=str(go)) if works else "input()"], stdin=-1)
    endpoint.process_path.write_text(str(other.pid))
    program = (IS_ANOTHER + ACCEPTS).format(go=str(go), address=endpoint.address)
    told = []

    def tell(text):
        told.append(text)
        if len(told) == 3:
            go.touch()

    with other, nullcontext() if works else pytest.raises(StartError, match="it does nothing"):
        try:
            ensure_server(endpoint, command=[sys.executable, "-c", program], tell=tell).close()
        finally:
            other.kill()


def slow_clock(monkeypatch, *, works):
    """Lets ten seconds pass for the client in each of its looks at the server.

    :param works: whether the server works: then only in those that find that it has used processor time.
    """

    class Clock:
        passed_s = 0.0

        def monotonic(self):
            return time.monotonic() + self.passed_s

        def sleep(self, seconds):
            time.sleep(seconds)

    clock = Clock()
    real = daemon_start._processor_use
    seen = set()

    def processor_use(process_id):
        use = real(process_id)
        if not works or use not in seen:
            clock.passed_s += 10.0
        seen.add(use)
        return use

    monkeypatch.setattr(daemon_start, "time", clock)
    monkeypatch.setattr(daemon_start, "_processor_use", processor_use)
    return clock


def test_a_program_that_cannot_run_is_one_sentence(endpoint):
    with pytest.raises(StartError, match="cannot start: No such file"):
        ensure_server(endpoint, command=[str(endpoint.folder / "missing")])


def test_a_log_that_cannot_be_written_is_one_sentence(endpoint):
    create_private_folder(endpoint.folder)
    endpoint.log_path.mkdir()
    for start in (ensure_server, start_in_background):
        with pytest.raises(StartError, match=r"its log .* cannot be written \(Is a directory\)\. Delete it"):
            start(endpoint)


def test_the_child_gets_a_clean_environment(endpoint, monkeypatch):
    monkeypatch.setenv("SEMLENS_USER_SETTINGS", "{}")
    monkeypatch.setenv("SEMLENS_REMOTE_KEY", "secret")
    monkeypatch.setenv("SEMLENS_OTHER", "kept")
    program = (
        "import os, sys;"
        "sys.exit(' '.join([*sorted(n for n in os.environ if n.startswith('SEMLENS_')), os.getcwd(),"
        " str(os.getsid(0) == os.getpid()), repr(sys.stdin.read())]))"
    )
    monkeypatch.delenv("SEMLENS_CACHE_DIR", raising=False)
    monkeypatch.delenv("SEMLENS_CONFIG_DIR", raising=False)
    with pytest.raises(StartError, match=r"cannot start: SEMLENS_OTHER / True ''$"):
        ensure_server(endpoint, command=[sys.executable, "-c", program])


def test_the_cache_folder_is_an_argument(endpoint):
    assert run_command(endpoint)[-2:] == ["--cache-folder", str(endpoint.cache_folder)]
