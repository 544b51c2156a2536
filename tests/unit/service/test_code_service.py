"""The interface of the product, tested on both of its implementations: in this process, and over a socket."""

from __future__ import annotations

import itertools
import json
import socket
import threading

import pytest
from engine_cases import DEADLINE_S, Workspace, function, make_settings, write_model

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextRequest
from semlens.core.errors import Cancelled, SemlensError, UsageError
from semlens.core.graph import ImpactRequest, NeighboursRequest
from semlens.core.request import ContentFilter, SearchFilter, SearchRequest, TestFilter
from semlens.core.status import EngineState, WatchMode
from semlens.core.symbol import SymbolKind
from semlens.daemon.api_connection import ApiConnection
from semlens.engine.engine import Engine
from semlens.engine.query.query_vectors import QueryVectors
from semlens.service import remote_service
from semlens.service.api import Api
from semlens.service.codec import LineNumbers, context_json, duplicates_json, search_json, status_json
from semlens.service.connection import Connection, ServerLostError, SocketConnection
from semlens.service.frames import FrameReader, frame, write_frame
from semlens.service.remote_service import RemoteService

TWIN = """\
def {name}(values, limit):
    total = 0
    for value in values:
        if value > limit:
            total += value * 2
        elif value < 0:
            total -= value
        else:
            total += 1
    return total
"""

HEADINGS = frozenset({SymbolKind.STRING})


class Served:
    """An engine behind a socket. :ivar client: the client's end of it."""

    def __init__(self, engine):
        self.engine = engine
        near, far = socket.socketpair()
        self.client, self._server = SocketConnection(near), SocketConnection(far)
        connection = ApiConnection(self._server, self._api)
        self._thread = threading.Thread(target=connection.serve)
        self._thread.start()

    def _api(self, notify):
        return Api(self.engine, self.engine.settings_of, notify, watching=WatchMode.NONE)

    def end(self):
        """What happens when the server is killed."""
        self._server.close()
        self._thread.join(DEADLINE_S)

    def close(self):
        self.client.close()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def made(tmp_path, model):
    made = Workspace(tmp_path / "code", tmp_path / "cache", model)
    made.write("net/retry.py", "# ümlaut\n" + function("retry_download"))
    made.write("net/test_retry.py", function("test_retry"))
    made.write("notes.md", "# Weaver\n\nThe weaver weaves.\n")
    made.write("a.py", TWIN.format(name="sum_first"))
    made.write("b.py", TWIN.format(name="sum_second"))
    yield made
    made.close()


@pytest.fixture
def engine(made):
    engine = Engine(make_settings(made.model), cache_folder=made.cache)
    made.engines.append(engine)
    engine.start()
    return engine


@pytest.fixture
def served(engine):
    served = Served(engine)
    yield served
    served.close()


@pytest.fixture(params=["process", "socket"])
def service(request, made, engine):
    if request.param == "process":
        engine.add_root(made.folder)
        assert engine.wait_complete(timeout=60)
        yield engine
        return
    remote = RemoteService(request.getfixturevalue("served").client)
    remote.add_root(made.folder)
    assert remote.wait_complete(timeout=60)
    yield remote


def names(result):
    return [hit.name for hit in result.hits]


SEARCHES = [
    (SearchRequest("retry_download", limit=1), ["retry_download"]),
    (SearchRequest("retry", limit=5, filter=SearchFilter(tests=TestFilter.ONLY)), ["test_retry"]),
    (SearchRequest("sum_first", limit=1, filter=SearchFilter(paths=("b.py",))), ["sum_second"]),
    (SearchRequest("retry", filter=SearchFilter(languages=frozenset({"go"}))), []),
    (SearchRequest("weaver", filter=SearchFilter(kinds=HEADINGS, content=None)), []),
    (SearchRequest("weaver", filter=SearchFilter(kinds=HEADINGS, content=ContentFilter.DOCS)), ["Weaver"]),
    (SearchRequest("retry", filter=SearchFilter(kinds=frozenset({SymbolKind.CLASS}))), []),
]


