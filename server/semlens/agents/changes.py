"""Plans the change of one file: what an installation inserts, and what an uninstallation takes out. Writes nothing."""

from __future__ import annotations

import enum
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from semlens.agents import instructions
from semlens.agents.catalogue import Target
from semlens.agents.errors import AgentFileError, FormatError, UnsafeEditError
from semlens.agents.files import FileState
from semlens.agents.formats import ENTRY_NAME, Format, entry_in, insert_entry, parse, remove_entry, runs_same_program
from semlens.agents.record import WrittenFile, digest_of
from semlens.agents.splices import Splice, insert_splices, remove_splices

_BY_HAND = "Change it by hand."


class Action(enum.StrEnum):
    """What happens to a file."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Change:
    """A planned change.

    :ivar after: the bytes afterwards; None when the file is deleted.
    :ivar written: what the record says afterwards; None when it has nothing to say.
    :ivar note: why a file stays as it is.
    """

    path: Path
    before: FileState
    after: bytes | None
    written: WrittenFile | None
    note: str = ""

    @property
    def action(self) -> Action:
        if self.before.data == self.after:
            return Action.UNCHANGED
        if self.before.data is None:
            return Action.CREATED
        return Action.DELETED if self.after is None else Action.CHANGED


def content_in(target: Target, state: FileState) -> object | None:
    """What the file holds of semlens: the entry, the section or the text; None if nothing.

    :raises AgentFileError: when the file is not valid.
    """
    text = state.text(target.path)
    try:
        if target.format is Format.WHOLE:
            return None if state.data is None else text
        if target.format is Format.SECTION:
            return instructions.section_in(text)
        return entry_in(target.format, text, target.container)
    except FormatError as error:
        raise _not_valid(target.path, target.format, error) from error


def is_up_to_date(target: Target, content: object) -> bool:
    """Whether the file holds what an installation would write. Keys that agents add to an entry do not count."""
    if isinstance(target.content, str):
        return content == target.content
    return runs_same_program(content, target.content)


def plan_install(
    owner: str, target: Target, state: FileState, known: WrittenFile | None, project: Path | None
) -> Change:
    """:param known: what the record says of the file.

    :raises AgentFileError: when the file is not valid, or has an entry that semlens did not write.
    """
    content = content_in(target, state)
    if content is not None and is_up_to_date(target, content):
        return Change(target.path, state, state.data, known and _with_owner(known, owner))
    base = state
    if content is not None:
        if known is None or not is_as_written(known, content):
            what = "has an entry named semlens" if target.format is not Format.WHOLE else "has content"
            raise AgentFileError(
                target.path, f"{what} that semlens did not write", "Rename or delete it, then try again."
            )
        base = replace(state, data=_undone(known, state))
    text = base.text(target.path)
    splices = _splices(target, text)
    after = base.bom + insert_splices(text, splices).encode()
    is_update = known is not None and content is not None
    owners = known.owners if known else ()
    written = WrittenFile(
        path=target.path,
        format=target.format,
        container=target.container,
        content=target.content if isinstance(target.content, str) else dict(target.content),
        splices=tuple(splices),
        digest=digest_of(after),
        is_new=known.is_new if known and is_update else state.data is None,
        folders=known.folders if known else (),
        backup=known.backup if known and is_update else None,
        owners=(*(name for name in owners if name != owner), owner),
        project=project,
    )
    return Change(target.path, state, after, written)


def plan_uninstall(owner: str, known: WrittenFile, state: FileState) -> Change:
    """Take out what was written, or only the owner, if other agents need the file.

    :raises AgentFileError: when the file is not valid.
    """
    owners = tuple(name for name in known.owners if name != owner)
    if owners:
        return Change(known.path, state, state.data, replace(known, owners=owners))
    target = Target(known.path, known.format, known.container, known.content)
    content = content_in(target, state)
    if content is None:
        return Change(known.path, state, state.data, None)
    if not is_as_written(known, content):
        return Change(known.path, state, state.data, None, "was changed after semlens wrote it, so it stays")
    return Change(known.path, state, _undone(known, state), None)


def _with_owner(known: WrittenFile, owner: str) -> WrittenFile:
    return known if owner in known.owners else replace(known, owners=(*known.owners, owner))


def is_as_written(known: WrittenFile, content: object) -> bool:
    """Whether the file still holds what semlens wrote. Keys that agents add to an entry do not count."""
    return content == known.content if isinstance(known.content, str) else runs_same_program(content, known.content)


def _splices(target: Target, text: str) -> list[Splice]:
    if isinstance(target.content, str):
        return instructions.insert_section(text) if target.format is Format.SECTION else [Splice(0, target.content)]
    try:
        return insert_entry(target.format, text, target.container, target.content)
    except UnsafeEditError as error:
        entry = json.dumps({target.container: {ENTRY_NAME: target.content}}, ensure_ascii=False)
        raise AgentFileError(
            target.path, "cannot take an entry without a change of other lines", f"Add by hand what this says: {entry}"
        ) from error


def _undone(known: WrittenFile, state: FileState) -> bytes | None:
    """The bytes before semlens wrote: exactly if nobody edited the file since, else without our entry."""
    if known.format is Format.WHOLE:
        return None
    text = state.text(known.path)
    if state.data is not None and digest_of(state.data) == known.digest:
        return None if known.is_new else state.bom + remove_splices(text, known.splices).encode()
    try:
        if known.format is Format.SECTION:
            rest = instructions.remove_section(text)
            is_empty = not rest.strip()
        else:
            has_container = any(re.search(rf'\b{known.container}"?:', splice.text) for splice in known.splices)
            rest = remove_entry(known.format, text, known.container, prune=has_container)
            is_empty = not parse(known.format, rest)
    except FormatError as error:
        raise _not_valid(known.path, known.format, error) from error
    except UnsafeEditError as error:
        fault = "has an entry of semlens that cannot be removed without a change of other lines"
        raise AgentFileError(known.path, fault, _BY_HAND) from error
    return None if known.is_new and is_empty else state.bom + rest.encode()


def _not_valid(path: Path, file_format: Format, error: Any) -> AgentFileError:
    if file_format is Format.SECTION:
        return AgentFileError(path, f"has a damaged section ({error})", _BY_HAND)
    return AgentFileError(path, f"is not valid {file_format.language} ({error})", "Repair it, then try again.")
