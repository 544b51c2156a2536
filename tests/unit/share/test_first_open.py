"""An engine begins with the shared index when it opens a clone for the first time, and goes on without one."""

from __future__ import annotations

import threading

import pytest
from engine_cases import DEADLINE_S, complete, make_settings, paths_of

from semlens.engine import engine_session
from semlens.engine.engine import Engine


def open_clone(team, clone, **share):
    known = {"url": team.url, "trusted_keys": (team.key.public,), **share}
    index = {"cache_folder": str(clone.cache)}
    settings = make_settings(team.model, share=known, index=index)
    return clone.engine(settings=settings, wait=False)


def test_a_clone_begins_with_what_is_shared(team):
    team.push()
    engine = open_clone(team, team.clone("clone"))
    assert complete(engine).counters["parsed"] == 1
    assert paths_of(engine, "download_part_3") == ["part3.py"]


@pytest.mark.parametrize(
    "share", [{"pull": False}, {"url": ""}, {"trusted_keys": ()}, {"url": "s3://"}, {"url": "file:///proc/none"}]
)
def test_without_a_usable_store_the_index_is_built_here(team, share, caplog):
    team.push()
    engine = open_clone(team, team.clone("clone"), **share)
    assert complete(engine).counters["parsed"] == 14
    is_asked = share.get("pull", True) and share.get("url", "x")
    assert ("is not used" in caplog.text) == bool(is_asked)


def test_nothing_is_complete_while_the_store_is_slow(team, monkeypatch):
    arrived = threading.Event()
    clone = team.clone("clone")
    team.origin.write("plain.py", "x = 1\n")
    engine = Engine(make_settings(team.model, share={"url": team.url}), cache_folder=clone.cache)
    clone.engines.append(engine)
    engine.start()
    monkeypatch.setattr(engine_session, "fetch_index", lambda *_: None)
    engine.add_root(team.origin.folder)
    complete(engine)
    monkeypatch.setattr(engine_session, "fetch_index", lambda *_: arrived.wait(DEADLINE_S))
    engine.add_root(clone.folder)
    assert not engine.wait_complete(timeout=0.1)
    assert not engine.status().complete
    arrived.set()
    complete(engine)
    assert {root.root for root in engine.status().roots} == {str(team.origin.folder), str(clone.folder)}
