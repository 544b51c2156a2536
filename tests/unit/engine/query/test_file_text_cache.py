from __future__ import annotations

import os
from pathlib import Path

from engine_cases import function, search

from semlens.core.hashing import content_hash
from semlens.engine.query import file_text_cache
from semlens.engine.query.file_text_cache import FileTextCache


def test_texts_are_read_once_while_nothing_changes(tmp_path, monkeypatch):
    path = tmp_path / "a.py"
    path.write_text("one\n")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    texts = FileTextCache()
    first = texts.read(str(tmp_path), path.name)
    assert first is not None
    assert (first.lines, first.hash) == (("one", ""), content_hash(b"one\n"))
    assert texts.read(str(tmp_path), path.name) is first
    path.write_text("two\n")
    second = texts.read(str(tmp_path), path.name)
    assert second is not None
    assert second.lines == ("two", "")
    # a write within the clock's resolution may keep the times, so recently written files are read again
    status = path.stat()
    path.write_text("six\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    third = texts.read(str(tmp_path), path.name)
    assert third is not None
    assert third.lines == ("six", "")


def test_binary_and_deleted_files_give_no_hit(tmp_path, monkeypatch):
    texts = FileTextCache()
    (tmp_path / "binary").write_bytes(b"\0\1\2")
    for name in ("missing", "binary", "."):
        assert texts.read(str(tmp_path), name) is None
    monkeypatch.setattr(file_text_cache, "_MAX_TEXT_BYTES", 3)
    (tmp_path / "large").write_text("four")
    assert texts.read(str(tmp_path), "large") is None


def test_a_cached_text_is_not_returned_through_a_link(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "src").mkdir(parents=True)
    (root / "src/a.py").write_text("one")
    os.utime(root / "src/a.py", (1_000_000_000, 1_000_000_000))
    texts = FileTextCache()
    assert texts.read(str(root), "src/a.py") is not None
    (root / "src").rename(outside)
    (root / "src").symlink_to(outside)
    assert texts.read(str(root), "src/a.py") is None
    assert texts.read_opened(str(root / "src/a.py")) is not None


def test_the_text_cache_is_small_and_skips_large_texts(tmp_path, monkeypatch):
    monkeypatch.setattr(file_text_cache, "_MAX_CACHED_TEXT_BYTES", 10)
    texts = FileTextCache()
    for number in range(file_text_cache._MAX_TEXTS + 20):
        path = tmp_path / str(number)
        path.write_text("x" * (20 if number % 2 else 5))
        assert texts.read(str(tmp_path), path.name) is not None
    assert len(texts._texts) <= file_text_cache._MAX_TEXTS
    assert all(len(document.lines[0]) == 5 for document in texts._texts.values())


def test_the_text_cache_is_bounded_and_evicts_the_oldest(tmp_path, monkeypatch):
    monkeypatch.setattr(file_text_cache, "_MAX_CACHE_BYTES", 25)
    texts = FileTextCache()
    for name in "abc":
        (tmp_path / name).write_text("x" * 10)
        texts.read(str(tmp_path), name)
        texts.read(str(tmp_path), "a")
    assert [Path(path).name for path in texts._texts] == ["c", "a"]
    (tmp_path / "a").write_text("y")
    assert texts.read(str(tmp_path), "a").lines == ("y",)


def test_a_page_reads_each_file_once(plain, monkeypatch):
    plain.write("a.py", function("alpha_one") + function("alpha_two") + function("alpha_three"))
    engine, read, paths = plain.engine(), FileTextCache.read, []
    monkeypatch.setattr(FileTextCache, "read", lambda self, root, path: (paths.append(path), read(self, root, path))[1])
    assert len(search(engine, "alpha")) == 3
    assert paths == ["a.py"]
