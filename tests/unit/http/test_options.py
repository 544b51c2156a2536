"""What may listen where, and paths as the editor's machine names them."""

from __future__ import annotations

import socket

import pytest

from semlens.core.errors import UsageError
from semlens.http.options import HttpOptions, NamedRoot, is_loopback, options_of
from semlens.http.server import ListenError, open_socket, own_names, tls_context

ROOT = (NamedRoot("/w", True),)


@pytest.mark.parametrize(
    ("maps", "path", "expected"),
    [
        ((), "/src/a", "/src/a"),
        ((("/src", "/home/me/p"),), "/src", "/home/me/p"),
        ((("/src", "/home/me/p"),), "/src/a/b", "/home/me/p/a/b"),
        ((("/src", "/home/me/p/"),), "/src/a", "/home/me/p/a"),
        ((("/src", "/home/me/p"),), "/srcs/a", "/srcs/a"),
        ((("/src", "/x"), ("/src/lib", "/y")), "/src/lib/a", "/y/a"),
        ((("/", "/host"),), "/src", "/host/src"),
    ],
)
def test_paths_of_the_editor(maps, path, expected):
    assert HttpOptions(ROOT, maps=maps).host_path(path) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.4", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_loopback(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"host": "localhost"}, True),
        ({"host": "0.0.0.0"}, False),
        ({"host": "0.0.0.0", "insecure": True}, True),
        ({"host": "0.0.0.0", "tls_cert": "/c.pem"}, True),
        ({"tls_key": "/k.pem"}, False),
    ],
)
def test_other_machines_need_tls_or_the_users_word(changes, fits):
    options = HttpOptions(ROOT, **changes)
    if fits:
        assert options_of(options.to_json()) == options
    else:
        with pytest.raises(UsageError):
            options_of(options.to_json())


@pytest.mark.parametrize("values", [{}, {"roots": 3}, {**HttpOptions(ROOT).to_json(), "port": "x"}])
def test_a_command_of_another_version_is_refused(values):
    with pytest.raises(UsageError, match="not complete"):
        options_of(values)


def test_without_a_wish_another_port_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with open_socket(HttpOptions(ROOT, port=port, may_choose_port=True)) as chosen:
            assert chosen.getsockname()[1] not in (0, port)
        with pytest.raises(ListenError, match=f"Port {port} of 127.0.0.1 is taken"):
            open_socket(HttpOptions(ROOT, port=port))


@pytest.mark.parametrize("host", ["192.0.2.1", "no such name", "\udcff"])
def test_an_address_of_another_machine_is_refused(host):
    with pytest.raises(ListenError, match="no address of this machine"):
        open_socket(HttpOptions(ROOT, host=host, port=0))


def test_a_certificate_without_a_key_is_told(tmp_path):
    certificate = tmp_path / "c.pem"
    certificate.write_text("nothing")
    with pytest.raises(ListenError, match="must be a PEM file"):
        tls_context(HttpOptions(ROOT, tls_cert=str(certificate)))
    assert tls_context(HttpOptions(ROOT)) is None


def test_names_of_this_machine_are_its_own_only_when_others_can_connect():
    assert own_names(HttpOptions(ROOT)) == []
    assert {"0.0.0.0", socket.gethostname().lower()} <= set(own_names(HttpOptions(ROOT, host="0.0.0.0")))
