"""``semlens team``: joins a team's server, and makes tokens for members who may ask the server of this machine."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from contextlib import closing
from typing import Any

from semlens.cli.runner import DONE
from semlens.core.errors import UsageError
from semlens.core.text.printable import printable
from semlens.http.team.tokens import FILE_NAME, TeamTokens
from semlens.settings.loading import load_settings
from semlens.settings.user_sources import USER_FILE, config_folder
from semlens.team.client import TeamClient
from semlens.team.credentials import TeamError, checked_url, forget_token, is_token, keep_token, read_token

_MAX_TOKEN_CHARS = 1_000


def run_join(options: argparse.Namespace) -> int:
    url = _url(options.url)
    token = _asked_token(url)
    repositories = _repositories(url, token)  # a token that does not work is not kept
    place = keep_token(config_folder(), url, token)
    lines = [f"Joined {url}: {_counted(len(repositories))} to read. The token is kept in {printable(place)}."]
    is_set = load_settings()[0].team.url.rstrip("/") == url
    if not is_set:
        file = printable(str(config_folder() / USER_FILE))
        lines += [f"To see its hits beside your own, add to {file}:", "  [team]", f'  url = "{url}"']
    return _show(options, lines, url=url, repositories=repositories, keptIn=place, isSet=is_set)


def run_leave(options: argparse.Namespace) -> int:
    url = _url(options.url)
    forget_token(config_folder(), url)
    return _show(options, [f"The token for {url} is forgotten. Remove `team.url` from your config.toml too."], url=url)


def run_status(options: argparse.Namespace) -> int:
    url = _url("")
    repositories = _repositories(url, read_token(config_folder(), url))
    lines = [f"{url}: {_counted(len(repositories))} to read", *(f"  {printable(name)}" for name in repositories)]
    return _show(options, lines, url=url, repositories=repositories)


def run_add(options: argparse.Namespace) -> int:
    token = _tokens().add(options.name, options.repositories)
    lines = [
        token,
        f"This is the token of {options.name}. It is shown once and kept nowhere. Hand it over safely;",
        "its holder runs `semlens team join https://your.server` and pastes it.",
    ]
    return _show(options, lines, name=options.name, token=token, repositories=options.repositories)


def run_list(options: argparse.Namespace) -> int:
    members = sorted(_tokens().all(), key=lambda one: one.name)
    lines = [f"{one.name}: {', '.join(one.repositories)}" for one in members]
    return _show(
        options,
        lines or ["No member has a token. `semlens team token add NAME --repository PATTERN` makes one."],
        members=[{"name": one.name, "repositories": list(one.repositories), "created": one.created} for one in members],
    )


def run_remove(options: argparse.Namespace) -> int:
    _tokens().remove(options.name)
    return _show(options, [f"The token of {options.name} is invalid from now on."], name=options.name)


def _tokens() -> TeamTokens:
    return TeamTokens(config_folder() / FILE_NAME)


def _url(url: str) -> str:
    """:raises UsageError: when none is known. :raises TeamError: see `checked_url`."""
    chosen = url or load_settings()[0].team.url
    if not chosen:
        raise UsageError("No server is set. Name its address, or set `team.url` in your config.toml.")
    return checked_url(chosen)


def _asked_token(url: str) -> str:
    """:raises UsageError: when there is none."""
    if sys.stdin is not None and sys.stdin.isatty():
        token = getpass.getpass(f"Token for {url}: ")
    else:
        token = sys.stdin.read(_MAX_TOKEN_CHARS) if sys.stdin is not None else ""
    token = token.strip()
    if not is_token(token):
        raise UsageError("That is no token. Ask the owner of the server: `semlens team token add` makes one.")
    return token


def _repositories(url: str, token: str) -> list[str]:
    """The repositories that may be read. :raises TeamError: when the server does not say which."""
    with closing(TeamClient(url, token)) as client:
        roots: Any = client.call("session", {}).get("roots")
    if not isinstance(roots, list):
        raise TeamError(f"The team's server {url} does not say what may be read. Check the address.")
    return sorted({str(root.get("repository", "")) for root in roots if isinstance(root, dict)} - {""})


def _counted(count: int) -> str:
    return "1 repository" if count == 1 else f"{count} repositories"


def _show(options: argparse.Namespace, lines: list[str], **values: Any) -> int:
    print(json.dumps(values) if options.json else "\n".join(lines))
    return DONE
