"""Search through the real server: typed, saved, moved and deleted text, in every encoding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsp_client import ProcessClient, ResponseError, edit, names

Start = Callable[..., ProcessClient]
WIDTHS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


def text_at(text: str, where: dict[str, Any], encoding: str) -> str:
    """The part of a text in a range, with columns in the client's encoding."""
    codec, width = WIDTHS[encoding]
    lines = text.split("\n")

    def offset(place: dict[str, int]) -> int:
        line = lines[place["line"]]
        head = line.encode(codec)[: place["character"] * width].decode(codec)
        return sum(len(one) + 1 for one in lines[: place["line"]]) + len(head)

    return text[offset(where["start"]) : offset(where["end"])]


def first(client: ProcessClient, query: str, name: str, **params: Any) -> dict[str, Any]:
    """Search until the first hit has this name."""
    answer = client.until(
        f"{name} as the first hit",
        lambda: client.search(query, **params)["hits"],
        lambda hits: bool(hits) and hits[0]["name"] == name,
    )
    hit: dict[str, Any] = answer[0]
    return hit


def test_queries_find_code(server: ProcessClient, workspace: Path) -> None:
    for query, name in (
        ("fetch_with_retry", "fetch_with_retry"),
        ("fetchWithRetry", "fetch_with_retry"),
        ("cartTotal", "cartTotal"),
        ("download a page again after a failure", "fetch_with_retry"),
        ("hex string to rgb", "parse_colour"),
        ("price of everything in the basket with tax", "cartTotal"),
    ):
        assert names(server.search(query))[0] == name, query


def test_a_hit_has_every_field_and_the_right_places(server: ProcessClient, workspace: Path) -> None:
    answer = server.search("parse_colour", explain=True)
    assert set(answer) >= {"hits", "generation", "complete", "elapsedMs"}
    assert answer["complete"] is True
    hit = answer["hits"][0]
    assert set(hit) >= {
        "name",
        "kind",
        "location",
        "selectionRange",
        "language",
        "score",
        "signature",
        "snippet",
        "highlights",
        "reasons",
        "features",
        "dirty",
    }
    text = (workspace / "colour.py").read_text()
    assert hit["location"]["uri"] == (workspace / "colour.py").as_uri()
    assert text_at(text, hit["location"]["range"], "utf-16") == text.rstrip("\n")
    assert text_at(text, hit["selectionRange"], "utf-16") == "parse_colour"
    assert hit["snippet"]["text"].strip() in text
    assert (hit["kind"], hit["language"], hit["dirty"]) == (12, "python", False)
    assert "name" in hit["reasons"]
    assert 0 <= hit["score"] <= 1
    assert "features" not in server.search("parse_colour")["hits"][0]


@pytest.mark.parametrize("encoding", list(WIDTHS))
def test_every_encoding(start: Start, workspace: Path, encoding: str) -> None:
    """Columns after astral characters are correct in hits and edits."""
    text = 'PARTY = "\U0001f389\u00e9\u4e16"; FACE = "\U0001f600"\ndef f\u00fchre_tanz_auf(): return "\U0001f483"\n'
    (workspace / "party.py").write_text(text, encoding="utf-8")
    client = start()
    result = client.initialize(root=workspace, encodings=[encoding])
    assert result["capabilities"]["positionEncoding"] == encoding
    client.wait_ready()
    hit = first(client, "f\u00fchre_tanz_auf", "f\u00fchre_tanz_auf")
    assert text_at(text, hit["selectionRange"], encoding) == "f\u00fchre_tanz_auf"
    assert text_at(text, hit["location"]["range"], encoding) == 'def f\u00fchre_tanz_auf(): return "\U0001f483"'

    uri = (workspace / "party.py").as_uri()
    client.open(uri, text)
    codec, width = WIDTHS[encoding]
    column = len('def f\u00fchre_tanz_auf(): return "\U0001f483'.encode(codec)) // width
    client.change(uri, 2, edit(1, column, 1, column, '"\ndef zweite_runde(): return "\U0001f37e'))
    hit = first(client, "zweite_runde", "zweite_runde")
    assert hit["dirty"] is True
    edited = text.replace('\U0001f483"', '\U0001f483"\ndef zweite_runde(): return "\U0001f37e"')
    assert text_at(edited, hit["selectionRange"], encoding) == "zweite_runde"


def test_typed_text_is_found_until_the_document_closes(server: ProcessClient, workspace: Path) -> None:
    uri = (workspace / "colour.py").as_uri()
    text = (workspace / "colour.py").read_text()
    server.open(uri, text)
    server.change(uri, 2, edit(0, 0, 0, 0, 'def rotate_logs(folder):\n    """Move old log files away."""\n\n\n'))
    hit = first(server, "archive old log files", "rotate_logs")
    assert hit["dirty"] is True
    assert hit["location"]["range"]["start"] == {"line": 0, "character": 0}
    below = first(server, "parse_colour", "parse_colour")
    assert below["selectionRange"]["start"]["line"] == 4
    server.change(uri, 3, edit(0, 0, 4, 0, ""))
    server.until("gone", lambda: names(server.search("rotate_logs")), lambda found: "rotate_logs" not in found)
    server.change(uri, 4, {"text": "def whole_new_text():\n    pass\n"})
    assert first(server, "whole_new_text", "whole_new_text")["dirty"] is True
    assert "parse_colour" not in names(server.search("parse_colour"))
    server.close_document(uri)
    assert first(server, "parse_colour", "parse_colour")["dirty"] is False
    assert "whole_new_text" not in names(server.search("whole_new_text"))


