"""How the server starts a Python process of its own: a parse worker, the builder of a graph, the process of a map."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import semlens
from semlens.embedding.remote.service import KEY_VARIABLE


def start_module(
    module: str,
    *arguments: str,
    stdin: int = subprocess.PIPE,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    variables: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a module in a process of its own, outside of the current folder.

    :param variables: of the environment, added to those of `module_environment`.
    :raises OSError: when the system starts no process.
    """
    return subprocess.Popen(
        module_command(module, *arguments),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env={**module_environment(), **(variables or {})},
        cwd=os.path.abspath(os.sep),
        start_new_session=os.name == "posix",  # only the parent handles Ctrl-C in the terminal
    )


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module. -P keeps the current folder, perhaps a workspace, off the path of Python."""
    return [sys.executable, "-P", "-m", module, *arguments]


def module_environment() -> dict[str, str]:
    """The environment without the key of the embedding service, because none of these processes connects to one.

    The package is found even where it is not installed.
    """
    environment = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    package_parent = str(Path(semlens.__file__).parents[1])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [package_parent, environment.get("PYTHONPATH", "")]))
    return environment
