from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from semlens.core.hashing import content_hash
from semlens.index.storage import vector_cache
from semlens.index.storage.vector_cache import VectorCache

MODEL = "0123456789abcdef"
DAY = 86_400


def keys(n: int, prefix: str = "") -> list[bytes]:
    return [content_hash(f"{prefix}{number}".encode()) for number in range(n)]


def vectors(n: int, dimension: int = 256) -> np.ndarray:
    return np.random.default_rng(n).integers(-127, 127, (n, dimension), np.int8)


@pytest.fixture
def cache(tmp_path: Path):
    opened = VectorCache(tmp_path)
    yield opened
    opened.close()


def test_vectors_are_stored_and_read(cache):
    hashes, matrix = keys(1200), vectors(1200)
    cache.put(MODEL, hashes, matrix)
    found = cache.get(MODEL, [*hashes, content_hash(b"unknown")])
    assert found == {key: row.tobytes() for key, row in zip(hashes, matrix, strict=True)}


def test_models_have_separate_vectors(cache):
    cache.put(MODEL, keys(1), vectors(1))
    assert cache.get("other", keys(1)) == {}
    assert cache.get(MODEL, []) == {}


def test_a_known_vector_is_not_overwritten(cache):
    first = vectors(1)
    cache.put(MODEL, keys(1), first)
    cache.put(MODEL, keys(1), -first)
    assert cache.get(MODEL, keys(1))[keys(1)[0]] == first[0].tobytes()


def test_it_survives_being_opened_again_and_is_private(tmp_path):
    cache = VectorCache(tmp_path)
    cache.put(MODEL, keys(3), vectors(3))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    cache.close()
    again = VectorCache(tmp_path)
    assert len(again.get(MODEL, keys(3))) == 3
    again.close()


def test_the_least_recently_used_are_deleted_and_space_is_freed(cache, monkeypatch):
    day = 20_000
    monkeypatch.setattr(vector_cache.time, "time", lambda: day * DAY)
    cache.put(MODEL, keys(4000, "old"), vectors(4000))
    day += 3
    cache.put(MODEL, keys(3000, "new"), vectors(3000))
    cache.get(MODEL, keys(50, "old"))  # marks them as used today
    monkeypatch.setattr(vector_cache, "_SHRINK_STEP", 500)
    dropped = cache.shrink(1_500_000)
    assert 0 < dropped < 4000
    assert cache.path.stat().st_size <= 1_500_000
    assert len(cache.get(MODEL, keys(50, "old"))) == 50
    assert len(cache.get(MODEL, keys(3000, "new"))) == 3000
    assert len(cache.get(MODEL, keys(4000, "old"))) == 4000 - dropped
    assert cache.shrink(1_500_000) == 0
    assert cache.shrink(0) == 7000 - dropped  # must not loop endlessly


@pytest.mark.parametrize(
    "change",
    [
        "vector = x'00'",
        "vector = x''",
        "vector = 'text'",
        "vector = zeroblob(260)",
        "vector = (SELECT vector FROM vectors ORDER BY hash DESC LIMIT 1)",
    ],
)
def test_an_altered_vector_is_ignored(cache, change):
    hashes = sorted(keys(3))
    cache.put(MODEL, hashes, vectors(3))
    cache._database.connection.execute(f"UPDATE vectors SET {change} WHERE hash = ?", (hashes[0],))
    assert sorted(cache.get(MODEL, hashes)) == hashes[1:]
    cache.put(MODEL, hashes[:1], vectors(1))
    assert sorted(cache.get(MODEL, hashes)) == hashes


def test_vectors_with_a_damaged_model_are_ignored(cache):
    cache.put(MODEL, keys(3), vectors(3))
    cache._database.connection.execute("UPDATE models SET fingerprint = 'another'")
    assert cache.get("another", keys(3)) == {}


def test_damage_loses_only_cached_vectors(cache):
    cache.put(MODEL, keys(3000), vectors(3000))
    cache._database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = cache.path.read_bytes()
    cache.path.write_bytes(data[:4096].ljust(len(data), b"\xa5"))
    cache._database.connection.close()
    cache._database._connect()
    assert cache.get(MODEL, keys(3000)) == {}
    cache.put(MODEL, keys(5), vectors(5))
    assert len(cache.get(MODEL, keys(5))) == 5


def fill_the_disk(cache: VectorCache, *, pages: int = 0) -> None:
    """A limit on pages makes SQLite report a full disk."""
    used = cache._database.connection.execute("PRAGMA page_count").fetchone()[0]
    cache._database.connection.execute(f"PRAGMA max_page_count = {used + pages}")


def test_a_full_disk_loses_only_new_vectors(cache):
    cache.put(MODEL, keys(10), vectors(10))
    fill_the_disk(cache)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        cache.put(MODEL, keys(5000, "more"), vectors(5000))
    assert len(cache.get(MODEL, keys(10))) == 10
    assert cache.get(MODEL, keys(5000, "more")) == {}
    cache._database.connection.execute("PRAGMA max_page_count = 1000000")
    cache.put(MODEL, keys(5000, "more"), vectors(5000))
    assert len(cache.get(MODEL, keys(5000, "more"))) == 5000


def test_vectors_are_read_from_a_read_only_cache(cache, monkeypatch):
    cache.put(MODEL, keys(10), vectors(10))
    cache._database.connection.execute("PRAGMA query_only = ON")  # as on a full or read-only disk
    now = vector_cache.time.time()
    monkeypatch.setattr(vector_cache.time, "time", lambda: now + 3 * DAY)
    for _ in range(2):
        assert len(cache.get(MODEL, keys(10))) == 10
    assert cache.get("a model never seen", keys(10)) == {}
    cache._database.connection.execute("PRAGMA query_only = OFF")
    cache.put(MODEL, keys(20), vectors(20))
    assert len(cache.get(MODEL, keys(20))) == 20


def test_threads_share_the_cache(cache):
    def work(number: int) -> None:
        for turn in range(20):
            hashes = keys(20, f"{number}.{turn}.")
            cache.put(MODEL, hashes, vectors(20))
            if len(cache.get(MODEL, hashes)) != 20:
                failures.append((number, turn))

    failures: list[tuple[int, int]] = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_processes_that_create_it_at_once_share_it(tmp_path):
    """Two editors start at the same moment. Neither may delete the database that the other has created."""
    script = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from semlens.index.storage.vector_cache import VectorCache\n"
        "cache = VectorCache(Path(sys.argv[1]))\n"
        "cache.put('m', [sys.argv[2].encode().ljust(16)], np.ones((1, 8), np.int8))\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), str(n)]) for n in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    cache = VectorCache(tmp_path)
    assert len(cache.get("m", [str(n).encode().ljust(16) for n in range(4)])) == 4
    cache.close()
