"""Settings as the client gives them: at `initialize`, when asked, and when they change.

None of them is trusted with what is the user's: editors fill these messages from files of the workspace too.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semlens.core.status import Problem
from semlens.settings.loading import Settings, load_settings

logger = logging.getLogger(__name__)

SECTION = "semlens"


class Configuration:
    """The client's two sources of settings, merged, and what is wrong with them."""

    def __init__(self) -> None:
        self.can_pull = False
        """The client answers ``workspace/configuration``."""
        self._initial: Mapping[str, Any] = {}
        self._current: Mapping[str, Any] = {}
        self._problems_by_root: dict[Path | None, tuple[Problem, ...]] = {}
        self._reported: set[str] = set()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Each once, whichever roots it holds for."""
        return tuple(dict.fromkeys(problem for found in list(self._problems_by_root.values()) for problem in found))

    def initialize(self, options: object) -> None:
        """Take ``initializationOptions``."""
        self._initial = section_of(options)

    def update(self, content: object) -> None:
        """Take a whole new configuration: the answer to our question, or what ``didChangeConfiguration`` carried."""
        self._current = section_of(content)

    def load(self, root: Path | None) -> tuple[Settings, list[str]]:
        """The settings that hold now for a root; reads files, so call it from a thread.

        :returns: them, and the sentences about wrong ones that were not reported before.
        """
        settings, wrong = load_settings(root, merged(self._initial, self._current))
        if root is not None:
            root = Path(os.path.realpath(root))
            self._problems_by_root.pop(None, None)  # from before a root was known
        self._problems_by_root[root] = tuple(Problem(problem.name, problem.message) for problem in wrong)
        fresh = [problem.message for problem in wrong if problem.message not in self._reported]
        self._reported.update(fresh)
        return settings, fresh


def section_of(content: object) -> Mapping[str, Any]:
    """Our section of a configuration, whether or not it is wrapped in the namespace."""
    if not isinstance(content, Mapping):
        return {}
    inner = content.get(SECTION)
    return inner if isinstance(inner, Mapping) else content


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Nested tables laid over each other; null in ``above`` leaves what is below."""
    result = dict(below)
    for name, value in above.items():
        under = result.get(name)
        if isinstance(value, Mapping) and isinstance(under, Mapping):
            result[name] = merged(under, value)
        elif value is not None:
            result[name] = value
    return result
