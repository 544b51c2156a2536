"""What the server's own Python processes are started with."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

import semlens
from semlens.workers.python_process import module_command, module_environment, start_worker


def test_no_key_is_handed_on_and_the_package_is_found(monkeypatch: pytest.MonkeyPatch):
    keys = {f"SEMLENS_{name}" for name in ("REMOTE_KEY", "QDRANT_KEY", "SHARE_KEY", "TEAM_TOKEN")}
    for key in keys:
        monkeypatch.setenv(key, "secret")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    environment = module_environment()
    assert not keys & environment.keys()
    assert environment["PYTHONPATH"].split(os.pathsep) == [str(Path(semlens.__file__).parents[1]), "/elsewhere"]


def test_a_module_of_the_current_folder_is_not_run(tmp_path: Path):
    (tmp_path / "planted.py").write_text("print('run')")
    done = subprocess.run(
        module_command("planted"), cwd=tmp_path, env=module_environment(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, b"")


PROBE = """
import json, os, stat, sys
pipes = [stat.S_ISFIFO(os.fstat(number).st_mode) for number in range(3)]
json.dump({"pipes": pipes, "cwd": os.getcwd(), "own_session": os.getsid(0) == os.getpid(),
           "key": os.environ.get("SEMLENS_REMOTE_KEY"), "arguments": sys.argv[1:]}, sys.stderr)
sys.stderr.flush()
sys.exit(len(sys.stdin.read()))
"""


@pytest.mark.skipif(os.name != "posix", reason="sessions and pipes as files are POSIX")
@pytest.mark.parametrize("stdout", [subprocess.PIPE, subprocess.DEVNULL])
def test_a_worker_has_pipes_and_neither_the_session_nor_the_folder_nor_the_key_of_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stdout: int
):
    (tmp_path / "probe.py").write_text(PROBE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("SEMLENS_REMOTE_KEY", "secret")
    monkeypatch.chdir(tmp_path)
    with start_worker("probe", "a", "b", stdout=stdout) as process:
        assert process.stderr is not None
        assert process.stdin is not None
        process.stdin.close()
        found = json.loads(process.stderr.read())
    assert found == {
        "pipes": [True, stdout == subprocess.PIPE, True],
        "cwd": "/",
        "own_session": True,
        "key": None,
        "arguments": ["a", "b"],
    }
    assert process.returncode == 0
