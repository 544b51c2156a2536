"""The server with a fake engine: its calls to the engine, and its answers to the client."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine
from lsp_client import DEADLINE_SECONDS, Client, ResponseError, edit

from semlens.core.errors import SemlensError
from semlens.core.graph import NeighboursRequest
from semlens.core.request import ContentFilter, SearchFilter, TestFilter
from semlens.core.status import EngineState, EngineStatus
from semlens.core.symbol import SymbolKind
from semlens.lsp.connection.messages import Incoming
from semlens.lsp.connection.protocol import SemlensProtocol, to_response_error
from semlens.lsp.features import workspace
from semlens.settings.loading import Settings

URI = "untitled:one.py"
TEXT = "def alpha(x):\n    pass\ndef beta(x):\n    pass\n"


@pytest.fixture
def open_session(session: Callable[..., Any]) -> Any:
    """An initialized session with one open buffer."""
    one = session()
    one.client.initialize()
    one.client.open(URI, TEXT)
    return one


def test_search_answers_every_field(open_session: Any) -> None:
    answer = open_session.client.search("beta")
    line = {"start": {"line": 2, "character": 0}, "end": {"line": 2, "character": 12}}
    assert answer == {
        "hits": [
            {
                "name": "beta",
                "kind": 12,
                "containerName": "m",
                "location": {"uri": URI, "range": line},
                "selectionRange": {"start": {"line": 2, "character": 4}, "end": {"line": 2, "character": 8}},
                "language": "python",
                "score": 0.5,
                "signature": "def beta(x):",
                "snippet": {"text": "def beta(x):", "range": line},
                "highlights": [line],
                "reasons": ["name"],
                "dirty": True,
                "path": URI,
                "qualifiedName": "m.beta",
            }
        ],
        "generation": 7,
        "complete": True,
        "elapsedMs": 1.2,
        "confidence": 0.8,
        "nothingFits": False,
        "notes": [],
    }


def test_explain_adds_the_features(open_session: Any) -> None:
    answer = open_session.client.search("beta", explain=True)
    assert answer["hits"][0]["features"] == {"name.exact": 1.0}


def test_parameters_reach_the_engine(open_session: Any) -> None:
    open_session.client.search(
        "x",
        limit=3,
        perFile=0,
        mask=True,
        filter={
            "languages": ["Python"],
            "kinds": [12, "class"],
            "paths": ["src/**"],
            "excludePaths": ["old/**"],
            "tests": "exclude",
            "content": "docs",
        },
        textDocument={"uri": URI, "version": 1},
        madeUp={"a": [1]},
    )
    (request,) = open_session.calls("search")[-1]
    assert (request.query, request.limit, request.per_file, request.near_uri) == ("x", 3, 0, URI)
    assert request.mask
    assert request.filter == SearchFilter(
        languages=frozenset({"python"}),
        kinds=frozenset({SymbolKind.FUNCTION, SymbolKind.CLASS}),
        paths=("src/**",),
        exclude_paths=("old/**",),
        tests=TestFilter.EXCLUDE,
        content=ContentFilter.DOCS,
    )


def test_omitted_parameters_use_the_settings(session: Callable[..., Any]) -> None:
    one = session()
    one.client.initialize(options={"search": {"limit": 7, "perFile": 1, "timeBudgetMs": 99}})
    one.client.search("x")
    (request,) = one.calls("search")[-1]
    assert (request.limit, request.per_file, request.time_budget_ms) == (7, 1, 99)


@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        ("semlens/search", {}, "query"),
        ("semlens/search", None, "query"),
        ("semlens/search", {"query": 5}, "query"),
        ("semlens/search", {"query": "a", "limit": 0}, "limit"),
        ("semlens/search", {"query": "a", "limit": "many"}, "limit"),
        ("semlens/search", {"query": "a", "limit": True}, "limit"),
        ("semlens/search", {"query": "a", "perFile": -1}, "perFile"),
        ("semlens/search", {"query": "a", "filter": []}, "filter"),
        ("semlens/search", {"query": "a", "filter": {"tests": "maybe"}}, "filter.tests"),
        ("semlens/search", {"query": "a", "filter": {"kinds": ["spoon"]}}, "filter.kinds"),
        ("semlens/search", {"query": "a", "filter": {"kinds": [99]}}, "filter.kinds"),
        ("semlens/search", {"query": "a", "filter": {"paths": "src"}}, "filter.paths"),
        ("semlens/search", {"query": "a", "textDocument": "x"}, "textDocument"),
        ("semlens/search", {"query": "a", "refineToken": {}}, "refineToken"),
        ("semlens/search", {"query": "a", "explain": 1}, "explain"),
        ("semlens/search", ["a"], "object"),
        ("semlens/similar", {}, "textDocument"),
        ("semlens/similar", {"textDocument": {"uri": URI}}, "position"),
        ("semlens/similar", {"textDocument": {"uri": URI}, "position": {"line": -1}}, "line"),
        ("semlens/duplicates", {"limit": 0}, "limit"),
        ("semlens/context", {"budget": 0}, "budget"),
        ("semlens/context", {"position": {"line": 1, "character": 0}}, "textDocument"),
        ("semlens/context", {"query": []}, "query"),
        ("semlens/reindex", {"full": "yes"}, "full"),
        ("semlens/reindex", {"uri": "file:///nowhere/at/all"}, "uri"),
        ("workspace/symbol", {}, "workspace/symbol"),
        ("workspace/executeCommand", {"command": "semlens.server.search", "arguments": [{}]}, "query"),
        ("workspace/executeCommand", {"command": "semlens.server.search", "arguments": [{}, {}]}, "one object"),
        ("workspace/executeCommand", {"command": "rm"}, "rm"),
    ],
)
def test_invalid_parameters_are_named_in_the_error(open_session: Any, method: str, params: Any, field: str) -> None:
    with pytest.raises(ResponseError) as caught:
        open_session.client.call(method, params)
    assert caught.value.code == -32602
    assert field in caught.value.message
    assert caught.value.message.endswith(".")
    assert open_session.client.search("beta")["hits"]


def both_ways(session: Any, method: str, params: dict[str, Any]) -> Any:
    """The result of a request. Its command must give the same."""
    answer = session.client.call(method, params)
    command = {"command": method.replace("/", ".server."), "arguments": [params]}
    assert session.client.call("workspace/executeCommand", command) == answer
    return answer


def test_similar(open_session: Any) -> None:
    place = {"textDocument": {"uri": URI}, "position": {"line": 2, "character": 7}}
    answer = both_ways(open_session, "semlens/similar", place)
    assert [hit["name"] for hit in answer["hits"]] == ["alpha", "beta"]
    assert open_session.calls("similar")[-1] == (URI, 2, 20)
    assert len(both_ways(open_session, "semlens/similar", {**place, "limit": 1})["hits"]) == 1


def test_duplicates(open_session: Any) -> None:
    answer = both_ways(open_session, "semlens/duplicates", {})
    assert open_session.calls("duplicates")[-1] == ("", 50, ())
    (group,) = answer["groups"]
    assert (answer["generation"], group["similarity"], group["savedLines"]) == (7, 0.9753, 12)
    assert [hit["name"] for hit in group["symbols"]] == ["alpha", "beta"]
    both_ways(open_session, "semlens/duplicates", {"uri": URI, "limit": 3})
    assert open_session.calls("duplicates")[-1] == (URI, 3, ())


def test_context(open_session: Any) -> None:
    answer = both_ways(open_session, "semlens/context", {})
    (request,) = open_session.calls("context")[-1]
    assert (request.query, request.uri, request.lines, request.budget) == ("", "", (-1, -1), 4000)
    assert set(answer) == {"text", "tokens", "countedBy", "budget", "items", "omitted", "masked", "generation"}
    (item,) = answer["items"]
    assert set(item) >= {"uri", "range", "name", "form", "tokens", "why", "relation"}
    assert item["range"]["end"] == {"line": 3, "character": 13}
    span = {"start": {"line": 1, "character": 0}, "end": {"line": 3, "character": 0}}
    place = {"textDocument": {"uri": URI}, "range": span, "query": "why", "budget": 100, "tokenizer": "/t.json"}
    both_ways(open_session, "semlens/context", place)
    (request,) = open_session.calls("context")[-1]
    assert (request.query, request.uri, request.lines) == ("why", URI, (1, 3))
    assert (request.budget, request.tokenizer) == (100, "/t.json")


def test_unknown_methods_are_rejected(open_session: Any) -> None:
    with pytest.raises(ResponseError) as caught:
        open_session.client.call("semlens/teleport", {})
    assert caught.value.code == -32601


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("semlens/search", {"query": "forever"}),
        ("workspace/executeCommand", {"command": "semlens.server.search", "arguments": [{"query": "forever"}]}),
    ],
)
def test_cancellation_stops_a_request(open_session: Any, method: str, params: dict[str, Any]) -> None:
    pending = open_session.client.request(method, params)
    assert open_session.engine.searching.wait(DEADLINE_SECONDS)
    pending.cancel()
    with pytest.raises(ResponseError) as caught:
        pending.result()
    assert caught.value.code == -32800
    assert open_session.engine.cancelled.wait(DEADLINE_SECONDS)
    assert open_session.client.search("beta")["hits"]


def test_a_newer_query_of_the_same_picker_cancels_the_older(open_session: Any) -> None:
    older = open_session.client.request("semlens/search", {"query": "forever", "refineToken": "picker"})
    assert open_session.engine.searching.wait(DEADLINE_SECONDS)
    newer = open_session.client.search("beta", refineToken="picker")
    with pytest.raises(ResponseError) as caught:
        older.result()
    assert caught.value.code == -32800
    assert [hit["name"] for hit in newer["hits"]] == ["beta"]


def test_an_internal_error_is_reported_without_its_text(open_session: Any, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ResponseError) as caught:
        open_session.client.search("crash")
    assert caught.value.code == -32603
    assert "secret" not in caught.value.message
    assert caught.value.data is None
    assert open_session.client.search("beta")["hits"]


def test_partial_results_come_before_the_result(open_session: Any) -> None:
    open_session.client.search("", refineToken="t1")
    (progress,) = [m for m in open_session.client.notifications if m["method"] == "$/progress"]
    assert progress["params"]["token"] == "t1"
    value = progress["params"]["value"]
    assert (value["stage"], value["replace"], value["generation"]) == ("first", True, 7)
    assert [hit["name"] for hit in value["hits"]] == ["alpha"]


def test_commands_return_the_same_as_requests(open_session: Any) -> None:
    commands = open_session.client.capabilities["executeCommandProvider"]["commands"]
    names = ["search", "similar", "duplicates", "context", "status", "reindex", "pause", "resume"]
    names += ["callers", "callees", "impact", "unused"]
    assert sorted(commands) == sorted(f"semlens.server.{name}" for name in names)
    by_command = open_session.client.call(
        "workspace/executeCommand", {"command": "semlens.server.search", "arguments": [{"query": "beta"}]}
    )
    assert by_command == open_session.client.search("beta")
    status = open_session.client.call("workspace/executeCommand", {"command": "semlens.server.status"})
    assert status["state"] == "ready"
    assert status["number"] < open_session.client.call("semlens/status", {})["number"]


def test_workspace_symbol_is_streamed_in_consecutive_parts(open_session: Any) -> None:
    open_session.client.open("untitled:many.py", "".join(f"def f{n:03}(): pass\n" for n in range(60)))
    whole = open_session.client.call("workspace/symbol", {"query": "f0"})
    rest = open_session.client.call("workspace/symbol", {"query": "f0", "partialResultToken": "p"})
    parts = [m["params"]["value"] for m in open_session.client.notifications if m["method"] == "$/progress"]
    assert rest == []
    assert len(parts) > 1
    assert [symbol for part in parts for symbol in part] == whole


def test_resolve_returns_the_range(open_session: Any) -> None:
    (symbol,) = open_session.client.call("workspace/symbol", {"query": "beta"})
    where = symbol["location"]["range"]
    assert where == {"start": {"line": 2, "character": 4}, "end": {"line": 2, "character": 8}}
    assert open_session.client.call("workspaceSymbol/resolve", symbol)["location"] == symbol["location"]
    stripped = {**symbol, "location": {"uri": URI}}
    assert open_session.client.call("workspaceSymbol/resolve", stripped)["location"]["range"] == where


def test_workspace_symbol_can_be_switched_off(session: Callable[..., Any]) -> None:
    one = session()
    one.client.initialize(options={"symbols": {"workspaceSymbol": False}})
    one.client.open(URI, TEXT)
    assert one.client.call("workspace/symbol", {"query": "beta"}) == []


def test_document_symbols_need_the_setting(session: Callable[..., Any]) -> None:
    off, on = session(), session()
    off.client.initialize()
    assert "documentSymbolProvider" not in off.client.capabilities
    trees = {"textDocument": {"documentSymbol": {"hierarchicalDocumentSymbolSupport": True}}}
    on.client.initialize(options={"semlens.symbols.documentSymbol": True}, capabilities=trees)
    assert on.client.capabilities["documentSymbolProvider"]
    on.client.open(URI, TEXT)
    (top,) = on.client.call("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    assert (top["name"], [child["name"] for child in top["children"]]) == ("alpha", ["beta"])


def test_the_call_hierarchy_needs_the_setting_and_leaves_doubtful_calls_out(session: Callable[..., Any]) -> None:
    off, on = session(), session()
    off.client.initialize()
    assert "callHierarchyProvider" not in off.client.capabilities
    on.client.initialize(options={"semlens.symbols.callHierarchy": True})
    assert on.client.capabilities["callHierarchyProvider"]
    on.client.open(URI, TEXT)
    place = {"textDocument": {"uri": URI}, "position": {"line": 4, "character": 5}}
    (item,) = on.client.call("textDocument/prepareCallHierarchy", place)
    assert on.engine.calls[-1] == ("callees", NeighboursRequest(URI, 4, limit=1))
    (incoming,) = on.client.call("callHierarchy/incomingCalls", {"item": item})
    (outgoing,) = on.client.call("callHierarchy/outgoingCalls", {"item": item})
    of_item = NeighboursRequest(URI, item["selectionRange"]["start"]["line"], item["name"], limit=200)
    assert on.engine.calls[-2:] == [("callers", of_item), ("callees", of_item)]
    places = [{"start": {"line": 1, "character": 2}, "end": {"line": 1, "character": 5}}]
    assert incoming == {"from": item, "fromRanges": places}
    assert outgoing == {"to": item, "fromRanges": places}


def test_document_symbols_are_flat_for_older_clients(session: Callable[..., Any]) -> None:
    one = session()
    one.client.initialize(options={"symbols": {"documentSymbol": True}})
    one.client.open(URI, TEXT)
    symbols = one.client.call("textDocument/documentSymbol", {"textDocument": {"uri": URI}})
    assert [(s["name"], s.get("containerName")) for s in symbols] == [("alpha", None), ("beta", "alpha")]


def test_status_has_every_field(session: Callable[..., Any], tmp_path: Path) -> None:
    one = session()
    one.client.initialize(root=tmp_path)
    status = one.client.call("semlens/status", {})
    assert set(status) >= {
        "number",
        "state",
        "complete",
        "refining",
        "roots",
        "tiers",
        "generation",
        "lagMs",
        "rssBytes",
        "indexBytes",
        "remote",
        "problems",
    }
    assert status["roots"] == [
        {
            "uri": tmp_path.as_uri(),
            "files": 0,
            "symbols": 0,
            "pending": 0,
            "skipped": {"binary": 2},
            "watching": "client",
        }
    ]
    assert status["tiers"] == [{"model": "fake", "role": "first", "embedded": 3, "pending": 0}]


@pytest.mark.parametrize("how", ["root", "folders", "none"])
def test_root_folders(session: Callable[..., Any], tmp_path: Path, how: str) -> None:
    one = session()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    if how == "root":
        one.client.initialize(root=tmp_path / "a")
    elif how == "folders":
        one.client.initialize(root=tmp_path, folders=[tmp_path / "a", tmp_path / "b"])
    else:
        one.client.initialize()
    one.client.call("semlens/status", {})
    expected = {"root": ["a"], "folders": ["a", "b"], "none": []}[how]
    assert [call[0] for call in one.calls("add_root")] == [tmp_path / name for name in expected]


def test_a_missing_root_gives_one_message_and_one_problem(session: Callable[..., Any], tmp_path: Path) -> None:
    one = session()
    one.client.initialize(root=tmp_path / "gone")
    message = one.client.wait_for("a warning", lambda m: m["method"] == "window/showMessage")
    assert "gone" in message["params"]["message"]
    (problem,) = one.client.call("semlens/status", {})["problems"]
    assert problem["path"].endswith("gone")


def test_a_folder_that_appears_later_is_added(
    session: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "CHECK_SECONDS", 0.001)
    one, later = session(), tmp_path / "later"
    one.client.initialize(folders=[later])
    status = one.client.wait_status("degraded", lambda status: status["state"] == "degraded")
    message = f"The folder {later} does not exist. It is indexed once it does."
    assert status["problems"] == [{"path": str(later), "message": message}]
    later.mkdir()
    one.client.wait_status("ready", lambda status: not status["problems"])
    assert [call[0] for call in one.calls("add_root")] == [later]


def test_folders_are_added_and_removed(session: Callable[..., Any], tmp_path: Path) -> None:
    one = session()
    one.client.initialize(folders=[tmp_path])
    (tmp_path / "b").mkdir()
    folder = {"uri": (tmp_path / "b").as_uri(), "name": "b"}
    one.client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder], "removed": []}})
    one.client.search("x")
    assert [name for name, *_ in one.engine.calls[-3:]] == ["add_root", "wait_loaded", "search"]
    assert len(one.engine.roots) == 2
    one.client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": [folder]}})
    one.client.search("x")
    assert one.engine.roots == [tmp_path]


WATCHING = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}


@pytest.mark.parametrize(
    ("capabilities", "mode", "watching"),
    [
        (WATCHING, "auto", "client"),
        ({}, "auto", "native"),
        (WATCHING, "native", "native"),
        (WATCHING, "polling", "native"),
        (WATCHING, "off", "none"),
    ],
)
def test_the_watcher_is_chosen_by_client_and_setting(
    session: Callable[..., Any], tmp_path: Path, capabilities: dict[str, Any], mode: str, watching: str
) -> None:
    one = session()
    one.client.initialize(root=tmp_path, capabilities=capabilities, options={"watch": {"mode": mode}})
    one.client.call("semlens/status", {})
    assert one.calls("add_root") == [(tmp_path, False, watching)]
    if watching == "client":
        request = one.client.wait_for_request("client/registerCapability")
        methods = [registration["method"] for registration in request["params"]["registrations"]]
        assert methods == ["workspace/didChangeWatchedFiles"]


def test_watched_file_events_reach_the_engine(session: Callable[..., Any], tmp_path: Path) -> None:
    one = session()
    one.client.initialize(root=tmp_path)
    one.client.call("semlens/status", {})
    uri = (tmp_path / "a b.py").as_uri()
    changes = [{"uri": uri, "type": 1}, {"uri": "untitled:x", "type": 2}]
    one.client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    one.client.call("semlens/status", {})
    assert one.calls("files_changed") == [(tmp_path / "a b.py",)]


def test_settings_are_requested_from_the_client(session: Callable[..., Any], tmp_path: Path) -> None:
    one = session(configuration={"search": {"limit": 4}, "files": {"exclude": None}})
    one.client.initialize(
        root=tmp_path, capabilities={"workspace": {"configuration": True}}, options={"search": {"perFile": 9}}
    )
    one.client.search("x")
    (request,) = one.calls("search")[-1]
    assert (request.limit, request.per_file) == (4, 9)
    one.client.configuration = {"search": {"limit": 5}}
    one.client.notify("workspace/didChangeConfiguration", {"settings": None})
    one.client.search("x")
    assert one.calls("search")[-1][0].limit == 5


@pytest.mark.parametrize("newer_came", [False, True])
def test_settings_that_come_late_are_applied_unless_newer_ones_came(
    session: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, newer_came: bool
) -> None:
    monkeypatch.setattr(workspace, "CONFIGURATION_SECONDS", 0.0)
    one = session()
    one.client.answer = lambda _request: {"id": "of no request", "result": None}
    one.client.initialize(root=tmp_path, capabilities={"workspace": {"configuration": True}})
    request = one.client.wait_for_request("workspace/configuration")
    one.client.search("x")  # it does not wait for them
    assert one.engine.settings.search.limit == Settings().search.limit
    if newer_came:
        one.client.answer = lambda _request: {"result": [{"search": {"limit": 5}}]}
        one.client.notify("workspace/didChangeConfiguration", {"settings": None})
        one.client.until("newer settings", lambda: one.engine.settings.search.limit, lambda limit: limit == 5)
    one.client.send({"id": request["id"], "result": [{"search": {"limit": 4}}]})
    one.client.call("semlens/status", {})
    limit = 5 if newer_came else 4
    one.client.until("the settings", lambda: one.engine.settings.search.limit, lambda found: found == limit)
    assert one.servers[0].configuration.load(None)[0].search.limit == limit


def test_a_cancelled_request_leaves_the_others_that_wait_for_the_settings(
    session: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "CONFIGURATION_SECONDS", DEADLINE_SECONDS)
    one = session()
    one.client.configuration = {"search": {"limit": 4}}
    one.client.initialize(root=tmp_path, capabilities={"workspace": {"configuration": True}})
    one.client.search("x")
    asked = one.client.server_requests
    n_asked = len(asked)
    one.client.answer = lambda _request: {"id": "of no request", "result": None}
    one.client.notify("workspace/didChangeConfiguration", {"settings": None})
    one.client.until("the request", lambda: len(asked), lambda n: n > n_asked)
    cancelled, kept = (one.client.request("semlens/search", {"query": query}) for query in ("a", "b"))
    with pytest.raises(ResponseError, match="-32601"):
        one.client.call("textDocument/hover")  # an answer at once, so the others wait by now
    cancelled.cancel()
    with pytest.raises(ResponseError, match="-32800"):
        cancelled.result()
    one.client.send({"id": asked[-1]["id"], "result": [{"search": {"limit": 5}}]})
    kept.result()
    assert [call[0].limit for call in one.calls("search")] == [4, 5]


def test_settings_are_pushed_by_the_client(session: Callable[..., Any]) -> None:
    one = session()
    one.client.initialize()
    one.client.notify("workspace/didChangeConfiguration", {"settings": {"semlens": {"search": {"limit": 6}}}})
    one.client.search("x")
    assert one.calls("search")[-1][0].limit == 6


def test_a_wrong_setting_is_reported_once_by_name(session: Callable[..., Any]) -> None:
    one = session()
    one.client.initialize(options={"search": {"limit": "many"}})
    for limit in (5, 6):
        settings = {"semlens": {"search": {"limit": "many", "perFile": limit}}}
        one.client.notify("workspace/didChangeConfiguration", {"settings": settings})
        one.client.until("it", lambda: one.engine.settings.search.per_file, lambda n, limit=limit: n == limit)
    shown = [m["params"]["message"] for m in one.client.notifications if m["method"] == "window/showMessage"]
    assert len(shown) == 1
    assert "semlens.search.limit" in shown[0]


def test_no_message_of_the_editor_holds_a_link_or_a_control_character(
    session: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / ".semlens.toml").write_text('"[x](command:y)\\u001b" = 1\n')
    one = session()
    one.client.initialize(root=tmp_path)
    shown = one.client.wait_for("a warning", lambda m: m["method"] == "window/showMessage")["params"]["message"]
    (problem,) = one.client.call("semlens/status", {})["problems"]
    for message in (shown, problem["message"]):
        assert r"semlens.[x] (command:y)\x1b" in message
    error = to_response_error(SemlensError("a\n[x](command:y)\u202e is wrong."))
    assert error.message == r"a\n[x] (command:y)\u202e is wrong."


def test_reindex(session: Callable[..., Any], tmp_path: Path) -> None:
    one = session()
    one.client.initialize(root=tmp_path)
    (tmp_path / "a.py").touch()
    assert one.client.call("semlens/reindex")["state"] == "ready"
    one.client.call("semlens/reindex", {"full": True})
    one.client.call("semlens/reindex", {"uri": tmp_path.as_uri(), "full": True})
    one.client.call("semlens/reindex", {"uri": (tmp_path / "a.py").as_uri()})
    assert one.calls("rescan") == [(None, False), (None, True), (tmp_path, True)]
    assert one.calls("files_changed") == [(tmp_path / "a.py",)]


def test_pause_and_resume(open_session: Any) -> None:
    assert open_session.client.call("semlens/pause", {})["state"] == "paused"
    assert open_session.client.call("semlens/resume", {})["state"] == "ready"


def test_buffers_opened_before_the_settings_arrive_are_indexed(session: Callable[..., Any]) -> None:
    one = session(configuration={})
    one.client.initialize(capabilities={"workspace": {"configuration": True}})
    one.client.open(URI, TEXT)
    one.client.change(URI, 2, edit(0, 4, 0, 9, "gamma"))
    assert [hit["name"] for hit in one.client.search("gamma")["hits"]] == ["gamma"]


def numbers_of_changes(client: Client) -> list[int]:
    return [m["params"]["number"] for m in client.notifications if m["method"] == "semlens/statusChanged"]


def test_an_older_status_is_not_sent_after_a_newer_one(open_session: Any) -> None:
    client, engine = open_session.client, open_session.engine
    client.call("semlens/status", {})
    older, newer = engine.status(), engine.status()
    engine.on_status(newer)
    engine.on_status(older)  # reported late, by another thread
    client.until("the newer one", lambda: numbers_of_changes(client), lambda found: newer.number in found)
    answered = client.call("semlens/status", {})["number"]
    n_told = len(numbers_of_changes(client))
    engine.on_status(older)
    told = client.until("one more", lambda: numbers_of_changes(client), lambda found: len(found) > n_told)
    assert told[-1] == answered > newer.number
    assert sorted(told) == told


def test_a_status_response_is_not_older_than_the_last_notification(
    open_session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, engine = open_session.client, open_session.engine
    client.call("semlens/status", {})
    older, newer = engine.status(), engine.status()
    engine.on_status(newer)
    client.until("the newer one", lambda: numbers_of_changes(client), lambda found: newer.number in found)
    monkeypatch.setattr(engine, "status", lambda: older)
    for method in ("status", "pause", "resume", "reindex"):
        command = {"command": f"semlens.server.{method}", "arguments": [{}]}
        assert client.call(f"semlens/{method}", {})["number"] == newer.number
        assert client.call("workspace/executeCommand", command)["number"] == newer.number


def test_status_notifications_are_throttled_and_the_last_one_is_sent(open_session: Any) -> None:
    client: Client = open_session.client
    client.call("semlens/status", {})
    for n_files in range(500):
        open_session.engine.report(EngineState.INDEXING, n_files)
    open_session.engine.report(EngineState.READY, 500)
    client.wait_for(
        "ready", lambda m: m["method"] == "semlens/statusChanged" and m["params"]["roots"] == [] and is_ready(m)
    )
    changes = [m for m in client.notifications if m["method"] == "semlens/statusChanged"]
    assert len(changes) <= 4


def is_ready(message: dict[str, Any]) -> bool:
    return bool(message["params"]["state"] == "ready")


def test_ready_is_notified_without_an_event_of_the_engine(open_session: Any) -> None:
    client: Client = open_session.client
    client.call("semlens/status", {})
    open_session.engine.report(EngineState.INDEXING, 10)
    client.wait_for("indexing", lambda m: m["method"] == "semlens/statusChanged" and not is_ready(m))
    n_seen = len(client.notifications)
    open_session.engine.state = EngineState.READY
    client.wait_for("ready", lambda m: m["method"] == "semlens/statusChanged" and is_ready(m), since=n_seen)


def test_a_branch_switch_is_one_engine_call(session: Callable[..., Any], tmp_path: Path) -> None:
    one = session()
    one.client.initialize(root=tmp_path)
    paths = [tmp_path / f"file_{number}.py" for number in range(3000)]
    changes = [{"uri": path.as_uri(), "type": 2} for path in paths]
    one.client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
    one.client.until("the change", lambda: one.calls("files_changed"), bool)
    assert one.calls("files_changed") == [tuple(paths)]


def test_long_work_shows_progress_with_counts(session: Callable[..., Any], tmp_path: Path) -> None:
    one = session()
    one.client.initialize(root=tmp_path, capabilities={"window": {"workDoneProgress": True}})
    one.client.call("semlens/status", {})
    one.engine.report(EngineState.INDEXING, 1000, 600)
    token = one.client.wait_for_request("window/workDoneProgress/create")["params"]["token"]

    def is_kind(kind: str) -> Callable[[dict[str, Any]], bool]:
        return lambda m: m["method"] == "$/progress" and m["params"]["value"]["kind"] == kind

    begin = one.client.wait_for("begin", is_kind("begin"))["params"]
    assert begin["token"] == token
    assert (begin["value"]["percentage"], begin["value"]["message"]) == (40, "400 of 1,000 files")
    one.engine.report(EngineState.INDEXING, 1000, 100)
    report = one.client.wait_for("report", is_kind("report"))["params"]["value"]
    assert (report["percentage"], report["message"]) == (90, "900 of 1,000 files")
    one.engine.report(EngineState.READY, 1000, 0)
    one.client.wait_for("end", is_kind("end"))


def test_short_work_shows_no_progress(session: Callable[..., Any], tmp_path: Path) -> None:
    one = session()
    one.client.initialize(root=tmp_path, capabilities={"window": {"workDoneProgress": True}})
    one.client.call("semlens/status", {})
    one.engine.report(EngineState.INDEXING, 10, 5)
    one.engine.report(EngineState.READY, 10, 0)
    one.client.wait_for("ready", lambda m: m["method"] == "semlens/statusChanged" and m["params"]["roots"][0]["files"])
    assert [m for m in one.client.server_requests if m["method"].startswith("window")] == []


def test_requests_before_initialize_and_after_shutdown_get_errors(session: Callable[..., Any]) -> None:
    one = session()
    with pytest.raises(ResponseError) as early:
        one.client.call("semlens/status", {})
    assert early.value.code == -32002
    one.client.initialize()
    with pytest.raises(ResponseError) as twice:
        one.client.call("initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    assert twice.value.code == -32600
    one.client.call("shutdown")
    with pytest.raises(ResponseError) as late:
        one.client.call("semlens/status", {})
    assert late.value.code == -32600
    one.client.notify("exit")
    assert one.wait_exit() == 0
    assert one.engine.closed.is_set()


def test_exit_without_shutdown_returns_a_failure_code(session: Callable[..., Any]) -> None:
    one = session()
    one.client.initialize()
    one.client.notify("exit")
    assert one.wait_exit() == 1


def test_the_end_of_input_ends_the_server(session: Callable[..., Any]) -> None:
    one = session()
    one.client.initialize()
    one.client._stdin.close()
    assert one.wait_exit() == 0
    assert one.engine.closed.is_set()


def call(method: object, params: str = "{}", request_id: object = 900) -> bytes:
    """The body of a request with unchanged parameters."""
    head = json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method})
    return f'{head[:-1]}, "params": {params}}}'.encode()


def nested(n_levels: int) -> str:
    return '{"a":[' * (n_levels // 2) + "]}" * (n_levels // 2)


@pytest.mark.parametrize(
    ("body", "request_id", "code"),
    [
        (b"{nonsense", None, -32700),
        (b"\xff\xfe{}", None, -32700),
        (b"[" * 100_000, None, -32700),
        (b"[]", None, -32600),
        (b'"text"', None, -32600),
        (b'{"id": 1, "method": "shutdown"}', 1, -32600),
        (b'{"jsonrpc": "1.0", "id": "a", "method": "shutdown"}', "a", -32600),
        (b'{"jsonrpc": "1.0", "id": [], "method": "shutdown"}', None, -32600),
        (call("semlens/search", nested(1500)), None, -32700),
        (call("semlens/search", nested(900)), 900, -32600),
        (call("initialize", nested(200)), 900, -32600),
        (call("semlens/search", nested(90)), 900, -32602),
        (call("initialize", nested(90)), 900, -32600),
        (call("workspaceSymbol/resolve", nested(90)), 900, -32602),
        *[(call("workspace/symbol", query), 900, -32602) for query in ('{"query": null}', '{"query": [7]}', "{}")],
        *[(call(method), 900, -32601) for method in ("textDocument/hover", "textDocument/documentSymbol", "$/none")],
        (b'{"jsonrpc": "2.0", "id": 900}', 900, -32600),
        (b'{"jsonrpc": "2.0"}', None, -32600),
        *[(call("semlens/status", "{}", wrong), None, -32600) for wrong in ({"a": 1}, [], 1.5, True, None)],
        (call({"a": 1}), 900, -32600),
        (call(None), 900, -32600),
        (call("semlens/search", "7"), 900, -32602),
        (call("shutdown", "7", [7]), None, -32600),
        *[
            (call(method, "{}"), 900, -32600)
            for method in ("workspace/didChangeConfiguration", "window/workDoneProgress/cancel", "initialized")
        ],
    ],
)
def test_malformed_messages_get_errors_and_do_not_stop_the_server(
    open_session: Any, caplog: pytest.LogCaptureFixture, body: bytes, request_id: int | str | None, code: int
) -> None:
    open_session.client.send_bytes(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    answer = open_session.client.wait_for("an error", lambda m: "error" in m)
    assert (answer["id"], answer["error"]["code"]) == (request_id, code)
    assert "Traceback" not in answer["error"]["message"]
    assert open_session.client.search("beta")["hits"]
    assert [record for record in caplog.records if record.exc_info or "Traceback" in record.getMessage()] == []


@pytest.mark.parametrize(
    "message",
    [
        {"method": "textDocument/didChange", "params": {"textDocument": 5}},
        {
            "method": "textDocument/didChange",
            "params": {"textDocument": {"uri": "untitled:x", "version": 1}, "contentChanges": []},
        },
        {"method": "semlens/unknown", "params": {"a": 1}},
        {"method": "$/cancelRequest", "params": {"id": 999}},
        {"method": "$/cancelRequest", "params": {"id": {"a": []}}},
        {"method": "$/cancelRequest", "params": {}},
        {"method": "window/workDoneProgress/cancel", "params": {"token": {"a": []}}},
        {"method": "initialized", "params": {}},
        {"method": "semlens/search", "params": 7},
        {"method": "semlens/similar", "params": {"textDocument": {"uri": "untitled:x"}}},
        {"result": None},
        {"id": {"a": 1}, "result": None},
        {"id": 900, "error": "no"},
        {"id": 900, "result": 7},
    ],
)
def test_malformed_notifications_and_responses_do_not_stop_the_server(
    open_session: Any, caplog: pytest.LogCaptureFixture, message: dict[str, Any]
) -> None:
    open_session.client.send(message)
    assert open_session.client.search("beta")["hits"]
    assert [record for record in caplog.records if record.exc_info or "Traceback" in record.getMessage()] == []
    assert len(open_session.engines) == 1


def test_an_answer_with_the_id_of_the_clients_own_request_is_ignored(
    open_session: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pending = open_session.client.request("semlens/search", {"query": "forever"})
    assert open_session.engine.searching.wait(DEADLINE_SECONDS)
    open_session.client.send({"id": pending.id, "result": "mine"})
    pending.cancel()
    with pytest.raises(ResponseError) as caught:
        pending.result()
    assert caught.value.code == -32800
    assert [record for record in caplog.records if record.exc_info] == []


def test_initialized_needs_no_parameters(session: Callable[..., Any], tmp_path: Path) -> None:
    one = session()
    params = {"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": {}}
    one.client.request("initialize", params).result()
    one.client.send({"method": "initialized"})
    status = one.client.request("semlens/status", {}).result()
    assert [root["uri"] for root in status["roots"]] == [tmp_path.as_uri()]
    assert ("set_roots_named",) not in one.engine.calls


@pytest.mark.parametrize("root", [None, "untitled:x", "file:///nonexistent/folder"])
def test_the_engine_hears_that_there_is_no_folder(session: Callable[..., Any], root: str | None) -> None:
    one = session()
    one.client.request("initialize", {"processId": None, "rootUri": root, "capabilities": {}}).result()
    one.client.notify("initialized", {})
    status = one.client.request("semlens/status", {}).result()
    assert status["roots"] == []
    assert (status["state"] == "degraded") == (root == "file:///nonexistent/folder")
    assert ("set_roots_named",) in one.engine.calls


@pytest.mark.parametrize("configuration", [None, {}])
def test_messages_wait_until_initialize_is_answered(
    session: Callable[..., Any], tmp_path: Path, configuration: dict[str, object] | None
) -> None:
    """Sends all messages in one write, like a client that does not wait."""
    one = session(configuration=configuration)
    capabilities = {"workspace": {"configuration": configuration is not None}}
    params = {"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": capabilities}
    with one.client.at_once():
        begun = one.client.request("initialize", params)
        one.client.notify("initialized", {})
        one.client.open(URI, TEXT)
        asked = one.client.request("semlens/search", {"query": "beta"})
        status = one.client.request("semlens/status", {})
        again = one.client.request("initialize", params)
    assert begun.result()["capabilities"]
    assert [hit["name"] for hit in asked.result()["hits"]] == ["beta"]
    assert [root["uri"] for root in status.result()["roots"]] == [tmp_path.as_uri()]
    with pytest.raises(ResponseError) as twice:
        again.result()
    assert twice.value.code == -32600
    assert len(one.engines) == 1


@pytest.mark.parametrize("answer", [{"result": 7}, {"error": "no"}, {"error": {"code": 1, "message": "no"}}, {}])
def test_an_invalid_settings_response_does_not_stop_the_server(
    session: Callable[..., Any], caplog: pytest.LogCaptureFixture, answer: dict[str, Any]
) -> None:
    one = session()
    one.client.answer = lambda _request: answer
    one.client.initialize(capabilities={"workspace": {"configuration": True}})
    one.client.open(URI, TEXT)
    assert one.client.search("beta")["hits"]
    assert [record for record in caplog.records if record.exc_info or "Traceback" in record.getMessage()] == []


def test_messages_are_decoded_in_the_reader_thread(
    session: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decoding a large message would block the event loop, which has its own thread here."""
    threads: set[str] = set()
    decode = SemlensProtocol.decode

    def noting(protocol: SemlensProtocol, body: bytes) -> Incoming:
        threads.add(threading.current_thread().name)
        return decode(protocol, body)

    monkeypatch.setattr(SemlensProtocol, "decode", noting)
    one = session()
    one.client.initialize()
    one.client.search("beta")
    assert threads == {"semlens-reader"}


