"""Who may ask: links that work once, session cookies, and the token of programs. `guard` asks it for each request.

A cookie is signed with the token, so it stays valid when the server is started again. Whoever deletes the token's file
and starts again signs everybody out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from semlens.core.errors import SemlensError
from semlens.core.private_file import NotPrivateError, read_private, write_private

LINK_SECONDS = 600
COOKIE_SECONDS = 12 * 3600
MAX_LINKS = 32

_TOKEN_BYTES = 32
_MIN_TOKEN_CHARACTERS = 40
_MAX_FILE_BYTES = 1_000


class TokenFileError(SemlensError):
    """The file of the token cannot be used or is not private."""


class Access:
    """Used on the event loop alone."""

    def __init__(self, token: str, port: int, *, now: Callable[[], float] = time.time) -> None:
        """:param token: of programs. :param now: seconds since the epoch."""
        self._token = token.encode()
        self._key = hashlib.sha256(b"semlens cookie\0" + self._token).digest()
        self._now = now
        self._links: dict[bytes, float] = {}
        self._port = port

    @property
    def cookie_name(self) -> str:
        """It has the port, because a browser sends the cookies of a host to all of its ports."""
        return f"semlens_session_{self._port}"

    def new_link_token(self) -> str:
        """A token that signs in once. Of many that nobody used, the oldest is dropped."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        while len(self._links) >= MAX_LINKS:
            del self._links[next(iter(self._links))]
        self._links[_digest(token)] = self._now() + LINK_SECONDS
        return token

    def take_link_token(self, token: str) -> bool:
        """Whether the token signs in. It does so once."""
        expires = self._links.pop(_digest(token), None)
        return expires is not None and self._now() < expires

    def new_cookie(self, *, is_secure: bool) -> str:
        """The value of ``Set-Cookie`` for a new session."""
        content = f"{int(self._now()) + COOKIE_SECONDS}.{secrets.token_urlsafe(12)}"
        attributes = f"Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict"
        secure = "; Secure" if is_secure else ""
        return f"{self.cookie_name}={content}.{self._signature(content)}; {attributes}{secure}"

    def has_session(self, cookie_header: str) -> bool:
        """Whether the cookies of a request have a session that is not over."""
        pairs = (pair.strip().partition("=") for pair in cookie_header.split(";"))
        return any(self._is_valid(value) for name, _, value in pairs if name == self.cookie_name)

    def has_token(self, authorization_header: str) -> bool:
        """Whether a request has the token of programs."""
        scheme, _, token = authorization_header.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), self._token)

    def _is_valid(self, cookie: str) -> bool:
        content, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(content).encode()):
            return False
        return self._now() < int(content.partition(".")[0])

    def _signature(self, content: str) -> str:
        return hmac.new(self._key, f"{self._port}:{content}".encode(), hashlib.sha256).hexdigest()


def read_or_make_token(path: Path) -> str:
    """The token in a private file. It is made if there is none.

    :raises TokenFileError: when the file is not private or cannot be used.
    """
    try:
        token = _read_token(path)
        if not token:
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            write_private(path, token + "\n")
    except OSError as error:
        raise TokenFileError(f"Cannot use the file {path}: {error.strerror or error}. Delete it.") from error
    return token


def _read_token(path: Path) -> str:
    """Empty when there is none."""
    try:
        token = read_private(path, _MAX_FILE_BYTES).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return ""
    except NotPrivateError as error:
        raise TokenFileError(f"Others may have read the token in {path}. Delete it; a new one is made.") from error
    is_usable = len(token) >= _MIN_TOKEN_CHARACTERS and token.replace("-", "").replace("_", "").isalnum()
    return token if is_usable and token.isascii() else ""


def _digest(token: str) -> bytes:
    """So that the time of a look-up says nothing about the tokens."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
