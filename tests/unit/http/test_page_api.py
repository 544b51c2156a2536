"""The requests of the page, over a real socket: what they give, and what they refuse."""

from __future__ import annotations

import json
import socket
import threading

import pytest
from page_server import RETRY, SECONDS

from semlens.core.errors import Cancelled
from semlens.http import methods, routes

BAD_NAME = "<img src=x onerror=alert(1)>.py"


def test_the_session_says_what_is_served(page):
    session = page.result("session")
    (root,) = session["roots"]
    assert root["path"] == root["hostPath"] == str(page.folder)
    assert root["name"] == page.folder.name
    assert {"search", "file", "folders", "skipped", "status"} <= set(session["methods"])
    assert not session["exposed"]


def test_a_search_finds_code_and_its_file_opens(page):
    (hit, *_) = page.result("search", query="fetch with retry")["hits"]
    assert (hit["root"], hit["path"], hit["startLine"]) == (str(page.folder), "net/retry.py", 1)
    shown = page.result("file", root=hit["root"], path=hit["path"])
    assert shown["text"] == RETRY.rstrip("\n")
    assert (shown["language"], shown["startLine"], shown["endLine"], shown["totalLines"]) == ("python", 1, 3, 3)
    part = page.result("file", path="net/retry.py", startLine=2, endLine=2)
    assert (part["text"], part["truncated"]) == (RETRY.splitlines()[1], False)


def test_the_copy_of_a_file_of_the_team_is_shown_when_it_arrives_and_nothing_beside_it(
    start_page, tmp_path, monkeypatch
):
    page = start_page()
    copy = tmp_path / "cache0" / "team" / "example.org" / "app" / "a.py"

    def arrive(_seconds):
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("x = 1\n")

    monkeypatch.setattr(methods.time, "sleep", arrive)
    shown = page.result("file", root=str(copy.parent), path="a.py")
    assert (shown["root"], shown["text"], shown["language"]) == (str(copy.parent), "x = 1", "python")
    assert page.result("outline", root=str(copy.parent), path="a.py")["symbols"] == []
    cache = tmp_path / "cache0"
    (cache / "other.py").write_text("x = 2\n")
    for root in (cache, cache / "team", cache / "team" / "..", tmp_path):
        assert page.ask("file", root=str(root), path="other.py")[0] == 403, root


def test_an_outline_is_that_of_the_text(page):
    (symbol,) = page.result("outline", path="net/retry.py")["symbols"]
    assert (symbol["name"], symbol["startLine"], symbol["kind"]) == ("fetch_with_retry", 1, "function")


@pytest.mark.parametrize("named", ["root and path", "uri"])
def test_similar_code_takes_a_place_in_both_forms(page, named):
    path = str(page.folder / "net" / "retry.py")
    place = {"path": "net/retry.py"} if named != "uri" else {"textDocument": {"uri": f"file://{path}"}}
    assert page.ask("similar", position={"line": 1}, **place)[0] in (200, 409)  # without a model there are no vectors
    assert "fetch_with_retry" in page.result("context", position={"line": 1}, **place)["text"]


@pytest.mark.parametrize("named", [{"name": "fetch_with_retry"}, {"path": "net/retry.py", "position": {"line": 2}}])
def test_callers_take_a_name_or_a_place(page, named):
    answer = page.result("callers", **named)
    assert (answer["symbol"]["name"], answer["edges"]) == ("fetch_with_retry", [])
    assert page.result("callees", **named)["symbol"]["path"] == "net/retry.py"


def test_a_long_line_is_cut(page):
    shown = page.result("file", path="long.py")
    assert shown["cutLines"] == [2]
    assert len(shown["text"]) < 10_000
    assert shown["sizeBytes"] > 5_000_000


def test_html_is_passed_on_as_text(page):
    shown = page.result("file", path=BAD_NAME)
    assert "<script>" in shown["text"]
    status, headers, _ = page.send("POST", "/api/file", {"path": BAD_NAME})
    assert (status, headers["content-type"]) == (200, "application/json")


def test_folders_are_counted(page):
    folders = {folder["path"]: folder for folder in page.result("folders")["folders"]}
    assert set(folders) == {"", "net"}
    assert (folders["net"]["files"], folders["net"]["symbols"]) == (1, 1)
    assert folders["net"]["languages"] == {"python": 1}
    inside = page.result("folders", folder="net")
    assert [file["path"] for file in inside["files"]] == ["net/retry.py"]
    assert [folder["path"] for folder in inside["folders"]] == ["net"]


def test_skipped_files_have_a_reason_and_a_fix(page):
    skipped = page.result("skipped")
    by_path = {file["path"]: file["reason"] for file in skipped["files"]}
    assert by_path["picture.png"] == "binary"
    assert by_path["build/"] == "ignored"
    assert by_path["long.py"] == "too large"
    assert all(reason["fix"] for reason in skipped["reasons"])
    only = page.result("skipped", reason="ignored", limit=1)
    assert ([file["path"] for file in only["files"]], only["truncated"]) == (["build/"], False)
    assert {reason["reason"] for reason in only["reasons"]} == {reason["reason"] for reason in skipped["reasons"]}


