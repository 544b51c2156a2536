"""Stands before everything that is served: the host and the origin of a request, who asks, and the headers of answers.

A page of another origin, or a name that somebody else's DNS resolves to this machine, gets nothing.
"""

from __future__ import annotations

import html
import ipaddress
from collections.abc import Awaitable, Callable, Collection, Sequence
from urllib.parse import parse_qsl, urlencode

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semlens.http.access import Access
from semlens.http.answers import ErrorCode, error_answer
from semlens.http.options import is_loopback

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
_PROGRAM_PATHS = ("/api/", "/mcp")

_SIGNED_OUT = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>semlens: sign in</title><h1>This link is used or has expired</h1>"
    "<p>A link to this page works once, within ten minutes. For another one, press Enter in the terminal in which "
    "<code>semlens http</code> runs, and open the link that it prints.</p>"
)
_ENTER = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>semlens</title>"
    "<meta http-equiv=refresh content='0; url={}'>"
)


AppOfMember = Callable[[Sequence[str]], Awaitable[ASGIApp | None]]


class Guard:
    """ASGI middleware."""

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        hosts: Collection[str],
        *,
        any_address: bool,
        app_of_member: AppOfMember | None = None,
    ) -> None:
        """:param hosts: names under which it may be asked, besides loopback ones; lower case.

        :param any_address: any numeric address is allowed. A name of somebody else's cannot be one.
        :param app_of_member: given the `Authorization` headers, what a member of the team may ask, see `http/team`.
        """
        self._app_of_member = app_of_member
        self._app = app
        self._access = access
        self._hosts = frozenset(hosts)
        self._any_address = any_address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # no lifespan and no web sockets
        answer = self._refusal(scope) or self._sign_in(scope)
        app = self._app
        if answer is None and not self._is_signed_in(scope):
            of_member = await self._member_app(scope)
            answer = self._signed_out(scope) if of_member is None else None
            app = of_member or app

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_headers(message.get("headers", []))
            await send(message)

        await (answer or app)(scope, receive, send_guarded)

    async def _member_app(self, scope: Scope) -> ASGIApp | None:
        headers = _headers(scope).get("authorization", [])
        return await self._app_of_member(headers) if headers and self._app_of_member is not None else None

    def _refusal(self, scope: Scope) -> Response | None:
        """Why the request may not come from where it comes, or None."""
        headers = _headers(scope)
        host = headers.get("host", [])
        if len(host) != 1 or not self._is_own_host(host[0]):
            return error_answer(403, ErrorCode.REFUSED, "This host name is not served. Use 127.0.0.1 or localhost.")
        origins = headers.get("origin", [])
        own = f"{scope['scheme']}://{host[0]}".lower()
        if any(origin.lower() != own for origin in origins):
            return error_answer(403, ErrorCode.REFUSED, "Pages of other origins are not answered.")
        site = headers.get("sec-fetch-site", ["none"])[-1]
        if site not in ("same-origin", "none") and not (
            _is_page_path(scope) and scope["method"] == "GET" and headers.get("sec-fetch-mode") == ["navigate"]
        ):
            return error_answer(403, ErrorCode.REFUSED, "Requests of other sites are not answered.")
        return None

    def _sign_in(self, scope: Scope) -> Response | None:
        """The answer to a link with a token that is valid: a cookie, and on to the page.

        It is a document rather than a redirect: a browser that came from another site, such as the private file of
        `--open`, would follow a redirect without the new cookie, because the cookie is strict.
        """
        if scope["method"] != "GET" or not _is_page_path(scope):
            return None
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        tokens = [value for name, value in query if name == "token"]
        if len(tokens) != 1:
            return None
        is_new = self._access.take_link_token(tokens[0])
        if not is_new and not self._is_signed_in(scope):
            return None
        rest = urlencode([pair for pair in query if pair[0] != "token"])
        path = "/" + scope["raw_path"].decode("ascii", "replace").lstrip("/\\")
        answer = HTMLResponse(_ENTER.format(html.escape(path + (f"?{rest}" if rest else ""), quote=True)))
        if is_new:
            answer.headers["set-cookie"] = self._access.new_cookie(is_secure=scope["scheme"] == "https")
        return answer

    def _signed_out(self, scope: Scope) -> Response:
        if _is_page_path(scope):
            return HTMLResponse(_SIGNED_OUT, 401)
        message = "Not signed in. Open a new link of `semlens http`, or send its token as `Authorization: Bearer`."
        return error_answer(401, ErrorCode.SIGNED_OUT, message, {"www-authenticate": "Bearer"})

    def _is_signed_in(self, scope: Scope) -> bool:
        headers = _headers(scope)
        return any(map(self._access.has_token, headers.get("authorization", []))) or any(
            map(self._access.has_session, headers.get("cookie", []))
        )

    def _is_own_host(self, host: str) -> bool:
        """The port is not compared: it differs where a container or SSH passes it on."""
        name = _without_port(host.lower())
        if is_loopback(name) or name in self._hosts:
            return True
        return self._any_address and _is_address(name)


def _is_page_path(scope: Scope) -> bool:
    path: str = scope["path"]
    return not path.startswith(_PROGRAM_PATHS) and path != "/api"


def _headers(scope: Scope) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        values.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return values


def _with_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    given = {name.lower() for name, _ in headers}
    fixed = [(name.encode(), value.encode()) for name, value in _HEADERS.items() if name.encode() not in given]
    cache = [] if b"cache-control" in given else [(b"cache-control", b"no-store")]
    return [*headers, *fixed, *cache]


def _without_port(host: str) -> str:
    """The name in a `Host` header: ``localhost``, ``127.0.0.1``, ``[::1]``."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    name, _, port = host.rpartition(":")
    return name if name and port.isdecimal() else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