def test_each_document_is_found_once(server: ProcessClient, workspace: Path) -> None:
    uri = (workspace / "colour.py").as_uri()
    server.open(uri, (workspace / "colour.py").read_text())
    hit = first(server, "parse_colour", "parse_colour")
    assert hit["dirty"] is False
    assert hit["path"] == "colour.py"
    assert names(server.search("parse_colour")).count("parse_colour") == 1


def test_a_document_opened_before_its_root_is_known(start: Start, workspace: Path) -> None:
    client = start()
    client.initialize(root=workspace)
    uri = (workspace / "colour.py").as_uri()
    client.open(uri, "def repaint():\n    pass\n")
    client.wait_ready()
    hit = first(client, "repaint", "repaint")
    assert (hit["path"], hit["dirty"]) == ("colour.py", True)
    assert "parse_colour" not in names(client.search("parse_colour"))


def test_saving_clears_the_dirty_flag(server: ProcessClient, workspace: Path) -> None:
    path = workspace / "colour.py"
    server.open(path.as_uri(), path.read_text())
    server.change(path.as_uri(), 2, {"text": "def tint():\n    pass\n"})
    assert first(server, "tint", "tint")["dirty"] is True
    path.write_text("def tint():\n    pass\n")
    server.save(path.as_uri())
    server.until("clean", lambda: server.search("tint")["hits"][0]["dirty"], lambda dirty: dirty is False)


def test_untitled_documents(server: ProcessClient) -> None:
    server.open("untitled:Untitled-7", "def brew_coffee():\n    pass\n")
    hit = first(server, "brew_coffee", "brew_coffee")
    assert (hit["location"]["uri"], hit["dirty"]) == ("untitled:Untitled-7", True)
    server.close_document("untitled:Untitled-7")
    server.until("gone", lambda: names(server.search("brew_coffee")), lambda found: "brew_coffee" not in found)


def test_filters(server: ProcessClient) -> None:
    def found(**search_filter: Any) -> set[str]:
        return set(names(server.search("fetch retry price total colour delay", perFile=0, filter=search_filter)))

    of_typescript = found(languages=["typescript"])
    assert {"LineItem", "cartTotal"} <= of_typescript
    assert not {"fetch_with_retry", "Backoff", "parse_colour"} & of_typescript
    assert found(kinds=[5]) == {"Backoff"}
    assert found(kinds=["class", "interface"]) == {"Backoff", "LineItem"}
    assert found(paths=["net/**"]) <= {"fetch_with_retry", "Backoff", "next_delay", "retry.py"}
    assert "fetch_with_retry" not in found(excludePaths=["net/**"])
    assert "test_fetch_with_retry" not in found(tests="exclude")
    assert found(tests="only") <= {"test_fetch_with_retry", "test_retry.py"}


def test_limit_and_per_file(server: ProcessClient) -> None:
    assert len(server.search("retry", limit=1)["hits"]) == 1
    paths = [hit["path"] for hit in server.search("failure delay download wait", perFile=1)["hits"]]
    assert len(set(paths)) == len(set(paths[: len(set(paths))])), "other files come before a file's second hit"


ODD_QUERIES = [
    *(
        "foo(bar",
        'a"b',
        "*",
        "C++",
        "",
        "   ",
        "a AND",
        "x-y",
        "\0",
        "\U0001f389",
        "\ud800",
        "lang:",
        "path:[",
        "kind:spoon",
    ),
    "(" * 5_000,
    "x " * 50_000,
]


def test_unusual_queries_are_answered(server: ProcessClient) -> None:
    for query in ODD_QUERIES:
        answer = server.search(query)
        assert isinstance(answer["hits"], list), query
    assert names(server.search("parse_colour"))[0] == "parse_colour"


def test_refined_results_replace_each_other(server: ProcessClient) -> None:
    server.wait_status("refined vectors", lambda status: all(not tier["pending"] for tier in status["tiers"]))
    answer = server.search("retry after failure", refineToken="picker-1")
    parts = [message["params"] for message in server.notifications if message["method"] == "$/progress"]
    (part,) = [part["value"] for part in parts if part["token"] == "picker-1"]
    assert (part["replace"], part["stage"]) == (True, "first")  # the answer itself is the refined list
    assert part["hits"]
    assert answer["hits"]


def test_cancelled_searches_end_and_the_last_one_is_answered(server: ProcessClient) -> None:
    with server.at_once():  # else all may be answered before the first cancellation
        pending = [server.request("semlens/search", {"query": f"retry number {number}"}) for number in range(100)]
        for one in pending[:-1]:
            one.cancel()
    codes = set()
    for one in pending[:-1]:
        try:
            one.result()
        except ResponseError as error:
            codes.add(error.code)
    assert codes == {-32800}
    assert pending[-1].result()["hits"]


