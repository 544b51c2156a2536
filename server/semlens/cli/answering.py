"""Answers a command with the resident server where one runs, else with an engine in this process."""

from __future__ import annotations

import enum
import os
import sys
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from semlens.cli.runner import say
from semlens.core.errors import SemlensError
from semlens.service.connection import Connection, NoServerError, PeerError, ServerLostError, connect
from semlens.service.endpoint import BlockedCacheError, EndpointError, endpoint_of
from semlens.service.hello import describe_client
from semlens.service.remote_service import RemoteService
from semlens.settings.user_sources import UserSettings, read_user_settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from semlens.cli.workspace import Workspace
    from semlens.service.code_service import CodeService
    from semlens.service.params import SearchDefaults

Result = TypeVar("Result")


class ServedBy(enum.StrEnum):
    """Which process answered. The values are the protocol's."""

    DAEMON = "daemon"
    PROCESS = "process"


class Answerer(NamedTuple):
    """:ivar defaults: returns what the settings say about a search, once the roots are open."""

    service: CodeService
    served_by: ServedBy
    defaults: Callable[[], SearchDefaults]


def answer(
    options: argparse.Namespace,
    workspaces: Sequence[Workspace],
    question: Callable[[Answerer], Result],
    *,
    read_only: bool = False,
    follows: bool = False,
    only_open: bool = False,
) -> Result:
    """Ask about the workspaces. Where the resident server ends meanwhile, this process answers.

    :param read_only: in this process, answer from what is committed.
    :param follows: in this process, wait for another one that writes the index.
    :param only_open: do not let the server open a root for this question.
    :raises SemlensError: with a message for the user.
    """
    user = read_user_settings()
    connection = None if options.no_daemon else _connect(user)
    if connection is not None and only_open and not _are_open(user, workspaces):
        connection.close()
        connection = None
    if connection is not None:
        with closing(connection):
            try:
                service = RemoteService(connection, describe_client(f"semlens {options.command}", user))
                for workspace in workspaces:
                    service.add_root(workspace.folder, explicit=workspace.explicit)
                result = question(Answerer(service, ServedBy.DAEMON, lambda: service.search_defaults))
            except ServerLostError as error:
                say(f"{error} This process answers instead.")
            else:
                for warning in service.warnings:
                    say(f"warning: {warning}")
                return result
    return _answer_here(workspaces, question, read_only=read_only, follows=follows)


def _are_open(user: UserSettings, workspaces: Sequence[Workspace]) -> bool:
    """Whether the server has the roots of all these folders open."""
    from semlens.service.daemon_control import server_status

    roots = {root["path"] for root in server_status(endpoint_of(user.cache_folder)).get("roots", ())}
    return all(
        any(str(folder) in roots for folder in (workspace.folder, *workspace.folder.parents))
        for workspace in workspaces
    )


def release_root(root: Path) -> None:
    """Let the server close a root that no session uses."""
    user = read_user_settings()
    connection = _connect(user)
    if connection is not None:
        with closing(connection), suppress(SemlensError):
            RemoteService(connection, describe_client("semlens forget", user)).release_root(root)


def start_for_next_time(options: argparse.Namespace, served_by: ServedBy) -> None:
    """After an answer on a terminal, start the resident server, so that the next answer is quick.

    Not in continuous integration, and not where the user's settings say no.
    """
    user = read_user_settings()
    if served_by is ServedBy.DAEMON or not _may_start(options, user):
        return
    from semlens.service.daemon_start import start_in_background

    try:
        start_in_background(endpoint_of(user.cache_folder))
    except SemlensError as error:
        say(f"warning: {error}")


def keep_refining(options: argparse.Namespace, workspaces: Sequence[Workspace]) -> bool:
    """Let the resident server embed what waits for the refine tier, and start it as `start_for_next_time` does.

    It keeps the folders open for the setting `server.rootIdleMinutes`. False: it does not.
    """
    user = read_user_settings()
    if not _may_start(options, user):
        return False
    from semlens.service.daemon_start import ensure_server

    try:
        with closing(ensure_server(endpoint_of(user.cache_folder))) as connection:
            service = RemoteService(connection, describe_client(f"semlens {options.command}", user))
            for workspace in workspaces:
                service.add_root(workspace.folder, explicit=workspace.explicit)
            service.status()  # a request opens the roots; until then they are only noted
    except SemlensError as error:
        say(f"warning: {error}")
        return False
    return True


def _may_start(options: argparse.Namespace, user: UserSettings) -> bool:
    is_wanted = not options.no_daemon and user.values.get("server.autostart", True) is True
    return is_wanted and not os.environ.get("CI") and sys.stdout.isatty()


def _connect(user: UserSettings) -> Connection | None:
    """A connection to the running server, or None."""
    try:
        return connect(endpoint_of(user.cache_folder))
    except (NoServerError, BlockedCacheError):  # what opens the cache says what is in its way
        return None
    except (EndpointError, PeerError) as error:
        say(f"warning: {error}")
        return None


def _answer_here(
    workspaces: Sequence[Workspace], question: Callable[[Answerer], Result], *, read_only: bool, follows: bool
) -> Result:
    from semlens.cli.workspace import running_engine
    from semlens.service.params import SearchDefaults

    settings = workspaces[0].load_settings()
    search = settings.search
    defaults = SearchDefaults(search.limit, search.per_file, search.time_budget_ms)
    with running_engine(workspaces, settings, read_only=read_only, follows=follows) as engine:
        return question(Answerer(engine, ServedBy.PROCESS, lambda: defaults))
