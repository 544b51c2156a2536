"""The user's own settings as they are written, and the folders that they name, without checking them.

Bridges and one-shot commands send these values to the resident server, which checks them. So this module imports
little: not even `schema`. `loading` reads the same sources through it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

NAMESPACE = "semlens"
USER_FILE = "config.toml"
USER_VARIABLE = "SEMLENS_USER_SETTINGS"
"""Environment variable with settings as a JSON object. The extension of an editor passes the user's settings here."""

REMOTE_KEY_VARIABLE = "SEMLENS_REMOTE_KEY"
QDRANT_KEY_VARIABLE = "SEMLENS_QDRANT_KEY"
SHARE_KEY_VARIABLE = "SEMLENS_SHARE_KEY"  # the private key as 64 hexadecimal digits
TEAM_TOKEN_VARIABLE = "SEMLENS_TEAM_TOKEN"  # noqa: S105 - a name
SECRET_VARIABLES = frozenset((REMOTE_KEY_VARIABLE, QDRANT_KEY_VARIABLE, SHARE_KEY_VARIABLE, TEAM_TOKEN_VARIABLE))
"""Environment variables with keys. Processes that need none of them do not get them."""

_PLATFORM: str = sys.platform
_CACHE_VARIABLE = "SEMLENS_CACHE_DIR"
_MAX_FILE_BYTES = 1_000_000
_MAX_DOTS = 100
"""In a line of a repository's file. The time for a name grows with the square of its parts."""


class SettingProblem(NamedTuple):
    """A setting or a source that has no effect.

    :ivar name: the setting's full name, e.g. ``semlens.files.exclude``, or the source's if all of it is broken.
    :ivar message: one sentence that names the setting, its source and the fix.
    """

    name: str
    message: str


class UserSettings(NamedTuple):
    """The user's settings. :ivar values: raw values by dotted name, without the namespace."""

    values: dict[str, Any]
    problems: list[SettingProblem]

    @property
    def cache_folder(self) -> Path:
        """See `cache_folder_of`."""
        return cache_folder_of(self.values.get("index.cacheFolder"))


def read_user_settings() -> UserSettings:
    """The values of ``config.toml`` and of the environment, which wins."""
    problems: list[SettingProblem] = []
    values: dict[str, Any] = {}
    for content in (read_toml(config_folder() / USER_FILE, problems, may_be_link=True), read_environment(problems)):
        if isinstance(content, Mapping):
            values.update(flatten(content))
        else:
            problems.append(SettingProblem(NAMESPACE, f"`{USER_VARIABLE}` must be a table of settings."))
    return UserSettings(values, problems)


def read_toml(path: Path, problems: list[SettingProblem], *, may_be_link: bool) -> Mapping[str, Any]:
    """The content of the file; empty if it is missing or broken."""
    if not os.path.lexists(path):
        return {}
    import errno  # these are slow to load, and most users have no file
    import tomllib

    from semlens.core.guarded_reader import read_regular

    try:
        data = read_regular(str(path), _MAX_FILE_BYTES + 1, follow_link=may_be_link)
        if not may_be_link and any(line.count(b".") > _MAX_DOTS for line in data.split(b"\n")):
            reason = f"has a line with more than {_MAX_DOTS} dots, so it is ignored. Write a long list in several lines"
            problems.append(SettingProblem(str(path), f"`{path}` {reason}."))
        elif len(data) <= _MAX_FILE_BYTES:
            return tomllib.loads(data.decode("utf-8-sig"))
        else:
            limit = "1 MB, so it is ignored. Make it smaller."
            problems.append(SettingProblem(str(path), f"`{path}` is larger than {limit}"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        reason = "it is a link" if error.errno == errno.ELOOP else error.strerror or str(error)
        problems.append(SettingProblem(str(path), f"`{path}` cannot be read ({reason}), so it is ignored."))
    except (ValueError, RecursionError) as error:  # a ValueError also for a number of thousands of digits
        problems.append(SettingProblem(str(path), f"`{path}` is not valid TOML ({error}), so it is ignored."))
    return {}


def read_environment(problems: list[SettingProblem]) -> object:
    """The value of `USER_VARIABLE`; empty if it is not set or broken."""
    try:
        return json.loads(os.environ.get(USER_VARIABLE) or "{}")
    except (ValueError, RecursionError) as error:
        problems.append(
            SettingProblem(USER_VARIABLE, f"`{USER_VARIABLE}` is not valid JSON ({error}), so it is ignored.")
        )
    return {}


def flatten(content: Mapping[str, Any], prefix: str = "", leaves: Container[str] = ()) -> Iterator[tuple[str, Any]]:
    """Leaves of nested tables under dotted names, without the namespace.

    :param leaves: names whose value is never entered, even if it is a table.
    """
    # A stack instead of recursion, because an editor may send tables of any depth.
    stack = [(prefix, content)]
    while stack:
        prefix, table = stack.pop()
        for key, value in table.items():
            name = f"{prefix}.{key}" if prefix else str(key)
            name = name.removeprefix(f"{NAMESPACE}.")
            if isinstance(value, Mapping) and name not in leaves:
                stack.append(("" if name == NAMESPACE else name, value))
            else:
                yield name, value


def config_folder() -> Path:
    """Folder of the user's own ``config.toml``: ``SEMLENS_CONFIG_DIR``, or the system's place for it."""
    if (folder := _folder_from_environment("SEMLENS_CONFIG_DIR")) is not None:
        return folder
    if _PLATFORM == "linux":
        return _xdg_folder("XDG_CONFIG_HOME", ".config")
    import platformdirs

    return Path(platformdirs.user_config_dir(NAMESPACE, appauthor=False))


def cache_folder_of(setting: object) -> Path:
    """Folder of the index: ``SEMLENS_CACHE_DIR``, the setting, or the system's place for it. It need not exist.

    :param setting: the value of ``index.cacheFolder``. What is no absolute path counts as not set.
    """
    if (folder := _folder_from_environment(_CACHE_VARIABLE)) is not None:
        return folder
    if isinstance(setting, str) and os.path.isabs(folder_name := os.path.expanduser(setting)):
        return Path(folder_name)
    if _PLATFORM == "linux":
        return _xdg_folder("XDG_CACHE_HOME", ".cache")
    import platformdirs

    return Path(platformdirs.user_cache_dir(NAMESPACE, appauthor=False))


def _xdg_folder(variable: str, default: str) -> Path:
    """What platformdirs gives on Linux. To load it takes as long as all else that a bridge loads."""
    value = os.environ.get(variable, "").strip()
    return Path(value if os.path.isabs(value) else os.path.join(os.path.expanduser("~"), default), NAMESPACE)


def _folder_from_environment(variable: str) -> Path | None:
    value = os.environ.get(variable, "")
    return Path(os.path.abspath(os.path.expanduser(value))) if value else None  # lexical only
