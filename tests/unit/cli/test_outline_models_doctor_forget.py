from __future__ import annotations

import errno
import importlib.metadata
import json
import os
import shutil
from pathlib import Path

import filelock
import pytest
from packaging.requirements import Requirement

from semlens.cli import doctor_checks
from semlens.cli.roots import everywhere
from semlens.core.symbol import Passage, SymbolKind
from semlens.embedding import registry
from semlens.index.storage.root_store import RootStore, root_folder, stored_roots

SOURCE = '''\
"""A module."""


class Client:
    """Talks to the server."""

    @retried
    def fetch(self, url):
        """Get one page."""
        return url
'''


def test_outline_lists_symbols_in_source_order(semlens, workspace):
    (workspace / "src").mkdir()
    (workspace / "src" / "net.py").write_text(SOURCE)
    code, out, err = semlens("outline", "src/net.py", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["path"], found["language"]) == ("src/net.py", "python")
    assert [symbol["qualifiedName"] for symbol in found["symbols"]] == ["net.Client", "net.Client.fetch"]
    assert found["servedBy"] == "process"
    assert found["symbols"][1] == {
        "name": "fetch",
        "qualifiedName": "net.Client.fetch",
        "kind": "method",
        "startLine": 7,
        "endLine": 10,
        "nameLine": 8,
        "signature": found["symbols"][1]["signature"],
        "documentation": "Get one page.",
    }
    assert "def fetch(self, url)" in found["symbols"][1]["signature"]
    assert semlens("outline", "src/net.py", "--json", "--no-daemon") == (0, out, "")
    lines = semlens("outline", "src/net.py")[1].splitlines()
    assert lines[0].split()[:3] == ["4-10", "class", "Client"]
    assert lines[1].split()[:3] == ["7-10", "method", "fetch"]


def test_a_file_that_crashes_a_grammar_does_not_end_the_command(semlens, workspace, tmp_path, monkeypatch):
    (workspace / "a.py").write_text(SOURCE)
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if 'semlens.workers.parse_worker' in sys.orig_argv:\n"
        "    import semlens.syntax.parsing.parser as parser\n"
        "    parser.parse = lambda path, source: os.kill(os.getpid(), 11)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code, out, err = semlens("outline", "a.py")
    assert (code, out) == (1, "")
    assert (
        "The parser failed on this file (ended by SIGSEGV), so it has no symbols and is searched as plain text." in err
    )


def test_no_line_of_an_outline_is_wider_than_the_terminal(semlens, workspace, monkeypatch):
    monkeypatch.setattr("semlens.cli.output.hits.width", lambda: 50)
    (workspace / "wide.py").write_text(f"class {'A' * 25}:\n    def {'f' * 12}(self, argument): ...\n")
    lines = semlens("outline", "wide.py")[1].splitlines()
    assert [len(line) for line in lines] == [50, 50]
    assert lines[1].endswith("…")


def test_outline_names_a_file_relative_to_its_work_tree(semlens, workspace, tmp_path):
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    (other / "pkg").mkdir()
    (other / "pkg" / "net.py").write_text(SOURCE)
    found = json.loads(semlens("outline", str(other / "pkg" / "net.py"), "--json")[1])
    assert found["path"] == "pkg/net.py"
    assert found["symbols"][0]["qualifiedName"] == "pkg.net.Client"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("missing.py", None, "There is no file"),
        ("long.js", b"x=1;" * 2_500_000, "too large"),
        ("wide.js", b"var x=1;" * 60_000, "minified"),
        ("data.py", b"\x00\x01\x02" * 100, "binary"),
    ],
)
def test_outline_of_a_skipped_file_says_why(semlens, workspace, name, content, says):
    if content is not None:
        (workspace / name).write_bytes(content)
    code, out, err = semlens("outline", name)
    assert (code, out) == (1 if content else 2, "")
    assert says in err
    assert len(err.splitlines()) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders")
def test_outline_of_a_pipe_and_a_device(semlens, workspace):
    os.mkfifo(workspace / "pipe.py")
    (workspace / "device.py").symlink_to("/dev/zero")
    for name in ("pipe.py", "device.py"):
        code, _, err = semlens("outline", name)
        assert (code, "is a pipe, a socket or a device" in err) == (1, True)


def test_outline_reads_no_more_than_the_limit_of_a_file(semlens, workspace):
    with (workspace / "huge.py").open("wb") as file:
        file.truncate(1 << 40)
    assert "too large" in semlens("outline", "huge.py")[2]


def test_outline_of_a_folder(semlens, workspace):
    code, _, err = semlens("outline", ".")
    assert code == 2
    assert "is a folder" in err


