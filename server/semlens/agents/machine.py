"""Where programs keep their configuration on this system, and how semlens is started from it."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from semlens.core.paths import find_program


@dataclass(frozen=True, slots=True)
class Machine:
    """The user's folders on one system.

    :ivar platform: as `sys.platform`.
    :ivar environment: environment variables; they may move the folders.
    """

    home: Path
    platform: str
    environment: Mapping[str, str]

    @property
    def config(self) -> Path:
        """``~/.config``, also where macOS programs use it."""
        return self.folder_from("XDG_CONFIG_HOME") or self.home / ".config"

    @property
    def app_data(self) -> Path:
        """Where desktop programs keep their settings."""
        if self.platform == "win32":
            return self.folder_from("APPDATA") or self.home / "AppData" / "Roaming"
        return self.home / "Library" / "Application Support" if self.platform == "darwin" else self.config

    def folder_from(self, variable: str) -> Path | None:
        """The absolute path that an environment variable names."""
        value = self.environment.get(variable, "")
        return Path(value) if value and Path(value).is_absolute() else None

    def has_program(self, name: str) -> bool:
        return find_program(name, self.environment.get("PATH", "")) is not None


def this_machine() -> Machine:
    return Machine(Path.home(), sys.platform, os.environ)


def semlens_command() -> str:
    """The absolute path of the ``semlens`` script of this installation.

    Desktop programs do not have the search path of the shell, so the name alone may not be found. The path that the
    shell finds is preferred if it is this installation: `pipx` and `uv` keep it when they upgrade.
    """
    script = Path(sysconfig.get_path("scripts"), "semlens.exe" if sys.platform == "win32" else "semlens")
    found = find_program("semlens")
    if found and script.exists() and Path(found).resolve() == script.resolve():
        return found
    if script.exists():
        return str(script)
    return found or "semlens"


def is_in_package_cache(environment: Path) -> bool:
    """Whether an environment will be deleted by itself, as those of `uvx` and `pipx run` are.

    Both mark their caches. The mark of an environment itself says only that backups may leave it out.
    """
    return any((folder / "CACHEDIR.TAG").is_file() for folder in environment.parents)
