"""Damages the files of a cache, as failing disks, full disks, other programs and users do. A seed determines a damage."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

PAGE = 4096

KINDS = {
    "index database": "roots-*/*/v*/index.sqlite",
    "segment": "roots-*/*/v*/segments/*.segment",
    "vectors of a segment": "roots-*/*/v*/segments/*.vectors",
    "name of the root": "roots-*/*/root.txt",
    "lock": "roots-*/*/v*/writer.lock",
    "vector cache": "vectors.v*.sqlite",
    "sent ledger": "sent.v*.sqlite",
}
"""The kinds of files in a cache folder, and their patterns."""

_ROWS = {
    "index database": (
        "UPDATE files SET {column} = {value} WHERE path = (SELECT path FROM files LIMIT 1 OFFSET {row})",
        ("size", "mtime_ns", "ctime_ns", "inode", "seen_ns", "hash", "segment", "reason"),
    ),
    "vector cache": (
        "UPDATE vectors SET {column} = {value} WHERE hash = (SELECT hash FROM vectors LIMIT 1 OFFSET {row})",
        ("vector", "used"),
    ),
    "sent ledger": ("UPDATE sent SET {column} = {value}", ("texts", "bytes", "redactions")),
}
_META = "UPDATE meta SET value = {value} WHERE key = (SELECT key FROM meta LIMIT 1 OFFSET {row})"
_VALUES = (
    "NULL", "'text'", "''", "x''", "x'ff00'", "1.5", "-9e99", "0", "-1", "9223372036854775807", "'[]'", "'{\"a\": []}'",
    "CAST(x'fffe' AS TEXT)",
)  # fmt: skip


def truncate(path: Path, chance: random.Random) -> None:
    os.truncate(path, chance.randrange(path.stat().st_size + 1))


def zero_a_page(path: Path, chance: random.Random) -> None:
    _overwrite(path, chance, bytes, size=PAGE)


def write_noise(path: Path, chance: random.Random) -> None:
    _overwrite(path, chance, chance.randbytes, size=chance.choice((1, 16, 512, PAGE)))


def flip_bits(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 1, 3, 40)) if data else 0):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def flip_in_header(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[chance.randrange(min(len(data), 120))] = chance.randrange(256)
    path.write_bytes(data)


def replace_by_noise(path: Path, chance: random.Random) -> None:
    path.write_bytes(chance.randbytes(chance.choice((0, 7, 20_000))))


def append_noise(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes() + chance.randbytes(5000))


def delete(path: Path, _chance: random.Random) -> None:
    path.unlink()


def replace_by_pipe(path: Path, _chance: random.Random) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_link(path: Path, _chance: random.Random) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def leave_noise_beside(path: Path, chance: random.Random) -> None:
    """Write a file such as a killed process or another program leaves."""
    suffix = chance.choice(("-wal", "-shm", "-journal", ".1234.part", ".tmp"))
    path.with_name(path.name + suffix).write_bytes(chance.randbytes(9000))


def exchange(path: Path, chance: random.Random) -> None:
    """Exchange the content with an intact file of the same kind."""
    whole = [other for other in path.parent.glob(f"*{path.suffix}") if other.is_file() and not other.is_symlink()]
    other = chance.choice(sorted(whole))
    first, second = path.read_bytes(), other.read_bytes()
    overwrite(path, second)
    overwrite(other, first)


def write_a_wrong_row(path: Path, chance: random.Random) -> None:
    """Write an invalid value into an intact database."""
    kind = next((kind for kind in _ROWS if path.match(KINDS[kind])), None)
    if kind is None:
        return flip_bits(path, chance)
    statement, columns = _ROWS[kind]
    if kind == "index database" and chance.random() < 0.4:
        statement = _META
    column, row, value = chance.choice(columns), chance.randrange(6), chance.choice(_VALUES)
    with contextlib.suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement.format(column=column, row=row, value=value))  # the database may be broken already
    return None


OPERATIONS: tuple[Callable[[Path, random.Random], None], ...] = (
    truncate, zero_a_page, write_noise, flip_bits, flip_in_header, replace_by_noise, append_noise, delete,
    replace_by_pipe, replace_by_link, leave_noise_beside, exchange, write_a_wrong_row, write_a_wrong_row,
)  # fmt: skip


def damage(cache: Path, chance: random.Random) -> str:
    """Damage one file of a cache that no process has open.

    :returns: a description for the message of a failing test.
    """
    kinds = [kind for kind, pattern in KINDS.items() if any(cache.glob(pattern))]
    kind = chance.choice(kinds)
    path = chance.choice(sorted(cache.glob(KINDS[kind])))
    operation = chance.choice(OPERATIONS)
    if not path.is_file() or path.is_symlink():  # an earlier damage replaced it
        return f"nothing on {kind} ({path.name})"
    path.chmod(0o600)  # column files are read-only
    operation(path, chance)
    return f"{operation.__name__} on {kind} ({path.name})"


def overwrite(path: Path, data: bytes) -> None:
    """Write to a file that may be read-only."""
    path.chmod(0o600)
    path.write_bytes(data)


def _overwrite(path: Path, chance: random.Random, make: Callable[[int], bytes], *, size: int) -> None:
    data = bytearray(path.read_bytes())
    start = chance.randrange(max(1, len(data)))
    if size == PAGE:
        start -= start % PAGE
    part = data[start : start + size]
    data[start : start + size] = make(len(part))
    path.write_bytes(data)
