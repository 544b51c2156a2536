"""A client names the tokenizer file, so it may be any file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from semlens.core.errors import UsageError
from semlens.embedding import token_counting
from semlens.embedding.token_counting import load_counter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A valid file, and other things at a path."""
    tokenizer = Tokenizer(WordLevel({"one": 0, "other": 1}, unk_token="other"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "linked.json").symlink_to("tokenizer.json")
    (tmp_path / "loop.json").symlink_to("loop.json")
    (tmp_path / "zero.json").symlink_to("/dev/zero")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe{}")
    (tmp_path / "deep.json").write_bytes(b"[" * 100_000)
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    return tmp_path


@pytest.mark.parametrize("name", ["tokenizer.json", "linked.json"])
def test_a_tokenizer_is_loaded_once_and_counts(folder: Path, name: str) -> None:
    counter = load_counter(str(folder / name))
    assert (counter.count("one two three"), counter.name) == (3, str(folder / name))
    assert load_counter(str(folder / name)) is counter


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.json", "There is no tokenizer file"),
        ("a\0b", "There is no tokenizer file"),
        ("~nobody-of-this-name/tokenizer.json", "There is no tokenizer file"),
        ("\ud800", "not a path"),
        ("n" * 5000, "too long"),
        ("loop.json", "cannot be read"),
        ("tokenizer.json/x", "cannot be read"),
        ("pipe.json", "not a regular file"),
        ("zero.json", "not a regular file"),
        ("folder.json", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("bytes.json", "not a readable tokenizer.json"),
        ("deep.json", "not a readable tokenizer.json"),
    ],
)
def test_an_invalid_tokenizer_gives_one_message(folder: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        load_counter(name if name.startswith("~") else str(folder / name))
    assert str(caught.value).endswith(".")


def test_a_tokenizer_over_the_size_limit_is_rejected(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = (folder / "tokenizer.json").stat().st_size
    monkeypatch.setattr(token_counting, "MAX_FILE_BYTES", size)
    assert load_counter(str(folder / "tokenizer.json")).count("one") == 1
    token_counting._COUNTERS.clear()
    monkeypatch.setattr(token_counting, "MAX_FILE_BYTES", size - 1)
    with pytest.raises(UsageError, match="is larger than"):
        load_counter(str(folder / "tokenizer.json"))
