"""What a new user meets on the command line: sub-folders, exit codes, waiting vectors, files that are left out."""

from __future__ import annotations

import contextlib
import json
import re

import pytest

from semlens.cli.arguments import COMMANDS, with_command
from semlens.cli.commands.status import skipped_files
from semlens.cli.roots import cache_folder
from semlens.core.status import RootStatus, SkipReason, TierRole, TierStatus, WatchMode
from semlens.files.file_stamp import NO_STAMP
from semlens.index.storage.root_store import Commit, FileEntry, RootStore

from .conftest import STATUS

WAITING = STATUS._replace(
    refining=True,
    tiers=(TierStatus("small", TierRole.FIRST, 9000, 0), TierStatus("better", TierRole.REFINE, 1000, 8000)),
)
HINT = "8,000 passages wait for the better model. `semlens index --wait` embeds them now"


@pytest.fixture
def below(script, workspace, monkeypatch):
    """The current folder is below the root whose index answers."""
    script.status = STATUS._replace(roots=(RootStatus(str(workspace), 9, 9, 0, {}, WatchMode.NONE),))
    (workspace / "net").mkdir()
    monkeypatch.chdir(workspace / "net")
    return workspace


def test_a_search_in_a_sub_folder_says_so_and_prefers_its_hits(semlens, script, below):
    _, _, err = semlens("search", "fetch")
    assert err.splitlines() == [
        f"semlens: searching all of {below}, hits of this folder first (-w . for this folder only)"
    ]
    assert script.requests[-1].near_uri == (below / "net" / "_").as_uri()


@pytest.mark.parametrize("arguments", [("-w", "."), ("--json",), ("--format", "lines")])
def test_a_named_folder_and_output_for_programs_come_without_that_line(semlens, below, arguments):
    assert semlens("search", "fetch", *arguments)[2] == ""


@pytest.mark.parametrize(
    "words", [("fetch", "with", "retry"), ("index of a word in a text",), ("parseConfig",), ("fetch", "-n", "3")]
)
def test_a_question_needs_no_command(semlens, script, words):
    code, out, _ = semlens(*words)
    assert (code, script.requests[-1].query) == (0, " ".join(words).removesuffix(" -n 3"))
    assert out == semlens("search", *words)[1]


@pytest.mark.parametrize("words", [("-n", "3", "fetch"), ("--json", "fetch"), ("--debug", "-n", "3", "fetch")])
def test_options_may_stand_before_a_question_without_a_command(semlens, script, words):
    code, _, err = semlens(*words)
    assert (code, err, script.requests[-1].query) == (0, "", "fetch")


@pytest.mark.parametrize("words", [("--debug",), ("--help", "x"), ("--json", "status"), ("--debug", "status")])
def test_options_alone_and_options_before_a_command_are_no_question(words):
    assert with_command(words) == words


@pytest.mark.parametrize("first", "server model agent shared duplicate similarity contexts indexes statuses".split())
def test_a_question_may_begin_with_a_form_of_a_command(first):
    assert with_command([first, "of", "a", "table"])[0] == "search"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("serch", "fetch"), "no command 'serch'. Did you mean 'search'? To search for it: semlens search serch fetch"),
        (("statsu",), "no command 'statsu'. Did you mean 'status'?"),
        ((".",), "'.' is a folder. `semlens index .` indexes it, `semlens search .` searches for it."),
        (("--json",), "Without a command there is no option '--json'. Run `semlens --help`."),
        (("searc\x1bh",), "no command 'searc\\x1bh'"),
    ],
)
def test_a_mistyped_command_is_no_question(semlens, script, words, message):
    code, _, err = semlens(*words)
    assert code == 2
    assert message in err
    assert not script.requests


def test_help_and_version_are_words_too(semlens):
    assert semlens("help")[1].startswith("usage: semlens")
    assert semlens("help", "search")[1].startswith("usage: semlens search ")
    assert semlens("version")[1].startswith("semlens ")


def test_semlens_alone_says_what_it_can_do(semlens):
    code, out, err = semlens()
    assert (code, out) == (2, "")
    assert err.startswith("usage: semlens")
    assert "semlens retry with backoff" in err


def test_help_fits_into_80_columns(semlens, monkeypatch):
    monkeypatch.setattr("semlens.cli.options.parser.terminal_columns", lambda: 80)
    texts = {command: semlens(command, "--help")[1] for command in COMMANDS}
    texts[""] = semlens("--help")[1]
    assert not [(command, line) for command, text in texts.items() for line in text.splitlines() if len(line) > 80]
    assert re.search(r"^    duplicates  +find groups", texts[""], re.MULTILINE), "a command and its help share a line"


def test_status_in_a_sub_folder_names_the_root(semlens, below):
    assert f"of {below}, the top of the git work tree" in semlens("status")[1]


@pytest.mark.parametrize(
    ("n_hits", "arguments", "code"), [(0, (), 0), (0, ("--exit-code",), 3), (1, ("--exit-code",), 0)]
)
def test_an_option_makes_the_exit_code_say_that_nothing_was_found(semlens, script, n_hits, arguments, code):
    script.with_hits(*script.result.hits[:n_hits])
    assert semlens("search", "fetch", *arguments)[0] == code


def test_status_says_that_nothing_refines_and_what_to_do(semlens, script):
    script.status = WAITING
    _, out, _ = semlens("status")
    assert "refining" not in out
    assert HINT in out
    assert json.loads(semlens("status", "--json")[1])["refining"] is False


def test_index_says_that_vectors_wait(semlens, script):
    script.status = WAITING
    assert HINT in semlens("index")[1]
    script.status = STATUS
    assert "wait for the better model" not in semlens("index")[1]


def test_who_finds_nothing_learns_that_everything_is_left_out(semlens, script, workspace):
    script.with_hits()
    root = RootStatus(str(workspace), 0, 0, 0, {"ignored": 3, "not code": 1}, WatchMode.NONE)
    hint = "Everything there is left out: 3 ignored, 1 not code (`semlens status --skipped` lists it)."
    for status, n_hints in [(root, 1), (root._replace(skipped={}), 0), (root._replace(files=1), 0)]:
        script.status = STATUS._replace(roots=(status,))
        assert semlens("search", "fetch")[2].count(hint) == n_hints
        assert semlens("index")[1].count(hint) == n_hints


def test_status_lists_what_is_left_out_by_reason(semlens, script, workspace):
    script.status = STATUS._replace(roots=(RootStatus(str(workspace), 9, 9, 0, {}, WatchMode.NONE),))
    for name, text in {".gitignore": "out/\n", "logo.png": "x", "poetry.lock": "x", "a.py": "x = 1\n"}.items():
        (workspace / name).write_text(text)
    (workspace / "out").mkdir()
    _, out, _ = semlens("status", "--skipped")
    assert out.splitlines()[:6] == ["binary:", "  logo.png", "ignored:", "  out/", "lockfile:", "  poetry.lock"]
    listed = json.loads(semlens("status", "--skipped", "--json")[1])["skippedFiles"]
    assert {"path": "out/", "reason": "ignored"} in listed


def test_status_lists_what_the_index_left_out_for_its_content(workspace):
    (workspace / "bundle.js").write_text("x")
    with contextlib.closing(RootStore(cache_folder(), workspace)) as store:
        store.commit(Commit({"bundle.js": FileEntry(NO_STAMP, b"", "", "minified")}, (), {}, {"complete": True}))
    assert skipped_files(workspace) == [("bundle.js", SkipReason.MINIFIED)]
