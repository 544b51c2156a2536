"""``semlens share``: what it says, and what it prints for programs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from semlens.cli import main

pytest.importorskip("obstore")
pytest.importorskip("cryptography")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEMLENS_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("SEMLENS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SEMLENS_USER_SETTINGS", '{"models.first": "none", "models.refine": "none"}')

    def run(*arguments):
        code = main(["share", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "a.py").write_text("def alpha():\n    pass\n")
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


def test_push_status_and_pull(run, repository, tmp_path, monkeypatch):
    store = (tmp_path / "store").as_uri()
    assert run("push", repository, "--to", store)[2].endswith("`semlens share key` makes one.\n")
    key = json.loads(run("key", "--json")[1])["key"]
    assert f'trustedKeys = ["{key}"]' in run("key")[1]
    assert run("push", repository)[2].startswith("semlens: No store is set.")
    pushed = json.loads(run("push", repository, "--to", store, "--json", "--no-daemon")[1])
    assert (pushed["isNew"], pushed["files"]) == (True, 1)
    (tmp_path / "config" / "config.toml").write_text(f'[share]\nurl = "{store}"\ntrustedKeys = ["{key}"]\n')
    assert "(the newest commit), 1 files" in run("status", repository)[1]
    monkeypatch.setenv("SEMLENS_CACHE_DIR", str(tmp_path / "other"))
    pulled = json.loads(run("pull", repository, "--json", "--no-daemon")[1])
    assert (pulled["used"], pulled["complete"], pulled["tree"]) == (True, True, pushed["tree"])
    assert run("pull", repository, "--no-daemon")[1].startswith("This folder has an index already")
    assert json.loads(run("clean", "--json")[1]) == {"manifests": 0, "objects": 0, "problems": []}
    assert run("clean", "--older-than", "0")[0] == 2
    damaged = tmp_path / "store/semlens/1/trees/x/y"
    damaged.parent.mkdir()
    damaged.write_bytes(b"")
    code, text, errors = run("clean")
    assert (code, text) == (1, "Deleted 0 manifests and 0 objects that no other manifest names.\n")
    assert errors.startswith("semlens: trees/x/y cannot be read.")


def test_index_shares_where_the_setting_says_so(run, repository, tmp_path, capsys):
    key = json.loads(run("key", "--json")[1])["key"]
    share = f'[share]\nurl = "{(tmp_path / "store").as_uri()}"\npull = false\ntrustedKeys = ["{key}"]\n'
    (tmp_path / "config" / "config.toml").write_text(share + "push = true\n")
    said = []
    for change in ("", "x = 1\n"):
        (repository / "b.py").write_text(change) if change else None
        assert main(["index", str(repository), "--no-daemon"]) == 0
        said.append(capsys.readouterr().err)
    assert "Shared 1 files of the newest commit." in said[0]
    assert "warning: the index is not shared: Files differ from the commit: b.py." in said[1]
    (tmp_path / "config" / "config.toml").write_text(share)
    assert main(["index", str(repository), "--no-daemon"]) == 0
    assert "hare" not in capsys.readouterr().err


def test_without_the_extra_one_sentence_says_what_to_install(tmp_path):
    hidden = "import sys; sys.modules['obstore'] = None; from semlens.cli import main; sys.exit(main(['share', 'key']))"
    ran = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.strip() == (
        "semlens: semlens share needs the packages of an extra. Install them with `pip install 'semlens[share]'`."
    )
