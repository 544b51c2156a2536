"""The committed index of one root: a SQLite database of files and segments, and the immutable segment files.

A commit is one transaction. Segment files are written before the commit that names them, so a process that is killed at
any moment leaves the previous commit. Damaged data counts as absent and is built again. What to commit, and when, is
left to `engine/indexing`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semlens.core.errors import CacheError
from semlens.core.hashing import content_hash
from semlens.index.segment.check import check_segment, check_vectors
from semlens.index.segment.columns import ColumnFileError, read_column_file, write_column_file
from semlens.index.segment.segment import Segment, read_segment
from semlens.index.segment.vectors import VectorBlock
from semlens.index.storage.commit_rows import DATABASE_NAME, META_TYPES, SCHEMA, FileEntry, read_meta, read_rows
from semlens.index.storage.database import (
    Database,
    StoreError,
    garbled_text_is_damage,
    make_private_folder,
)
from semlens.index.storage.writer_lock import WriterLock
from semlens.index.versions import ROOTS_PREFIX, STORE_VERSION, roots_folder_name

__all__ = [
    "Commit",
    "FileEntry",
    "RootStore",
    "StoredIndex",
    "delete_index",
    "index_folders",
    "last_use",
    "root_folder",
    "stored_roots",
]

logger = logging.getLogger(__name__)

COMMIT_SECONDS = 0.2
"""How long a commit waits for another process that holds the database. The caller retries later."""

ROOT_NAME = "root.txt"
LOCK_NAME = "writer.lock"
SEGMENTS_NAME = "segments"


@dataclass(frozen=True, slots=True)
class Commit:
    """The changes of one commit.

    :ivar segments: size in bytes of each segment of the root after the commit, by id.
    :ivar meta: values about the index as a whole, see `commit_rows`.
    """

    changed: Mapping[str, FileEntry]
    removed: Iterable[str]
    segments: Mapping[str, int]
    meta: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """The last commit as it was read.

    :ivar lost_segments: ids of segments that cannot be read.
    """

    files: dict[str, FileEntry]
    segments: dict[str, Segment]
    meta: dict[str, Any]
    lost_segments: frozenset[str] = field(default_factory=frozenset)


def root_key(root: Path) -> str:
    return content_hash(os.fsencode(os.path.normcase(root))).hex()


def root_folder(cache_folder: Path, root: Path) -> Path:
    """The folder of the index of a root."""
    return cache_folder / roots_folder_name() / root_key(root)


def index_folders(cache_folder: Path, root: Path | None = None) -> list[Path]:
    """The folders of the indexes of every format, of one root or of all roots."""
    key = "*" if root is None else root_key(root)
    return sorted(path for path in cache_folder.glob(f"{ROOTS_PREFIX}*/{key}") if path.is_dir())


def store_folder(cache_folder: Path, root: Path) -> Path:
    """The folder of the database, the lock and the segments of a root."""
    return root_folder(cache_folder, root) / f"v{STORE_VERSION}"


class RootStore:
    """One connection to the index of one root. Used by one thread at a time."""

    def __init__(self, cache_folder: Path, root: Path) -> None:
        """:raises CacheError: when the cache folder cannot be used."""
        self.folder = store_folder(cache_folder, root)
        self.segments_folder = self.folder / SEGMENTS_NAME
        self.lock_path = self.folder / LOCK_NAME
        self._cache_folder = cache_folder
        self._root = root
        self._condemned: set[str] = set()
        self._make_folders()
        self._database = Database(self.folder / DATABASE_NAME, SCHEMA, STORE_VERSION, busy_seconds=COMMIT_SECONDS)

    def _make_folders(self) -> None:
        """Create the folders and the file that names the root. The time of that file records the last use."""
        make_private_folder(self._cache_folder)
        make_private_folder(self.segments_folder)
        try:
            _write_private(self.folder.parent / ROOT_NAME, os.fsencode(self._root))
        except OSError as error:
            raise CacheError(
                f"Cannot write the cache folder {self._cache_folder}: {error.strerror or error}. "
                "Free some space or set SEMLENS_CACHE_DIR."
            ) from error

    def close(self) -> None:
        self._database.close()

    def is_damaged(self, error: StoreError) -> bool:
        """Whether the error means that the store is damaged, so that `begin_anew` helps."""
        return self._database.is_damaged(error)

    def begin_anew(self) -> None:
        """Replace the damaged database by an empty one.

        :raises CacheError: when that cannot be done.
        """
        self._database.close()  # close before the folders are made again: they may be deleted
        self._make_folders()
        self._database.begin_anew()

    @garbled_text_is_damage()
    def data_version(self) -> int:
        """A number that changes when another process commits. Costs microseconds.

        :raises sqlite3.Error: when the store cannot be read.
        """
        return int(self._database.connection.execute("PRAGMA data_version").fetchone()[0])

    @garbled_text_is_damage()
    def load(self, known: Mapping[str, Segment] | None = None) -> StoredIndex:
        """Read the last commit. Segments in ``known`` are reused. Segments that cannot be read are listed as lost.

        :raises sqlite3.Error: when the store cannot be read; see `is_damaged`.
        """
        rows = read_rows(self._database.connection)
        segments: dict[str, Segment] = {}
        unreadable: set[str] = set()
        for segment_id in rows.segments:
            segment = known.get(segment_id) if known else None
            segment = segment or self.read_segment(segment_id)
            if segment is None:
                unreadable.add(segment_id)
            else:
                segments[segment_id] = segment
        return StoredIndex(rows.files, segments, rows.meta, frozenset(unreadable))

    def meta(self) -> dict[str, Any]:
        """:raises sqlite3.Error: when it cannot be read."""
        return read_meta(self._database.connection)

    def write_segment(self, segment: Segment) -> int:
        """:raises OSError: when the disk is full."""
        return segment.write(self.segments_folder)

    def read_segment(self, segment_id: str) -> Segment | None:
        """A segment, mapped into memory, or None when it cannot be read."""
        try:
            segment = read_segment(self.segments_folder, segment_id)
            check_segment(segment)
        except ColumnFileError as error:
            logger.info("segment %s is built again: %s (%s)", segment_id, error.problem, error)
            return None
        return segment

    @garbled_text_is_damage()
    def commit(self, commit: Commit) -> None:
        """:raises sqlite3.Error: when the commit could not be written. The previous commit is kept."""
        with self._database.transaction() as connection:
            connection.executemany(
                "DELETE FROM files WHERE path = ?", [(os.fsencode(path),) for path in commit.removed]
            )
            connection.executemany(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        os.fsencode(path), entry.stamp.size, entry.stamp.mtime_ns, entry.stamp.ctime_ns,
                        entry.stamp.inode, entry.stamp.seen_ns, entry.hash, entry.segment, entry.reason,
                    )
                    for path, entry in commit.changed.items()
                ],
            )  # fmt: skip
            connection.execute("DELETE FROM segments")
            connection.executemany("INSERT INTO segments VALUES (?, ?)", list(commit.segments.items()))
            marks = ",".join("?" * len(META_TYPES))  # what another version wrote may not be true any more
            connection.execute(f"DELETE FROM meta WHERE key NOT IN ({marks})", list(META_TYPES))  # noqa: S608 - only question marks
            connection.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [(key, json.dumps(value)) for key, value in commit.meta.items()],
            )
        with contextlib.suppress(OSError):  # a later commit deletes what is left
            self._sweep(set(commit.segments))

    def _sweep(self, alive: set[str]) -> None:
        """Delete files that no commit names, one commit late, because a reader may have just read the old list.

        Temporary files were left by killed processes: the only writer writes none while it sweeps.
        """
        files = list(self.segments_folder.iterdir())
        unnamed = {path.name.partition(".")[0] for path in files} - alive
        doomed = self._condemned & unnamed
        for path in files:
            if path.suffix == ".part" or path.name.partition(".")[0] in doomed:
                with contextlib.suppress(OSError):  # Windows refuses while the file is mapped; the next sweep retries
                    path.unlink()
        self._condemned = unnamed

    def write_vectors(self, segment_id: str, fingerprint: str, block: VectorBlock) -> None:
        """:raises OSError: when the disk is full."""
        write_vector_file(self.segments_folder, segment_id, fingerprint, block)

    def read_vectors(self, segment_id: str, fingerprint: str) -> VectorBlock | None:
        """The vectors of a segment, mapped into memory, or None when they are missing or cannot be read."""
        return read_vector_file(self.segments_folder, segment_id, fingerprint)

    def n_bytes(self) -> int:
        """Size on disk."""
        total = 0
        for folder in (self.folder, self.segments_folder):
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    with contextlib.suppress(OSError):
                        total += entry.stat().st_size if entry.is_file(follow_symlinks=False) else 0
        return total

    @property
    def exists(self) -> bool:
        """Whether the store is open and on disk. A user may delete the cache while it is in use."""
        return self._database.is_in_place and self.segments_folder.is_dir()


def vectors_path(folder: Path, segment_id: str, fingerprint: str) -> Path:
    return folder / f"{segment_id}.{fingerprint}.vectors"


def write_vector_file(folder: Path, segment_id: str, fingerprint: str, block: VectorBlock) -> Path:
    """:raises OSError: when the disk is full."""
    path = vectors_path(folder, segment_id, fingerprint)
    identity = {"segment": segment_id, "model": fingerprint}
    write_column_file(path, {"rows": block.rows, "matrix": block.matrix}, identity)
    return path


def read_vector_file(folder: Path, segment_id: str, fingerprint: str) -> VectorBlock | None:
    """The vectors of a segment, mapped into memory, or None when they are missing or cannot be read."""
    try:
        arrays, identity = read_column_file(vectors_path(folder, segment_id, fingerprint))
        if identity != {"segment": segment_id, "model": fingerprint}:
            return None
        block = VectorBlock(arrays["rows"], arrays["matrix"])
        check_vectors(block)
    except (ColumnFileError, KeyError):
        return None
    return block


def _write_private(path: Path, data: bytes) -> None:
    """Write the whole file or nothing, readable by its user alone."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(data)
    temporary.replace(path)


