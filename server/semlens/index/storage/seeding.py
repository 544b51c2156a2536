"""Fills a new index from that of another worktree of the same repository, or from one that was fetched.

The segment files are shared by hard links, with their vectors. The rows of files get stamps that fit no file. So the
scan reads every file, and parses only those whose content differs. Files that this worktree lacks go with that scan.

A seed is one commit: a process that is killed before it leaves an empty index and segment files without a commit.
Segment files never change, and a link outlives the index that it came from.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from semlens.core.errors import CacheError
from semlens.core.hashing import ContentHash, content_hash
from semlens.files.discovery import is_below
from semlens.files.file_stamp import NO_STAMP
from semlens.files.git_repository import common_folder, top_level, work_trees
from semlens.files.ignoring.gitattributes import attributes_path, read_attributes, roles_key
from semlens.index.segment.build_hash import build_problem
from semlens.index.segment.columns import make_read_only
from semlens.index.segment.segment import segment_path
from semlens.index.storage.commit_rows import DATABASE_NAME, SCHEMA, CommittedRows, FileEntry, read_meta, read_rows
from semlens.index.storage.database import DamagedStoreError, StoreError, connect_to_read, garbled_text_is_damage
from semlens.index.storage.root_store import (
    LOCK_NAME,
    SEGMENTS_NAME,
    Commit,
    RootStore,
    store_folder,
)
from semlens.index.storage.writer_lock import WriterLock
from semlens.index.versions import STORE_VERSION

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a root lies in its repository: roots of one place hold the same files, but for what was changed."""

    repository: Path
    relative: str


@dataclass(frozen=True, slots=True)
class Donor:
    """The index of other files, of which most are equal to those of the new root.

    :ivar name: for the log. :ivar segments: the folder of its segment files.
    :ivar attributes: gives the hash of what sets the roles of the files in a folder, see `attributes_hash`.
    """

    name: str
    segments: Path
    rows: CommittedRows
    attributes: Callable[[str], ContentHash]


def seed_index(cache_folder: Path, root: Path) -> bool:
    """Fill the index of a root when it is new and a worktree of the same repository is indexed.

    :param root: without links.
    :returns: whether it was filled. When it fails for any reason, the index is built from nothing.
    """
    place = _place_of(root)
    if place is None or not (place.repository / "worktrees").is_dir() or has_commit(cache_folder, root):
        return False
    try:
        for donor in _donors(cache_folder, root, place):
            if seed_from(donor, cache_folder, root):
                return True
    except (OSError, StoreError, CacheError) as error:
        logger.info("the index of %s is built from nothing: %s", root, error)
    return False


def _place_of(root: Path) -> _Place | None:
    top = top_level(root)
    repository = common_folder(top) if top is not None else None
    return None if top is None or repository is None else _Place(repository, root.relative_to(top).as_posix())


def has_commit(cache_folder: Path, root: Path) -> bool:
    """Whether the index of a root has a commit. A damaged one counts: its owner replaces it."""
    folder = store_folder(cache_folder, root)
    if not os.path.lexists(folder / DATABASE_NAME):
        return False
    try:
        with (
            garbled_text_is_damage(),
            contextlib.closing(connect_to_read(folder / DATABASE_NAME, SCHEMA, STORE_VERSION)) as connection,
        ):
            return bool(read_meta(connection))
    except StoreError:
        return True


@garbled_text_is_damage()
def committed_rows(folder: Path) -> CommittedRows:
    """:raises sqlite3.Error: when the store is missing, damaged or of another version."""
    with contextlib.closing(connect_to_read(folder / DATABASE_NAME, SCHEMA, STORE_VERSION)) as connection:
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise DamagedStoreError("its pages contradict each other")
        return read_rows(connection)


def _donors(cache_folder: Path, root: Path, place: _Place) -> Iterator[Donor]:
    """The indexed roots at the same place whose index is usable: complete ones first, then large ones."""
    donors: list[Donor] = []
    for tree in work_trees(place.repository):
        other = tree / place.relative
        folder = store_folder(cache_folder, other)
        # Only folders that are indexed are looked at: others may lie on a disk that does not answer.
        if other == root or not folder.is_dir() or _place_of(other) != place:
            continue
        try:
            rows = committed_rows(folder)
        except StoreError as error:
            logger.info("the index of %s is not used for %s: %s", other, root, error)
            continue
        if rows.segments and build_problem(rows.meta.get("features")) is None:
            donors.append(Donor(str(other), folder / SEGMENTS_NAME, rows, partial(attributes_hash, other)))
    yield from sorted(donors, key=lambda donor: (not donor.rows.meta.get("complete"), -len(donor.rows.files)))


