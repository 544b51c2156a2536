"""``semlens agents``: lists coding agents, writes semlens into their configuration, and takes it out again."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from semlens.agents.catalogue import AGENTS, Agent, Target
from semlens.agents.changes import Action, Change
from semlens.agents.installer import InstalledState, Installer, Outcome, installed_state
from semlens.agents.machine import Machine, is_in_package_cache, semlens_command, this_machine
from semlens.agents.record import Record, load_record, locked
from semlens.cli.output.terminal import paint
from semlens.cli.roots import cache_folder
from semlens.cli.runner import DONE, FAILED, say
from semlens.core.errors import SemlensError, UsageError, WorkspaceError
from semlens.core.text.printable import printable, printable_lines
from semlens.core.text.secrets import mask_secrets
from semlens.files.git_repository import top_level
from semlens.settings.user_sources import config_folder

_STATES = {
    InstalledState.NO: "not installed",
    InstalledState.YES: "installed",
    InstalledState.OUTDATED: "installed for another semlens (`semlens agents install` updates it)",
    InstalledState.FOREIGN: "has an entry named semlens that semlens did not write",
    InstalledState.BROKEN: "cannot be read",
}


def run_list(options: argparse.Namespace) -> int:
    machine, command, project = this_machine(), semlens_command(), _project_folder()
    record = _readable_record()
    rows = [_row(agent, machine, command, project, record) for agent in _named(options.names) or AGENTS]
    if options.json:
        print(json.dumps({"agents": rows}))
        return DONE
    for row in rows:
        found = "found" if row["found"] else "not found"
        print(f"{paint(row['name'].ljust(9), 'bold')}  {row['title']}, {found}")
        for scope in ("user", "project"):
            state = _STATES[InstalledState(row[scope]["state"])]
            path = printable(_short(Path(row[scope]["path"]), machine.home, project))
            print(f"  {scope:<8} {state}: {path}")
    return DONE


def _short(path: Path, home: Path, project: Path) -> str:
    """The path as people write it: from the project, else from ``~``."""
    if path.is_relative_to(project):
        return str(path.relative_to(project))
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def run_install(options: argparse.Namespace) -> int:
    machine, command = this_machine(), semlens_command()
    project = _project_of(options)
    if project is None and is_in_package_cache(Path(sys.prefix)):
        raise WorkspaceError(
            "This semlens was started from a cache of packages, which is emptied now and then. Install it first, e.g. "
            "with `uv tool install semlens`, then run `semlens agents install`."
        )
    agents = _named(options.names) or [agent for agent in AGENTS if agent.is_found(machine)]
    if not agents:
        names = ", ".join(agent.name for agent in AGENTS)
        raise WorkspaceError(f"No coding agent was found on this machine. Name one: {names}.")
    with _locked(dry_run=options.dry_run):
        installer = Installer(config_folder(), dry_run=options.dry_run)
        outcomes = [
            installer.install(agent.name, _targets(agent, machine, command, project), project) for agent in agents
        ]
    code = _show(options, outcomes)
    for agent in agents:
        if project is not None and agent.project_file is None and not options.json:
            print(f"{agent.title} has no MCP setting for projects. Run: semlens agents install {agent.name}")
    return code


def run_uninstall(options: argparse.Namespace) -> int:
    project = _project_of(options)
    with _locked(dry_run=options.dry_run):
        installer = Installer(config_folder(), dry_run=options.dry_run)
        names = [agent.name for agent in _named(options.names)]
        names = names or [name for name, folder in installer.owners() if folder == project]
        outcomes = [installer.uninstall(name, project) for name in names]
    if not any(outcome.changes or outcome.problem for outcome in outcomes) and not options.json:
        print("Nothing to take out: semlens wrote nothing there.")
    return _show(options, outcomes)


def uninstall_everywhere(*, dry_run: bool) -> list[Outcome]:
    """Take semlens out of every agent, in every scope. Where nothing was written, not even a lock is made."""
    if not Installer(config_folder(), dry_run=True).owners():
        return []
    with _locked(dry_run=dry_run):
        installer = Installer(config_folder(), dry_run=dry_run)
        return [installer.uninstall(name, project) for name, project in installer.owners()]


def describe(change: Change, *, planned: bool = False) -> str:
    """One line about a change. :param planned: it has not been made: "delete" instead of "deleted"."""
    note = f" {change.note}" if change.note else ""
    action = change.action.value.removesuffix("d") if planned and not change.note else change.action.value
    return f"{action:<9}  {printable(str(change.path))}{note}"


def _locked(*, dry_run: bool) -> AbstractContextManager[None]:
    """A dry run writes nothing, not even a lock."""
    return nullcontext() if dry_run else locked(cache_folder())


def _readable_record() -> Record:
    """Nothing where it is damaged: the list then says less."""
    try:
        return load_record(config_folder())
    except SemlensError as error:
        say(str(error))
        return {}


def _row(agent: Agent, machine: Machine, command: str, project: Path, record: Record) -> dict[str, Any]:
    def scope(target: Target, folder: Path | None) -> dict[str, str]:
        return {"state": installed_state(target, folder, record).value, "path": str(target.path)}

    return {
        "name": agent.name,
        "title": agent.title,
        "found": agent.is_found(machine),
        "user": scope(agent.user_targets(machine, command)[0], None),
        "project": scope(agent.project_targets(project)[0], project),
    }


def _targets(agent: Agent, machine: Machine, command: str, project: Path | None) -> list[Target]:
    return agent.user_targets(machine, command) if project is None else agent.project_targets(project)


def _named(names: Sequence[str]) -> list[Agent]:
    """The agents of these names, or of their titles. :raises UsageError: for an unknown one."""
    known = {_key(name): agent for agent in AGENTS for name in (agent.name, agent.title)}
    for name in names:
        if _key(name) not in known:
            near = difflib.get_close_matches(_key(name), known, n=3)
            meant = list(dict.fromkeys(known[key].name for key in near))
            advice = f"Did you mean {' or '.join(meant)}?" if meant else "`semlens agents list` shows the names."
            raise UsageError(f"There is no agent named {name}. {advice}")
    return list(dict.fromkeys(known[_key(name)] for name in names))


def _key(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _project_of(options: argparse.Namespace) -> Path | None:
    """:raises UsageError: when the project would be the home folder."""
    if not options.project:
        return None
    project = _project_folder()
    if project in (Path.home().resolve(), Path(project.anchor)):
        raise UsageError(f"{project} is not a project. Change to a project's folder, or leave out --project.")
    return project


def _project_folder() -> Path:
    return top_level(Path.cwd()) or Path.cwd().resolve()


def _show(options: argparse.Namespace, outcomes: Sequence[Outcome]) -> int:
    if options.json:
        agents = [_outcome_json(outcome, with_diff=options.dry_run) for outcome in outcomes]
        print(json.dumps({"dryRun": options.dry_run, "agents": agents}))
    else:
        for outcome in outcomes:
            for change in outcome.changes:
                if not options.dry_run:
                    print(f"{paint(outcome.name.ljust(9), 'bold')}  {describe(change)}")
                elif change.action is not Action.UNCHANGED:
                    print(_diff(change), end="")
        if not options.dry_run and any(_is_change(change) for outcome in outcomes for change in outcome.changes):
            print("Restart the agents that are running.")
    for outcome in outcomes:
        if outcome.problem:
            say(outcome.problem)
    return FAILED if any(outcome.problem for outcome in outcomes) else DONE


def _is_change(change: Change) -> bool:
    return change.action is not Action.UNCHANGED


def _outcome_json(outcome: Outcome, *, with_diff: bool) -> dict[str, Any]:
    changes = []
    for change in outcome.changes:
        item = {"path": str(change.path), "action": change.action.value, "note": change.note}
        changes.append(item | ({"diff": _diff(change)} if with_diff else {}))
    return {"name": outcome.name, "changes": changes, "problem": outcome.problem}


def _diff(change: Change) -> str:
    """A unified diff. Secrets in the lines around the change are masked."""
    before, after = (_lines(data) for data in (change.before.data, change.after))
    source = "/dev/null" if change.before.data is None else str(change.path)
    destination = "/dev/null" if change.after is None else str(change.path)
    lines: Iterable[str] = difflib.unified_diff(before, after, source, destination)
    text = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return printable_lines(mask_secrets(text)[0])


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode("utf-8", "replace").replace("\r\n", "\n").splitlines(keepends=True)
