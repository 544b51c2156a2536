"""The answers of a team's server beside those of the engine, where the user's settings name one.

The room `team` stands beside the front ends, so it is imported by name and only then.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Collection
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchResult
from semlens.core.request import SearchRequest
from semlens.files.git_origin import repository_name
from semlens.index.storage.private_cache import TEAM_FOLDER


class TeamAnswers(Protocol):
    """:ivar problem: why the server is not asked, "" while it answers."""

    problem: str

    def start(self, request: SearchRequest, *, explain: bool) -> Future[dict[str, Any]] | None: ...

    def merged(
        self,
        local: SearchResult,
        asked: Future[dict[str, Any]] | None,
        limit: int,
        is_local: Callable[[str, str], bool],
        cancel: CancelToken,
    ) -> SearchResult: ...

    def close(self) -> None: ...


def copies_folder(cache_folder: Path) -> Path:
    """The folder of the copies of files that the team's server has, a folder for each repository."""
    return cache_folder / TEAM_FOLDER


def open_team_answers(url: str, cache_folder: Path) -> TeamAnswers | None:
    """:param url: of the setting, "" for no team."""
    if not url:
        return None
    opened: TeamAnswers = importlib.import_module("semlens.team.answers").ServerAnswers(url, cache_folder)
    return opened


def has_file(roots: Collection[str], opened: Collection[tuple[str, str]], repository: str, path: str) -> bool:
    """Whether the user has a file of a repository: on disk in a clone, or open and not saved.

    :param roots: without links. :param opened: root and path of the open documents.
    """
    return any(
        (root, path) in opened or os.path.lexists(os.path.join(root, path))
        for root in roots
        if _name_of(root) == repository
    )


@lru_cache(maxsize=1_024)
def _name_of(root: str) -> str:
    return repository_name(root)
