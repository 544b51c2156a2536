"""Which texts are the URL of a git repository that may be cloned. Touches neither disk nor network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from semlens.core.errors import UsageError
from semlens.core.hashing import content_hash
from semlens.core.text.printable import printable

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?://|:)")
"""A URL, or a transport helper of git such as ``ext::``. One letter is a drive of Windows."""

_SCP = re.compile(r"([A-Za-z0-9._~][A-Za-z0-9._~-]*)@([A-Za-z0-9][A-Za-z0-9.-]*):([^-].*)", re.DOTALL)
_USER = re.compile(r"[A-Za-z0-9._~][A-Za-z0-9._~-]*")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*|[0-9A-Fa-f:.]+")
_UNSAFE_IN_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_CHARS = 2_000
_MAX_NAME_CHARS = 100
_ALLOWED = "A repository is cloned by https://, ssh:// or user@host:path"


@dataclass(frozen=True, slots=True)
class GitUrl:
    """A URL that may be cloned.

    :ivar text: the URL as git gets it; it holds no password. :ivar name: of the repository, usable as a file name.
    """

    text: str
    name: str

    @property
    def key(self) -> str:
        """The same for equal URLs, usable as a file name."""
        return content_hash(self.text.encode()).hex()


def is_git_url(text: str) -> bool:
    """Whether the text is the URL of a repository, rather than the path of a folder.

    :raises UsageError: for a URL that is not allowed, see `parse_git_url`.
    """
    if _SCHEME.match(text) is None and _SCP.fullmatch(text) is None:
        return False
    parse_git_url(text)
    return True


def parse_git_url(text: str) -> GitUrl:
    """:raises UsageError: for another scheme, and for a URL that is malformed or holds a password."""
    if len(text) > _MAX_CHARS or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise UsageError(
            f"The URL {printable(_without_secrets(text)[:100])!r} holds characters that no URL may hold, or too many. "
            "Check it."
        )
    scheme = _SCHEME.match(text)
    scp = _SCP.fullmatch(text) if scheme is None else None
    if scp is not None:
        path = text.rstrip("/")
        return GitUrl(path, _name_in(scp[3]))
    if scheme is None or scheme[1].lower() not in ("https", "ssh") or text[len(scheme[1]) :][:3] != "://":
        named = f", not by {scheme[1].lower()}" if scheme is not None else ""
        raise UsageError(f"{_ALLOWED}{named}. Use such a URL, or the path of a folder on this machine.")
    return _checked(scheme[1].lower(), text)


def _checked(scheme: str, text: str) -> GitUrl:
    shown = printable(_without_secrets(text))
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError(f"The URL {shown} is malformed ({error}). Check it.") from None
    user = parts.username
    if parts.password is not None or (scheme == "https" and user is not None) or parts.query or parts.fragment:
        raise UsageError(
            f"The URL {shown} holds a password, a user or parameters, which semlens neither uses nor stores. Remove "
            "them, and let git log in, for example by a credential helper."
        )
    if not _HOST.fullmatch(host) or (user is not None and not _USER.fullmatch(user)) or not parts.path.strip("/"):
        raise UsageError(f"The URL {shown} lacks a host or the path of a repository. Check it.")
    netloc = f"[{host}]" if ":" in host else host
    netloc = (f"{user}@" if user else "") + netloc + (f":{port}" if port is not None else "")
    return GitUrl(f"{scheme}://{netloc}{parts.path.rstrip('/')}", _name_in(parts.path))


def _without_secrets(text: str) -> str:
    """The URL without user, password and parameters, for messages."""
    return re.sub(r"//[^/]*@", "//", re.split(r"[?#]", text, maxsplit=1)[0])


def _name_in(path: str) -> str:
    """The last part of the path, as a safe file name."""
    last = unquote(path).rstrip("/").rpartition("/")[2].rpartition(":")[2].removesuffix(".git")
    return _UNSAFE_IN_NAME.sub("_", last).lstrip(".-")[:_MAX_NAME_CHARS] or "repository"
