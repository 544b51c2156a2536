"""The committed index of one root: which files are known, and in which segments. SQLite and immutable files beside it.

A commit is one transaction; segment files are written before it and only named by it, so a process killed at any moment
leaves the commit before. Anything broken counts as absent, and is built again.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from semlens.core.errors import CacheError
from semlens.core.hashing import ContentHash, content_hash
from semlens.index.columns import ColumnFileError, read_column_file, write_column_file
from semlens.index.database import OtherVersionError, connect, make_private_folder, remove_database
from semlens.index.segment import Segment, read_segment
from semlens.index.vectors import VectorBlock

STORE_VERSION = 1
"""In the folder's name, so that an older and a newer semlens do not touch each other's index."""

_DATABASE = "index.sqlite"
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE segments (id TEXT PRIMARY KEY, n_bytes INTEGER NOT NULL);
CREATE TABLE files (
  path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER, inode INTEGER, seen_ns INTEGER,
  hash BLOB, segment TEXT, reason TEXT
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells that a file on disk is the one that was read.

    :ivar inode: its low 63 bits, since SQLite's integers are signed.
    :ivar seen_ns: when it was read; a file modified in the same instant is racy, as git calls it, and is hashed again.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    seen_ns: int

    def same_file(self, other: FileStamp) -> bool:
        return (self.size, self.mtime_ns, self.ctime_ns, self.inode) == (
            other.size,
            other.mtime_ns,
            other.ctime_ns,
            other.inode,
        )

    @property
    def racy(self) -> bool:
        """The clock of a file system may be as coarse as 10 ms: a later write could leave the same times."""
        return self.mtime_ns >= self.seen_ns - 20_000_000


@dataclass(frozen=True, slots=True)
class FileEntry:
    """:ivar segment: id of the segment that holds it, "" when it is not searchable. :ivar reason: why not."""

    stamp: FileStamp
    hash: ContentHash
    segment: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """What one commit changes and says.

    :ivar segments: ids of all segments of the root from now on.
    """

    changed: Mapping[str, FileEntry]
    removed: Iterable[str]
    segments: Mapping[str, int]
    meta: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredIndex:
    """What a commit left."""

    files: dict[str, FileEntry]
    segments: dict[str, Segment]
    meta: dict[str, Any]
    lost_segments: frozenset[str] = field(default_factory=frozenset)


def root_key(root: Path) -> str:
    return content_hash(os.fsencode(os.path.normcase(root))).hex()


def root_folder(cache_folder: Path, root: Path) -> Path:
    return cache_folder / "roots" / root_key(root)


class RootStore:
    """One connection to one root's index. Used by one thread at a time."""

    def __init__(self, cache_folder: Path, root: Path) -> None:
        """:raises CacheError: when the cache folder cannot be used."""
        self.folder = root_folder(cache_folder, root) / f"v{STORE_VERSION}"
        self.segments_folder = self.folder / "segments"
        make_private_folder(cache_folder)
        make_private_folder(self.segments_folder)
        self.lock_path = self.folder / "writer.lock"
        self._connection = connect(self.folder / _DATABASE, _SCHEMA, STORE_VERSION)
        self._root = root
        self._condemned: set[str] = set()
        self._closed = False
        try:
            _write_private(self.folder.parent / "root.txt", os.fsencode(root))
        except OSError as error:
            self.close()
            raise CacheError(
                f"The cache folder {cache_folder} cannot be written ({error.strerror or error}): "
                "free some space or set SEMLENS_CACHE_DIR."
            ) from error

    def close(self) -> None:
        self._closed = True
        self._connection.close()

    def data_version(self) -> int:
        """Changes when another process committed; costs microseconds."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def load(self, known: Mapping[str, Segment] | None = None) -> StoredIndex:
        """Read the last commit. Segments in ``known`` are taken from there; those that cannot be read are lost.

        :raises sqlite3.DatabaseError: when the store itself is broken; open it anew.
        """
        self._connection.execute("BEGIN")
        try:
            meta = self.meta()
            ids = [row[0] for row in self._connection.execute("SELECT id FROM segments")]
            rows = self._connection.execute(
                "SELECT path, size, mtime_ns, ctime_ns, inode, seen_ns, hash, segment, reason FROM files"
            ).fetchall()
        except ValueError as error:  # JSON or text that nobody wrote
            raise OtherVersionError(str(error)) from error
        finally:
            self._connection.execute("ROLLBACK")
        segments: dict[str, Segment] = {}
        lost: set[str] = set()
        for segment_id in ids:
            if known and segment_id in known:
                segments[segment_id] = known[segment_id]
                continue
            try:
                segments[segment_id] = read_segment(self.segments_folder, segment_id)
            except ColumnFileError:
                lost.add(segment_id)
        files = {
            os.fsdecode(row[0]): FileEntry(FileStamp(*row[1:6]), row[6], row[7] or "", row[8] or "") for row in rows
        }
        return StoredIndex(files, segments, meta, frozenset(lost))

    def meta(self) -> dict[str, Any]:
        return {key: json.loads(value) for key, value in self._connection.execute("SELECT key, value FROM meta")}

    def write_segment(self, segment: Segment) -> int:
        """:raises OSError: when the disk is full."""
        return segment.write(self.segments_folder)

    def read_segment(self, segment_id: str) -> Segment | None:
        """A segment that was written, mapped; None when it cannot be read."""
        try:
            return read_segment(self.segments_folder, segment_id)
        except ColumnFileError:
            return None

    def commit(self, commit: Commit) -> None:
        """:raises sqlite3.Error: when it could not be written; the commit before stands."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
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
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        with contextlib.suppress(OSError):  # what is left over now is swept later
            self._sweep(set(commit.segments))

    def _sweep(self, alive: set[str]) -> None:
        """Delete files that no commit names, one commit late: a reader may have just read the old list.

        A temporary file is one that a killed process left: the only writer writes none while it sweeps.
        """
        files = list(self.segments_folder.iterdir())
        unnamed = {path.name.partition(".")[0] for path in files} - alive
        doomed = self._condemned & unnamed
        for path in files:
            if path.suffix == ".part" or path.name.partition(".")[0] in doomed:
                with contextlib.suppress(OSError):  # Windows refuses while a reader maps it; the next sweep gets it
                    path.unlink()
        self._condemned = unnamed

    def write_vectors(self, segment_id: str, fingerprint: str, block: VectorBlock) -> None:
        """:raises OSError: when the disk is full."""
        path = self.segments_folder / f"{segment_id}.{fingerprint}.vectors"
        write_column_file(path, {"rows": block.rows, "matrix": block.matrix}, {})

    def read_vectors(self, segment_id: str, fingerprint: str) -> VectorBlock | None:
        path = self.segments_folder / f"{segment_id}.{fingerprint}.vectors"
        try:
            arrays, _ = read_column_file(path)
            return VectorBlock(arrays["rows"], arrays["matrix"])
        except (ColumnFileError, KeyError):
            return None

    def n_bytes(self) -> int:
        total = 0
        for folder in (self.folder, self.segments_folder):
            with contextlib.suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    with contextlib.suppress(OSError):
                        total += entry.stat().st_size if entry.is_file(follow_symlinks=False) else 0
        return total

    @property
    def exists(self) -> bool:
        """Whether it is open and still there: someone may delete the cache while it is in use."""
        return not self._closed and (self.folder / _DATABASE).exists() and self.segments_folder.is_dir()


def remove_index(store: RootStore) -> None:
    """Close a broken store and delete its database: the next one begins anew."""
    store.close()
    remove_database(store.folder / _DATABASE)


def _write_private(path: Path, data: bytes) -> None:
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(data)


def stored_roots(cache_folder: Path) -> Sequence[tuple[Path, Path]]:
    """Every indexed root with the folder that holds its index."""
    found = []
    for marker in sorted((cache_folder / "roots").glob("*/root.txt")):
        with contextlib.suppress(OSError):
            found.append((Path(os.fsdecode(marker.read_bytes())), marker.parent))
    return found
