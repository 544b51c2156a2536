"""Bad input to the installed command gives one clear message or a counted skip, and loses nothing."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import sqlite3
import subprocess

import pytest

from .conftest import clean_environment


def one_sentence(ran) -> str:
    lines = ran.stderr.splitlines()
    assert len(lines) == 1, ran.stderr
    assert lines[0].startswith("semlens: ")
    assert "Traceback" not in ran.stderr
    return lines[0]


def names(ran) -> list[str]:
    assert ran.returncode == 0, ran.stderr
    return [hit["name"] for hit in json.loads(ran.stdout)["hits"]]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("index", "missing"), 2, "does not exist"),
        (("index", "words.py"), 2, "not a folder"),
        (("search", "x", "-w", "missing"), 2, "does not exist"),
        (("search", ""), 2, "empty"),
        (("outline", "missing.py"), 2, "There is no file"),
        (("similar", "words.py"), 2, "PATH:LINE"),
        (("similar", "missing.py:3"), 2, "There is no file"),
        (("context", "--at", "words.py:x"), 2, "PATH:LINE"),
        (("context", "x", "--tokenizer", "missing.json"), 2, "tokenizer"),
        (("context", "--at", "missing.py:3"), 2, "There is no file"),
    ],
)
def test_impossible_requests_give_one_message(semlens, arguments, code, says):
    ran = semlens(*arguments)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert says in one_sentence(ran)


def test_an_unknown_option_is_bad_usage(semlens):
    ran = semlens("search", "x", "--frobnicate")
    assert ran.returncode == 2
    assert "--frobnicate" in ran.stderr


def test_an_empty_folder_is_indexed_and_finds_nothing(semlens, tmp_path):
    (tmp_path / "empty").mkdir()
    assert semlens("index", cwd=tmp_path / "empty").returncode == 0
    assert names(semlens("search", "anything", "--json", cwd=tmp_path / "empty")) == []


@pytest.mark.parametrize(
    "query", ["foo(bar", 'a"b', "*", "C++", "a AND", "x-y", "lang:", "retry " * 16_000, "%s\\", "\n"]
)
def test_any_query_is_answered(semlens, query):
    ran = semlens("search", "--json", "--", f"{query} upload")
    assert "uploadWithRetry" in names(ran)


@pytest.mark.parametrize("place", ["/proc/semlens-cache", "file"])
def test_a_cache_folder_that_cannot_be_used_is_named(semlens, workspace, tmp_path, place):
    if place == "file":
        (tmp_path / "file").write_text("in the way")
        place = str(tmp_path / "file")
    ran = semlens("index", SEMLENS_CACHE_DIR=place)
    assert ran.returncode == 1
    sentence = one_sentence(ran)
    assert place in sentence
    assert "SEMLENS_CACHE_DIR" in sentence


def test_unparsable_and_unreadable_files_do_not_affect_others(semlens, workspace):
    (workspace / "broken.py").write_text("def half(:\n    return [\n\ndef whole_after_half():\n    pass\n")
    (workspace / "nested.js").write_text(("[" * 100 + "\n") * 500)
    (workspace / "line.js").write_text("var a=1;" * 1_250_000)
    (workspace / "data.bin").write_bytes(bytes(range(256)) * 10)
    (workspace / "latin.py").write_bytes(b"def gr\xfc\xdfe_sagen():\n    pass\n")
    (workspace / "loop").symlink_to(workspace)
    (workspace / "nowhere.py").symlink_to(workspace / "not-there.py")
    ran = semlens("index", "--json")
    assert ran.returncode == 0, ran.stderr
    status = json.loads(ran.stdout)
    assert status["complete"] is True
    assert sum(status["roots"][0]["skipped"].values()) >= 3
    assert "too large" in status["roots"][0]["skipped"]
    for name in ("whole_after_half", "count_words", "uploadWithRetry"):
        assert names(semlens("search", name, "--json"))[0] == name


def break_database(index):
    index.write_bytes(b"this is no database" * 1000)


def break_half(index):
    data = index.read_bytes()
    index.write_bytes(data[: len(data) // 2])


def make_newer(index):
    with sqlite3.connect(index) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()


def break_segments(index):
    for path in (index.parent / "segments").iterdir():
        path.write_bytes(path.read_bytes()[:100] + b"\xff" * 50)


def lose_segments(index):
    shutil.rmtree(index.parent / "segments")


@pytest.mark.parametrize("damage", [break_database, break_half, make_newer, break_segments, lose_segments])
def test_a_corrupt_or_newer_index_is_rebuilt(semlens, tmp_path, damage):
    semlens("index")
    (index,) = (tmp_path / "cache").glob("roots-*/*/v*/index.sqlite")
    damage(index)
    for _ in range(2):
        ran = semlens("search", "countWords", "--json")
        assert names(ran)[0] == "count_words"
        assert ran.stderr == ""
    assert json.loads(semlens("status", "--json").stdout)["complete"] is True


def test_a_corrupt_vector_cache_is_recreated(semlens, tmp_path):
    semlens("index")
    for path in (tmp_path / "cache").glob("vectors*.sqlite*"):
        path.write_bytes(b"no database")
    assert names(semlens("search", "countWords", "--json"))[0] == "count_words"


@pytest.mark.parametrize("suffixes", [(".onnx",), (".json", ".txt")], ids=["weights", "vocabularies"])
def test_corrupt_models_disable_only_search_by_meaning(semlens, installation, tmp_path, suffixes):
    """Uses a copy of the models, because other tests use the installation."""
    kept = tmp_path / "kept"
    models = installation.package / "_models"
    shutil.copytree(models, kept)
    try:
        for file in (file for file in models.glob("*/*") if file.suffix in suffixes):
            data = bytearray(file.read_bytes())
            data[len(data) // 2] ^= 1
            file.write_bytes(data)
        ran = semlens("search", "countWords", "--json")
        assert names(ran)[0] == "count_words"
        assert "checksum" in one_sentence(ran)
        ran = semlens("index")
        assert ran.returncode == 0
        assert "2 files" in ran.stdout
        assert "checksum" in ran.stdout
        assert semlens("models", "verify").returncode == 1
        assert semlens("doctor").returncode == 1
    finally:
        shutil.rmtree(models)
        shutil.copytree(kept, models)
    assert semlens("models", "verify").returncode == 0


def small_files_only():
    """Writing more than 64 kB to a file fails, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))


def test_a_full_disk_loses_nothing(installation, semlens, workspace, tmp_path):
    """The index is larger than the limit. The query is still answered, and the index is written later."""
    for number in range(400):
        (workspace / f"part{number}.py").write_text(
            "\n".join(f"def work_{number}_{n}(first, second):\n    return first + second * {n}\n" for n in range(20))
        )
    ran = subprocess.run(
        [installation.program, "index"],
        cwd=workspace,
        env={**clean_environment(tmp_path), "SEMLENS_CACHE_DIR": str(tmp_path / "cache")},
        preexec_fn=small_files_only,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in ran.stderr
    said = ran.stdout + ran.stderr
    assert "full" in said or "large" in said or "written" in said or "space" in said, said
    assert names(semlens("search", "work_399_19", "--json"))[0] == "work_399_19"
