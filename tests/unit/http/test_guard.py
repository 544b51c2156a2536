"""Who is answered: hosts, origins, links that work once, cookies and tokens, over a real socket."""

from __future__ import annotations

import contextlib
import http.client
import socket

import pytest

from semlens.http import server
from semlens.http.access import COOKIE_SECONDS, LINK_SECONDS, MAX_LINKS, Access, TokenFileError, read_or_make_token

EVIL = "http://evil.example"


def link_path(link):
    return "/" + link.split("/", 3)[3]


def cookie_of(page):
    _, headers, _ = page.send("GET", link_path(page.new_link()), signed_in=False)
    return headers["set-cookie"].partition(";")[0]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {}, 200),
        ("GET", "/map?q=x", {"Host": "localhost:9000"}, 200),  # a port that SSH or a container passes on
        ("GET", "/", {"Host": "[::1]:1"}, 200),
        ("GET", "/", {"Host": "evil.example"}, 403),
        ("GET", "/", {"Host": "127.0.0.1.evil.example"}, 403),
        ("GET", "/", {"Host": "localhost.evil.example:80"}, 403),
        ("GET", "/", {"Host": "192.168.1.5"}, 403),
        ("GET", "/", {"Host": ""}, 403),
        ("POST", "/api/status", {"Host": "evil.example"}, 403),
        ("POST", "/mcp", {"Host": "evil.example"}, 403),
        ("POST", "/api/status", {"Origin": EVIL}, 403),
        ("POST", "/api/status", {"Origin": "null"}, 403),
        ("POST", "/api/status", {"Origin": "http://127.0.0.1:1"}, 403),
        ("POST", "/api/status", {"Origin": "https://{host}"}, 403),
        ("POST", "/api/status", {"Origin": "http://{host}"}, 200),
        ("POST", "/api/status", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("POST", "/api/status", {"Sec_Fetch_Site": "same-site"}, 403),  # another port of this machine
        ("POST", "/api/status", {"Sec_Fetch_Site": "same-origin"}, 200),
        ("GET", "/api/openapi.json", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}, 403),
        ("GET", "/", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, 403),
        ("GET", "/", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}, 200),
        ("POST", "/mcp", {"Origin": EVIL}, 403),
        ("GET", "/", {"Origin": EVIL}, 403),
    ],
)
def test_only_own_hosts_and_origins_are_answered(page, method, path, headers, status):
    headers = {name: value.replace("{host}", page.host) for name, value in headers.items()}
    assert page.status_of(method, path, {} if method == "POST" else None, **headers) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic {token}"}, 401),
        ({"Authorization": "Bearer {token}"}, 200),
        ({"Cookie": "{cookie}"}, 200),
        ({"Cookie": "other=1; {cookie}; more=2"}, 200),
        ({"Cookie": "{cookie}x"}, 401),
        ({"Cookie": "{name}=9999999999.x.0000"}, 401),
        ({"Cookie": "{name}="}, 401),
    ],
)
def test_only_who_signed_in_is_answered(page, headers, status):
    cookie = cookie_of(page)
    values = {"token": page.token, "cookie": cookie, "name": cookie.partition("=")[0]}
    sent = {name: value.format(**values) for name, value in headers.items()}
    for path in ("/api/status", "/api/session"):
        assert page.status_of("POST", path, {}, signed_in=False, **sent) == status


@pytest.mark.parametrize(
    "path", ["/api/events", "/api/openapi.json", "/api/map/points", "/", "/assets/index.js", "/mcp"]
)
def test_every_address_asks_who_it_is(page, path):
    status, headers, body = page.send("GET", path, signed_in=False)
    assert status == 401
    assert b"semlens http" in body
    assert headers["cache-control"] == "no-store"


