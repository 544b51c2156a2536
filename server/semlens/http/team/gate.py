"""Sends the requests of a team's members to an application that has only the repositories which they may read.

Rights are applied by what an application is made of, not by filters on its answers. So counts, confidence and ranking
of an answer are those of an index that has nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semlens.core.errors import SemlensError
from semlens.http.answers import ErrorCode, answer_of_error, error_answer
from semlens.http.team.audit import AuditLog
from semlens.http.team.tokens import Member, TeamTokenError, TeamTokens

logger = logging.getLogger(__name__)

METHODS = frozenset(
    "search similar duplicates context callers callees impact unused status session file outline folders".split()
)
"""What members may ask: questions, nothing that changes the server."""

MAX_APPS = 64
"""Different sets of repositories that are served at a time."""

_NO_ANSWER = 499
_MAX_PATH_CHARS = 200

App: TypeAlias = ASGIApp

MakeApp = Callable[[tuple[str, ...]], App]
"""Makes the application of some repositories. Called on the event loop, once for each set."""

CloseApp = Callable[[App], Awaitable[None]]
"""Closes an application that was made."""


class TeamGate:
    """Belongs to one event loop."""

    def __init__(
        self,
        tokens: TeamTokens,
        audit: AuditLog,
        repositories: Callable[[], Sequence[str]],
        make_app: MakeApp,
        close_app: CloseApp,
    ) -> None:
        """:param repositories: returns the names of all that are served."""
        self._tokens = tokens
        self._audit = audit
        self._repositories = repositories
        self._make_app = make_app
        self._close_app = close_app
        self._apps: dict[tuple[str, ...], ASGIApp] = {}
        self._members: list[Member] = []

    async def app_of(self, authorization_headers: Sequence[str]) -> ASGIApp | None:
        """The application of the holder of a token; None when no header has the token of a member."""
        try:
            members = [await asyncio.to_thread(self._tokens.member_of, header) for header in authorization_headers]
        except TeamTokenError as error:
            logger.warning("%s", error)
            return None
        if len(members) != 1 or members[0] is None:
            return None
        return self._audited(members[0])

    def _audited(self, member: Member) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            started, is_noted = time.monotonic(), False

            async def note(status: int) -> None:
                nonlocal is_noted
                is_noted = True
                elapsed_ms = (time.monotonic() - started) * 1000.0
                method = f"{scope['method']} {scope['path'][:_MAX_PATH_CHARS]}"
                await asyncio.to_thread(self._audit.write, member.name, method, status, elapsed_ms)

            async def send_noted(message: Message) -> None:
                if message["type"] == "http.response.start":
                    await note(message["status"])
                await send(message)

            try:
                allowed = await self._app(member)
                if allowed is None:
                    text = f"{MAX_APPS} different sets of repositories are served already. Give tokens equal rights."
                    await error_answer(503, ErrorCode.BUSY, text)(scope, receive, send_noted)
                else:
                    await allowed(scope, receive, send_noted)
            except SemlensError as error:  # its session cannot be opened now
                if is_noted:
                    raise
                await answer_of_error(error)(scope, receive, send_noted)
            finally:
                if not is_noted:
                    await note(_NO_ANSWER)

        return app

    async def _app(self, member: Member) -> ASGIApp | None:
        readable = self._readable(member)
        if readable not in self._apps and len(self._apps) >= MAX_APPS:
            await self._close_unused()
        app = self._apps.get(readable)
        if app is None and len(self._apps) < MAX_APPS:
            app = self._apps[readable] = self._make_app(readable)
        return app

    def _readable(self, member: Member) -> tuple[str, ...]:
        return tuple(sorted(name for name in self._repositories() if member.may_read(name)))

    async def _close_unused(self) -> None:
        """Close the applications of sets that no token may read any more, if tokens changed since the last time."""
        members = await asyncio.to_thread(self._tokens.all)
        if members == self._members:
            return
        self._members = members
        used = await asyncio.to_thread(lambda: set(map(self._readable, members)))
        for app in [self._apps.pop(readable) for readable in self._apps.keys() - used]:
            await self._close_app(app)
