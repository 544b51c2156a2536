"""The README and the pages of docs/: their commands exist, their options and links are right."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from semlens.cli.arguments import build_parser, with_command

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / "clients" / name / "README.md" for name in ("nvim", "vscode")),
]
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
FENCE = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
ADDRESS = re.compile(r"raw\.githubusercontent\.com/semlens/semlens/main/([^)\s]+)")


def commands_of(page: Path) -> list[str]:
    """Commands as a user may type them: lines of code blocks, and spans of code that begin with the program's name."""
    text = page.read_text(encoding="utf-8")
    blocks = [block for _, block in FENCE.findall(text)]
    # A block with prompts has output too.
    lines = [
        one.removeprefix("$ ") for block in blocks for one in block.splitlines() if "$ " not in block or one[0:1] == "$"
    ]
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    found = [re.split(r"\s+#\s|\s{3,}", line)[0].split(" | ")[0] for line in [*lines, *spans]]
    return sorted({line.strip() for line in found if re.match(r"(semlens|make) [a-z-]+", line)})


def parsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of the sub-commands, by name."""
    actions = parser._actions  # argparse has no public way to them
    return dict(next((one.choices for one in actions if isinstance(one, argparse._SubParsersAction)), {}))


def without_command(command: str) -> bool:
    """Whether it is a question without a command. A word that looks like a command would not be one."""
    words = command.split()[1:]
    return with_command(words)[0] == "search" != words[0]


def problem_of(command: str) -> str:
    """What is wrong with a command of a page; "" for nothing. A page may leave words out, but not invent any."""
    parser, known = build_parser(), {"--help", "--debug", "--version"}
    rest = command.replace("[", " ").replace("]", " ").replace("...", "").replace("|", " ").split()[1:]
    while rest and (choices := parsers(parser)):
        if rest[0].startswith("-"):
            break
        if rest[0] not in choices:
            return f"there is no command {rest[0]!r}"
        parser = choices[rest.pop(0)]
    known |= {"--json"} if "--version" in rest else set()
    known |= {name for action in parser._actions for name in action.option_strings}
    unknown = [word for word in rest if re.match(r"--?[a-z]", word) and word.split("=")[0] not in known]
    return f"there is no option {unknown[0]!r}" if unknown and "--" not in rest else ""


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_commands_and_options_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    wrong = {}
    for command in commands_of(page):
        if command.startswith("make "):
            name = command.split()[1]
            problem = "" if name in targets or not re.fullmatch(r"[a-z0-9-]+", name) else f"no target {name}"
        else:
            problem = "" if without_command(command) else problem_of(command)
        if problem:
            wrong[command] = problem
    assert not wrong


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    missing = [target for target, _ in LINK.findall(text) if not (page.parent / target).exists()]
    missing += [place for place in ADDRESS.findall(text) if not (ROOT / place).exists()]
    scripts = re.findall(r"`python (bench/\S+?\.py)", text)
    assert not missing + [script for script in scripts if not (ROOT / script).exists()]


def test_the_readme_of_the_neovim_plugin_has_every_command() -> None:
    plugin = (ROOT / "clients/nvim/plugin/semlens.lua").read_text(encoding="utf-8")
    readme = (ROOT / "clients/nvim/README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^command\(\s*'(\w+)'", plugin, re.MULTILINE)
    assert commands
    assert [name for name in commands if not re.search(rf"`:Semantic{name}\b", readme)] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        targets = [target for target, _ in LINK.findall(page.read_text(encoding="utf-8"))]
        waiting += [(page.parent / target).resolve() for target in targets]
    assert not set((ROOT / "docs").glob("*.md")) - reached


def test_the_comparison_is_that_of_its_result() -> None:
    command = [sys.executable, str(ROOT / "bench" / "usability.py"), "--check"]
    assert subprocess.run(command, check=False, env=os.environ | {"PYTHONPATH": str(ROOT / "server")}).returncode == 0
