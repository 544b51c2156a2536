"""A volume server of the store is killed in the middle of a pull (SeaweedFS). `make test-long` installs it."""

from __future__ import annotations

import pytest
from engine_cases import complete, make_settings, paths_of
from seaweed import ONE_COPY, TWO_COPIES, WEED, Seaweed

from semlens.index.storage.seeding import has_commit
from semlens.share import pulling
from semlens.share.errors import ShareError
from semlens.share.object_store import ObjectStore

pytestmark = [
    pytest.mark.share_long,
    pytest.mark.skipif(not WEED, reason="SEAWEEDFS does not name the program weed"),
]


@pytest.fixture
def store_of(tmp_path, monkeypatch, team):
    """A function that starts a store with so many copies of each object, and pushes the index of the team there."""
    opened = []

    def start(replication):
        store = Seaweed(tmp_path / "seaweed", replication=replication)
        opened.append(store)
        for name, value in store.variables.items():
            monkeypatch.setenv(name, value)
        team.url = "s3://team/x"
        team.push()
        return store

    yield start
    for store in opened:
        store.close()


@pytest.fixture
def kill_in_mid_pull(monkeypatch):
    """A function that lets a volume server be killed when the first of two objects has arrived."""

    def arm(store, victim):
        monkeypatch.setattr(pulling, "N_DOWNLOADS", 1)
        real = ObjectStore.download
        arrived = []

        def download(self, one, target, cancel):
            if arrived:
                store.kill_volume_server(victim)
            real(self, one, target, cancel)
            arrived.append(one.model)

        monkeypatch.setattr(ObjectStore, "download", download)
        return arrived

    return arm


def answers(engine):
    return [paths_of(engine, name) for name in ("download_part_3", "paint_wall", "github_token")]


EXPECTED = [["part3.py"], ["paint.py"], ["keys.py"]]


@pytest.mark.parametrize("victim", [0, 1])
def test_with_two_copies_the_pull_goes_on(team, store_of, kill_in_mid_pull, victim):
    arrived = kill_in_mid_pull(store_of(TWO_COPIES), victim)
    clone = team.clone("clone")
    pulled = team.pull(clone)
    assert (pulled.is_used, pulled.files) == (True, 13)
    assert arrived == ["", team.sampler.fingerprints[0]]
    assert team.index(clone)["parsed"] == 1
    engine = clone.engine(settings=make_settings(team.model))
    assert answers(engine) == EXPECTED


def test_with_one_copy_the_index_is_built_here(team, store_of, kill_in_mid_pull):
    store = store_of(ONE_COPY)
    victim = store.volume_server_with(f'"model": "{team.sampler.fingerprints[0]}"'.encode())
    arrived = kill_in_mid_pull(store, victim)
    clone = team.clone("clone")
    with pytest.raises(ShareError):
        team.pull(clone)
    assert arrived == [""]
    assert not has_commit(clone.cache, clone.folder)
    assert not list(clone.cache.glob("pulls/*"))
    share = {"url": team.url, "trusted_keys": (team.key.public,)}
    settings = make_settings(team.model, share=share, index={"cache_folder": str(clone.cache)})
    engine = clone.engine(settings=settings, wait=False)
    assert complete(engine).counters["parsed"] == 14
    assert answers(engine) == EXPECTED