def last_use(folder: Path) -> float:
    """When the index of a root was last opened or committed, in seconds since the epoch. 0 when it is deleted."""
    times = [0.0]
    for path in (folder, folder / ROOT_NAME, *folder.glob(f"*/{DATABASE_NAME}*")):
        with contextlib.suppress(OSError):
            times.append(path.lstat().st_mtime)
    return max(times)


def delete_index(folder: Path, *, timeout_s: float = 0.0) -> bool:
    """Delete the index of one root, unless a process has it open. Returns whether it was deleted.

    :raises OSError, CacheError: when it cannot be deleted.
    """
    versions = sorted(folder.glob("v*"))
    locks = [WriterLock(version / LOCK_NAME) for version in versions]
    acquired: list[WriterLock] = []
    try:
        for lock in locks:
            if not lock.acquire(timeout_s):
                return False
            acquired.append(lock)
        _delete_all_but(folder, {version / LOCK_NAME for version in versions})
        kept = [version for version in versions if (version / LOCK_NAME).exists()]
    finally:
        for lock in acquired:
            lock.release()
    with contextlib.suppress(OSError):  # another process has just begun a new index
        for version in kept:
            (version / LOCK_NAME).unlink()
            version.rmdir()
        if kept:
            folder.rmdir()
    return True


def _delete_all_but(folder: Path, locks: set[Path]) -> None:
    """Delete a folder. Windows does not delete locks that are held: they and the folders that hold them may stay.

    :raises OSError: when anything else cannot be deleted.
    """
    may_stay = {str(path) for lock in locks for path in (lock, lock.parent, folder)}

    def check(_function: object, path: str, failure: tuple[object, BaseException, object]) -> None:
        if path not in may_stay or not any(lock.exists() for lock in locks):
            raise failure[1]

    shutil.rmtree(str(folder), onerror=check)


def stored_roots(cache_folder: Path, *, any_format: bool = False) -> Sequence[tuple[Path, Path]]:
    """Every indexed root, with the folder of its index.

    :param any_format: also those whose index is of another format, which this version does not read.
    """
    roots = []
    name = f"{ROOTS_PREFIX}*" if any_format else roots_folder_name()
    for marker in sorted(cache_folder.glob(f"{name}/*/{ROOT_NAME}")):
        with contextlib.suppress(OSError, ValueError):
            root = Path(os.fsdecode(marker.read_bytes())) if marker.is_file() else None
            if root is not None and root_key(root) == marker.parent.name:
                roots.append((root, marker.parent))
    return roots
