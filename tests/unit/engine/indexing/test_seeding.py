"""The index of a worktree begins with that of another worktree, and answers as one that was built from nothing."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from engine_cases import Workspace, complete, computed, environment, function, parsed, search, wait_for
from git_cases import git

from semlens.core.hit import SearchHit
from semlens.engine.engine import Engine
from semlens.index.storage import seeding
from semlens.index.storage.root_store import RootStore, root_folder, store_folder
from semlens.index.storage.seeding import seed_index

FILES = {
    "retry.py": function("retry_download"),
    "sub/parse.py": function("parse_config"),
    "sub/boat.py": function("sail_boat"),
    "sub/deep/paint.py": function("paint_wall"),
    "notes.txt": "the colour of the river\n",
    "minified.js": "var a=1;" * 20_000,
}
QUESTIONS = ("retry", "parse config", "sail_boat", "paint the wall", "colour river", "download url", "var")


@pytest.fixture
def repository(workspace: Workspace) -> Workspace:
    """Committed and indexed, without an engine open on it."""
    for path, text in FILES.items():
        workspace.write(path, text)
    git(workspace.folder, "init", "-q")
    git(workspace.folder, "add", ".")
    git(workspace.folder, "commit", "-q", "-m", "first")
    workspace.engine().close()
    return workspace


@pytest.fixture
def tree(repository: Workspace) -> Path:
    folder = repository.folder.parent / "tree"
    git(repository.folder, "worktree", "add", "-q", str(folder))
    return folder


def answers(engine: Engine) -> list[list[SearchHit]]:
    """At rest: replaced files count until they are merged away."""
    wait_for(engine, lambda: len(engine._session.snapshot.views) == 1)
    return [[hit._replace(score=round(hit.score, 6)) for hit in search(engine, text)] for text in QUESTIONS]


def fresh_answers(repository: Workspace, tree: Path) -> list[list[SearchHit]]:
    """Of an index in another cache folder."""
    other = Workspace(tree, tree.parent / "other cache", repository.model)
    try:
        return answers(other.engine())
    finally:
        other.close()


def segments_of(workspace: Workspace, root: Path) -> list[Path]:
    return sorted((store_folder(workspace.cache, root) / "segments").glob("*.segment"))


def test_a_worktree_parses_and_embeds_nothing(repository, tree):
    engine = repository.engine(root=tree)
    assert (parsed(engine), computed(engine)) == (0, 0)
    assert engine.status().roots[0].files == len(FILES) - 1  # all but the minified file
    assert answers(engine) == fresh_answers(repository, tree)
    shared = {path.name: path.stat().st_ino for path in segments_of(repository, repository.folder)}
    assert {path.name: path.stat().st_ino for path in segments_of(repository, tree)} == shared


def test_the_other_worktree_may_be_open_and_change(repository, tree):
    engine = repository.engine()
    engine.add_root(tree)
    complete(engine)
    assert (parsed(engine), computed(engine)) == (0, 0)
    repository.write("retry.py", function("retry_boat"))
    repository.change(engine, "retry.py")
    assert parsed(engine) == 1
    assert [hit.root for hit in search(engine, "retry_download") if hit.name == "retry_download"] == [str(tree)]
    engine.close()
    assert answers(repository.engine(root=tree)) == fresh_answers(repository, tree)


def test_files_that_differ_are_parsed_and_others_vanish(repository, tree):
    (tree / "retry.py").write_text(function("retry_boat"))
    (tree / "sub" / "boat.py").unlink()
    (tree / "new.py").write_text(function("download_colour"))
    engine = repository.engine(root=tree)
    assert parsed(engine) == 2
    assert answers(engine) == fresh_answers(repository, tree)
    engine.close()
    again = repository.engine(root=tree)
    assert parsed(again) == 0
    assert answers(again) == fresh_answers(repository, tree)


def test_roles_come_from_the_attributes_of_the_worktree(repository, tree):
    (tree / "sub" / ".gitattributes").write_text("*.py linguist-generated\n")
    engine = repository.engine(root=tree)
    assert parsed(engine) == 3
    assert answers(engine) == fresh_answers(repository, tree)


def test_sub_folders_of_worktrees_share_when_they_are_roots(repository, tree):
    repository.engine(root=repository.folder / "sub").close()
    engine = repository.engine(root=tree / "sub")
    assert (parsed(engine), computed(engine)) == (0, 0)
    assert answers(engine) == fresh_answers(repository, tree / "sub")


def test_where_the_file_system_has_no_links_files_are_copied(repository, tree, monkeypatch):
    def refuse(*_arguments: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    engine = repository.engine(root=tree)
    assert (parsed(engine), computed(engine)) == (0, 0)
    (segment,) = segments_of(repository, tree)
    assert (segment.stat().st_nlink, segment.stat().st_mode & 0o777) == (1, 0o400)
    assert not list(segment.parent.glob("*.part"))


def test_the_index_outlives_the_one_it_came_from(repository, tree):
    repository.engine(root=tree).close()
    shutil.rmtree(root_folder(repository.cache, repository.folder))
    shutil.rmtree(repository.folder / "sub")
    engine = repository.engine(root=tree)
    assert parsed(engine) == 0
    assert answers(engine) == fresh_answers(repository, tree)


KILLED = """
import os, signal, sys
from pathlib import Path
from semlens.index.storage import seeding
from semlens.index.storage.root_store import RootStore

