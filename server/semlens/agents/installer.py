"""Installs semlens into agents and takes it out again: plans all files of an agent, then writes them and the record."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from semlens.agents.catalogue import Target
from semlens.agents.changes import (
    Action,
    Change,
    content_in,
    is_as_written,
    is_up_to_date,
    plan_install,
    plan_uninstall,
)
from semlens.agents.errors import AgentFileError
from semlens.agents.files import FileState, read_file, remove_empty_folders, write_backup, write_file
from semlens.agents.record import Record, load_record, save_record


class InstalledState(enum.StrEnum):
    """Whether an agent's configuration has semlens.

    ``OUTDATED``: semlens wrote the entry, but an installation now would write another. ``FOREIGN``: it has an entry of
    that name that semlens did not write. ``BROKEN``: it cannot be read.
    """

    NO = "no"
    YES = "yes"
    OUTDATED = "outdated"
    FOREIGN = "foreign"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened to one agent. :ivar problem: why nothing more was changed; empty if all went well."""

    name: str
    changes: tuple[Change, ...]
    problem: str = ""


class Installer:
    """Changes files of agents. The caller holds the lock of the record.

    :param config_folder: the user's configuration folder of semlens, with the record.
    :param dry_run: write nothing; later agents see what earlier ones would have written.
    """

    def __init__(self, config_folder: Path, *, dry_run: bool = False) -> None:
        self._folder = config_folder
        self._dry_run = dry_run
        self._record: Record = load_record(config_folder)
        self._planned: dict[Path, FileState] = {}

    def install(self, name: str, targets: Sequence[Target], project: Path | None) -> Outcome:
        """:param project: the folder of the project; None in the user's scope."""
        done: list[Change] = []
        try:
            places = [in_project(target, project) for target in targets]
            changes = [
                plan_install(name, target, self._read(target.path, project), self._record.get(target.path), project)
                for target in places
            ]
            self._apply(changes, done)
        except AgentFileError as error:
            return Outcome(name, tuple(done), str(error))
        return Outcome(name, tuple(done))

    def uninstall(self, name: str, project: Path | None) -> Outcome:
        known = [file for file in self._record.values() if name in file.owners and file.project == project]
        done: list[Change] = []
        try:
            changes = [plan_uninstall(name, file, self._read(file.path, project)) for file in reversed(known)]
            self._apply(changes, done)
        except AgentFileError as error:
            return Outcome(name, tuple(done), str(error))
        return Outcome(name, tuple(done))

    def owners(self) -> list[tuple[str, Path | None]]:
        """Every agent and project that something was written for."""
        return sorted({(owner, file.project) for file in self._record.values() for owner in file.owners}, key=str)

    def _read(self, path: Path, project: Path | None) -> FileState:
        return self._planned.get(path) or read_file(path, project)

    def _apply(self, changes: Iterable[Change], done: list[Change]) -> None:
        """:param done: gets the changes one by one, as the next may fail."""
        for change in changes:
            if self._dry_run:
                self._planned[change.path] = replace(change.before, data=change.after)
                self._note(change)
                done.append(change)
            else:
                self._write(change, done)

    def _write(self, change: Change, done: list[Change]) -> None:
        """The record is written first: what is interrupted can still be taken out."""
        old = self._record.get(change.path)
        written = change.written
        if written is not None and change.action is Action.CHANGED and not written.is_new and written.backup is None:
            written = replace(written, backup=write_backup(change.path, change.before))
        change = replace(change, written=written)
        if written is not None:
            self._note(change)
            save_record(self._folder, self._record)
        folders: list[Path] = []
        if change.action is not Action.UNCHANGED:
            folders = write_file(change.path, change.before, change.after)
        done.append(change)
        if written is None:
            self._note(change)
            if old is not None and old.backup is not None:
                old.backup.unlink(missing_ok=True)
            if change.after is None and old is not None:
                self._remove_folders(list(old.folders))
            save_record(self._folder, self._record)
        elif folders:
            self._record[change.path] = replace(written, folders=(*written.folders, *folders))
            save_record(self._folder, self._record)

    def _note(self, change: Change) -> None:
        if change.written is None:
            self._record.pop(change.path, None)
        else:
            self._record[change.path] = change.written

    def _remove_folders(self, folders: list[Path]) -> None:
        """Folders that still hold files of ours are removed with the last of them."""
        remove_empty_folders(folders)
        for folder in reversed(folders):
            if not folder.is_dir():
                continue
            heir = next((file for file in self._record.values() if folder in file.path.parents), None)
            if heir is not None:
                self._record[heir.path] = replace(heir, folders=(folder, *heir.folders))


def installed_state(target: Target, project: Path | None, record: Record) -> InstalledState:
    """Whether the file has what an installation writes, or once wrote."""
    try:
        target = in_project(target, project)
        content = content_in(target, read_file(target.path, project))
    except AgentFileError:
        return InstalledState.BROKEN
    if content is None:
        return InstalledState.NO
    if is_up_to_date(target, content):
        return InstalledState.YES
    known = record.get(target.path)
    return InstalledState.OUTDATED if known and is_as_written(known, content) else InstalledState.FOREIGN


def in_project(target: Target, project: Path | None) -> Target:
    """The target itself, or the file of the same project that a rules file is a link to, as in ``CLAUDE.md``."""
    if project is None or not isinstance(target.content, str) or not target.path.is_symlink():
        return target
    real = target.path.resolve()
    is_inside = real.is_relative_to(project.resolve()) and ".git" not in real.relative_to(project.resolve()).parts
    return target._replace(path=real) if is_inside and real.is_file() else target
