"""An entry that was signed long ago cannot take the place of a newer one that was used here."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from semlens.cluster import catalogue, seen_entries
from semlens.cluster.catalogue import next_number
from semlens.cluster.errors import ClusterError
from semlens.cluster.seen_entries import FILE_NAME, built_in


@pytest.fixture
def read(site, monkeypatch):
    """A function that reads what is built, as `serve` and `status` do. :returns: trees by name, and the problems."""
    monkeypatch.setattr(seen_entries, "config_folder", lambda: site.tmp_path / "reader")
    share = replace(site.settings.share, trusted_keys=(site.key.public,))
    settings = replace(site.settings, share=share)

    def read() -> tuple[dict[str, str], list[str]]:
        _, entries, problems = built_in(settings, site.store.url)
        return {one.name.rpartition("/")[2]: one.tree for one in entries}, problems

    return read


def entry_of(site, name: str) -> Path:
    return next(path for path in site.entry_paths() if path.name == name)


def change(site, folder: Path, text: str) -> None:
    (folder / "part0.py").write_text(text)
    site.commit(folder)


def test_an_older_entry_is_refused_and_a_newer_one_is_not(site, read):
    app, lib = site.repository("app", 1), site.repository("lib", 1)
    site.build(app)
    site.build(lib)
    old = entry_of(site, "app").read_bytes()
    first, _ = read()
    change(site, app, "x = 1\n")
    site.build(app)
    second, problems = read()
    assert (second["app"] != first["app"], second["lib"], problems) == (True, first["lib"], [])
    entry_of(site, "app").write_bytes(old)
    assert read() == ({"lib": first["lib"]}, read()[1])
    (problem,) = read()[1]
    assert problem.startswith("example.org/team/app is left out: its build is older than one that was used here")
    entry_of(site, "app").unlink()
    site.build(app)
    assert read() == (second, [])


def test_where_all_are_older_the_reason_is_told(site, read):
    app = site.repository("app", 1)
    site.build(app)
    old = entry_of(site, "app").read_bytes()
    change(site, app, "x = 1\n")
    site.build(app)
    read()
    entry_of(site, "app").write_bytes(old)
    with pytest.raises(ClusterError, match="older than one that was used here before"):
        read()


@pytest.mark.parametrize("seconds", [0, -1_000_000, 1_000_000])
def test_each_build_has_a_larger_number_whatever_the_clocks_say(site, read, monkeypatch, seconds):
    app = site.repository("app", 1)
    site.build(app)
    read()
    change(site, app, "x = 1\n")
    now = catalogue.time.time() + seconds
    monkeypatch.setattr(catalogue.time, "time", lambda: now)
    site.build(app)
    assert read()[1] == []


def test_a_first_build_has_the_time_as_its_number(monkeypatch):
    monkeypatch.setattr(catalogue.time, "time", lambda: 1234.5)
    assert next_number(None) == 1_234_500


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', '{"a": {"b": "c"}}', '{"a": {"b": 1e400}}'])
def test_a_damaged_memory_is_told(site, read, content):
    site.build(site.repository("app", 1))
    read()
    path = site.tmp_path / "reader" / FILE_NAME
    path.write_text(content)
    with pytest.raises(ClusterError, match="its content is damaged"):
        read()


def test_where_there_are_no_locks_the_folder_of_settings_is_named(site, read, monkeypatch):
    def refuse(*_arguments):
        raise seen_entries.LockUnusableError("no locks")

    site.build(site.repository("app", 1))
    monkeypatch.setattr(seen_entries.WriterLock, "acquire", refuse)
    with pytest.raises(ClusterError, match="set SEMLENS_CONFIG_DIR to a folder on a local disk"):
        read()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_a_memory_that_others_may_change_is_told(site, read):
    site.build(site.repository("app", 1))
    read()
    path = site.tmp_path / "reader" / FILE_NAME
    assert path.stat().st_mode & 0o077 == 0
    path.chmod(0o666)
    with pytest.raises(ClusterError, match="chmod 600"):
        read()


def test_other_stores_are_remembered_apart(site, read):
    site.build(site.repository("app", 1))
    path = site.tmp_path / "reader" / FILE_NAME
    read()
    stores = json.loads(path.read_text())
    (numbers,) = stores.values()
    path.write_text(json.dumps({"s3://other": dict.fromkeys(numbers, 1 << 40), **stores}))
    assert read()[1] == []
    assert json.loads(path.read_text())["s3://other"]
