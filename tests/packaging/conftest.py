"""Fixtures: the distributions, built once and installed in a separate environment outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

WORDS = '''\
"""Words of sentences."""


def count_words(text):
    """How often each word stands in a text."""
    return {word: text.split().count(word) for word in set(text.split())}
'''
RETRY = """\
export class Uploader {
  /** Sends a file again when the network failed. */
  async uploadWithRetry(file: string, attempts = 3): Promise<boolean> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (await this.upload(file)) return true;
    }
    return false;
  }
}
"""


@dataclass(frozen=True)
class Distributions:
    wheel: Path
    sdist: Path


@dataclass(frozen=True)
class Installation:
    """An environment with the installed wheel, independent of the checkout."""

    folder: Path

    @property
    def program(self) -> Path:
        return self.folder / "bin" / "semlens"

    @property
    def package(self) -> Path:
        return next(self.folder.glob("lib/python3*/site-packages/semlens"))


@pytest.fixture(scope="session")
def distributions(tmp_path_factory) -> Distributions:
    """The source distribution of this checkout, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return Distributions(next(folder.glob("*.whl")), next(folder.glob("*.tar.gz")))


@pytest.fixture(scope="session")
def installation(distributions, tmp_path_factory) -> Installation:
    folder = tmp_path_factory.mktemp("installation")
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    environment = clean_environment(folder)
    lock = CHECKOUT / "requirements" / "runtime.txt"
    subprocess.run([*pip, "--require-hashes", "-r", str(lock)], env=environment, check=True)
    subprocess.run([*pip, "--no-index", "--no-deps", str(distributions.wheel)], env=environment, check=True)
    # checks that the requirements of the wheel are installed in compatible versions
    subprocess.run([str(folder / "bin" / "python"), "-m", "pip", "check"], env=environment, check=True)
    return Installation(folder)


def clean_environment(home: Path) -> dict[str, str]:
    """The current environment without variables that lead to the checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SEMLENS", "VIRTUAL"))}
    return {**kept, "SEMLENS_CONFIG_DIR": str(home / "config")}


@pytest.fixture
def workspace(tmp_path) -> Path:
    folder = tmp_path / "workspace"
    (folder / "web").mkdir(parents=True)
    (folder / "words.py").write_text(WORDS)
    (folder / "web" / "upload.ts").write_text(RETRY)
    return folder


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def semlens(installation, workspace, tmp_path) -> Run:
    """Runs the installed command in the workspace, with its own cache."""

    def run(*arguments: str, cwd: Path = workspace, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(installation.program), *arguments],
            cwd=cwd,
            env={**clean_environment(tmp_path), "SEMLENS_CACHE_DIR": str(tmp_path / "cache"), **environment},
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
            timeout=120,
        )

    return run
