"""The whole product from an installed wheel, in a folder outside the checkout."""

from __future__ import annotations

import json
import os
import stat
import subprocess

from semlens import __version__

from .conftest import CHECKOUT


def hits(ran):
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)["hits"]


def test_the_installed_program_runs(semlens, installation):
    assert semlens("--version").stdout == f"semlens {__version__}\n"
    models = json.loads(semlens("models", "list", "--json").stdout)["models"]
    assert models
    for model in models:
        assert model["folder"].startswith(str(installation.package))
        assert str(CHECKOUT) not in model["folder"]


def test_a_query_is_answered_by_meaning_words_and_name(semlens, workspace):
    first = semlens("search", "try to send it once more after a broken connection", "--json")
    assert first.stderr == ""
    answer = json.loads(first.stdout)
    assert answer["complete"] is True
    assert answer["workspace"] == str(workspace)
    best = answer["hits"][0]
    assert (best["path"], best["name"], best["kind"]) == ("web/upload.ts", "uploadWithRetry", "method")
    assert (best["startLine"], best["endLine"], best["nameLine"]) == (3, 8, 3)
    assert "meaning" in best["reasons"]
    assert hits(semlens("search", "countWords", "--json"))[0]["name"] == "count_words"
    assert hits(semlens("search", "how often a word stands", "--json"))[0]["name"] == "count_words"
    assert {hit["language"] for hit in hits(semlens("search", "upload", "--lang", "typescript", "--json"))} == {
        "typescript"
    }


def test_a_changed_file_is_found_with_its_new_text(semlens, workspace):
    semlens("index")
    (workspace / "words.py").write_text('def reverse_letters(word):\n    return "".join(reversed(word))\n')
    (workspace / "web" / "upload.ts").unlink()
    found = hits(semlens("search", "letters of a word from back to front", "--json"))
    assert found[0]["name"] == "reverse_letters"
    assert not {"count_words", "uploadWithRetry"} & {
        hit["name"] for hit in hits(semlens("search", "upload words", "--json"))
    }


def test_an_index_is_counted_shown_and_forgotten(semlens, workspace):
    (workspace / ".gitignore").write_text("secret/\n")
    (workspace / "secret").mkdir()
    (workspace / "secret" / "a.py").write_text("x = 1\n")
    (workspace / "logo.png").write_bytes(b"\x89PNG\0\0\0")
    indexed = json.loads(semlens("index", "--wait", "--json").stdout)
    assert indexed["complete"] is True
    assert indexed["refining"] is False
    status = json.loads(semlens("status", "--json").stdout)
    (root,) = status["roots"]
    assert root["files"] >= 2
    assert root["symbols"] >= 3
    assert root["pending"] == 0
    assert root["skipped"].get("ignored", 0) >= 1
    assert status["tiers"][0]["embedded"] > 0
    assert status["indexBytes"] > 0
    assert semlens("forget").returncode == 0
    after = json.loads(semlens("status", "--json").stdout)
    assert not sum(root["symbols"] for root in after["roots"])


def test_nothing_is_written_into_the_workspace_and_the_cache_is_private(semlens, workspace, tmp_path):
    before = sorted(path.relative_to(workspace) for path in workspace.rglob("*"))
    semlens("search", "anything")
    assert sorted(path.relative_to(workspace) for path in workspace.rglob("*")) == before
    cache = tmp_path / "cache"
    paths = [cache, *cache.rglob("*")]
    assert len(paths) > 3
    for path in paths:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_outline_doctor_and_verify(semlens):
    outline = json.loads(semlens("outline", "web/upload.ts", "--json").stdout)
    assert [symbol["name"] for symbol in outline["symbols"]] == ["Uploader", "uploadWithRetry"]
    assert semlens("models", "verify").returncode == 0
    doctor = semlens("doctor")
    assert doctor.returncode == 0, doctor.stdout


def test_similar_duplicates_and_context(semlens, workspace):
    (workspace / "copy.py").write_text((workspace / "words.py").read_text().replace("count_words", "tally"))
    similar = hits(semlens("similar", "words.py:5", "--json"))
    assert similar[0]["name"] == "tally"
    assert "count_words" not in {hit["name"] for hit in similar}
    pack = json.loads(semlens("context", "upload a file again", "--budget", "300", "--json").stdout)
    assert "uploadWithRetry" in pack["text"]
    assert 0 < pack["tokens"] <= pack["budget"] == 300
    assert "Uploader.uploadWithRetry" in {item["name"] for item in pack["items"]}
    assert "uploadWithRetry" in semlens("context").stdout
    duplicates = semlens("duplicates", "--json")
    assert duplicates.returncode == 0
    assert "groups" in json.loads(duplicates.stdout)


def test_the_module_runs_too(installation, workspace, semlens):
    python = installation.folder / "bin" / "python"
    ran = subprocess.run(
        [python, "-m", "semlens", "--version"], cwd=workspace, capture_output=True, text=True, check=True
    )
    assert ran.stdout == f"semlens {__version__}\n"


def test_a_file_name_of_any_bytes_is_indexed_and_printed(semlens, workspace):
    name = os.fsdecode(b"caf\xe9 \xff.py")
    (workspace / name).write_text("def brew_strong_coffee():\n    return 1\n")
    found = hits(semlens("search", "brew_strong_coffee", "--json"))
    assert found[0]["path"] == name
    printed = semlens("search", "brew_strong_coffee")
    assert printed.returncode == 0
    assert "brew_strong_coffee" in printed.stdout


def test_a_search_imports_neither_the_server_nor_a_parser(semlens, installation, workspace):
    """Imports take most of the time of a one-shot search."""
    semlens("index")
    ran = semlens("search", "upload", PYTHONPROFILEIMPORTTIME="1")
    assert "uploadWithRetry" in ran.stdout
    imported = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines() if line.startswith("import time:")}
    assert "semlens.engine.engine" in imported
    assert not imported & {"pygls", "lsprotocol", "tree_sitter", "rich", "pygments", "watchdog", "numpy.ma", "asyncio"}