def test_search(service):
    for request, expected in SEARCHES:
        assert names(service.search(request, CancelToken())) == expected, request


def test_a_hit_has_everything_that_is_printed(service, made):
    (hit,) = service.search(SearchRequest("retry_download", limit=1), CancelToken(), explain=True).hits
    assert (hit.root, hit.path, hit.uri) == (str(made.folder), "net/retry.py", made.uri("net/retry.py"))
    assert (hit.span.start_line, hit.span.last_line) == (1, 2)
    assert (hit.name_span.start_line, hit.name_span.start_column) == (1, 4)
    assert (hit.kind, hit.language, hit.dirty) == (SymbolKind.FUNCTION, "python", False)
    assert hit.snippet.startswith("def retry_download")
    assert hit.features


def test_similar_duplicates_and_context(service, made):
    similar = service.similar(made.uri("a.py"), 0, 5, CancelToken())
    assert "sum_second" in names(similar)
    (group,) = service.duplicates("", 5, (), CancelToken()).groups
    assert sorted(hit.name for hit in group.hits) == ["sum_first", "sum_second"]
    pack = service.context(ContextRequest(query="retry download", budget=500), CancelToken())
    assert "def retry_download" in pack.text
    at = service.context(ContextRequest(uri=made.uri("a.py"), lines=(0, 0), budget=500), CancelToken())
    assert at.items[0].name.endswith("sum_first")
    for query in ("sum", ""):
        request = ContextRequest(query=query, folders=(str(made.folder / "net"),))
        assert {item.path.rpartition("/")[0] for item in service.context(request, CancelToken()).items} <= {"net"}


def test_status_pause_and_resume(service):
    status = service.status()
    assert (status.complete, sum(root.files for root in status.roots)) == (True, 5)
    service.pause()
    assert service.status().state is EngineState.PAUSED
    service.resume()
    assert service.status().state is not EngineState.PAUSED


def test_partial_results_come_first(service, monkeypatch):
    monkeypatch.setattr(QueryVectors, "are_refined", True)  # as with a second model
    stages = []
    service.search(
        SearchRequest("retry"), CancelToken(), lambda result, stage: stages.append((stage, len(result.hits)))
    )
    assert stages
    assert stages[0][0] == "first"


def test_errors_have_a_kind_and_a_message(service, made, tmp_path):
    with pytest.raises(UsageError, match="not in the index"):
        service.similar((tmp_path / "nowhere.py").as_uri(), 0, 5, CancelToken())
    with pytest.raises(SemlensError, match="tokenizer"):
        service.context(ContextRequest(query="x", tokenizer=str(made.folder / "a.py")), CancelToken())


def test_a_cancelled_request_ends(service):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        service.search(SearchRequest("retry"), token)
    assert names(service.search(SearchRequest("retry_download", limit=1), CancelToken())) == ["retry_download"]


def test_a_root_that_does_not_exist_is_one_sentence(service, tmp_path):
    def open_missing():
        service.add_root(tmp_path / "missing")
        service.status()

    with pytest.raises(SemlensError, match=r"does not exist\. Name a folder"):
        open_missing()


def test_both_implementations_have_the_same_json(made, engine, served):
    engine.add_root(made.folder)
    assert engine.wait_complete(timeout=60)
    remote = RemoteService(served.client)
    remote.add_root(made.folder)
    remote.wait_complete()
    places, token = LineNumbers(), CancelToken()

    def both(ask, encode):
        encoded = [encode(ask(service), places) for service in (engine, remote)]
        for one in encoded:
            for key in ("elapsedMs", "generation", "number", "rssBytes", "lagMs", "indexBytes"):
                one.pop(key, None)
        assert encoded[0] == encoded[1]
        return encoded[0]

    assert both(lambda service: service.search(SearchRequest("retry"), token, explain=True), search_json)["hits"]
    assert both(lambda service: service.similar(made.uri("a.py"), 0, 5, token), search_json)["hits"]
    assert both(lambda service: service.duplicates("", 5, (), token), duplicates_json)["groups"]
    assert both(lambda service: service.context(ContextRequest(query="retry"), token), context_json)["items"]
    both(lambda service: service.status(), lambda status, _: status_json(status))


