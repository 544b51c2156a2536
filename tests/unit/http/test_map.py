"""The map of the index over HTTP: computed in the background, its columns, its symbols, and its end."""

from __future__ import annotations

import json
import struct
import threading
import time

import numpy as np
import pytest
from engine_cases import write_model
from page_server import RunningPage

from semlens.engine.mapping import index_map

SECONDS = 120


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """A server whose map is ready, and the state of the map."""
    pytest.importorskip("openTSNE")
    folder = tmp_path_factory.mktemp("served")
    for name in ("retry", "colour", "river"):
        (folder / name).mkdir()
        for number in range(4):
            (folder / name / f"{name}{number}.py").write_text(f"def {name}_{number}(x):\n    return {name}\n")
    cache = tmp_path_factory.mktemp("cache")
    running = RunningPage(folder, cache, write_model(tmp_path_factory.mktemp("model") / "tiny"))
    running.complete()
    yield running, ready(running), cache
    running.close()


def ready(running):
    deadline = time.monotonic() + SECONDS
    while (state := running.result("map"))["state"] != "ready":
        assert state["state"] == "computing"
        assert time.monotonic() < deadline
        threading.Event().wait(0.1)
    return state


def columns(running, version):
    status, headers, body = running.send("GET", f"/api/map/points?version={version}")
    assert (status, headers["content-type"]) == (200, "application/octet-stream")
    (n,) = struct.unpack_from("<I", body)
    kinds = (("x", "<f4"), ("y", "<f4"), ("folder", "<u2"), ("language", "<u2"), ("kind", "<u1"))
    found, start = {}, 4
    for name, kind in kinds:
        found[name] = np.frombuffer(body, kind, n, start)
        start += n * np.dtype(kind).itemsize
    assert start == len(body)
    return found


def test_the_points_are_those_of_the_symbols(mapped):
    running, state, _ = mapped
    points = columns(running, state["version"])
    assert len(points["x"]) == state["points"] == 12
    x0, y0, x1, y1 = state["bounds"]
    assert (points["x"].min(), points["x"].max()) == (pytest.approx(x0), pytest.approx(x1))
    assert (points["y"].min(), points["y"].max()) == (pytest.approx(y0), pytest.approx(y1))
    symbols = running.result("map/symbols", version=state["version"], points=[*range(12), 12, -1])["symbols"]
    assert symbols[12:] == [None, None]
    for number, symbol in enumerate(symbols[:12]):
        assert symbol["root"] == str(running.folder)
        assert symbol["path"].startswith(state["folders"][points["folder"][number]] + "/")
        assert symbol["kind"] == state["kinds"][points["kind"][number]] == "function"
        assert symbol["language"] == state["languages"][points["language"][number]] == "python"
        assert (symbol["startLine"], symbol["nameLine"], symbol["endLine"]) == (1, 1, 2)
    places = [{name: symbol[name] for name in ("root", "path", "nameLine")} for symbol in symbols[:12]]
    places.append({**places[0], "nameLine": 2})
    located = running.result("map/locate", version=state["version"], places=places)["points"]
    assert located == [*range(12), None]


def test_a_hit_of_a_search_is_on_the_map(mapped):
    running, state, _ = mapped
    (hit, *_) = running.result("search", query="river_2")["hits"]
    (point,) = running.result("map/locate", version=state["version"], places=[hit])["points"]
    (symbol,) = running.result("map/symbols", version=state["version"], points=[point])["symbols"]
    assert symbol["name"] == "river_2"


@pytest.mark.parametrize(
    ("method", "params", "status"),
    [
        ("map/symbols", {"version": "other", "points": []}, 404),
        ("map/symbols", {"points": []}, 400),
        ("map/symbols", {"version": "{version}", "points": ["a"]}, 400),
        ("map/symbols", {"version": "{version}", "points": [0] * 10_001}, 400),
        ("map/locate", {"version": "{version}", "places": [3]}, 400),
        ("map/locate", {"version": "{version}", "places": [{"root": "", "path": "", "nameLine": 10**30}]}, 400),
    ],
)
def test_what_is_refused(mapped, method, params, status):
    running, state, _ = mapped
    params = {name: state["version"] if value == "{version}" else value for name, value in params.items()}
    assert running.ask(method, **params)[0] == status
    assert running.status_of("GET", "/api/map/points?version=other") == 404


def test_a_map_is_kept_and_not_computed_again(mapped, monkeypatch):
    running, state, cache = mapped

    def fail(*_arguments):
        raise AssertionError

    monkeypatch.setattr(index_map.IndexMap, "_run", fail)
    again = RunningPage(running.folder, cache, model=running.model)
    try:
        again.complete()
        assert ready(again)["version"] == state["version"]
    finally:
        again.close()
    (kept,) = (cache / "maps").iterdir()
    assert kept.stat().st_mode & 0o077 == 0


def test_a_map_that_fails_is_told_and_may_be_tried_again(mapped, monkeypatch):
    running, *_ = mapped
    (running.folder / "more.py").write_text("".join(f"def more_{number}():\n    pass\n" for number in range(5)))
    monkeypatch.setattr(index_map, "PROGRAM", "semlens.no_such_module")
    running.session.rescan()
    running.complete()
    deadline = time.monotonic() + SECONDS
    while (answer := running.ask("map"))[0] == 200:
        assert time.monotonic() < deadline
    assert (answer[0], answer[1]["error"]["code"]) == (409, "failed")
    monkeypatch.undo()
    deadline = time.monotonic() + SECONDS
    while running.result("map")["points"] != 17:
        assert time.monotonic() < deadline
        threading.Event().wait(0.1)


def test_without_the_extra_the_map_is_not_built(page, monkeypatch):
    monkeypatch.setattr(index_map.importlib.util, "find_spec", lambda _name: None)
    status, answer = page.ask("map")
    assert (status, answer["error"]["code"]) == (501, "notBuilt")
    assert "semlens[map]" in answer["error"]["message"]
    assert json.dumps(page.result("session")["methods"]).count("map") == 0


def test_without_vectors_there_is_no_map(page):
    pytest.importorskip("openTSNE")
    deadline = time.monotonic() + SECONDS
    while (answer := page.ask("map"))[0] == 200:
        assert time.monotonic() < deadline
    assert answer[0] == 409
    assert "No symbol has a vector" in answer[1]["error"]["message"]