def test_notifications_leak_no_memory(open_session: Any) -> None:
    for _ in range(20):
        open_session.client.notify("workspace/didChangeWatchedFiles", {"changes": []})
    open_session.client.search("beta")
    assert len(open_session.servers[0].protocol._request_futures) < 10


def test_a_client_that_does_not_read_does_not_block_the_event_loop(open_session: Any) -> None:
    """200 responses of 1 MB exceed the pipe's buffer by far. All of them arrive in the end."""
    open_session.client.open("untitled:long.py", "def long" + "g" * 100_000 + "(): pass\n")
    pending = [open_session.client.request("semlens/search", {"query": "long"}) for _ in range(50)]
    assert all(len(one.result()["hits"]) == 1 for one in pending)


def test_computing_a_status_does_not_block_the_event_loop(
    session: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A status counts files and measures memory, which would delay a keystroke."""
    threads: set[int] = set()
    real = FakeEngine.status

    def status(engine: FakeEngine) -> EngineStatus:
        threads.add(threading.get_ident())
        return real(engine)

    monkeypatch.setattr(FakeEngine, "status", status)
    one = session()
    one.client.initialize()
    added = {"uri": tmp_path.as_uri(), "name": "added"}
    one.client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [added], "removed": []}})
    one.client.notify("workspace/didChangeConfiguration", {"settings": {}})
    one.client.call("semlens/status", {})
    assert threads
    assert one.thread.ident not in threads
