"""The log file: private, limited in size, and without the text of documents."""

from __future__ import annotations

import logging
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from semlens.lsp.connection import logs


@pytest.fixture(autouse=True)
def _restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, shown = root.handlers[:], root.level, logging.raiseExceptions
    levels = {name: logging.getLogger(name).level for name in ("semlens", "pygls")}
    yield
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = shown
    for name, old in levels.items():
        logging.getLogger(name).setLevel(old)


def test_the_file_is_private_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "_MAX_BYTES", 5_000)
    path = logs.configure_logging(tmp_path / "cache", "info")
    assert path is not None
    for number in range(500):
        logging.getLogger("semlens.test").info("line %d", number)
    files = sorted(path.parent.glob("server.log*"))
    assert len(files) == 3
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sum(file.stat().st_size for file in files) < 20_000
    assert "line 499" in path.read_text()


def test_no_contents_are_logged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = logs.configure_logging(tmp_path, "debug")
    assert path is not None
    logging.getLogger("pygls.protocol").error("Failed to handle %s", {"text": "unsaved words"})
    contents = "unsaved words"
    try:
        raise ValueError(contents)
    except ValueError:
        logging.getLogger("semlens.x").exception("It failed.")
        logging.getLogger("pygls.protocol").exception("It failed too.")
    for text in (path.read_text(), capsys.readouterr().err):
        assert "unsaved" not in text
        assert "It failed." in text
        assert "ValueError" in text
        assert "test_logs.py" in text


def test_pygls_is_quiet(tmp_path: Path) -> None:
    path = logs.configure_logging(tmp_path, "debug")
    assert path is not None
    logging.getLogger("pygls.protocol").info("Sending data")
    assert path.read_text() == ""


def test_an_unwritable_folder_gives_no_log_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert logs.configure_logging(tmp_path / "file" / "cache", "info") is None


def test_a_detached_process_writes_all_its_output_into_the_rotated_log(tmp_path: Path) -> None:
    program = f"""
import logging, os, pathlib
from semlens.lsp.connection import logs
logs._MAX_BYTES = 5_000
logs.configure_detached_logging(pathlib.Path({str(tmp_path / "a.log")!r}), "info")
for number in range(500):
    logging.getLogger("semlens.test").info("line %d", number)
os.write(1, b"on stdout\\n")
os.write(2, b"on stderr\\n")
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")
    assert (tmp_path / "a.log").read_text().endswith("line 499\non stdout\non stderr\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.log", "a.log.1", "a.log.2"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 3 * 5_100
