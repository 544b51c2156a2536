"""What a cluster has: for each repository a signed entry in the store with the objects of its newest build.

Beside segments and vectors, a repository that is served has texts: an object for each segment with the text of its
files, so that hits can be shown, and the status of each file among the others, which one shard cannot compute.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from semlens.core.text.printable import printable
from semlens.files.git_origin import is_repository_name
from semlens.index.segment.columns import Array, ColumnFileError, StringColumn, read_column_file, write_column_file
from semlens.index.storage.root_store import vectors_path
from semlens.search.signals.file_status import FileStatus
from semlens.share.errors import RejectedError
from semlens.share.manifest import MAX_BYTES, SharedObject, check_objects, decode_signed, encode_signed
from semlens.share.object_store import ObjectStore
from semlens.share.signing import SigningKey

TEXTS = "texts"
"""Stands for the fingerprint of a model in the objects of an entry."""

_FOLDER = "repositories"
_TREE = re.compile(r"[0-9a-f]{40,64}")
_MAX_ENTRIES = 100_000


@dataclass(frozen=True, slots=True)
class Repository:
    """:ivar name: as a team knows it, see `files/git_origin`. :ivar tree: hash of its git tree.

    :ivar segments: ids, in order of their files. :ivar number: larger than that of each earlier build.
    """

    name: str
    recipe: str
    tree: str
    segments: tuple[str, ...]
    objects: tuple[SharedObject, ...]
    number: int = 0


def entry_name(repository: Repository) -> str:
    """The name of the entry in the store."""
    return f"{_FOLDER}/{repository.recipe}/{repository.name}"


def next_number(known: Repository | None) -> int:
    """The number of a new build: the time in milliseconds, or more where the clock of an earlier build was ahead.

    No build takes less than a millisecond, so one without an entry before it is newer than all that were there.
    """
    return max(int(time.time() * 1000), known.number + 1 if known is not None else 0)


def write_entry(store: ObjectStore, repository: Repository, key: SigningKey) -> None:
    """The newest build replaces the one before. :raises ShareError: when the store does not take it."""
    store.write(entry_name(repository), encode_signed(asdict(repository), key), replace=True)


def read_entry(store: ObjectStore, recipe: str, name: str, trusted: Iterable[str]) -> Repository | None:
    """:raises RejectedError: when it is damaged or not signed by a trusted key."""
    data = store.read(f"{_FOLDER}/{recipe}/{name}", MAX_BYTES)
    if data is None:
        return None
    repository = _repository_of(decode_signed(data, trusted))
    if (repository.name, repository.recipe) != (name, recipe):
        raise RejectedError(f"The entry of {printable(name)} lies at the place of another one. Build it again.")
    return repository


def all_entries(store: ObjectStore, recipe: str, trusted: Iterable[str]) -> tuple[list[Repository], list[str]]:
    """Those of this version, by name; and for each that cannot be used a sentence that says why.

    :raises RejectedError: when none can be used, with the first reason. :raises ShareError: see `ObjectStore.read`.
    """
    prefix = f"{_FOLDER}/{recipe}/"
    keys = list(trusted)
    names = sorted(one.path.removeprefix(prefix) for one in store.entries(prefix.rstrip("/")))
    if len(names) > _MAX_ENTRIES:
        raise RejectedError(f"The store lists more than {_MAX_ENTRIES} repositories.")
    entries: list[Repository] = []
    problems: list[RejectedError] = []
    for name in names:
        try:
            entry = read_entry(store, recipe, name, keys)
        except RejectedError as error:
            problems.append(RejectedError(f"{printable(name)} is left out: {error}"))
        else:
            entries += [entry] if entry is not None else []
    if problems and not entries:
        raise problems[0]
    return entries, list(map(str, problems))


def _repository_of(value: Any) -> Repository:
    try:
        repository = Repository(
            str(value["name"]),
            str(value["recipe"]),
            str(value["tree"]),
            tuple(map(str, value["segments"])),
            tuple(SharedObject(**one) for one in value["objects"]),
            value.get("number", 0),
        )
        known = check_objects(repository.objects)
        is_number = type(repository.number) is int and 0 <= repository.number < 1 << 53
        is_sound = is_number and is_repository_name(repository.name) and _TREE.fullmatch(repository.tree)
        with_texts = {one.segment for one in repository.objects if one.model == TEXTS}
        if not is_sound or set(repository.segments) != known or with_texts != known:
            raise ValueError("an entry of a wrong form")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RejectedError(f"An entry of the cluster has values that semlens does not write: {error}.") from error
    return repository


@dataclass(frozen=True, slots=True)
class Texts:
    """Of the files of one segment. :ivar texts: of each file."""

    texts: StringColumn
    status: FileStatus


def write_texts(folder: Path, segment_id: str, texts: list[str], status: FileStatus) -> Path:
    """:raises OSError: when the disk is full."""
    path = vectors_path(folder, segment_id, TEXTS)
    column = StringColumn.of(texts)
    arrays: dict[str, Array] = {
        "offsets": column.offsets,
        "heap": column.heap,
        "old": status.old,
        "header": status.header,
    }
    write_column_file(path, arrays, {"segment": segment_id})
    return path


def read_texts(folder: Path, segment_id: str, n_files: int) -> Texts:
    """:raises RejectedError: when they are damaged or of another segment."""
    try:
        arrays, meta = read_column_file(vectors_path(folder, segment_id, TEXTS))
        offsets, heap = arrays["offsets"], arrays["heap"]
        texts = Texts(StringColumn(offsets, heap), FileStatus(arrays["old"], arrays["header"]))
    except (ColumnFileError, KeyError) as error:
        raise RejectedError(f"The texts of a segment are damaged: {error}. Build again.") from error
    is_sound = (
        meta == {"segment": segment_id}
        and offsets.shape == (n_files + 1,)
        and heap.ndim == 1
        and int(offsets[0]) == 0
        and bool(np.all(offsets[1:] >= offsets[:-1]))
        and int(offsets[-1]) <= len(heap)
        and texts.status.old.shape == texts.status.header.shape == (n_files,)
    )
    if not is_sound:
        raise RejectedError("The texts of a segment fit no segment. Build again.")
    return texts
