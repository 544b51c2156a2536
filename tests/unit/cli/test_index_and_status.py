from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hit_cases import HIT

from semlens.cli.output.progress import StageLog, file_counts, passage_counts
from semlens.core.status import EngineState, Problem, RootStatus, TierRole, TierStatus, WatchMode

from .conftest import STATUS

SERVER = Path(__file__).resolve().parents[3] / "server"


def test_index_prints_a_summary(semlens, script, workspace):
    code, out, err = semlens("index")
    assert code == 0
    assert out.splitlines()[0].startswith(f"Indexed {workspace}: 1,234 files, 5,678 symbols in ")
    assert "src/odd.py: The parser gave up" in out
    assert "names and words of 1,234 files are searchable" in err
    assert script.calls == ["init", "start", "wait", "close"]


def test_index_without_a_terminal_tells_each_quarter_of_the_files(capsys):
    stages = StageLog(prints=True)
    for files in (0, 10, 30, 40, 60, 100):
        stages.record(
            STATUS._replace(roots=(RootStatus("/work", files, 0, 100 - files, {}, WatchMode.NONE),), tiers=())
        )
    lines = [line.split("s  ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "names and words: 30 of 100 files",
        "names and words: 60 of 100 files",
        "names and words of 100 files are searchable",
    ]


def test_index_reports_a_wrong_setting_once(semlens, workspace):
    (workspace / ".semlens.toml").write_text("nonsense = 1\n")
    assert semlens("index")[2].count("`semlens.nonsense`") == 1


def test_index_waits_for_refinement_if_requested(semlens, script):
    semlens("index", "--wait")
    assert "wait refined" in script.calls


def test_index_reports_a_missing_model(semlens, script):
    script.status = STATUS._replace(tiers=())
    assert "No embedding model is loaded" in semlens("index")[1]


def test_index_shows_few_problems_and_counts_the_rest(semlens, script):
    script.status = STATUS._replace(problems=tuple(Problem(f"{n}.py", "Odd.") for n in range(9)))
    out = semlens("index")[1]
    assert out.count("Odd.") == 5
    assert "and 4 more" in out


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_an_index_that_could_not_be_saved_is_a_failure(semlens, script, arguments):
    script.unsaved = "The index could not be saved: free some space."
    script.status = STATUS._replace(problems=(Problem("/work", script.unsaved),))
    code, out, err = semlens("index", *arguments)
    assert code == 1
    assert err.splitlines()[-1] == f"semlens: {script.unsaved}"
    if arguments:
        assert json.loads(out)["saved"] is False
    else:
        assert script.unsaved not in out


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
@pytest.mark.parametrize("arguments", [("index",), ("index", "--json")])
def test_a_disk_with_too_little_room_is_a_failure(workspace, arguments):
    """Limits files to 150 kB, as on a full disk."""
    (workspace.parent / "config").mkdir()
    (workspace.parent / "config" / "config.toml").write_text('[models]\nfirst = "none"\nrefine = "none"\n')
    (workspace / "words.py").write_text("".join(f"def function_{n}():\n    return word_{n}\n" for n in range(4000)))
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))\n"
        "from semlens.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(SERVER)}
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 1
    assert "could not be saved" in done.stderr.splitlines()[-1]
    assert "free some space" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_only_json_goes_to_stdout(semlens, script, workspace):
    code, out, err = semlens("index", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["workspace"] == str(workspace)
    assert found["complete"] is True
    assert found["saved"] is True
    assert 0 <= found["searchableMs"] <= found["elapsedMs"]


def test_status_json_matches_the_protocol(semlens, script, workspace):
    code, out, err = semlens("status", "--json")
    assert (code, err) == (0, "")
    assert script.read_only is True
    found = json.loads(out)
    assert found.pop("workspace") == str(workspace)
    assert {
        "state": "ready",
        "complete": True,
        "refining": False,
        "roots": [
            {
                "uri": "file:///work",
                "files": 1234,
                "symbols": 5678,
                "pending": 0,
                "skipped": {"ignored": 3, "binary": 1},
                "watching": "none",
            }
        ],
        "tiers": [{"model": "small-model", "role": "first", "embedded": 9000, "pending": 0}],
        "generation": 12,
        "lagMs": 0.0,
        "rssBytes": 100_000_000,
        "indexBytes": 2_500_000,
        "remote": [],
        "problems": [{"path": "src/odd.py", "message": "The parser gave up: it is searched by words."}],
    }.items() <= found.items()


def test_status_as_text(semlens, script):
    out = semlens("status")[1]
    for words in ("ready, complete", "1,234 files", "1 binary, 3 ignored", "small-model", "2.5 MB", "nothing leaves"):
        assert words in out


def test_status_of_a_folder_that_is_not_indexed_says_how_to(semlens, script, workspace):
    script.status = STATUS._replace(complete=False, roots=(), tiers=())
    assert "semlens index" in semlens("status")[1]


def test_counts_add_up_over_roots_and_tiers():
    root = STATUS.roots[0]
    status = STATUS._replace(
        state=EngineState.INDEXING,
        roots=(root._replace(files=10, pending=4), root._replace(files=5, pending=5)),
        tiers=(TierStatus("a", TierRole.FIRST, 30, 10), TierStatus("b", TierRole.REFINE, 1, 99)),
    )
    assert file_counts(status) == (15, 24)
    assert passage_counts(status, TierRole.FIRST) == (30, 40)
    assert passage_counts(status, TierRole.REFINE) == (1, 100)


def test_a_terminal_gets_a_progress_bar_on_stderr(semlens, script, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    _, out, err = semlens("index", "--json")
    assert json.loads(out)
    assert "names and words" in err
    assert "1234/1234" in err


def test_no_color_turns_colours_off(semlens, script, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    for command in (("index",), ("status",), ("search", "x")):
        _, out, err = semlens(*command)
        assert "\033" not in out + err


def test_a_terminal_gets_colours(semlens, script, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    out = semlens("search", "x")[1]
    assert "\033[" in out
    assert "fetch_with_retry" in out


def test_a_truncated_line_resets_its_colour(semlens, script, monkeypatch):
    """A truncated line must not colour the following text."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("semlens.cli.output.hits.width", lambda: 40)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    lines = ['text = "' + "long " * 20 + '"', "import os"]
    hit = HIT._replace(
        snippet="\n".join(lines) + "\n", snippet_span=HIT.snippet_span._replace(start_line=51, end_line=53)
    )
    script.with_hits(hit)
    cut, after = semlens("search", "x")[1].splitlines()[2:4]
    assert "\N{HORIZONTAL ELLIPSIS}" in cut
    text_colour = re.search(r"\033\[([\d;]+)m\"", cut)[1]
    assert cut.endswith("\033[0m")
    assert f"\033[{text_colour}m" not in after
    assert "import" in after
