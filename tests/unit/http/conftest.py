"""Servers of the page in this process."""

from __future__ import annotations

import pytest
from page_server import RETRY, RunningPage

from semlens.http import page_files


@pytest.fixture(scope="session", autouse=True)
def _built_page(tmp_path_factory):
    """Stands for the page that Vite builds."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>the page</title>")
    (folder / "assets" / "index-1a2b.js").write_text("console.log(1)\n" * 1000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_files, "FOLDER", folder)
        yield


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """One for all tests of a module."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "net").mkdir()
    (folder / "net" / "retry.py").write_text(RETRY)
    (folder / "long.py").write_text("x = 1\n" + "y = '" + "a" * 5_000_000 + "'\n")
    (folder / "<img src=x onerror=alert(1)>.py").write_text("def script():\n    return '<script>alert(1)</script>'\n")
    (folder / "picture.png").write_bytes(b"\x89PNG\x00")
    (folder / ".gitignore").write_text("build/\n")
    (folder / "build").mkdir()
    (folder / "build" / "out.py").write_text("x = 1\n")
    running = RunningPage(folder, tmp_path_factory.mktemp("cache"))
    running.complete()
    yield running
    running.close()


@pytest.fixture
def start_page(tmp_path):
    """Starts servers of a folder of the test."""
    folder = tmp_path / "served"
    folder.mkdir()
    running = []

    def start(**options):
        running.append(RunningPage(folder, tmp_path / f"cache{len(running)}", **options))
        return running[-1]

    yield start
    for one in running:
        one.close()
