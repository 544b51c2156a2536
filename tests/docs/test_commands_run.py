"""Every command of the README and of docs/*.md runs, and prints what the page shows. CONTRIBUTING.md has the rules for blocks.

Commands run in this process, in one example project. What needs a process of its own names the test that runs it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from semlens.cli import main
from semlens.cli.arguments import build_parser
from semlens.settings.specs import SPECS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PLACE, SYMBOL = "src/net/retry.py:12", "fetch_with_retry"

PLACEHOLDERS = {
    "PATH:LINE": PLACE,
    "PATH": "src/net/retry.py",
    "PLACE": SYMBOL,
    "DIR": ".",
    "N": "3",
    "QUERY...": "try a download again",
}
"""What a user types in place of a word in capitals."""

MISSING = {"search": ["try a download again"], "outline": ["src/net/retry.py"], "callees": [SYMBOL], "similar": [PLACE]}
"""The arguments of a command that a page calls by its name alone."""

ELSEWHERE = {
    "semlens serve --shared": "tests/e2e/test_shared_server.py::test_editors_share_the_disk_and_not_what_is_unsaved",
    "semlens serve": "tests/e2e/test_lifecycle.py::test_a_whole_session",
    "semlens mcp": "tests/e2e/test_mcp.py::test_the_client_of_the_sdk_lists_and_calls_the_tools_in_both_eras",
    "semlens http": "tests/e2e/test_http.py::test_the_command_prints_what_its_page_shows",
    "semlens cluster build": "tests/unit/cluster/test_command.py::def test_build_and_serve",
    "semlens cluster serve": "tests/unit/cluster/test_command.py::def test_build_and_serve",
    "semlens daemon start": "tests/e2e/test_daemon.py::test_start_status_stop",
    "semlens daemon stop": "tests/e2e/test_daemon.py::test_start_status_stop",
    "make run": "tests/docs/test_commands_run.py::test_the_targets_answer_and_help",
    "make help": "tests/docs/test_commands_run.py::test_the_targets_answer_and_help",
    "make build": "tests/packaging/test_distributions.py::",
    "make lint": ".ci/run::make lint",
    "make test": ".ci/run::make test",
    "pip install --upgrade": "clients/vscode/src/server/environment.ts::--upgrade",
    "pip install": "tests/packaging/conftest.py::pip",
    "pipx install": "tests/packaging/test_install_paths.py::def test_pipx_installs_the_tool",
    "uv tool install": "tests/packaging/test_install_paths.py::def test_uv_installs_the_tool",
    "uvx": "tests/packaging/test_install_paths.py::def test_uvx_answers",
    "claude plugin": "release/judge.sh::claude",
    "codex plugin": "release/judge.sh::codex",
    "gemini extensions": "release/judge.sh::gemini",
    "curl": "tests/e2e/test_http.py::test_the_command_prints_what_its_page_shows",
    "bash release/judge.sh": "Makefile::release/judge.sh",
}
"""Beginnings of commands, the longest first, and where they run: a file and words in it."""

NOT_RUN = {
    "ssh": "there is no second machine",
    "docker": "there is no service of containers; hadolint judges the image",
    "pip uninstall": "it is pip's own",
    "pipx uninstall": "it is pipx's own",
    "uv tool uninstall": "it is uv's own",
    "make chaos": "hours",
    "make test-long": "hours",
    "make bench": "an hour",
    "make manifests": "it writes into the checkout; tests/unit/test_manifests.py compares",
    "make setup-release manifests": "it writes into the checkout; tests/unit/test_manifests.py compares",
    "semlens models bench": "minutes",
    "semlens team join": "it needs the server of a team; tests/unit/team has one",
    "semlens team leave": "it needs the server of a team; tests/unit/team has one",
    "semlens team token remove": "it needs a member; tests/unit/team has one",
}

BLOCKS = {
    "lua": "clients/nvim/tests/test_assistants.lua",
    "elisp": "tests/e2e/test_other_editors.py",
    "kak": "tests/e2e/test_other_editors.py",
    "vim": "tests/e2e/test_other_editors.py",
    "python": "tests/unit/lsp/test_protocol_page.py",
}
"""The languages of blocks that are run by the tests of another file."""


def blocks(language: str) -> list[tuple[str, str]]:
    """The blocks of a language, each with the name of its page."""
    found = []
    for page in PAGES:
        found += [
            (page.name, text) for kind, text in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language
        ]
    return found


def commands() -> list[str]:
    """Each command of the pages once: lines of blocks, and spans of code that begin with a program."""
    found = [line for _, text in blocks("sh") for line in text.replace("\\\n", " ").splitlines()]
    found += [line[2:] for _, text in blocks("console") for line in text.splitlines() if line.startswith("$ ")]
    for page in PAGES:
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        found += re.findall(r"`((?:semlens|make|pip|pipx|uvx?|bash) [^`\n]+)`", text)
    split = [part.strip() for line in found for part in re.sub(r"\s+#\s.*", "", line).split(" && ")]
    return sorted({one for one in split if one and not one.startswith("cd ")})


def beginning(command: str, table: dict[str, str]) -> str | None:
    fits = [start for start in table if command == start or command.startswith(start + " ")]
    return max(fits, key=len, default=None)


def filled(command: str) -> list[str]:
    """The words that a user types for a command of a page."""
    words = re.sub(r"[\[\]]", "", command).removesuffix("...").strip()
    for name, value in PLACEHOLDERS.items():
        words = re.sub(rf"(?<= ){re.escape(name)}(?= |$)", f"'{value}'", words)
    arguments = shlex.split(words)[1:]
    try:
        _parsed(arguments)
    except SystemExit:
        arguments = [*arguments[:1], *MISSING.get(arguments[0], []), *arguments[1:]]
    return arguments


def _parsed(arguments: list[str]) -> argparse.Namespace:
    return build_parser(arguments[0]).parse_args(arguments)


def name_of(command: str) -> str:
    return command.split()[1]


ALL = commands()
COMPARED = re.findall(r"^\$ (semlens .*)\n(?!\$ |$)", "\n".join(text for _, text in blocks("console")), re.MULTILINE)
HERE = [
    one for one in ALL if one.startswith("semlens ") and one not in COMPARED and not beginning(one, ELSEWHERE | NOT_RUN)
]
LAST = ("share", "forget", "agents", "uninstall")
"""The commands that run after the others, because they delete what those need."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small repository with the names that the pages use."""
    folder = tmp_path_factory.mktemp("docs") / "project"
    shutil.copytree(ROOT / "clients" / "nvim" / "tests" / "fixture", folder / "src")
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    retry = folder / "src" / "net" / "retry.py"
    retry.write_text(retry.read_text(encoding="utf-8").replace("attempts=3", "attempts=4"), encoding="utf-8")
    subprocess.run([*git, "commit", "-qam", "second"], check=True)
    (folder.parent / ".claude").mkdir()  # an agent to find
    return folder