def test_a_lost_server_is_one_sentence(made, served):
    remote = RemoteService(served.client)
    remote.add_root(made.folder)
    remote.wait_complete()
    served.end()
    with pytest.raises(ServerLostError, match="ended before it answered"):
        remote.status()


CALLS = {
    "wait": lambda remote: remote.wait_complete(),
    "status": lambda remote: remote.status(),
    "a call that may be cancelled": lambda remote: remote.unused(10, (), CancelToken()),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_server_that_says_nothing_is_not_waited_for(made, monkeypatch, call):
    monkeypatch.setattr("semlens.service.remote_service._SILENCE_SECONDS", 0.1)
    ours, theirs = socket.socketpair()
    remote = RemoteService(SocketConnection(ours))
    remote.add_root(made.folder)
    with pytest.raises(ServerLostError, match="does not answer"):
        call(remote)
    remote.close()
    theirs.close()


class BusyServer(Connection):
    """Answers the first request after the third status. :ivar waited_s: how long its client waited."""

    def __init__(self):
        super().__init__()
        self.waited_s = 0.0
        self._methods = []
        self._ready = b""

    def write(self, data):
        request = json.loads(bytes(data).partition(b"\r\n\r\n")[2])
        self._methods.append(request["method"])
        if request["method"] == "semlens/status":
            self._put({"id": request["id"], "error": {"code": -32603, "message": "not asked by the caller"}})
        if self._methods.count("semlens/status") == 3:
            self._put({"id": 1, "result": {"problem": "saved at last"}})
        return len(data)

    def _put(self, message):
        self._ready += frame(json.dumps(message).encode())

    def _poll(self, timeout_s):
        self.waited_s += 0.0 if self._ready else timeout_s
        return bool(self._ready)

    def _receive(self, size):
        data, self._ready = self._ready[:size], self._ready[size:]
        return data

    def check_peer(self): ...

    def end_writing(self): ...


def test_a_server_that_works_for_long_and_tells_its_status_is_waited_for():
    server = BusyServer()
    assert RemoteService(server).wait_saved() == "saved at last"
    assert server.waited_s == 3 * remote_service._SILENCE_SECONDS


# --- the messages of the api protocol ---------------------------------------------------------------------------------


def ask(served, *bodies):
    """Send raw bodies. :returns: as many answers as there are bodies, by id."""
    for body in bodies:
        write_frame(served.client, body if isinstance(body, bytes) else json.dumps(body).encode())
    reader, answers = FrameReader(served.client), {}
    while len(answers) < len(bodies):
        message = json.loads(reader.read())
        if "method" not in message:
            answers[message["id"]] = message
    return answers


def test_raw_requests_name_their_roots_and_count_lines_from_1(made, served):
    root = made.folder.as_uri()
    ask(served, {"id": 1, "method": "semlens/wait", "params": {"roots": [root]}})
    found = ask(served, {"id": 2, "method": "semlens/search", "params": {"query": "retry_download", "roots": [root]}})
    hit = found[2]["result"]["hits"][0]
    assert (hit["path"], hit["startLine"], hit["nameLine"], hit["nameColumn"]) == ("net/retry.py", 2, 2, 5)
    place = {"textDocument": {"uri": made.uri("a.py")}, "position": {"line": 1}}
    assert ask(served, {"id": 3, "method": "semlens/similar", "params": place})[3]["result"]["hits"]


@pytest.mark.parametrize("method", ["semlens/status", "semlens/nothing"])
def test_an_id_is_free_as_soon_as_its_answer_arrives(served, monkeypatch, method):
    """Even while the thread that sent the answer is not done."""
    is_first, goes_on = iter([True]), threading.Event()
    send = ApiConnection._send

    def send_and_rest(connection, body):
        send(connection, body)
        if next(is_first, False):
            goes_on.wait(60)

    monkeypatch.setattr(ApiConnection, "_send", send_and_rest)
    try:
        ask(served, {"id": 1, "method": method})
        assert "result" in ask(served, {"id": 1, "method": "semlens/status"})[1]
    finally:
        goes_on.set()


@pytest.mark.parametrize("wrong", [[], {"a": 1}, None, "none"])
def test_cancelling_an_unknown_id_changes_nothing(served, wrong):
    cancel = {"method": "$/cancelRequest", "params": {"id": wrong}}
    write_frame(served.client, json.dumps(cancel).encode())
    assert ask(served, {"id": 1, "method": "semlens/status"})[1]["result"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"[]", -32600),
        ({"id": 1}, -32600),
        ({"id": "x", "method": 7}, -32600),
        ({"id": 1, "method": "semlens/nothing"}, -32601),
        ({"id": 1, "method": "semlens/search", "params": {}}, -32602),
        ({"id": 1, "method": "semlens/search", "params": []}, -32602),
        ({"id": 1, "method": "semlens/search", "params": {"query": "x", "roots": ["http://host/x"]}}, -32602),
        ({"id": 1, "method": "semlens/search", "params": {"query": "x", "limit": "many"}}, -32602),
        ({"id": 1, "method": "semlens/search", "params": {"query": "x", "filter": {"content": "x"}}}, -32602),
        ({"id": 1, "method": "semlens/similar", "params": {"textDocument": {"uri": "file:///x"}}}, -32602),
        ({"id": 1, "method": "semlens/similar", "params": {"textDocument": {}, "position": {"line": 0}}}, -32602),
        ({"id": 1, "method": "semlens/release", "params": {}}, -32602),
    ],
)
def test_wrong_messages_are_answered_and_the_connection_lives_on(served, body, code):
    (answer,) = ask(served, body).values()
    assert answer["error"]["code"] == code
    assert answer["error"]["message"].endswith(".")
    assert "result" in ask(served, {"id": 7, "method": "semlens/status"})[7]


