"""What the server's own Python processes are started with."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import semlens
from semlens.workers.python_process import module_command, module_environment


def test_no_key_is_handed_on_and_the_package_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SEMLENS_REMOTE_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    environment = module_environment()
    assert "SEMLENS_REMOTE_KEY" not in environment
    assert environment["PYTHONPATH"].split(os.pathsep) == [str(Path(semlens.__file__).parents[1]), "/elsewhere"]


def test_a_module_of_the_current_folder_is_not_run(tmp_path: Path):
    (tmp_path / "planted.py").write_text("print('run')")
    done = subprocess.run(
        module_command("planted"), cwd=tmp_path, env=module_environment(), capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, b"")