def kill(*_arguments):
    os.kill(os.getpid(), signal.SIGKILL)

def link(source, target, link=os.link):
    link(source, target)
    if target.suffix == ".segment":
        kill()

if sys.argv[3] == "link":
    os.link = link
else:
    RootStore.commit = kill
seeding.seed_index(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("moment", ["link", "commit"])
@pytest.mark.parametrize("donor_stays", [True, False])
def test_half_a_seed_is_never_used(repository, tree, moment, donor_stays):
    command = [sys.executable, "-c", KILLED, str(repository.cache), str(tree), moment]
    assert subprocess.run(command, env=environment(), check=False).returncode == -signal.SIGKILL
    assert segments_of(repository, tree)
    with_files = RootStore(repository.cache, tree)
    assert (with_files.load().files, with_files.meta()) == ({}, {})
    with_files.close()
    if not donor_stays:
        shutil.rmtree(root_folder(repository.cache, repository.folder))
    engine = repository.engine(root=tree)
    assert parsed(engine) == (0 if donor_stays else len(FILES) - 1)
    assert computed(engine) == 0  # the vector cache knows them
    assert answers(engine) == fresh_answers(repository, tree)


def damage_database(folder: Path) -> None:
    path = folder / "index.sqlite"
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(data)


def damage_row(folder: Path) -> None:
    with sqlite3.connect(folder / "index.sqlite") as connection:
        connection.execute("UPDATE files SET hash = 'text'")


def lose_database(folder: Path) -> None:
    (folder / "index.sqlite").unlink()


def other_features(folder: Path) -> None:
    with sqlite3.connect(folder / "index.sqlite") as connection:
        connection.execute("UPDATE meta SET value = '7' WHERE key = 'features'")


@pytest.mark.parametrize("damage", [damage_database, damage_row, lose_database, other_features])
def test_a_damaged_index_gives_nothing_and_is_left_as_it_is(repository, tree, damage):
    donor = store_folder(repository.cache, repository.folder)
    damage(donor)
    before = [path.read_bytes() for path in donor.glob("index.sqlite")]
    assert not seed_index(repository.cache, tree)
    assert [path.read_bytes() for path in donor.glob("index.sqlite")] == before
    assert not segments_of(repository, tree)


def test_a_damaged_segment_is_parsed_again(repository, tree):
    (segment,) = segments_of(repository, repository.folder)
    data = segment.read_bytes()
    segment.write_bytes(data[:-50] + bytes(byte ^ 255 for byte in data[-50:]))
    engine = repository.engine(root=tree)
    assert parsed(engine) == len(FILES) - 1
    assert answers(engine) == fresh_answers(repository, tree)


def test_an_index_that_is_there_or_in_use_is_not_seeded(repository, tree, monkeypatch):
    assert not seed_index(repository.cache, repository.folder)
    store = RootStore(repository.cache, tree)
    lock = seeding.WriterLock(store.lock_path)
    assert lock.acquire()
    assert not seed_index(repository.cache, tree)
    lock.release()
    store.close()
    assert seed_index(repository.cache, tree)
    assert not seed_index(repository.cache, tree)


def test_an_index_whose_tables_are_garbled_is_left_to_its_owner(repository, tree):
    """SQLite quotes the text in its error message, which Python then cannot decode."""
    complete(repository.engine(root=tree))
    repository.close()
    path = store_folder(repository.cache, tree) / "index.sqlite"
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE", b"CREATE TABL\xe5"))
    assert not seed_index(repository.cache, tree)
    assert answers(repository.engine(root=tree)) == fresh_answers(repository, tree)


def test_a_full_disk_leaves_an_index_that_is_built_from_nothing(repository, tree, monkeypatch):
    def refuse(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(shutil, "copyfile", refuse)
    assert not seed_index(repository.cache, tree)
    monkeypatch.undo()
    complete(repository.engine(root=tree))


def test_another_clone_gives_nothing(repository):
    other = repository.folder.parent / "clone"
    git(repository.folder.parent, "clone", "-q", str(repository.folder), str(other))
    git(other, "worktree", "add", "-q", "../tree-of-clone")
    assert not seed_index(repository.cache, other)
