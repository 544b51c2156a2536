from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from damage import overwrite
from hypothesis import given
from hypothesis import strategies as st

from semlens.index.segment import columns
from semlens.index.segment.columns import ColumnFileError, StringColumn, ranges, read_column_file, write_column_file
from semlens.index.versions import FORMAT_VERSION, OLDEST_FORMAT_VERSION, IndexProblem

ARRAYS = {
    "numbers": np.arange(1000, dtype=np.uint32),
    "matrix": np.arange(12, dtype=np.int8).reshape(4, 3),
    "none": np.zeros(0, np.uint64),
    "keys": np.array([b"abc", b"d"], "S5"),
}

# file names may have any bytes, decoded as lone surrogates; other lone surrogates do not occur
texts = st.text(st.characters(codec="utf-8")) | st.binary().map(os.fsdecode)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "a.segment"
    write_column_file(path, ARRAYS, {"id": "a", "n": 3})
    return path


def test_arrays_and_metadata_are_read_aligned_and_read_only(written):
    arrays, meta = read_column_file(written)
    assert meta == {"id": "a", "n": 3}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert np.array_equal(arrays[name], array)
        assert not arrays[name].flags.writeable
    assert arrays["matrix"].ctypes.data % 64 == 0


def test_the_size_is_the_file_s(tmp_path):
    path = tmp_path / "b"
    assert write_column_file(path, ARRAYS, {}) == path.stat().st_size


def test_a_file_is_private_and_nobody_may_shorten_it_while_it_is_mapped(written):
    assert written.stat().st_mode & 0o777 == 0o400


def test_a_file_without_arrays(tmp_path):
    write_column_file(tmp_path / "empty", {}, {})
    assert read_column_file(tmp_path / "empty") == ({}, {})


def test_every_truncation_is_detected(written):
    whole = written.read_bytes()
    for size in [0, 1, 3, 15, 16, 17, 100, len(whole) // 2, len(whole) - 1]:
        overwrite(written, whole[:size])
        with pytest.raises(ColumnFileError):
            read_column_file(written)


def test_appended_bytes_are_detected(written):
    overwrite(written, written.read_bytes() + b"\0")
    with pytest.raises(ColumnFileError):
        read_column_file(written)


def test_every_altered_byte_is_detected(written):
    """Also in the header, where a changed shape or type would give wrong numbers without an error."""
    whole = written.read_bytes()
    for place in [*range(0, len(whole), 37), *range(400)]:
        damaged = bytearray(whole)
        damaged[place] ^= 1
        overwrite(written, damaged)
        with pytest.raises(ColumnFileError):
            read_column_file(written)


@pytest.mark.parametrize(
    "prefix", [struct.pack("<4sIII", b"SEML", 99, 8, 0), struct.pack("<4sIII", b"ELSE", 2, 8, 0), b"\xff" * 16]
)
def test_other_formats_are_rejected(written, prefix):
    overwrite(written, prefix + written.read_bytes()[16:])
    with pytest.raises(ColumnFileError, match=r"format|checksum"):
        read_column_file(written)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, IndexProblem.MISSING),
        (b"SEML", IndexProblem.DAMAGED),
        (struct.pack("<4sIII", b"SEML", OLDEST_FORMAT_VERSION - 1, 8, 0) + bytes(64), IndexProblem.FORMAT_VERSION),
        (struct.pack("<4sIII", b"SEML", FORMAT_VERSION + 1, 8, 0) + bytes(64), IndexProblem.FORMAT_VERSION),
        (struct.pack("<4sIII", b"SEML", FORMAT_VERSION, 8, 0) + bytes(64), IndexProblem.DAMAGED),
    ],
)
def test_an_error_says_why_the_file_is_not_usable(tmp_path, content, problem):
    path = tmp_path / "columns"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ColumnFileError) as raised:
        read_column_file(path)
    assert raised.value.problem is problem


def test_a_missing_file_and_a_folder_are_rejected(tmp_path):
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(ColumnFileError):
            read_column_file(path)


def test_a_full_disk_keeps_the_old_file_only(written, monkeypatch):
    before = written.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(columns.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_column_file(written, {"other": np.zeros(9)}, {})
    assert written.read_bytes() == before
    assert list(written.parent.iterdir()) == [written]


@given(st.lists(texts))
def test_strings_are_written_and_read(strings):
    column = StringColumn.of(strings)
    assert len(column) == len(strings)
    assert column.tolist() == strings
    assert [column[row] for row in range(len(strings))] == strings


@given(st.lists(texts, min_size=1), st.data())
def test_strings_are_selected_by_row(strings, data):
    rows = data.draw(st.lists(st.integers(0, len(strings) - 1)))
    assert StringColumn.of(strings).take(np.array(rows, np.int64)).tolist() == [strings[row] for row in rows]


@given(st.lists(st.lists(texts), min_size=1))
def test_strings_are_concatenated_in_order(parts):
    column = StringColumn.concatenate([StringColumn.of(part) for part in parts])
    assert column.tolist() == [string for part in parts for string in part]


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 20))))
def test_ranges_are_the_loop_s(pairs):
    starts = np.array([start for start, _ in pairs], np.int64)
    lengths = np.array([length for _, length in pairs], np.int64)
    assert ranges(starts, lengths).tolist() == [n for start, length in pairs for n in range(start, start + length)]
