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
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semlens.core.errors import CacheError
from semlens.core.hashing import ContentHash, content_hash
from semlens.files.file_stamp import FileStamp
from semlens.index.segment.check import check_segment, check_vectors
from semlens.index.segment.columns import ColumnFileError, read_column_file, write_column_file
from semlens.index.segment.segment import Segment, read_segment
from semlens.index.segment.vectors import VectorBlock
from semlens.index.storage.database import (
    DamagedStoreError,
    Database,
    StoreError,
    garbled_text_is_damage,
    make_private_folder,
)
from semlens.index.storage.writer_lock import WriterLock
from semlens.index.versions import ROOTS_PREFIX, STORE_VERSION, roots_folder_name

logger = logging.getLogger(__name__)

COMMIT_SECONDS = 0.2
"""How long a commit waits for another process that holds the database. The caller retries later."""

ROOT_NAME = "root.txt"
_DATABASE = "index.sqlite"
_LOCK_NAME = "writer.lock"
_INT64 = (1 << 63) - 1
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE segments (id TEXT PRIMARY KEY, n_bytes INTEGER NOT NULL);
CREATE TABLE files (
  path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, inode INTEGER, seen_ns INTEGER,
  hash BLOB, segment TEXT, reason TEXT
) WITHOUT ROWID;
"""

_IS_FILE_ROW = """
typeof(path) = 'blob' AND typeof(size) = 'integer' AND typeof(mtime_ns) = 'integer' AND typeof(ctime_ns) = 'integer'
AND typeof(inode) = 'integer' AND typeof(seen_ns) = 'integer' AND typeof(hash) = 'blob'
AND typeof(segment) = 'text' AND typeof(reason) = 'text'
"""
_META_TYPES: dict[str, type] = {
    "complete": bool, "skipped": dict, "features": int, "version": str, "fingerprints": list
}  # fmt: skip
_SEGMENT_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What the index knows of one file.

    :ivar segment: id of the segment that contains it, or "" when it is not searchable.
    :ivar reason: why it is not searchable, or "".
    """

    stamp: FileStamp
    hash: ContentHash
    segment: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """The changes of one commit.

    :ivar segments: size in bytes of each segment of the root after the commit, by id.
    :ivar meta: values about the index as a whole, see `_META_TYPES`.
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


class RootStore:
    """One connection to the index of one root. Used by one thread at a time."""

    def __init__(self, cache_folder: Path, root: Path) -> None:
        """:raises CacheError: when the cache folder cannot be used."""
        self.folder = root_folder(cache_folder, root) / f"v{STORE_VERSION}"
        self.segments_folder = self.folder / "segments"
        self.lock_path = self.folder / _LOCK_NAME
        self._cache_folder = cache_folder
        self._root = root
        self._condemned: set[str] = set()
        self._make_folders()
        self._database = Database(self.folder / _DATABASE, _SCHEMA, STORE_VERSION, busy_seconds=COMMIT_SECONDS)

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
        connection = self._database.connection
        connection.execute("BEGIN")
        try:
            meta = self.meta()
            ids = [row[0] for row in connection.execute("SELECT id FROM segments")]
            if connection.execute(f"SELECT 1 FROM files WHERE NOT ({_IS_FILE_ROW}) LIMIT 1").fetchone():  # noqa: S608 - a constant
                raise DamagedStoreError("a row of the table files has values of wrong types")
            rows = connection.execute(
                "SELECT path, size, mtime_ns, ctime_ns, inode, seen_ns, hash, segment, reason FROM files"
            ).fetchall()
        finally:
            with contextlib.suppress(StoreError):
                connection.execute("ROLLBACK")
        if len(set(ids)) < len(ids) or not all(isinstance(key, str) and _SEGMENT_ID.fullmatch(key) for key in ids):
            raise DamagedStoreError("the table segments has ids that this program does not write")
        files = {os.fsdecode(row[0]): FileEntry(FileStamp(*row[1:6]), row[6], row[7], row[8]) for row in rows}
        if len(files) < len(rows):
            raise DamagedStoreError("the table files has a path twice")
        segments: dict[str, Segment] = {}
        unreadable: set[str] = set()
        for segment_id in ids:
            segment = known.get(segment_id) if known else None
            segment = segment or self.read_segment(segment_id)
            if segment is None:
                unreadable.add(segment_id)
            else:
                segments[segment_id] = segment
        return StoredIndex(files, segments, meta, frozenset(unreadable))

    def meta(self) -> dict[str, Any]:
        """:raises sqlite3.Error: when it cannot be read."""
        rows = self._database.connection.execute("SELECT key, value FROM meta").fetchall()
        try:
            meta = {key: json.loads(value) for key, value in rows}
        except (ValueError, TypeError, RecursionError) as error:
            raise DamagedStoreError(f"the table meta cannot be read: {error}") from error
        if len(meta) < len(rows) or not all(type(value) is _META_TYPES.get(key) for key, value in meta.items()):
            raise DamagedStoreError("the table meta has keys or types that this program does not write")
        if not all(isinstance(count, int) for count in meta.get("skipped", {}).values()):
            raise DamagedStoreError("the counts of skipped files are not numbers")
        return meta

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
                with contextlib.suppress(
                    OSError
                ):  # Windows refuses while a reader maps the file; the next sweep retries
                    path.unlink()
        self._condemned = unnamed

    def write_vectors(self, segment_id: str, fingerprint: str, block: VectorBlock) -> None:
        """:raises OSError: when the disk is full."""
        path = self.segments_folder / f"{segment_id}.{fingerprint}.vectors"
        identity = {"segment": segment_id, "model": fingerprint}
        write_column_file(path, {"rows": block.rows, "matrix": block.matrix}, identity)

    def read_vectors(self, segment_id: str, fingerprint: str) -> VectorBlock | None:
        """The vectors of a segment, mapped into memory, or None when they are missing or cannot be read."""
        path = self.segments_folder / f"{segment_id}.{fingerprint}.vectors"
        try:
            arrays, identity = read_column_file(path)
            if identity != {"segment": segment_id, "model": fingerprint}:
                return None
            block = VectorBlock(arrays["rows"], arrays["matrix"])
            check_vectors(block)
        except (ColumnFileError, KeyError):
            return None
        return block

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


def _write_private(path: Path, data: bytes) -> None:
    """Write the whole file or nothing, readable by its user alone."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(data)
    temporary.replace(path)


def last_use(folder: Path) -> float:
    """When the index of a root was last opened or committed, in seconds since the epoch. 0 when it is deleted."""
    times = [0.0]
    for path in (folder, folder / ROOT_NAME, *folder.glob(f"*/{_DATABASE}*")):
        with contextlib.suppress(OSError):
            times.append(path.lstat().st_mtime)
    return max(times)


def delete_index(folder: Path, *, timeout_s: float = 0.0) -> bool:
    """Delete the index of one root, unless a process has it open. Returns whether it was deleted.

    :raises OSError, CacheError: when it cannot be deleted.
    """
    locks = [WriterLock(version / _LOCK_NAME) for version in sorted(folder.glob("v*"))]
    acquired: list[WriterLock] = []
    try:
        for lock in locks:
            if not lock.acquire(timeout_s):
                return False
            acquired.append(lock)
        shutil.rmtree(folder)
    finally:
        for lock in acquired:
            lock.release()
    return True


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