def test_wrong_parameters(server: ProcessClient) -> None:
    for params in ({}, {"query": 1}, {"query": "a", "limit": -1}, {"query": "a", "filter": {"tests": "x"}}, []):
        with pytest.raises(ResponseError) as caught:
            server.call("semlens/search", params)
        assert caught.value.code == -32602


def test_commands_mirror_requests(server: ProcessClient) -> None:
    params = {"command": "semlens.server.search", "arguments": [{"query": "parse_colour", "limit": 1}]}
    (hit,) = server.call("workspace/executeCommand", params)["hits"]
    assert hit["name"] == "parse_colour"
    status = server.call("workspace/executeCommand", {"command": "semlens.server.status", "arguments": [{}]})
    assert status["complete"] is True


def test_similar_duplicates_and_context(server: ProcessClient, workspace: Path) -> None:
    place = {"textDocument": {"uri": (workspace / "colour.py").as_uri()}, "position": {"line": 0, "character": 0}}
    for ask in (
        lambda name, params: server.call(f"semlens/{name}", params),
        lambda name, params: server.call(
            "workspace/executeCommand", {"command": f"semlens.server.{name}", "arguments": [params]}
        ),
    ):
        assert "parse_colour" not in [hit["name"] for hit in ask("similar", {**place, "limit": 5})["hits"]]
        pack = ask("context", {**place, "budget": 300})
        assert pack["tokens"] <= pack["budget"] == 300
        assert pack["countedBy"] == "estimate"
        assert pack["items"][0]["form"] == "full"
        assert "parse_colour" in pack["text"]
        assert ask("duplicates", {})["groups"] == []
    for name, params in (("similar", {}), ("context", {"position": {"line": 1}}), ("duplicates", {"limit": 0})):
        with pytest.raises(ResponseError) as caught:
            server.call(f"semlens/{name}", params)
        assert caught.value.code == -32602


def test_workspace_symbol(server: ProcessClient, workspace: Path) -> None:
    symbols = server.call("workspace/symbol", {"query": "parse_colour"})
    assert symbols[0]["name"] == "parse_colour"
    text = (workspace / "colour.py").read_text()
    assert text_at(text, symbols[0]["location"]["range"], "utf-16") == "parse_colour"
    resolved = server.call("workspaceSymbol/resolve", symbols[0])
    assert resolved["location"] == symbols[0]["location"]
    by_meaning = server.call("workspace/symbol", {"query": "hex string to rgb"})
    assert by_meaning[0]["name"] == "parse_colour"


def test_workspace_symbol_without_words_gives_what_is_open(server: ProcessClient, workspace: Path) -> None:
    path = workspace / "shop" / "cart.ts"
    server.open(path.as_uri(), path.read_text(), "typescript")
    found = server.until("the open document", lambda: server.call("workspace/symbol", {"query": ""}), bool)
    assert {"LineItem", "cartTotal"} <= {symbol["name"] for symbol in found}


def test_workspace_symbol_in_parts(start: Start, workspace: Path) -> None:
    # Refined vectors could change the order between the two questions.
    server = start(env={"SEMLENS_USER_SETTINGS": '{"models.refine": "none"}'})
    server.initialize(root=workspace)
    server.wait_ready()
    server.open("untitled:many.py", "".join(f"def handler_{n}():\n    pass\n\n" for n in range(60)))
    first(server, "handler_1", "handler_1")
    whole = server.call("workspace/symbol", {"query": "handler"})
    assert server.call("workspace/symbol", {"query": "handler", "partialResultToken": 3}) == []
    parts = [
        m["params"]["value"] for m in server.notifications if m["method"] == "$/progress" and m["params"]["token"] == 3
    ]
    assert [symbol["name"] for part in parts for symbol in part] == [symbol["name"] for symbol in whole]


def test_document_symbols_follow_the_text(start: Start, workspace: Path) -> None:
    client = start()
    client.initialize(
        root=workspace,
        options={"symbols": {"documentSymbol": True}},
        capabilities={"textDocument": {"documentSymbol": {"hierarchicalDocumentSymbolSupport": True}}},
    )
    uri = (workspace / "net" / "retry.py").as_uri()
    text = (workspace / "net" / "retry.py").read_text()
    client.open(uri, text)
    tree = client.until(
        "an outline",
        lambda: client.call("textDocument/documentSymbol", {"textDocument": {"uri": uri}}),
        bool,
    )
    assert [(s["name"], [c["name"] for c in s.get("children", [])]) for s in tree] == [
        ("fetch_with_retry", []),
        ("Backoff", ["next_delay"]),
    ]
    client.change(uri, 2, edit(0, 0, 0, 0, "\f\ndef fresh():\n    pass\n"))
    tree = client.until(
        "the new outline",
        lambda: client.call("textDocument/documentSymbol", {"textDocument": {"uri": uri}}),
        bool,
    )
    assert [s["name"] for s in tree] == ["fresh", "fetch_with_retry", "Backoff"]
    assert tree[0]["selectionRange"]["start"] == {"line": 1, "character": 4}