def seed_from(donor: Donor, cache_folder: Path, root: Path) -> bool:
    """Begin the index of a root with the segments of a donor. False when it has a commit or nothing is equal.

    :raises OSError, StoreError, CacheError: when the seed cannot be written.
    """
    with contextlib.closing(RootStore(cache_folder, root)) as store:
        lock = WriterLock(store.folder / LOCK_NAME)
        if not lock.acquire():
            return False
        try:
            if store.meta():
                return False  # another process was faster
            files = _equal_files(donor, root)
            sizes = _share_segments(donor.segments, store.segments_folder, {entry.segment for entry in files.values()})
            files = {path: entry for path, entry in files.items() if not entry.segment or entry.segment in sizes}
            if not sizes:
                return False
            meta: Mapping[str, Any] = {
                "roleKeys": _role_keys(root, files),  # a fetched index has none, and only files of equal attributes
                **donor.rows.meta,
                "complete": False,
                "skipped": {},
            }
            store.commit(Commit(files, (), sizes, meta))
            logger.info("the index of %s begins with that of %s", root, donor.name)
        finally:
            lock.release()
    return True


def _equal_files(donor: Donor, root: Path) -> dict[str, FileEntry]:
    """The rows of files that are known by their content and were parsed under the same attributes."""
    other_roles = {
        folder for folder in folders_of(donor.rows.files) if donor.attributes(folder) != attributes_hash(root, folder)
    }
    return {
        path: FileEntry(NO_STAMP, entry.hash, entry.segment, entry.reason)
        for path, entry in donor.rows.files.items()
        if entry.hash and not (other_roles and is_below(path, other_roles))
    }


def folders_of(paths: Iterable[str]) -> set[str]:
    """The folders of files and the folders above them, "" for the root."""
    folders = {""}
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders


def attributes_hash(root: Path, folder: str) -> ContentHash:
    """The hash of what sets the roles of the files in a folder (`files/ignoring/gitattributes.py`); b"" for none."""
    if not os.path.lexists(f"{root}/{attributes_path(folder)}"):  # opening each folder takes most of the time of a seed
        return b""
    data = read_attributes(str(root), folder)
    return b"" if data is None else content_hash(data)


def _role_keys(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """The `roles_key` of the folders of files. :raises OSError: when one cannot be read for a transient cause."""
    with_attributes = [one for one in folders_of(paths) if os.path.lexists(f"{root}/{attributes_path(one)}")]
    return {folder: key for folder in with_attributes if (key := roles_key(str(root), folder))}


def _share_segments(source: Path, target: Path, ids: set[str]) -> dict[str, int]:
    """Link segment files, their vectors and the graphs of these.

    :returns: sizes in bytes by id; without those that the other process has just merged away.
    :raises OSError: when a file can be neither linked nor copied.
    """
    vectors: dict[str, list[str]] = {}
    for path in (*source.glob("*.vectors"), *source.glob("*.usearch")):
        vectors.setdefault(path.name.partition(".")[0], []).append(path.name)
    sizes: dict[str, int] = {}
    for segment_id in sorted(ids - {""}):
        segment = segment_path(target, segment_id)
        try:
            for name in vectors.get(segment_id, ()):
                _share(source / name, target / name)
            _share(segment_path(source, segment_id), segment)
        except FileNotFoundError:
            continue
        sizes[segment_id] = segment.stat().st_size
    return sizes


def _share(source: Path, target: Path) -> None:
    """Link a file, or copy it where the file system has no links. One that is there is left by a killed seed.

    :raises FileNotFoundError: when the source is gone or no file.
    :raises OSError: when the disk is full.
    """
    if not stat.S_ISREG(source.lstat().st_mode):
        raise FileNotFoundError(source)
    if target.exists():
        return
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        temporary = target.with_name(f"{target.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(source, temporary)
            make_read_only(temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
