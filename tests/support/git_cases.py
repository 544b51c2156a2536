"""Runs git in tests, without the user's git configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def git(folder: Path, *arguments: str) -> str:
    """:returns: the output of git. :raises subprocess.CalledProcessError: if it fails."""
    command = ["git", *arguments]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **_ENVIRONMENT}, check=True, capture_output=True, text=True
    )
    return done.stdout
