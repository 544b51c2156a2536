"""Which process answers a command, and when the resident server is started for the next one."""

from __future__ import annotations

import argparse
import socket
import sys
import threading

import pytest

from semlens.cli import answering
from semlens.cli.answering import ServedBy
from semlens.cli.workspace import Workspace
from semlens.service.connection import NoServerError, PeerError, SocketConnection
from semlens.service.endpoint import EndpointError


@pytest.fixture
def options():
    return argparse.Namespace(no_daemon=False, command="search")


@pytest.fixture
def ask(script, workspace, options):
    """Asks for the status. :returns: who answered."""

    def question(answerer):
        answerer.service.status()
        return answerer.served_by

    return lambda: answering.answer(options, [Workspace(workspace, explicit=True)], question)


@pytest.mark.parametrize(
    ("error", "warning"),
    [
        (NoServerError("nobody"), ""),
        (PeerError("It belongs to another user."), "semlens: warning: It belongs to another user.\n"),
        (EndpointError("The folder is open to others."), "semlens: warning: The folder is open to others.\n"),
    ],
)
def test_without_a_server_this_process_answers(ask, monkeypatch, capsys, error, warning):
    def connect(_endpoint):
        raise error

    monkeypatch.setattr(answering, "connect", connect)
    assert ask() is ServedBy.PROCESS
    assert capsys.readouterr().err == warning


def test_no_daemon_does_not_even_connect(ask, monkeypatch, options):
    options.no_daemon = True
    monkeypatch.setattr(answering, "connect", lambda _endpoint: pytest.fail("it connected"))
    assert ask() is ServedBy.PROCESS


def test_a_server_that_ends_before_it_answers_is_replaced_by_this_process(ask, monkeypatch, capsys):
    near, far = socket.socketpair()

    def die():
        far.recv(1 << 16)
        far.close()

    dying = threading.Thread(target=die)
    dying.start()
    monkeypatch.setattr(answering, "connect", lambda _endpoint: SocketConnection(near))
    assert ask() is ServedBy.PROCESS
    dying.join(300)
    assert "This process answers instead." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "starts"),
    [
        ({}, True),
        ({"served_by": ServedBy.DAEMON}, False),
        ({"no_daemon": True}, False),
        ({"ci": "true"}, False),
        ({"terminal": False}, False),
        ({"autostart": False}, False),
    ],
)
def test_the_server_is_started_for_the_next_time(workspace, monkeypatch, tmp_path, changes, starts):
    started = []
    monkeypatch.setattr("semlens.service.daemon_start.start_in_background", started.append)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: changes.get("terminal", True))
    monkeypatch.setenv("CI", changes.get("ci", ""))
    if "autostart" in changes:
        (tmp_path / "config").mkdir()
        (tmp_path / "config" / "config.toml").write_text("[server]\nautostart = false\n")
    options = argparse.Namespace(no_daemon=changes.get("no_daemon", False), command="search")
    answering.start_for_next_time(options, changes.get("served_by", ServedBy.PROCESS))
    assert bool(started) is starts


def test_a_warning_of_the_log_is_not_printed(script, workspace, semlens, monkeypatch):
    """Python prints the warnings of a logger without a handler. What users must know is printed by the command."""
    import logging

    logger = logging.getLogger("semlens")
    monkeypatch.setattr(logger, "handlers", [])
    script.warns = lambda: logging.getLogger("semlens.engine").warning("only for the log")
    assert semlens("search", "x")[2] == ""
    assert any(isinstance(handler, logging.NullHandler) for handler in logger.handlers)
