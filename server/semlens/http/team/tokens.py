"""Tokens of a team's members, each with the repositories that its holder may read.

The file has hashes of the tokens, never the tokens. It is read again when it changes, so a removed token stops working
at once. A repository is named as `files/git_origin` does: by the host and path of its origin, or by its folder.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import re
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semlens.core.errors import SemlensError, UsageError
from semlens.core.private_file import NotPrivateError, read_private, write_private

FILE_NAME = "team-tokens.json"
PREFIX = "semlens_"
"""Begins each token, so that scanners for secrets can find one in a commit."""

MAX_TOKENS = 10_000
_TOKEN_BYTES = 32
_MAX_FILE_BYTES = 8 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_PATTERN = re.compile(r"[A-Za-z0-9._*?/@+~-]{1,300}")


class TeamTokenError(SemlensError):
    """The file of the tokens cannot be used."""


@dataclass(frozen=True, slots=True)
class Member:
    """The holder of a token. :ivar repositories: patterns of the repositories that it may read."""

    name: str
    repositories: tuple[str, ...]
    created: int = 0

    def may_read(self, repository: str) -> bool:
        return any(fnmatch.fnmatchcase(repository, pattern) for pattern in self.repositories)


class TeamTokens:
    """The tokens in a file that only its owner may read. Thread-safe within a process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] = ()
        self._members: dict[str, Member] = {}

    def member_of(self, authorization_header: str) -> Member | None:
        """The holder of the token in a header; None for no token of a member.

        :raises TeamTokenError: when the file cannot be used. Then nobody has access.
        """
        scheme, _, token = authorization_header.partition(" ")
        if scheme.lower() != "bearer" or not token.startswith(PREFIX):
            return None
        digest = _digest(token.strip())
        with self._lock:
            self._refresh()
            return self._members.get(digest)  # the time of this tells nothing: nobody can choose a digest

    def all(self) -> list[Member]:
        """:raises TeamTokenError: when the file cannot be used."""
        with self._lock:
            self._refresh()
            return list(self._members.values())

    def add(self, name: str, repositories: Sequence[str]) -> str:
        """A new token, which is kept nowhere.

        :raises UsageError: for a name or a pattern that is not allowed. :raises TeamTokenError: see `all`.
        """
        if not _NAME.fullmatch(name):
            raise UsageError("The name of a token has letters, digits and . _ @ - only, at most 64.")
        if not repositories or not all(_PATTERN.fullmatch(pattern) for pattern in repositories):
            raise UsageError("Name the repositories that the token may read, e.g. --repository 'github.com/org/*'.")
        token = PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        with self._lock:
            self._refresh()
            if any(one.name == name for one in self._members.values()):
                raise UsageError(f"There is a token named {name} already. Remove it first, or choose another name.")
            if len(self._members) >= MAX_TOKENS:
                raise UsageError(f"There are {MAX_TOKENS} tokens already. Remove some.")
            self._write({**self._members, _digest(token): Member(name, tuple(repositories), int(time.time()))})
        return token

    def remove(self, name: str) -> None:
        """:raises UsageError: when there is none of this name. :raises TeamTokenError: see `all`."""
        with self._lock:
            self._refresh()
            kept = {digest: one for digest, one in self._members.items() if one.name != name}
            if len(kept) == len(self._members):
                raise UsageError(f"There is no token named {name}. `semlens team token list` shows all.")
            self._write(kept)

    def _refresh(self) -> None:
        """Read the file, unless it is as it was."""
        try:
            status = os.lstat(self.path)
        except FileNotFoundError:
            self._stamp, self._members = (), {}
            return
        except OSError as error:
            raise _unusable(self.path, error.strerror or str(error)) from error
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp == self._stamp:
            return
        self._members = {}  # a file that cannot be used gives access to nobody
        self._stamp = ()
        try:
            self._members = _members_of(json.loads(read_private(self.path, _MAX_FILE_BYTES)))
        except NotPrivateError as error:
            raise _unusable(self.path, "others may read or change it; `chmod 600` it") from error
        except OSError as error:
            raise _unusable(self.path, error.strerror or str(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _unusable(self.path, "its content is damaged") from error
        self._stamp = stamp

    def _write(self, members: dict[str, Member]) -> None:
        content = {
            digest: {"name": one.name, "repositories": one.repositories, "created": one.created}
            for digest, one in members.items()
        }
        try:
            write_private(self.path, json.dumps(content, indent=1))
        except OSError as error:
            raise _unusable(self.path, error.strerror or str(error)) from error
        self._stamp = ()


def _members_of(content: Any) -> dict[str, Member]:
    return {
        str(digest): Member(str(one["name"]), tuple(map(str, one["repositories"])), int(one["created"]))
        for digest, one in content.items()
    }


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _unusable(path: Path, reason: str) -> TeamTokenError:
    return TeamTokenError(
        f"The tokens of the team in {path} cannot be used: {reason}. Until then nobody of it may ask."
    )
