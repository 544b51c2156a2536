"""Deleting what is old in a store, and nothing that a manifest needs or may need."""

from __future__ import annotations

import os
import time

import pytest

from semlens.core.cancel import CancelToken
from semlens.share.cleaning import Cleaned, delete_old
from semlens.share.object_store import ObjectStore

from .test_sharing import manifest_path, objects


def test_old_manifests_and_unnamed_objects_are_deleted(team):
    team.push()
    store = ObjectStore(team.url)
    assert delete_old(store, 1, cancel=CancelToken()) == Cleaned(0, 0)
    for path in (*objects(team), manifest_path(team)):
        if path.is_file():
            os.utime(path, (0, 0))
    assert delete_old(store, 1, cancel=CancelToken()) == Cleaned(1, 2)
    assert not [path for path in objects(team) if path.is_file()]
    assert team.push().is_new


def test_unnamed_objects_stay_as_long_as_manifests(team):
    team.push()
    manifest_path(team).unlink()
    for path in objects(team):
        os.utime(path, (time.time() - 5 * 86_400,) * 2)
    assert delete_old(ObjectStore(team.url), 9, cancel=CancelToken()) == Cleaned(0, 0)
    assert delete_old(ObjectStore(team.url), 4, cancel=CancelToken()) == Cleaned(0, 2)


def test_an_object_that_is_named_meanwhile_stays(team, monkeypatch):
    team.push()
    path = manifest_path(team)
    data = path.read_bytes()
    for one in (*objects(team), path):
        os.utime(one, (0, 0))
    real = ObjectStore.delete

    def delete(store, names):
        """As a push does that finds its objects in the store, while the manifests are deleted."""
        real(store, names)
        if any("trees" in name for name in names):
            store.write("trees/x/y", data)

    monkeypatch.setattr(ObjectStore, "delete", delete)
    assert delete_old(ObjectStore(team.url), 1, cancel=CancelToken()) == Cleaned(1, 0)


@pytest.mark.parametrize("cut", [0, 100, -1])
def test_a_manifest_that_cannot_be_read_is_named_and_no_object_is_deleted(team, cut):
    team.push()
    path = manifest_path(team)
    data = path.read_bytes()
    for one in (*objects(team), path):
        os.utime(one, (0, 0))
    ObjectStore(team.url).write("trees/x/y", data[:cut])
    cleaned = delete_old(ObjectStore(team.url), 1, cancel=CancelToken())
    assert (cleaned.manifests, cleaned.objects) == (1, 0)
    assert [problem.partition(" ")[0] for problem in cleaned.problems] == ["trees/x/y"]
    assert not path.exists()
    assert [one for one in objects(team) if one.is_file()]


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_manifest_that_is_listed_and_not_given_keeps_every_object(team, monkeypatch, is_listed):
    """As a store answers that lost a disk for a while. One that somebody deletes meanwhile is not listed again."""
    team.push()
    path = manifest_path(team)
    for one in (*objects(team), path):
        os.utime(one, (0, 0))
    store = ObjectStore(team.url)
    store.write("trees/x/y", path.read_bytes())

    def read(_store, name, _max_bytes):
        if not is_listed:
            (team.store_folder / "semlens/1" / name).unlink()

    monkeypatch.setattr(ObjectStore, "read", read)
    cleaned = delete_old(store, 1, cancel=CancelToken())
    assert (cleaned.manifests, cleaned.objects) == ((1, 0) if is_listed else (1, 2))
    assert cleaned.problems == (("trees/x/y is listed, but the store does not give it.",) if is_listed else ())
