"""The folders of shards: deleted by their shard, or by the next one on the machine when it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from semlens.cluster.serve.shard_folder import ShardFolder, delete_left

KILLED = """
import os, signal
from semlens.cluster.serve.shard_folder import ShardFolder
folder = ShardFolder()
(folder.path / "a.segment").write_bytes(b"x")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def make_old(folder: Path) -> None:
    os.utime(folder, (1, 1))


def test_a_shard_deletes_its_folder(temporary):
    folder = ShardFolder()
    (folder.path / "a.segment").write_bytes(b"x")
    (folder.path / "a.segment").chmod(0o400)
    folder.delete()
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_the_folder_of_a_killed_shard_is_deleted_and_others_stay(temporary):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(temporary)}
    ran = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
    assert ran.returncode == -signal.SIGKILL
    (left,) = temporary.iterdir()
    own = ShardFolder()
    delete_left()
    assert left.exists(), "it may be about to be locked"
    (temporary / "other").mkdir()
    (temporary / "semlens-shard-link").symlink_to(temporary / "other")
    for folder in (left, own.path, temporary / "other"):
        make_old(folder)
    delete_left()
    assert sorted(path.name for path in temporary.iterdir()) == sorted([own.path.name, "other", "semlens-shard-link"])
    own.delete()
