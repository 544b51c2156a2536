"""Settings that the client sends: in `initialize`, in `workspace/configuration`, and when they change.

Settings of scope user are ignored here, because editors also read these messages from files of the workspace.
"""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semlens.core.status import Problem
from semlens.settings.loading import Settings, load_settings
from semlens.settings.user_sources import UserSettings

logger = logging.getLogger(__name__)

SECTION = "semlens"


class Configuration:
    """The client's two sources of settings, merged, and the problems in them."""

    def __init__(self, user_settings: UserSettings | None = None) -> None:
        """:param user_settings: the user's own settings, instead of those of this process."""
        self._user_settings = user_settings
        self.can_request = False
        """The client answers ``workspace/configuration``."""
        self._initial: Mapping[str, Any] = {}
        self._current: Mapping[str, Any] = {}
        self._problems_by_root: dict[Path | None, tuple[Problem, ...]] = {}
        self._reported: set[str] = set()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem once, even when it concerns several roots."""
        return tuple(dict.fromkeys(itertools.chain.from_iterable(list(self._problems_by_root.values()))))

    def initialize(self, options: object) -> None:
        """Take ``initializationOptions``."""
        self._initial = section_of(options)

    def update(self, content: object) -> None:
        """Take a new configuration: from ``workspace/configuration`` or ``didChangeConfiguration``."""
        self._current = section_of(content)

    def load(self, root: Path | None) -> tuple[Settings, list[str]]:
        """Load the current settings of a root. Reads files, so call it from a thread.

        :returns: the settings, and messages about wrong ones that were not reported before.
        """
        settings, problems = load_settings(root, merged(self._initial, self._current), user=self._user_settings)
        if root is not None:
            root = Path(os.path.realpath(root))
            self._problems_by_root.pop(None, None)  # loaded before a root was known
        self._problems_by_root[root] = tuple(Problem(problem.name, problem.message) for problem in problems)
        new_messages = [problem.message for problem in problems if problem.message not in self._reported]
        self._reported.update(new_messages)
        return settings, new_messages


def section_of(content: object) -> Mapping[str, Any]:
    """The semlens section of a configuration. It may be wrapped in an object with the key ``semlens``."""
    if not isinstance(content, Mapping):
        return {}
    inner = content.get(SECTION)
    return inner if isinstance(inner, Mapping) else content


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merge nested tables; ``above`` wins. A null in ``above`` keeps the value of ``below``."""
    result = dict(below)
    for name, value in above.items():
        lower = result.get(name)
        if isinstance(value, Mapping) and isinstance(lower, Mapping):
            result[name] = merged(lower, value)
        elif value is not None:
            result[name] = value
    return result