@pytest.mark.parametrize(
    "content", [b"", b"def (((:\n  class", b"((((((((\n" * 6_250, b"\xff\xfe\xff", b"def f(:\n" * 1000, b"\r\r\n\r"]
)
def test_outline_of_malformed_source(semlens, workspace, content):
    (workspace / "odd.py").write_bytes(content)
    code, out, err = semlens("outline", "odd.py", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["path"] == "odd.py"


@pytest.fixture
def doctor_runs(monkeypatch):
    """Lets the doctor run these checks alone. All of them load every library and every grammar."""
    return lambda *checks: monkeypatch.setattr("semlens.cli.commands.doctor.CHECKS", checks)


@pytest.fixture
def own_models(tmp_path, monkeypatch) -> Path:
    """A copy of the smallest model, for damage."""
    smallest = min(registry.model_folders(), key=lambda folder: sum(file.stat().st_size for file in folder.iterdir()))
    folder = tmp_path / "models" / smallest.name
    shutil.copytree(smallest, folder)
    monkeypatch.setattr(registry, "model_folders", lambda: [folder])
    monkeypatch.setattr("semlens.cli.commands.models.manage.model_folders", lambda: [folder])
    return folder


def test_models_are_listed_shown_and_verified(semlens, own_models):
    found = json.loads(semlens("models", "list", "--json")[1])["models"]
    assert [model["name"] for model in found] == [own_models.name]
    assert found[0]["folder"] == str(own_models)
    assert own_models.name in semlens("models", "list")[1]
    shown = semlens("models", "show", own_models.name)[1].splitlines()[1:]
    assert any(line.startswith("  licence ") for line in shown)
    assert len({line.rindex("  ") for line in shown}) == 1, "the values stand below each other"
    assert json.loads(semlens("models", "show", own_models.name, "--json")[1])["details"]["name"] == own_models.name
    assert semlens("models", "verify")[0] == 0
    assert json.loads(semlens("models", "verify", "--json")[1]) == {
        "models": [{"name": own_models.name, "ok": True, "message": ""}]
    }


@pytest.mark.parametrize("fault", ["altered", "missing"])
def test_an_incomplete_model_is_reported(semlens, own_models, doctor_runs, fault):
    weights = own_models / "model.onnx"
    if fault == "altered":
        data = bytearray(weights.read_bytes())
        data[len(data) // 2] ^= 1
        weights.write_bytes(data)
    else:
        weights.unlink()
    code, out, _ = semlens("models", "verify")
    assert code == 1
    assert "install semlens again" in out
    assert json.loads(semlens("models", "verify", "--json")[1])["models"][0]["ok"] is False
    doctor_runs(doctor_checks.check_python, doctor_checks.check_models)
    code, out, _ = semlens("doctor", "--json")
    found = json.loads(out)
    assert (code, found["ok"]) == (1, False)
    assert [check["name"] for check in found["checks"] if check["level"] == "fail"] == ["model"]


def test_models_are_timed_in_several_ways(semlens, own_models, monkeypatch):
    monkeypatch.setattr("semlens.cli.commands.models.bench._SECONDS_PER_CONFIGURATION", 0.01)
    code, out, _ = semlens("models", "bench", "--json")
    (figures,) = json.loads(out)["models"]
    assert code == 0
    assert figures["name"] == own_models.name
    assert figures["passages"] > 0
    assert min(figures["loadMs"], figures["passagesPerSecond"], figures["queryMs"]) > 0
    (used,) = [way for way in figures["ways"] if way["used"]]
    assert used["passagesPerSecond"] == figures["passagesPerSecond"]
    assert len({(way["threads"], way["batch"]) for way in figures["ways"]}) == len(figures["ways"]) >= 6


def test_the_table_of_timed_models_shows_their_quality_and_the_way_in_use(semlens, own_models, monkeypatch):
    passage = Passage(-1, 0, 0, SymbolKind.FILE, "", "retry", "", "", "def retry(url): return download(url)")
    monkeypatch.setattr("semlens.cli.commands.models.bench._passages", lambda: [passage] * 64)
    monkeypatch.setattr("semlens.cli.commands.models.bench._SECONDS_PER_CONFIGURATION", 0.01)
    out = semlens("models", "bench", str(own_models))[1]
    assert own_models.name in out
    assert "paraphrase 0." in out
    assert sum(line.startswith("*  ") for line in out.splitlines()) == 1
    assert "█" in out


def test_an_unknown_model_is_named_with_the_known_ones(semlens, own_models):
    code, _, err = semlens("models", "show", "gpt-17")
    assert code == 1
    assert own_models.name in err


def test_doctor_reports_no_problem_for_this_installation(semlens, doctor_runs):
    code, out, err = semlens("doctor", "--json")
    found = json.loads(out)
    assert (code, err, found["ok"]) == (0, "", True)
    assert {"python", "libraries", "model", "grammars", "cache folder", "file watching"} <= {
        check["name"] for check in found["checks"] if check["level"] == "ok"
    }
    assert all(check["fix"] for check in found["checks"] if check["level"] != "ok")
    doctor_runs(doctor_checks.check_python)
    code, out, err = semlens("doctor")
    assert (code, err) == (0, "")
    assert out.startswith("ok    python ")
    assert out.endswith("1 checks: 0 failed, 0 with a warning.\n")


def test_doctor_reports_an_unusable_cache_folder(semlens, workspace, monkeypatch, doctor_runs):
    doctor_runs(doctor_checks.check_cache)
    (workspace / "file").write_text("in the way")
    monkeypatch.setenv("SEMLENS_CACHE_DIR", str(workspace / "file"))
    code, out, _ = semlens("doctor")
    assert code == 1
    assert "SEMLENS_CACHE_DIR" in out


def test_doctor_reports_a_cache_that_others_may_read(semlens, tmp_path, doctor_runs):
    doctor_runs(doctor_checks.check_cache)
    (tmp_path / "cache").mkdir(mode=0o755)
    code, out, _ = semlens("doctor")
    assert code == 0
    assert "chmod 700" in out


def test_doctor_loads_every_library_that_the_package_needs():
    needed = (Requirement(line) for line in importlib.metadata.requires("semlens"))
    assert {one.name for one in needed if one.marker is None} == set(doctor_checks._LIBRARIES)


def test_doctor_reports_a_library_that_does_not_load(semlens, monkeypatch, doctor_runs):
    doctor_runs(doctor_checks.check_libraries)
    monkeypatch.setattr("semlens.cli.doctor_checks._LIBRARIES", {"numpy": "numpy_that_is_not_there"})
    code, out, _ = semlens("doctor")
    assert code == 1
    assert "numpy_that_is_not_there" in out
    assert "--force-reinstall semlens" in out


@pytest.fixture
def indexed(workspace, tmp_path):
    """:returns: the folder of the workspace's index."""
    RootStore(tmp_path / "cache", workspace).close()
    folder = root_folder(tmp_path / "cache", workspace)
    assert folder.is_dir()
    return folder


def test_forget_deletes_one_index(semlens, workspace, indexed, tmp_path):
    of_another_format = tmp_path / "cache" / "roots" / indexed.name
    of_another_format.mkdir(parents=True)
    code, out, _ = semlens("forget")
    assert code == 0
    assert str(workspace) in out
    assert not indexed.exists()
    assert not of_another_format.exists()
    code, out, _ = semlens("forget")
    assert code == 0
    assert "nothing to forget" in out


def test_forget_accepts_a_deleted_folder(semlens, tmp_path):
    RootStore(tmp_path / "cache", tmp_path / "was").close()
    assert semlens("forget", str(tmp_path / "was"))[0] == 0
    assert not root_folder(tmp_path / "cache", tmp_path / "was").exists()


def test_forget_gone_keeps_existing_folders(semlens, tmp_path, indexed):
    RootStore(tmp_path / "cache", tmp_path / "was").close()
    code, out, _ = semlens("forget", "--gone")
    assert code == 0
    assert "Forgot 1 folder that no longer exists." in out
    assert indexed.exists()
    assert not root_folder(tmp_path / "cache", tmp_path / "was").exists()


def test_forget_all_leaves_nothing_of_the_code(semlens, tmp_path, indexed):
    left = ["pulls/x1/a.segment", "cluster-build/1.batch", "team/github.com/org/app/a.py", "maps/1.npz"]
    for name in left:
        (tmp_path / "cache" / name).parent.mkdir(parents=True)
        (tmp_path / "cache" / name).write_bytes(b"code")
    assert semlens("forget", "--all")[0] == 0
    assert not indexed.exists()
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.read_bytes() == b"code"]


def test_forget_waits_for_the_writer_up_to_a_limit(semlens, indexed, monkeypatch):
    monkeypatch.setattr("semlens.cli.commands.forget._LOCK_SECONDS", 0.05)
    with filelock.FileLock(next(indexed.glob("v*")) / "writer.lock"):
        code, _, err = semlens("forget")
        assert code == 1
        assert "in use" in err
        assert indexed.exists()
    assert semlens("forget")[0] == 0


def test_doctor_goes_on_after_a_check_that_fails(semlens, doctor_runs):
    def check_nothing():
        raise RuntimeError("broken")
        yield

    doctor_runs(check_nothing, doctor_checks.check_python)
    code, out, _ = semlens("doctor", "--json")
    assert code == 1
    found = json.loads(out)["checks"]
    assert [check["name"] for check in found] == ["nothing", "python"]
    assert "RuntimeError: broken" in found[0]["message"]


def test_doctor_reports_a_cache_that_cannot_be_reached(semlens, monkeypatch, doctor_runs):
    def fail(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr(doctor_checks, "check_not_blocked", fail)
    doctor_runs(doctor_checks.check_cache, doctor_checks.check_watching)
    code, out, _ = semlens("doctor")
    assert code == 1
    assert "FAIL  cache folder" in out.replace("fail", "FAIL")
    assert "file watching" in out


def test_a_folder_that_cannot_be_reached_is_left_out_and_kept(semlens, tmp_path, indexed, monkeypatch):
    lost = tmp_path / "lost"
    lost.mkdir()
    RootStore(tmp_path / "cache", lost).close()
    reached = os.stat

    def stat(path, *args, **options):
        if os.fspath(path) == str(lost):
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected", str(lost))
        return reached(path, *args, **options)

    monkeypatch.setattr(os, "stat", stat)
    code, out, _ = semlens("forget", "--gone")
    assert code == 0
    assert "Forgot 0 folders" in out
    assert [one.folder for one in everywhere()] == [
        next(root for root, _ in stored_roots(tmp_path / "cache") if root != lost)
    ]
