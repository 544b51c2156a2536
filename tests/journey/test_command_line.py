"""A new user's first minutes on the command line, on a real terminal of 80 and of 200 columns. `test_points.py` names every point."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from terminal import ROOT, SECONDS, Terminal

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")

SIZES = [(80, 24), (200, 50)]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing of semlens exists, except the program."""
    program = tmp_path / "bin" / "semlens"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m semlens "$@"\n')
    program.chmod(0o755)
    return {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "server"),
        "HOME": str(tmp_path / "home"),
        "SEMLENS_CACHE_DIR": str(tmp_path / "cache"),
        "SEMLENS_CONFIG_DIR": str(tmp_path / "config"),
        "CI": "1",
    }


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "clients" / "nvim" / "tests" / "fixture", folder)
    (folder / ".env.example").write_text("DATABASE_URL=postgres://localhost/shop\n")
    (folder / "logo.png").write_bytes(b"\x89PNG")
    git = folder / ".git"
    for name in ("objects", "refs"):
        (git / name).mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    return folder


@pytest.mark.parametrize(("columns", "lines"), SIZES, ids=["80 columns", "200 columns"])
def test_the_first_minutes(project: Path, home: dict[str, str], columns: int, lines: int) -> None:
    with Terminal(project, home, columns, lines) as terminal:
        point_1_the_best_hits_stay_on_the_screen(terminal)
        if columns > 80:
            return
        point_2_pipes(terminal)
        point_3_filters(terminal)
        point_4_a_sub_folder(terminal, project)
        point_5_the_better_model(terminal)
        point_6_doctor_and_what_is_left_out(terminal)
        point_8_reasons(terminal)
        point_7_everything_goes(terminal, project.parent / "cache")


def test_a_first_index_is_handed_to_the_resident_server(project: Path, home: dict[str, str]) -> None:
    """Point 5 for a user who types only `semlens index`: the server embeds the rest, and the next commands use it."""
    with Terminal(project, home | {"CI": ""}, 200, 50) as terminal:
        try:
            assert "The resident server embeds the rest" in "".join(terminal.type("semlens index"))
            deadline = time.monotonic() + SECONDS
            while not refined(status := json.loads("".join(terminal.type("semlens status --json")))):
                assert time.monotonic() < deadline, status
            shown = terminal.type("semlens search -n 1 'try the download again after a pause' --json")
            assert json.loads("".join(shown))["servedBy"] == "daemon"
            assert "wait for the better model" not in "".join(terminal.type("semlens status"))
        finally:
            terminal.type("semlens daemon stop")


def refined(status: dict[str, Any]) -> bool:
    """Whether the resident server has all vectors of both models."""
    tiers = {tier["role"]: (tier["embedded"] > 0, tier["pending"]) for tier in status["tiers"]}
    return status["servedBy"] == "daemon" and tiers == {"first": (True, 0), "refine": (True, 0)}


def point_1_the_best_hits_stay_on_the_screen(terminal: Terminal) -> None:
    terminal.type("semlens index")
    shown = terminal.type("semlens search -n 3 'try the download again after a pause'")
    heading = next(line for line in shown if line.startswith("1  "))
    assert heading.startswith("1  net/retry.py:7-18  fetch_with_retry")
    assert all(re.match(r"\d+  |    ? ?\d+  |   \S|$", line) for line in shown), "no line wraps"
    assert shown.index(heading) <= 2, "the best hit is at the top of the screen"
    assert "" not in [line.strip() for line in shown[shown.index(heading) : shown.index(heading) + 5]]
    terminal.pictures(f"cli-{terminal.columns}")


def point_2_pipes(terminal: Terminal) -> None:
    assert terminal.type("semlens search parse_colour --format lines | head -1")[0].startswith(
        "colour.py:4:5: def parse_colour("
    )
    assert "totalPrice" in "".join(
        terminal.type("echo 'price with tax' | semlens search - --format json | head -c 600; echo")
    )
    assert (
        terminal.type("semlens search 'copy lang:cobol' --exit-code > out.txt; echo code $?; rm out.txt")[-1]
        == "code 3"
    )


def point_3_filters(terminal: Terminal) -> None:
    assert any("net/retry.py" in line for line in terminal.type("semlens search -n 2 'wait and try again' --lang py"))
    assert "klingon" in "\n".join(terminal.type("semlens search -n 1 wait lang:klingon"))


def point_4_a_sub_folder(terminal: Terminal, project: Path) -> None:
    shown = "".join(terminal.type("(cd net; semlens search -n 1 'try the download again')"))
    assert f"searching all of {project}, hits of this folder first" in shown
    assert "1  retry.py:7-18" in shown


def point_5_the_better_model(terminal: Terminal) -> None:
    shown = "".join(terminal.type("semlens status"))
    assert "wait for the better model" in shown
    assert "refining" not in shown


def point_6_doctor_and_what_is_left_out(terminal: Terminal) -> None:
    assert "languages are found" in "".join(terminal.type("semlens doctor | grep grammars"))
    for command in ("semlens doctor", "semlens help | tail -14", "semlens outline net/retry.py", "semlens agents list"):
        full = [line for line in terminal.type(command) if len(line) == terminal.columns]
        assert not [line for line in full if "cache folder" not in line], f"{command} wraps"  # a path is not broken
    assert terminal.type("semlens status --skipped") == ["binary:", "  logo.png"]
    assert any(".env.example" in line for line in terminal.type("semlens search --format lines .env.example"))


def point_7_everything_goes(terminal: Terminal, cache: Path) -> None:
    assert "Forgot every index and all vectors." in terminal.type("semlens forget --all")
    assert not [path for path in cache.rglob("*.segment") if path.is_file()]
    assert any(str(cache) in line for line in terminal.type("semlens uninstall --dry-run"))
    terminal.type("semlens uninstall")
    assert not cache.exists()


def point_8_reasons(terminal: Terminal) -> None:
    shown = terminal.type("semlens search -n 3 kind:class lang:python")
    headings = [line for line in shown if line[:1].isdigit()]
    assert headings
    assert not [line for line in headings if line.endswith(("trace", "words", "meaning"))], "nothing was asked"
