"""A file of the cache that becomes shorter while it is mapped ends the process. The next one builds the index again.

Column files are read-only, so this takes the superuser or a program that changes the mode first.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from .test_shared_server import SECONDS, Shared

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows shortens no file that is mapped")

QUESTION = "download a page again after a failure"


def shorten(cache: Path) -> None:
    for path in [*cache.rglob("*.segment"), *cache.rglob("*.vectors")]:
        path.chmod(0o600)
        os.truncate(path, 0)


def test_a_server_of_one_editor_dies_and_the_next_one_finds_everything(start, workspace, environment):
    writer = start()
    writer.initialize(root=workspace)
    writer.wait_ready()
    writer.close()
    mapping = start()
    mapping.initialize(root=workspace)
    mapping.wait_ready()
    shorten(Path(environment["SEMLENS_CACHE_DIR"]))
    mapping.request("semlens/search", {"query": QUESTION})
    assert mapping.process.wait(SECONDS) == -signal.SIGBUS
    again = start()
    again.initialize(root=workspace)
    status = again.wait_ready()
    assert (status["state"], status["problems"]) == ("ready", [])
    assert again.search(QUESTION)["hits"][0]["name"] == "fetch_with_retry"


def test_a_command_answers_although_the_resident_server_dies(tmp_path, environment, workspace):
    shared = Shared(tmp_path, environment)
    try:
        shared.json("index", workspace, "--no-daemon")
        assert shared.run("daemon", "start").returncode == 0
        assert shared.json("search", QUESTION, "-w", workspace)["servedBy"] == "daemon"
        shorten(tmp_path / "cache")
        ran = shared.run("search", QUESTION, "-w", workspace)
        assert "fetch_with_retry" in ran.stdout, ran
        assert shared.run("daemon", "start").returncode == 0
        answer = shared.json("search", QUESTION, "-w", workspace)
        assert (answer["servedBy"], answer["hits"][0]["name"]) == ("daemon", "fetch_with_retry")
    finally:
        shared.close()
