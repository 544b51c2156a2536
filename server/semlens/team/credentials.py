"""The token that the user has for the team's server: in the system's keyring where that is installed, else in a file.

The file is private. The variable comes first, for continuous integration and containers.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from semlens.core.errors import SemlensError
from semlens.core.private_file import write_private
from semlens.settings.user_sources import TEAM_TOKEN_VARIABLE

FILE_NAME = "team-token.json"
KEYRING_SERVICE = "semlens-team"
_MAX_FILE_BYTES = 100_000


class TeamError(SemlensError):
    """The team's server cannot be asked. The message says what to do."""


def checked_url(url: str) -> str:
    """The URL without a slash at its end.

    :raises TeamError: when it is none, or the token would be sent over the network unencrypted.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or port == 0:
        raise TeamError("`team.url` must be an address such as https://code.example.org, without a user or password.")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise TeamError("`team.url` must begin with https://, or the token would be sent unencrypted.")
    return url.rstrip("/")


def read_token(config_folder: Path, url: str) -> str:
    """:raises TeamError: when there is none, it cannot be one, or the file is not private."""
    named = os.environ.get(TEAM_TOKEN_VARIABLE, "").strip()
    token = named or _from_keyring(url) or _from_file(config_folder, url)
    if not token:
        raise TeamError(f"There is no token for {url}. `semlens team join {url}` asks for it and keeps it.")
    if not is_token(token):
        whose, advice = f"for {url}", f"`semlens team join {url}` keeps another."
        if named:
            whose, advice = f"in {TEAM_TOKEN_VARIABLE}", "Set the variable again, or unset it."
        raise TeamError(f"The token {whose} has characters that no token has. {advice}")
    return token


def is_token(text: str) -> bool:
    """Whether it can be a token: visible ASCII, as the header of a request demands."""
    return text.isascii() and text.isprintable() and " " not in text and bool(text)


def keep_token(config_folder: Path, url: str, token: str) -> str:
    """Keep the token of a server. :returns: where it is kept.

    :raises TeamError: when it cannot be written.
    """
    keyring = _keyring()
    if keyring is not None:
        try:
            keyring.set_password(KEYRING_SERVICE, url, token)
        except keyring.errors.KeyringError:
            pass  # no keyring is unlocked here, e.g. over SSH
        else:
            return "the system's keyring"
    tokens = _read_file(config_folder)
    _write_file(config_folder, {**tokens, url: token})
    return str(config_folder / FILE_NAME)


def forget_token(config_folder: Path, url: str) -> None:
    """:raises TeamError: when the file cannot be written."""
    keyring = _keyring()
    if keyring is not None:
        with contextlib.suppress(keyring.errors.KeyringError):
            keyring.delete_password(KEYRING_SERVICE, url)
    tokens = _read_file(config_folder)
    if tokens.pop(url, None) is not None:
        _write_file(config_folder, tokens)


def _keyring() -> Any:
    """The library, or None where the extra is not installed."""
    try:
        importlib.import_module("keyring.errors")
        return importlib.import_module("keyring")
    except ImportError:
        return None


def _from_keyring(url: str) -> str:
    keyring = _keyring()
    if keyring is None:
        return ""
    try:
        return str(keyring.get_password(KEYRING_SERVICE, url) or "").strip()
    except keyring.errors.KeyringError:
        return ""


def _from_file(config_folder: Path, url: str) -> str:
    return _read_file(config_folder).get(url, "").strip()


def _read_file(config_folder: Path) -> dict[str, str]:
    path = config_folder / FILE_NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise TeamError(f"The file {path} cannot be read: {error.strerror or error}.") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        is_open = sys.platform != "win32" and stat.S_IMODE(status.st_mode) & 0o077
        if is_open or not stat.S_ISREG(status.st_mode):
            raise TeamError(f"Others may have read the tokens in {path}. Delete it, and ask for a new token.")
        try:
            content = json.loads(file.read(_MAX_FILE_BYTES))
            return {str(url): str(token) for url, token in content.items()}
        except (ValueError, AttributeError, RecursionError) as error:
            raise TeamError(f"The file {path} is damaged. Delete it, then run `semlens team join` again.") from error


def _write_file(config_folder: Path, tokens: dict[str, str]) -> None:
    path = config_folder / FILE_NAME
    try:
        write_private(path, json.dumps(tokens))
    except OSError as error:
        raise TeamError(f"The file {path} cannot be written: {error.strerror or error}.") from error
