"""The limits of the user's git in a repository of others, with a git that does not end by itself."""

from __future__ import annotations

import linecache
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from engine_cases import DEADLINE_S

from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled, WorkspaceError
from semlens.files import local_git
from semlens.files.local_git import LocalGit

ENDLESS = """#!/bin/sh
trap 'exit 1' TERM
echo "$*" >> "{folder}/calls.new"; mv "{folder}/calls.new" "{folder}/calls"
while :; do sleep 0.05; done
"""


@pytest.fixture
def calls(tmp_path, monkeypatch) -> Path:
    """Puts a git that never ends before the real one. :returns: the file where it writes its arguments."""
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(ENDLESS.format(folder=tmp_path))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return tmp_path / "calls"


def wait_until_started(calls: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not calls.exists():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_a_cancelled_request_ends_git(calls, tmp_path):
    cancel = CancelToken()

    def cancel_when_started() -> None:
        wait_until_started(calls)
        cancel.cancel()

    thread = threading.Thread(target=cancel_when_started, daemon=True)
    thread.start()
    with pytest.raises(Cancelled):
        LocalGit(tmp_path, timeout_s=DEADLINE_S, max_bytes=1, cancel=cancel).run("show")


def current_line(thread: int) -> str:
    frame = sys._current_frames()[thread]
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno)


@pytest.mark.usefixtures("no_garbage")
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_ends_git(calls, tmp_path):
    main = threading.main_thread().ident

    def interrupt_when_started() -> None:
        wait_until_started(calls)
        while "stdout.read" not in current_line(main):
            threading.Event().wait(0.01)
        signal.pthread_kill(main, signal.SIGINT)

    before = psutil.Process().children(recursive=True)
    threading.Thread(target=interrupt_when_started, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        LocalGit(tmp_path, timeout_s=DEADLINE_S, max_bytes=1, cancel=CancelToken()).run("show")
    assert not set(psutil.Process().children(recursive=True)) - set(before)


def test_git_that_takes_too_long_has_not_answered_whatever_its_exit_code(calls, tmp_path, monkeypatch):
    def end(process) -> None:
        wait_until_started(calls)
        process.terminate()  # it exits with 1, as it does on Windows when it is killed

    monkeypatch.setattr(local_git, "kill_group", end)
    with pytest.raises(WorkspaceError, match=r"git config .* took more than 0 s"):
        LocalGit(tmp_path, timeout_s=0.1, max_bytes=1, cancel=CancelToken()).run_on_files("diff")
    assert " diff" not in calls.read_text()
