"""Every error is one plain message on stderr, and an exit code."""

from __future__ import annotations

import errno
import io
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from semlens import PROTOCOL_VERSION, __version__, cli
from semlens.cli import runner
from semlens.cli.arguments import build_parser
from semlens.core.errors import CacheError, Cancelled, ModelError, UsageError, WorkspaceError
from semlens.core.status import Problem
from semlens.index.versions import FEATURE_VERSION, FORMAT_VERSION, STORE_VERSION

SERVER = Path(__file__).resolve().parents[3] / "server"


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (UsageError("Say more."), 2, "Say more."),
        (WorkspaceError("There is no folder."), 1, "There is no folder."),
        (CacheError("Make it writable."), 1, "Make it writable."),
        (ModelError("Install it again."), 1, "Install it again."),
        (Cancelled("Gone."), 1, "Gone."),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "disk is full"),
        (sqlite3.OperationalError("database or disk is full"), 1, "disk is full"),
        (MemoryError(), 1, "ran out of memory"),
        (PermissionError(errno.EACCES, "Permission denied", "/secret"), 1, "Permission denied /secret"),
        (KeyError("odd"), 1, "--debug"),
    ],
)
def test_errors_become_one_message(semlens, script, error, code, says):
    script.error = error
    found, out, err = semlens("search", "x")
    assert (found, out) == (code, "")
    assert says in err
    assert err.startswith("semlens: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("--debug", "search", "x"), ("search", "x", "--debug")])
def test_debug_shows_the_traceback_too(semlens, script, arguments):
    script.error = KeyError("odd")
    code, _, err = semlens(*arguments)
    assert code == 1
    assert "Traceback" in err


@pytest.mark.parametrize("arguments", [("index", ""), ("search", "-w", "", "x"), ("forget", ""), ("status", "")])
def test_an_empty_name_is_no_folder(semlens, workspace, arguments):
    code, _, err = semlens(*arguments)
    assert (code, err) == (2, "semlens: The name of the folder is empty. Name a folder, or leave the argument out.\n")


def test_an_interrupt_exits_quietly(semlens, script):
    script.error = KeyboardInterrupt()
    assert semlens("search", "x") == (130, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a POSIX shell and Linux's /dev/full")
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ("daemon status >&-", 0, ""),
        ("daemon status 2>&-", 0, ""),
        ("daemon status <&- >&- 2>&-", 0, ""),
        ("daemon status >/dev/full", 1, "semlens: The disk is full, so the output"),
        ("--help >/dev/full", 1, "semlens: The disk is full, so the output"),
        ("search --help >/dev/full", 1, "semlens: The disk is full, so the output"),
        ("--version --json >/dev/full", 1, "semlens: The disk is full, so the output"),
    ],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_streams_that_are_closed_or_full(tmp_path, arguments, code, says, unbuffered):
    command = f'"{sys.executable}" -m semlens {arguments}'
    environment = {"PYTHONPATH": str(SERVER), "SEMLENS_CACHE_DIR": str(tmp_path), "HOME": str(tmp_path)}
    environment |= {"PYTHONUNBUFFERED": unbuffered}
    ran = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == code
    assert ran.stderr.startswith(says)
    assert len(ran.stderr.splitlines()) == bool(says)


def test_a_help_that_is_lost_is_an_error():
    """argparse ignores it. A help longer than the buffer of stdout is then not there for the last flush to fail on."""

    class FullDisk(io.StringIO):
        def write(self, _text):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        build_parser().print_help(FullDisk())


@pytest.mark.skipif(os.name != "posix", reason="HOME is of POSIX")
def test_a_home_folder_that_is_not_known_is_not_one_in_the_workspace(tmp_path):
    """Its settings would be the user's own, and the index would be written there."""
    config = tmp_path / "unknown" / ".config" / "semlens" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('remote = {url = "http://127.0.0.1:9", model = "m"}\n')
    environment = {"PYTHONPATH": str(SERVER), "HOME": "unknown"}
    doctor = (
        "from semlens.cli import doctor_checks as found, main\n"
        "found.CHECKS = (found.check_service, found.check_cache)\n"
        "raise SystemExit(main(['doctor', '--json']))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", doctor],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    checks = {check["name"]: check["message"] for check in json.loads(ran.stdout)["checks"]}
    assert "none configured" in checks["service"]
    assert str(tmp_path) not in checks["cache folder"]


@pytest.mark.skipif(sys.platform != "linux", reason="the limits of a shell on Linux")
@pytest.mark.parametrize(
    ("limit", "says"),
    [
        ("-v 300000", "This shell limits a process to 307 MB of address space, and semlens needs 900 MB. "),
        ("-n 20", "This shell limits a process to 20 open files, and semlens needs 64. "),
        ("-n 10", "This shell limits a process to 10 open files, and semlens needs 64. "),
    ],
)
def test_limits_that_are_too_low(tmp_path, limit, says):
    (tmp_path / "a.py").write_text("a = 1\n")
    command = f'ulimit {limit}; exec "{sys.executable}" -m semlens index "{tmp_path}" --no-daemon'
    environment = {"PYTHONPATH": str(SERVER), "SEMLENS_CACHE_DIR": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    ran = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("semlens: " + says)
    assert len(ran.stderr.splitlines()) == 1


def test_a_folder_that_is_gone_has_one_message(tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    command = f'rmdir "{folder}"; "{sys.executable}" -m semlens outline a.py'
    environment = {"PYTHONPATH": str(SERVER), "SEMLENS_CACHE_DIR": str(tmp_path), "HOME": str(tmp_path)}
    ran = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.stderr == "semlens: The current folder does not exist any more. Change to another folder.\n"


def test_a_closed_pipe_is_no_error(tmp_path):
    """``semlens --help | head -1``, where the pipe is closed early."""
    program = "import os, sys; from semlens.cli import main; code = main(sys.argv[1:]); os._exit(code)"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "models", "list", "--json"],
        cwd=SERVER,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(60) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("serch",),
        ("search",),
        ("search", "x", "--nonsense"),
        ("search", "x", "-n", "many"),
        ("search", "x", "-n", "0"),
        ("search", "x", "--per-file", "-1"),
        ("search", "x", "--tests", "maybe"),
        ("search", "x", "--lang", "klingon"),
        ("search", "x", "--kind", "gizmo"),
        ("search", ""),
        ("search", "  ", "\t"),
        ("search", "x", "--js"),
        ("index", "a", "b"),
        ("forget", "x", "--gone"),
        ("models",),
        ("models", "show"),
        ("outline",),
        ("similar",),
        ("similar", "words.py"),
        ("similar", "missing.py:1"),
        ("context", "--at", "words.py"),
        ("context", "x", "--budget", "0"),
    ],
)
def test_bad_usage_is_exit_code_2(semlens, script, arguments):
    code, out, err = semlens(*arguments)
    assert (code, out) == (2, "")
    assert err