def test_a_link_signs_in_once(page):
    path = link_path(page.facts["link"])
    status, headers, body = page.send("GET", path, signed_in=False)
    assert status == 200
    assert b"content='0; url=/'" in body  # a document, because a strict cookie does not follow a redirect
    name, _, rest = headers["set-cookie"].partition("=")
    assert name == f"semlens_session_{page.facts['port']}"
    attributes = {part.strip().lower() for part in rest.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= attributes
    assert page.status_of("GET", path, signed_in=False) == 401
    assert page.status_of("GET", path, signed_in=False, Cookie=f"{name}={rest.partition(';')[0]}") == 200


@pytest.mark.parametrize(
    ("path", "goes_on"),
    [
        ("/map?q=a+b&token={}", "/map?q=a+b"),
        ("//evil.example/?token={}", "/evil.example/"),
        ("/%5Cevil.example?token={}", "/%5Cevil.example"),
        ("/?q='><script>&token={}", "/?q=%27%3E%3Cscript%3E"),
    ],
)
def test_a_link_goes_on_within_the_page(page, path, goes_on):
    token = page.new_link().partition("token=")[2]
    status, _, body = page.send("GET", path.format(token), signed_in=False)
    assert status == 200
    assert f"url={goes_on.replace('&', '&amp;')}'".encode() in body


def test_answers_carry_the_policies(page):
    for method, path, body in (("GET", "/", None), ("POST", "/api/status", {}), ("GET", "/assets/nothing.js", None)):
        _, headers, _ = page.send(method, path, body)
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers


def test_links_and_cookies_expire():
    now = [1_000_000.0]
    access = Access("t" * 43, 80, now=lambda: now[0])
    link, late = access.new_link_token(), access.new_link_token()
    cookie = access.new_cookie(is_secure=False).partition(";")[0]
    now[0] += LINK_SECONDS - 1
    assert access.take_link_token(link)
    assert not access.take_link_token(link)
    now[0] += 1
    assert not access.take_link_token(late)
    assert access.has_session(cookie)
    now[0] += COOKIE_SECONDS - LINK_SECONDS
    assert not access.has_session(cookie)


def test_a_cookie_belongs_to_its_port_and_its_token():
    cookie = Access("t" * 43, 80).new_cookie(is_secure=True)
    assert cookie.endswith("; Secure")
    value = cookie.partition(";")[0]
    assert Access("t" * 43, 80).has_session(value)  # the server was started again
    assert not Access("u" * 43, 80).has_session(value)
    assert not Access("t" * 43, 81).has_session(value.replace("_80=", "_81="))


def test_unused_links_are_bounded():
    access = Access("t" * 43, 80)
    tokens = [access.new_link_token() for _ in range(MAX_LINKS + 1)]
    assert [access.take_link_token(token) for token in tokens] == [False, *[True] * MAX_LINKS]


def test_the_token_is_in_a_private_file_and_stays(tmp_path):
    path = tmp_path / "token"
    token = read_or_make_token(path)
    assert len(token) >= 40
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_or_make_token(path) == token
    path.write_text("short")
    assert read_or_make_token(path) not in (token, "short")


def test_a_token_that_others_may_have_read_is_refused(tmp_path):
    path = tmp_path / "token"
    read_or_make_token(path)
    path.chmod(0o640)
    with pytest.raises(TokenFileError, match="Delete it"):
        read_or_make_token(path)
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TokenFileError):
        read_or_make_token(path)


def test_a_client_that_sends_no_head_is_let_go(start_page, monkeypatch):
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.05)
    page = start_page()
    for data in (b"", b"GET / HTTP/1.1\r\nHost: a"):
        with socket.create_connection(("127.0.0.1", page.facts["port"]), 60) as connection:
            connection.sendall(data)
            with contextlib.suppress(ConnectionResetError):  # what was sent came after the end
                assert connection.recv(1) == b""
    monkeypatch.setattr(server, "HEADER_SECONDS", 3600.0)  # this thread may not run for longer than the first limit
    assert page.status_of("POST", "/api/status", {}) == 200


def test_silent_connections_do_not_keep_others_out(start_page, monkeypatch):
    """The oldest ones end, at once; one that asks is answered."""
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)
    monkeypatch.setattr(server, "HEADER_SECONDS", 3600.0)  # else this ends them too
    page = start_page()
    with contextlib.ExitStack() as silent:
        for n_rounds in range(3):
            address = ("127.0.0.1", page.facts["port"])
            connections = [silent.enter_context(socket.create_connection(address, 60)) for _ in range(4)]
            assert page.status_of("POST", "/api/status", {}) == 200, n_rounds
            for connection in connections[:2]:
                assert connection.recv(1) == b""


def test_a_request_under_way_does_not_make_room(start_page, monkeypatch):
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 1)
    monkeypatch.setattr(server, "HEADER_SECONDS", 3600.0)
    page = start_page()
    events = http.client.HTTPConnection(page.host, timeout=60)
    events.request("GET", "/api/events", headers={"Authorization": f"Bearer {page.token}"})
    stream = events.getresponse()
    assert stream.status == 200
    with socket.create_connection(("127.0.0.1", page.facts["port"]), 60) as silent:
        assert silent.recv(1) == b""
    assert stream.readline()
    events.close()


def test_any_address_is_answered_when_others_can_connect(start_page):
    """An address is nobody else's name."""
    page = start_page(host="0.0.0.0", insecure=True)
    page.host = f"127.0.0.1:{page.facts['port']}"
    assert page.result("session")["exposed"]
    for host, status in (("192.168.7.7:80", 200), ("[2001:db8::1]", 200), ("evil.example", 403)):
        assert page.status_of("POST", "/api/status", {}, Host=host) == status


def test_what_cannot_be_served_is_told_to_the_command(start_page, tmp_path):
    assert "cannot be used" in start_page(tls_cert=str(tmp_path / "none.pem")).error
