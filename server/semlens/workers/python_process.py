"""How the server starts a Python process of its own: a parse worker, the builder of a graph, the process of a map."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import semlens
from semlens.settings.user_sources import SECRET_VARIABLES


def start_worker(module: str, *arguments: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """Start a worker with pipes. It ends when its stdin does; it is in no workspace, and only its parent gets Ctrl+C.

    :raises OSError: when the system starts no process.
    """
    return subprocess.Popen(
        module_command(module, *arguments),
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=module_environment(),
        cwd=os.path.abspath(os.sep),
        start_new_session=os.name == "posix",
    )


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module. -P keeps the current folder, perhaps a workspace, off the path of Python."""
    return [sys.executable, "-P", "-m", module, *arguments]


def module_environment() -> dict[str, str]:
    """The environment without the user's keys and tokens, because none of these processes connects to anything.

    The package is found even where it is not installed.
    """
    environment = {name: value for name, value in os.environ.items() if name not in SECRET_VARIABLES}
    package_parent = str(Path(semlens.__file__).parents[1])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [package_parent, environment.get("PYTHONPATH", "")]))
    return environment
