"""The record of what semlens wrote into files of agents, so that it can be taken out again exactly.

It lies in the user's configuration folder, not in the cache, because the cache may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock

from semlens.agents.files import FileState, read_file, remove_empty_folders, write_file
from semlens.agents.formats import Format
from semlens.agents.splices import Splice
from semlens.core.errors import SemlensError
from semlens.core.paths import make_private_folders

_FILE = "agents.json"
LOCK_NAME = "agents.lock"
_LOCK_SECONDS = 10.0
_VERSION = 1


class RecordError(SemlensError):
    """The record cannot be read or written. The message says what to do."""


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """What semlens wrote into one file.

    :ivar content: the entry, or the text.
    :ivar splices: what was inserted where.
    :ivar digest: the hash of the whole file after that.
    :ivar is_new: the file did not exist before.
    :ivar folders: folders that were created for it, the outermost first.
    :ivar backup: a copy of the file before, beside it.
    :ivar owners: names of the agents that need it.
    :ivar project: the folder of the project; None in the user's scope.
    """

    path: Path
    format: Format
    container: str
    content: dict[str, Any] | str
    splices: tuple[Splice, ...]
    digest: str
    is_new: bool
    folders: tuple[Path, ...]
    backup: Path | None
    owners: tuple[str, ...]
    project: Path | None


Record = dict[Path, WrittenFile]


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def record_path(folder: Path) -> Path:
    """:param folder: the user's configuration folder of semlens."""
    return folder / _FILE


@contextlib.contextmanager
def locked(cache_folder: Path) -> Iterator[None]:
    """Keep other processes from changing the record.

    :raises RecordError: when another process changes it for long, or the folder cannot be written.
    """
    try:
        make_private_folders(cache_folder)
        lock = filelock.FileLock(cache_folder / LOCK_NAME, timeout=_LOCK_SECONDS)
        lock.acquire()
    except filelock.Timeout as error:
        raise RecordError("Another semlens is changing the agents' files. Wait for it, then try again.") from error
    except OSError as error:
        raise RecordError(f"Cannot write to {cache_folder} ({error.strerror}). Check its permissions.") from error
    try:
        yield
    finally:
        lock.release()


def load_record(folder: Path) -> Record:
    """:raises RecordError: when it is damaged."""
    path = record_path(folder)
    data = read_file(path, None).data
    if data is None:
        return {}
    try:
        content = json.loads(data)
        files = [_from_json(item) for item in content["files"]] if content["version"] == _VERSION else None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(
            f"{path} is damaged, so semlens does not know what it wrote. Delete it, and the entries by hand."
        ) from error
    if files is None:
        raise RecordError(f"{path} is of another version of semlens. Use that version.")
    return {file.path: file for file in files}


def save_record(folder: Path, record: Record) -> None:
    """Write the record, or delete it if it is empty. :raises AgentFileError: when it cannot be written."""
    path = record_path(folder)
    before = read_file(path, None)
    if not record:
        write_file(path, before, None)
        remove_empty_folders([folder])
        return
    content = {"version": _VERSION, "files": [_to_json(file) for file in record.values()]}
    data = json.dumps(content, indent=1).encode()
    if data != before.data:
        make_private_folders(folder)
        write_file(path, FileState(before.data), data)


def _to_json(file: WrittenFile) -> dict[str, Any]:
    return dataclasses.asdict(file) | {
        "path": os.fspath(file.path),
        "folders": [os.fspath(folder) for folder in file.folders],
        "backup": None if file.backup is None else os.fspath(file.backup),
        "project": None if file.project is None else os.fspath(file.project),
    }


def _from_json(item: dict[str, Any]) -> WrittenFile:
    return WrittenFile(
        **item
        | {
            "path": Path(item["path"]),
            "format": Format(item["format"]),
            "splices": tuple(Splice(*splice) for splice in item["splices"]),
            "folders": tuple(Path(folder) for folder in item["folders"]),
            "backup": None if item["backup"] is None else Path(item["backup"]),
            "owners": tuple(item["owners"]),
            "project": None if item["project"] is None else Path(item["project"]),
        }
    )