@pytest.fixture
def at_home(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    home = project.parent
    for name, value in {
        "HOME": home,
        "XDG_CONFIG_HOME": home / ".config",
        "SEMLENS_CACHE_DIR": home / "cache",
        "SEMLENS_CONFIG_DIR": home / "config",
        "CI": 1,
    }.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.chdir(project)
    return home


def test_every_command_is_run_or_says_why_not() -> None:
    known = ELSEWHERE | NOT_RUN
    assert not [one for one in ALL if not one.startswith("semlens ") and not beginning(one, known)]
    assert not [start for start in known if not any(beginning(one, known) == start for one in ALL)], "no page has these"
    for start, place in ELSEWHERE.items():
        file, _, words = place.partition("::")
        assert words in (ROOT / file).read_text(encoding="utf-8"), start
    assert (len(HERE) > 40, len(COMPARED)) == (True, 5)


@pytest.mark.parametrize(
    "command", sorted(HERE, key=lambda one: LAST.index(name_of(one)) if name_of(one) in LAST else -1)
)
def test_a_command_runs(at_home: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    if command.startswith("semlens share"):
        command = command.replace("s3://bucket/semlens", (at_home / "store").as_uri())
        _trust_this_machine(at_home, capsys)
    code = _run(filled(command))
    assert code == 0, capsys.readouterr().err


def _run(arguments: list[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as end:  # of --help and --version
        return int(end.code or 0)


def _trust_this_machine(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The store and the key of this machine, as a user writes them after `semlens share key`."""
    pytest.importorskip("obstore")
    assert main(["share", "key", "--json"]) == 0
    key = json.loads(capsys.readouterr().out)["key"]
    settings = f'[share]\nurl = "{(home / "store").as_uri()}"\ntrustedKeys = ["{key}"]\n'
    (home / "config" / "config.toml").write_text(settings)


def test_what_a_console_shows_is_what_is_printed(
    at_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Numbers may differ, and what `…` stands for; of JSON, the version of Python."""
    import logging

    monkeypatch.setenv("COLUMNS", "120")
    shutil.copytree(Path(logging.__file__).parent, at_home / "logging", ignore=shutil.ignore_patterns("__pycache__"))
    compared = 0
    for page, text in blocks("console"):
        monkeypatch.chdir(at_home / "project")
        for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            if command.startswith("cd "):
                monkeypatch.chdir(at_home / Path(command).name)
            elif shown.strip() and not beginning(command, ELSEWHERE | NOT_RUN):
                capsys.readouterr()
                assert _run(shlex.split(command)[1:]) == 0
                printed = capsys.readouterr()
                assert _fits(shown, printed.out + printed.err), page
                compared += 1
    assert compared == 3


def _fits(shown: str, printed: str) -> bool:
    if shown.startswith("{"):
        return _without_python(shown) == _without_python(printed)
    pattern = re.sub(r"\d+", r"\\d+", re.escape(shown.strip())).replace("…", ".*")
    return re.fullmatch(pattern, printed.strip()) is not None


def _without_python(output: str) -> dict[str, object]:
    return {name: value for name, value in json.loads(output).items() if name != "python"}


def test_the_blocks_of_other_languages_are_right() -> None:
    """Settings have names that exist; JSON and YAML can be read; the rest is run by other files. `text` illustrates."""
    known = {"sh", "console", "text", "toml", "json", "yaml", *BLOCKS}
    for page in PAGES:
        assert {kind for kind, _ in FENCE.findall(page.read_text(encoding="utf-8"))} <= known, page.name
        assert not re.findall(r"\n\n    (?:\$ |semlens |pip |make )", page.read_text(encoding="utf-8")), (
            "indented, not run"
        )
    for page, text in blocks("toml"):
        values = tomllib.loads(text)
        if page != "editors.md":  # the settings of another program
            assert {f"{group}.{name}" for group in values for name in values[group]} <= set(SPECS)
    for _, text in blocks("json"):
        json.loads(text)
    for _, text in blocks("yaml"):
        yaml.safe_load(text)
    for language, file in BLOCKS.items():
        page = {name for name, _ in blocks(language)}
        text = (ROOT / file).read_text(encoding="utf-8")
        assert page, language
        assert all(name in text for name in page) or language == "lua", (language, page)


def test_a_message_that_a_page_explains_exists() -> None:
    """The tables "what you see": quoted messages are in the sources."""
    sources = [
        *ROOT.glob("server/**/*.py"),
        *ROOT.glob("clients/page/src/**/*.ts*"),
        *ROOT.glob("clients/vscode/src/**/*.ts"),
    ]
    said = "".join(path.read_text(encoding="utf-8") for path in sources)
    said = re.sub(r'"\s*\n\s*f?"', "", said)
    missing = []
    for page in ("help.md", "page.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        rows = re.findall(r"^\| (.*?) \|", "".join(text.partition("| what you see |")[1:]), re.MULTILINE)
        quoted = re.findall(r'["`]([A-Z][^"`]+)["`]', "\n".join(rows))
        missing += [
            one for one in quoted if re.split(r"\d ", one)[-1].strip(".") not in said
        ]  # the text after a number
    assert not missing


def test_the_targets_answer_and_help(at_home: Path) -> None:
    """`make help`, and what `make run` does after its set-up."""
    environment = os.environ | {"W": str(at_home / "project"), "Q": "try a download again", "PY": sys.executable}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "server"), os.environ.get("PYTHONPATH", "")])
    show = subprocess.run(
        ["sh", "bench/show.sh"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert SYMBOL in show.stdout
    if shutil.which("make"):
        listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert all(f"  make {name} " in listed for name in ("run", "test", "build"))
