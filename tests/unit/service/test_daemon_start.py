"""Starting the resident server: what the client is told when it does not start."""

from __future__ import annotations

import sys

import pytest

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


def test_a_server_that_does_not_accept_times_out(endpoint):
    with pytest.raises(StartError, match="did not start in time"):
        ensure_server(endpoint, command=[sys.executable, "-c", "input"], timeout_s=0.0)


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