def test_a_misspelt_command_gets_a_suggestion(semlens, script):
    assert "Did you mean python" in semlens("search", "x", "--lang", "pyton")[2]
    assert "Did you mean function" in semlens("search", "x", "--kind", "functon")[2]


@pytest.mark.parametrize("command", ["index", "status", "search"])
def test_a_folder_that_cannot_be_a_workspace_is_named(semlens, script, workspace, command):
    (workspace / "file.txt").write_text("x")
    for name in ("missing", "file.txt"):
        arguments = ("search", "x", "-w", name) if command == "search" else (command, name)
        code, out, err = semlens(*arguments)
        assert (code, out) == (2, "")
        assert name in err
        assert len(err.splitlines()) == 1


@pytest.mark.parametrize("place", ["/", "~"])
def test_home_and_root_folders_only_if_named(semlens, script, workspace, monkeypatch, place):
    monkeypatch.setenv("HOME", str(workspace))
    monkeypatch.chdir(Path(place).expanduser())
    code, _, err = semlens("index")
    assert code == 2
    assert "by its name" in err
    assert semlens("index", place)[0] == 0


@pytest.mark.parametrize("command", [("index",), ("search", "x")])
def test_a_folder_that_the_engine_cannot_open_is_a_failure(semlens, script, command):
    script.status = script.status._replace(roots=(), problems=(Problem("", "The index is locked: try again."),))
    assert semlens(*command) == (1, "", "semlens: The index is locked: try again.\n")


def test_version_and_help(semlens):
    assert semlens("--version") == (0, f"semlens {__version__}\n", "")
    code, out, err = semlens("--version", "--json")
    assert (code, err) == (0, "")
    versions = json.loads(out)
    assert versions["version"] == __version__
    assert versions["protocol"] == PROTOCOL_VERSION
    assert versions["index"] == {"store": STORE_VERSION, "format": FORMAT_VERSION, "features": FEATURE_VERSION}
    code, out, _ = semlens("--help")
    assert code == 0
    assert "examples:" in out
    for command in ("index", "search", "outline", "status", "doctor", "forget", "models", "serve"):
        assert command in out
        assert semlens(command, "--help")[0] == 0


@pytest.mark.parametrize("name", ["stdin", "stdout"])
@pytest.mark.parametrize("arguments", [["mcp"], ["serve", "--shared"]])
def test_no_bridge_takes_another_file_for_a_closed_stream(monkeypatch, arguments, name):
    monkeypatch.setattr(sys, name, None)
    monkeypatch.setattr(runner, "run_command", lambda _: 7)
    monkeypatch.setattr(cli, "_run_bridge", lambda _: 0)
    assert cli.main(arguments) == 7