@pytest.mark.parametrize(
    ("method", "params", "status", "code"),
    [
        ("file", {"path": "../x"}, 400, "badRequest"),
        ("file", {"path": "/etc/passwd"}, 400, "badRequest"),
        ("file", {"path": "a\0b"}, 400, "badRequest"),
        ("file", {"path": "\ud800"}, 400, "badRequest"),
        ("file", {"path": 3}, 400, "badRequest"),
        ("file", {}, 400, "badRequest"),
        ("file", {"path": "net/retry.py", "startLine": 3, "endLine": 2}, 400, "badRequest"),
        ("file", {"path": "net/retry.py", "root": "/etc"}, 403, "refused"),
        ("file", {"path": "gone.py"}, 404, "notFound"),
        ("file", {"path": "net"}, 409, "failed"),
        ("file", {"path": "picture.png"}, 409, "failed"),
        ("outline", {"path": "gone.py"}, 404, "notFound"),
        ("search", {"query": "x", "roots": ["/etc"]}, 403, "refused"),
        ("search", {"query": "x", "roots": "/etc"}, 400, "badRequest"),
        ("search", {"query": "x", "roots": ["/etc"] * 1001}, 400, "badRequest"),
        ("search", {}, 400, "badRequest"),
        ("context", {"textDocument": {"uri": "file:///etc/passwd"}, "position": {"line": 1}}, 403, "refused"),
        ("context", {"textDocument": {"uri": "untitled:x"}, "position": {"line": 1}}, 400, "badRequest"),
        ("duplicates", {"uri": "file:///etc/passwd"}, 403, "refused"),
        ("reindex", {"roots": ["/etc"]}, 403, "refused"),
        ("folders", {"folder": "../.."}, 400, "badRequest"),
        ("skipped", {"reason": "bad luck"}, 400, "badRequest"),
        ("wait", {}, 404, "unknownMethod"),
        ("release", {"uri": "file:///"}, 404, "unknownMethod"),
        ("map/locate", {"version": "", "places": []}, 404, "notFound"),
    ],
)
def test_what_is_refused(page, method, params, status, code):
    answered, answer = page.ask(method, **params)
    assert (answered, answer["error"]["code"]) == (status, code)
    assert answer["error"]["message"].endswith(".")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ("{}", {"Content-Type": "text/plain"}, 415),  # what a form of another page could send
        ("{", {}, 400),
        ("[]", {}, 400),
        ("3", {}, 400),
        ("[" * 100_000, {}, 400),
        ("", {}, 200),
        ("{}", {"Content-Type": "application/json; charset=utf-8"}, 200),
        ('{"q": "' + "x" * (5 << 20) + '"}', {}, 413),
    ],
)
def test_bodies(page, body, headers, status):
    assert page.status_of("POST", "/api/status", body, **headers) == status


@pytest.mark.parametrize("path", ["/api/status", "/mcp"])
def test_a_body_that_comes_slowly_is_not_waited_for(page, monkeypatch, path):
    """It would keep one of the connections that the server has."""
    monkeypatch.setattr(routes, "BODY_SECONDS", 0.0)
    with socket.create_connection(page.host.split(":"), timeout=SECONDS) as client:
        client.sendall(
            f"POST {path} HTTP/1.1\r\nHost: {page.host}\r\nAuthorization: Bearer {page.token}\r\n"
            "Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{".encode()
        )
        assert client.recv(100).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/status", 405),
        ("PUT", "/api/status", 405),
        ("POST", "/", 405),
        ("GET", "/api/map/points", 404),
        ("GET", "/api/nothing", 405),
        ("POST", "/api/nothing", 404),
        ("POST", "/api/", 404),
    ],
)
def test_wrong_addresses(page, method, path, status):
    answered, _, body = page.send(method, path, {} if method == "POST" else None)
    assert answered == status
    assert json.loads(body)["error"]["message"]


def test_the_files_of_the_page(page):
    for path in ("/", "/map", "/search?q=a", "/index.html"):
        status, headers, body = page.send("GET", path)
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert b"the page" in body
        assert headers["cache-control"] == "no-cache"
    status, headers, body = page.send("GET", "/assets/index-1a2b.js", Accept_Encoding="gzip")
    assert (status, headers["content-encoding"], headers["content-type"]) == (
        200,
        "gzip",
        "text/javascript; charset=utf-8",
    )
    assert len(body) < 1000
    assert "immutable" in headers["cache-control"]
    assert page.status_of("GET", "/assets/index-1a2b.js", If_None_Match=headers["etag"]) == 304
    for path in ("/assets/gone.js", "/favicon.ico", "/%2e%2e/%2e%2e/guard.py", "/../../guard.py"):
        assert page.status_of("GET", path) == 404


def test_a_link_out_of_the_folder_is_not_followed(page, tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("SECRET = 1\n")
    for name, target in (("link.py", secret), ("linked", tmp_path)):
        (page.folder / name).symlink_to(target)
    try:
        assert page.ask("file", path="link.py")[0] == 409
        assert page.ask("file", path="linked/secret.py")[0] == 409
        assert page.ask("context", path="linked/secret.py", position={"line": 1})[0] == 403
        assert page.ask("search", query="x", roots=[str(page.folder / "linked")])[0] == 403
    finally:
        for name in ("link.py", "linked"):
            (page.folder / name).unlink()


def test_a_client_that_leaves_cancels_its_request(page, monkeypatch):
    """And the server goes on."""
    begun, cancelled = threading.Event(), threading.Event()
    original = type(page.session).search

    def search(self, request, cancel, *more, **options):
        if request.query != "wait":
            return original(self, request, cancel, *more, **options)
        begun.set()
        while not cancel.cancelled:
            cancelled.wait(0.01)
        cancelled.set()
        raise Cancelled("The request was cancelled.")

    monkeypatch.setattr(type(page.session), "search", search)
    body = b'{"query": "wait"}'
    head = (
        f"POST /api/search HTTP/1.1\r\nHost: {page.host}\r\nAuthorization: Bearer {page.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", page.facts["port"]), 60) as client:
        client.sendall(head.encode() + body)
        assert begun.wait(60)
    assert cancelled.wait(60)
    assert page.ask("status")[0] == 200
