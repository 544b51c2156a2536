"""Objects are packed, and unpacking gives no more than was promised."""

from __future__ import annotations

import tracemalloc
import zlib

import pytest

pytest.importorskip("obstore")

from semlens.share.packing import Unpacker, pack

DATA = b"a line of a segment\n" * 50_000


def unpack(data, size, step=1_000):
    unpacker = Unpacker(size)
    parts = [unpacker.unpack(data[start : start + step]) for start in range(0, len(data), step)]
    return b"".join(parts), unpacker.is_whole


def test_what_is_packed_is_smaller_and_comes_back(tmp_path):
    path = tmp_path / "x.segment"
    path.write_bytes(DATA)
    packed = pack(path).read_bytes()
    assert len(packed) < len(DATA) // 3
    assert unpack(packed, len(DATA)) == (DATA, True)


@pytest.mark.parametrize("size", [len(DATA) - 1, 100, 1])
def test_a_bomb_is_refused_when_it_passes_its_promise(size):
    with pytest.raises(zlib.error, match="promised"):
        unpack(zlib.compress(DATA), size)


def test_a_bomb_takes_no_memory():
    bomb = zlib.compress(bytes(50_000_000))
    tracemalloc.start()
    with pytest.raises(zlib.error, match="promised"):
        Unpacker(1_000).unpack(bomb)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 5_000_000


@pytest.mark.parametrize("damage", [lambda data: data + b"more", lambda data: data[:50] + b"?" + data[51:]])
def test_damaged_bytes_are_refused(damage):
    with pytest.raises(zlib.error):
        unpack(damage(zlib.compress(DATA)), len(DATA))


@pytest.mark.parametrize(
    ("data", "size"), [(zlib.compress(DATA)[:-1], len(DATA)), (zlib.compress(DATA), len(DATA) + 1)]
)
def test_what_is_cut_off_is_not_whole(data, size):
    assert unpack(data, size)[1] is False
