"""Pushing an index to a folder, and beginning the index of clones with it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from engine_cases import computed, function, make_settings, paths_of

from semlens.index.storage.seeding import has_commit
from semlens.share import manifest, publishing
from semlens.share.errors import RejectedError, ShareError
from semlens.share.object_store import ObjectStore
from semlens.share.signing import SigningKey, make_key

from .conftest import SECRET, git


def objects(team):
    return sorted((team.store_folder / "semlens/1/objects").rglob("*"))


def unpacked(data):
    return data if data.startswith(b"SEML") else zlib.decompress(data)


def test_a_clone_computes_nothing_that_is_shared(team):
    pushed = team.push()
    assert (pushed.is_new, pushed.files, pushed.left_out) == (True, 13, 1)
    clone = team.clone("clone")
    pulled = team.pull(clone)
    assert (pulled.is_used, pulled.behind, pulled.files) == (True, 0, 13)
    assert pulled.n_compared > 0
    counters = team.index(clone)
    assert (counters["parsed"], counters["computed.first"]) == (1, 1), "the file with the secret"
    engine = clone.engine(settings=make_settings(team.model))
    assert paths_of(engine, "download_part_3") == ["part3.py"]
    assert paths_of(engine, "github_token") == ["keys.py"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_what_was_fetched_is_private_and_read_only(team):
    team.push()
    clone = team.clone("clone")
    assert team.pull(clone).is_used
    names = {"*.segment", "*.vectors"}
    modes = {path.stat().st_mode & 0o777 for name in names for path in clone.cache.rglob(name)}
    assert modes == {0o400}


def test_what_differs_is_computed_and_older_commits_help(team):
    team.push()
    team.origin.write("part3.py", function("upload_part", "return boat"))
    team.commit("second")
    clone = team.clone("clone")
    clone.write("part4.py", function("not_committed", "return river"))
    pulled = team.pull(clone)
    assert (pulled.is_used, pulled.behind) == (True, 1)
    assert team.index(clone)["parsed"] == 3
    engine = clone.engine(settings=make_settings(team.model))
    assert [paths_of(engine, name) for name in ("upload_part", "not_committed", "download_part_3")] == [
        ["part3.py"],
        ["part4.py"],
        [],
    ]


def test_unchanged_passages_of_an_edited_file_keep_their_vectors(team):
    parts = [function(f"part_{n}", "return retry(url)") + "\n" for n in range(6)]
    team.origin.write("six.py", "".join(parts))
    team.commit("six passages")
    team.push()
    clone = team.clone("clone")
    assert team.pull(clone).is_used
    engine = clone.engine(settings=make_settings(team.model))
    assert computed(engine) == 1, "the file with the secret"
    clone.write("six.py", "".join([*parts[:5], function("part_5", "return boat")]))
    clone.change(engine, "six.py")
    assert computed(engine) == 2
    assert [paths_of(engine, name) for name in ("part_0", "part_5")] == [["six.py"], ["six.py"]]


def test_a_file_that_moves_after_a_pull_keeps_its_vectors(team):
    team.push()
    clone = team.clone("clone")
    git(clone.folder, "mv", "part3.py", "moved.py")
    assert team.pull(clone).is_used
    engine = clone.engine(settings=make_settings(team.model))
    assert computed(engine) == 1, "the file with the secret"
    (clone.folder / "part4.py").rename(clone.folder / "again.py")
    clone.change(engine, "part4.py", "again.py")
    assert computed(engine) == 1
    assert [paths_of(engine, f"download_part_{n}") for n in (3, 4)] == [["moved.py"], ["again.py"]]


def test_secrets_stay_here(team):
    team.push()
    stored = b"".join(unpacked(path.read_bytes()) for path in objects(team) if path.is_file())
    assert SECRET.encode() not in stored
    assert b"github_token" not in stored
    assert b"paint_wall" in stored


def test_files_that_git_does_not_compare_stay_here(team):
    team.origin.write(".gitignore", "private/\n")
    team.origin.write(".semlensignore", "!private/\n")
    team.origin.write("private/notes.py", function("only_here", "return colour"))
    team.commit("an ignored folder that is indexed")
    git(team.origin.folder, "update-index", "--assume-unchanged", "paint.py")
    team.origin.write("paint.py", function("paint_secretly", "return colour"))
    team.push()
    stored = b"".join(unpacked(path.read_bytes()) for path in objects(team) if path.is_file())
    assert [name in stored for name in (b"only_here", b"paint_secretly", b"download_part_1")] == [False, False, True]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_a_secret_is_seen_in_any_encoding(encoding):
    assert publishing.has_secret("a.py", f'token = "{SECRET}"  # ä\n'.encode(encoding))
    assert publishing.has_secret("a.yml", "db:\r\n  password: hunter2x9\r\n".encode(encoding))
    assert not publishing.has_secret("a.py", "token = read()  # ä\n".encode(encoding))
    assert publishing.has_secret("prod.env", "# only a comment\n".encode(encoding))


def test_pushing_twice_or_at_once_changes_nothing(team):
    team.push()
    before = {path: path.stat().st_mtime_ns for path in objects(team)}
    assert team.push().is_new is False
    other = team.clone("other")
    assert team.push(other).is_new is False
    assert {path: path.stat().st_mtime_ns for path in objects(team)} == before


def test_a_subfolder_that_is_a_root_has_a_tree_of_its_own(team):
    team.origin.write("inner/.semlens.toml", "")
    team.origin.write("inner/a.py", function("inner_name"))
    team.commit("inner")
    folder = team.workspace("origin/inner")
    team.push(folder)
    clone = team.clone("clone")
    inner = team.workspace("clone/inner")
    assert team.pull(inner).is_used
    assert team.pull(clone).is_used is False


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda team: team.origin.write("part1.py", "x = 1\n"), "Files differ from the commit: part1.py."),
        (lambda team: team.origin.write("new.py", "x = 1\n"), "Files differ from the commit: new.py."),
    ],
)
def test_what_is_not_committed_is_not_pushed(team, change, message):
    change(team)
    with pytest.raises(ShareError, match=message):
        team.push()
    assert not objects(team)


def test_only_trusted_keys_count(team, tmp_path):
    team.push()
    clone = team.clone("clone")
    with pytest.raises(RejectedError, match=f"{team.key.public}, which is not in"):
        team.pull(clone, trusted=(make_key(tmp_path / "other").public,))
    assert not has_commit(clone.cache, clone.folder)
    assert team.pull(clone).is_used


def manifest_path(team):
    return next(path for path in (team.store_folder / "semlens/1/trees").rglob("*") if path.is_file())


def rewrite(team, change):
    """Replace the manifest by a changed one that the trusted key signs."""
    path = manifest_path(team)
    tree = path.name
    known = manifest.decode(path.read_bytes(), [team.key.public], recipe=publishing.recipe(), tree=tree)
    path.write_bytes(manifest.encode(change(known), team.key))


def damage_object(team):
    path = next(path for path in objects(team) if path.is_file())
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def promise_less(known):
    """As a bomb would: the store has more than the manifest says."""
    small = [replace(one, unpacked_size=one.unpacked_size and 100) for one in known.objects]
    return replace(known, objects=tuple(small))


def swap_hashes(known):
    first, second, *others = known.files
    return replace(known, files=(replace(first, hash=second.hash), second, *others))


@pytest.mark.parametrize(
    "damage",
    [
        damage_object,
        lambda team: next(path for path in objects(team) if path.is_file()).unlink(),
        lambda team: manifest_path(team).write_bytes(b""),
        lambda team: rewrite(team, lambda known: replace(known, tree="0" * 40)),
        lambda team: setattr(team, "key", make_key(team.tmp_path / "new")),
    ],
)
def test_what_cannot_be_used_is_pushed_again(team, damage):
    team.push()
    damage(team)
    assert team.push().is_new
    assert team.pull(team.clone("clone")).is_used
    assert not team.push().is_new


def test_a_tree_that_another_trusted_key_shared_is_not_pushed_again(team):
    team.push()
    first, team.key = team.key.public, make_key(team.tmp_path / "second")
    assert not team.push(trusted=(first,)).is_new
    assert team.pull(team.clone("clone"), trusted=(first,)).is_used


def test_a_manifest_that_cannot_be_used_leaves_those_of_older_commits(team):
    team.push()
    first = manifest_path(team)
    team.origin.write("part3.py", function("upload_part", "return boat"))
    team.commit("second")
    team.push()
    (second,) = set(first.parent.iterdir()) - {first}
    second.write_bytes(b"")
    pulled = team.pull(team.clone("clone"))
    assert (pulled.is_used, pulled.behind) == (True, 1)


def promise_no_packing(known):
    return replace(known, objects=tuple(replace(one, unpacked_size=0) for one in known.objects))


DAMAGES = {
    "a changed object": damage_object,
    "a lost object": lambda team: next(path for path in objects(team) if path.is_file()).unlink(),
    "an empty object": lambda team: next(path for path in objects(team) if path.is_file()).write_bytes(b""),
    "an empty manifest": lambda team: manifest_path(team).write_bytes(b""),
    "a cut manifest": lambda team: manifest_path(team).write_bytes(manifest_path(team).read_bytes()[:-1]),
    "another tree": lambda team: rewrite(team, lambda known: replace(known, tree="0" * 40)),
    "another recipe": lambda team: rewrite(team, lambda known: replace(known, recipe="0")),
    "hashes of other files": lambda team: rewrite(team, swap_hashes),
    "more than promised": lambda team: rewrite(team, promise_less),
    "packed, not as promised": lambda team: rewrite(team, promise_no_packing),
    "no objects": lambda team: rewrite(team, lambda known: replace(known, objects=())),
}


def is_rejected(team, clone):
    try:
        team.pull(clone)
    except RejectedError:
        return True
    return False


def test_what_is_damaged_is_rejected_and_nothing_is_kept(team, tmp_path):
    team.push()
    clone = team.clone("clone")
    shutil.copytree(team.store_folder, tmp_path / "whole")
    for name, damage in DAMAGES.items():
        damage(team)
        assert is_rejected(team, clone), name
        assert not has_commit(clone.cache, clone.folder), name
        assert not list(clone.cache.glob("pulls/*")), name
        shutil.rmtree(team.store_folder)
        shutil.copytree(tmp_path / "whole", team.store_folder)
    assert team.index(clone)["parsed"] == 14


def test_a_wrong_symbol_or_vector_rejects_the_source(team, monkeypatch):
    """As a pusher with a trusted key would do it: everything is signed, and hashes fit."""
    real = publishing.merge_segments

    def lying(parts):
        merged = real(parts)
        merged.segment.symbols.spans[:, 0] += 1
        return merged

    with monkeypatch.context() as patched:
        patched.setattr(publishing, "merge_segments", lying)
        team.push()
    clone = team.clone("clone")
    with pytest.raises(RejectedError, match="what its content does not say"):
        team.pull(clone)
    team.origin.write("more.py", function("another"))
    team.commit("second")
    real_vectors = publishing.merge_blocks

    def lying_vectors(parts):
        block = real_vectors(parts)
        return type(block)(block.rows, block.matrix[::-1].copy() * -1)

    monkeypatch.setattr(publishing, "merge_blocks", lying_vectors)
    team.push()
    with pytest.raises(RejectedError, match="vectors that the model does not compute"):
        team.pull(team.clone("second"))


def test_a_manifest_of_another_version_is_named(team):
    team.push()
    path = manifest_path(team)
    content = zlib.compress(json.dumps({"format": 99}).encode())
    head = {"key": team.key.public, "signature": team.key.sign(content).hex()}
    path.write_bytes(json.dumps(head).encode() + b"\n" + content)
    with pytest.raises(RejectedError, match="another version of semlens"):
        team.pull(team.clone("clone"))


def test_an_index_that_exists_is_kept(team):
    team.push()
    clone = team.clone("clone")
    team.index(clone)
    assert team.pull(clone).has_index


@pytest.mark.parametrize("url", ["ftp://x", "", "nothing", "file:///proc/nothing/here"])
def test_a_wrong_url_is_named(url):
    with pytest.raises(ShareError):
        ObjectStore(url)


def test_a_folder_outside_git_or_without_a_commit_is_named(team, tmp_path):
    plain = team.workspace("plain")
    plain.write("a.py", function("alpha"))
    with pytest.raises(ShareError, match="in no git repository"):
        team.push(plain)
    empty = team.workspace("empty")
    empty.write("a.py", function("alpha"))
    git(empty.folder, "init", "-q")
    with pytest.raises(ShareError, match="in no commit yet"):
        team.pull(empty)


def test_a_full_disk_leaves_no_key(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", fail_to_write)
        patched.setattr(Path, "write_text", fail_to_write)
        patched.setattr(Path, "replace", fail_to_write)
        with pytest.raises(ShareError, match="No space left"):
            make_key(tmp_path)
    assert not (tmp_path / "share-key").exists()
    assert make_key(tmp_path).public == make_key(tmp_path).public


def fail_to_write(*_arguments, **_named):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_keys_are_private_and_kept(tmp_path, monkeypatch):
    first = make_key(tmp_path)
    assert make_key(tmp_path).public == first.public
    assert (tmp_path / "share-key").stat().st_mode & 0o077 == 0
    (tmp_path / "share-key").write_text("")
    second = make_key(tmp_path)
    assert (make_key(tmp_path).public, second.public != first.public) == (second.public, True)
    monkeypatch.setenv("SEMLENS_SHARE_KEY", "zz")
    with pytest.raises(ShareError, match="64 hexadecimal digits"):
        make_key(tmp_path)
    monkeypatch.setenv("SEMLENS_SHARE_KEY", "ab" * 32)
    assert make_key(tmp_path).public == SigningKey(b"\xab" * 32).public
