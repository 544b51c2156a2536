"""A push, a pull and a build end at once when they are cancelled, also while git runs."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from engine_cases import DEADLINE_S

from semlens.cluster import commands
from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled
from semlens.settings.schema import Settings, ShareSettings
from semlens.share import sharing, work_tree

from .conftest import git

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="git is a shell script here")

ENDLESS = """#!/bin/sh
touch "{started}"
while :; do sleep 0.05; done
"""


def push(folder, settings, cancel):
    return sharing.push(folder, settings, "", cancel=cancel, progress=lambda *_: None)


def pull(folder, settings, cancel):
    return sharing.pull(folder, settings, "", cancel=cancel, progress=lambda *_: None)


def status(folder, settings, cancel):
    return sharing.status(folder, settings, "", cancel=cancel)


def build(folder, settings, cancel):
    def fail(built, _folder):
        raise built

    commands.build_all([folder], settings, "", "", cancel=cancel, progress=lambda *_: None, on_built=fail)


@pytest.mark.parametrize("act", [push, pull, status, build])
def test_what_is_cancelled_ends_while_git_runs(act, tmp_path, monkeypatch):
    monkeypatch.setenv("SEMLENS_SHARE_KEY", "ab" * 32)
    monkeypatch.setenv("SEMLENS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(work_tree, "GIT_SECONDS", 10 * DEADLINE_S)
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "a.py").write_text("x = 1\n")
    git(folder, "init", "-q")
    started = tmp_path / "started"
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_text(ENDLESS.format(started=started))
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    cancel = CancelToken()
    cancelling = threading.Thread(target=_cancel_when_there, args=(started, cancel), daemon=True)
    cancelling.start()
    settings = Settings(share=ShareSettings(url=(tmp_path / "store").as_uri(), trusted_keys=("ab" * 32,)))
    with pytest.raises(Cancelled):
        act(folder, settings, cancel)


def _cancel_when_there(path: Path, cancel: CancelToken) -> None:
    while not path.exists():
        threading.Event().wait(0.01)
    cancel.cancel()