def test_the_code_graph_is_the_same_on_both_sides(made, service):
    made.write("app.py", "from net.retry import retry_download\n\ndef run():\n    retry_download(1)\n")
    for file in ("plane.ts", "space.ts"):
        made.write(file, "export class Point { size() { return 1; } }\n")
    service.rescan()
    assert service.wait_complete(timeout=60)
    callers = service.callers(NeighboursRequest(name="retry_download"), CancelToken())
    assert [(edge.hit.name, edge.confidence, edge.spans[0][:2]) for edge in callers.edges] == [("run", 0.95, (3, 4))]
    callees = service.callees(NeighboursRequest(made.uri("app.py"), 3), CancelToken())
    assert [(edge.hit.name, edge.kind.value) for edge in callees.edges] == [("retry_download", "call")]
    for file, name in itertools.product(("plane.ts", "space.ts"), ("size", "Point")):
        found = service.callees(NeighboursRequest(made.uri(file), 0, name), CancelToken())
        assert (found.symbol.path, found.symbol.name) == (file, name)
    diff = "--- a/net/retry.py\n+++ b/net/retry.py\n@@ -2 +2 @@\n-def retry_download\n+x\n"
    line = (made.folder / "net/retry.py").read_text().split("\n")[1]
    impact = service.impact(ImpactRequest(diff=diff.replace("def retry_download", line)), CancelToken())
    assert [hit.name for hit in impact.changed] == ["retry_download"]
    assert [(one.hit.name, one.distance, one.via) for one in impact.affected] == [("run", 1, ("retry_download",))]
    assert [one.hit.path for one in impact.tests] == ["net/test_retry.py"]
    unused = service.unused(10, (str(made.folder),), CancelToken())
    assert {one.hit.name for one in unused.symbols} >= {"run", "sum_first", "sum_second"}
    with pytest.raises(UsageError, match="No symbol is named"):
        service.callers(NeighboursRequest(name="absent"), CancelToken())
    with pytest.raises(UsageError, match="does not apply"):
        service.impact(ImpactRequest(diff=diff), CancelToken())
