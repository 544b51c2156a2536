"""Inconsistent tables in files with a correct checksum are rejected, so that search never reads a missing row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from outlines import parsed_file, segment_of

from semlens.index.segment.check import check_vectors
from semlens.index.segment.columns import Array, ColumnFileError, write_column_file
from semlens.index.segment.segment import segment_arrays, segment_path
from semlens.index.segment.vectors import VectorBlock
from semlens.index.storage.root_store import RootStore

SEGMENT = segment_of(
    parsed_file("a.py", ["f", "g"], bodies=["alpha", "beta"], references=[(0, "g"), (1, "f")]),
    parsed_file("b.py", ["h"], language="go"),
)
ARRAYS = segment_arrays(SEGMENT)


@pytest.fixture
def store(tmp_path: Path):
    opened = RootStore(tmp_path / "cache", tmp_path / "root")
    yield opened
    opened.close()


def is_read(store: RootStore, arrays: dict[str, Array]) -> bool:
    write_column_file(segment_path(store.segments_folder, SEGMENT.id), arrays, {"id": SEGMENT.id})
    return store.read_segment(SEGMENT.id) is not None


def test_an_intact_segment_is_accepted(store):
    assert is_read(store, ARRAYS)


@pytest.mark.parametrize("name", [name for name, column in ARRAYS.items() if len(column)])
def test_a_column_of_wrong_length_or_type(store, name):
    column = ARRAYS[name]
    assert not is_read(store, {**ARRAYS, name: column[:-1]})
    other = np.float32 if column.dtype != np.float32 else np.int8
    assert not is_read(store, {**ARRAYS, name: np.zeros(column.shape, other)})
    if name != "references.hints":
        assert not is_read(store, {key: values for key, values in ARRAYS.items() if key != name})


def test_a_segment_of_feature_version_6_is_read_without_what_it_lacks(store):
    old = {key: values for key, values in ARRAYS.items() if key not in ("references.hints", "references.codes")}
    assert is_read(store, {**old, "references.codes": np.zeros(0, np.uint8)})
    read = store.read_segment(SEGMENT.id)
    assert len(read.references.hints) == len(read.references.codes) == len(read.references.rows)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("files.languages", 9), ("symbols.files", 2), ("symbols.parents", 3), ("symbols.parents", -2),
        ("passages.files", 2), ("passages.symbols", 3), ("passages.symbols", -2), ("words.rows", 99),
        ("references.rows", 99), ("names.key_rows", 99), ("names.hump_rows", 99), ("names.trigrams.rows", 99),
        ("words.offsets", 999), ("files.paths.offsets", 999),
    ],
)  # fmt: skip
def test_a_row_number_out_of_range(store, name, value):
    column = ARRAYS[name].copy()
    column[len(column) // 2] = value
    assert not is_read(store, {**ARRAYS, name: column})


@pytest.mark.parametrize("name", ["words.terms", "references.terms", "names.trigrams.terms"])
def test_terms_that_do_not_ascend(store, name):
    assert not is_read(store, {**ARRAYS, name: ARRAYS[name][::-1].copy()})


def test_a_segment_under_the_name_of_another(store):
    write_column_file(segment_path(store.segments_folder, "0" * 32), ARRAYS, {"id": SEGMENT.id})
    assert store.read_segment("0" * 32) is None


@pytest.mark.parametrize(
    ("rows", "matrix"),
    [
        ([0, 1], np.ones((3, 4), np.int8)),
        ([0, 0], np.ones((2, 4), np.int8)),
        ([1, 0], np.ones((2, 4), np.int8)),
        ([0, 1], np.ones((2, 0), np.int8)),
        ([0, 1], np.ones(2, np.int8)),
        ([0, 1], np.ones((2, 4), np.float32)),
    ],
)
def test_vectors_that_do_not_fit_their_rows(rows, matrix):
    with pytest.raises(ColumnFileError):
        check_vectors(VectorBlock(np.array(rows, np.uint32), matrix))
