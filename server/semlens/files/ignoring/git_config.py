"""Finds git's ignore files outside the tree: info/exclude and the user's excludes file. Does not run git.

Includes (``[include]``) in the configuration of git are not followed.
"""

# Paths are strings here, because a walk joins and compares hundreds of thousands of them.

from __future__ import annotations

import os
import re

from semlens.core.guarded_reader import read_regular

_MAX_CONFIG_BYTES = 1_000_000
_MAX_POINTER_BYTES = 4_096
_ELSEWHERE = ("//", "\\\\", "/\\", "\\/")
_SECTION = re.compile(r'^\s*\[\s*([^\s\]"]+)\s*(?:"[^"]*"\s*)?\]\s*(.*)$')
_VALUE = re.compile(r"^\s*([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)$")


def git_top(folder: str) -> str | None:
    """The folder itself or the nearest one above that holds ``.git``, a folder or a worktree's file."""
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def git_folder(top: str) -> str | None:
    """The folder of the repository, shared by all its worktrees; None if ``.git`` points to no folder."""
    folder = own_git_folder(top)
    common = None if folder is None else first_line(os.path.join(folder, "commondir"))
    return local_path(str(folder), common) if common else folder


def own_git_folder(top: str) -> str | None:
    """The folder with ``HEAD`` and ``index`` of this work tree; None if ``.git`` points to no folder."""
    git = os.path.join(top, ".git")
    if os.path.isdir(git):
        return git
    pointer = first_line(git)
    if pointer is None or not pointer.startswith("gitdir:"):
        return None
    return local_path(top, pointer.removeprefix("gitdir:").strip())


def local_path(base: str, target: str | None) -> str | None:
    """The path that a file of git names, relative to a folder; None if it is missing or on another machine.

    Files of git may come from an archive. Looking at a path of another machine would send the user's credentials there
    on Windows, which calls devices by such paths too.
    """
    if not target or "\0" in target or target.startswith(_ELSEWHERE):
        return None
    return os.path.normpath(os.path.join(base, target))


def exclude_file(top: str) -> str | None:
    """``info/exclude`` of the repository at that top; it need not exist."""
    folder = git_folder(top)
    return None if folder is None else os.path.join(folder, "info", "exclude")


def global_excludes_file(top: str | None) -> str | None:
    """The user's excludes file as git finds it; it need not exist.

    :param top: of the repository whose own configuration may name another one.
    """
    home = os.path.expanduser("~")
    xdg = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    if "GIT_CONFIG_GLOBAL" in os.environ:
        configs = ["/etc/gitconfig", os.environ["GIT_CONFIG_GLOBAL"]]
    else:
        configs = ["/etc/gitconfig", os.path.join(xdg, "git", "config"), os.path.join(home, ".gitconfig")]
    path = os.path.join(xdg, "git", "ignore")
    for config in configs:
        value = _core_excludes_file(config)
        if value is not None:
            path = value
    # Cloning copies no configuration, so the user wrote that of the repository, unless it came in an archive.
    folder = None if top is None else git_folder(top)
    if folder is not None:
        value = _core_excludes_file(os.path.join(folder, "config"))
        if value is not None and local_path(folder, value) is not None:
            path = value
    path = os.path.expanduser(path)
    return path if os.path.isabs(path) else None


def _core_excludes_file(config: str) -> str | None:
    """``core.excludesFile`` of one configuration file, the last one if there are several."""
    try:
        text = os.fsdecode(read_regular(config, _MAX_CONFIG_BYTES, follow_link=True))
    except OSError:
        return None
    in_core = False
    excludes_file: str | None = None
    for line in text.splitlines():
        section = _SECTION.match(line)
        setting = line
        if section is not None:
            in_core = section[1].lower() == "core" and '"' not in line.partition("]")[0]
            setting = section[2]
        value = _VALUE.match(setting) if in_core else None
        if value is not None and value[1].lower() == "excludesfile":
            excludes_file = _unquoted(value[2])
    return excludes_file


def _unquoted(value: str) -> str:
    """A configuration value without comment, quotes and escapes."""
    text = ""
    quoted = False
    characters = iter(value)
    for character in characters:
        if character == '"':
            quoted = not quoted
        elif character == "\\":
            text += next(characters, "")
        elif character in "#;" and not quoted:
            break
        else:
            text += character
    return text.strip()


def first_line(path: str) -> str | None:
    """The first line of a small file of git, such as the pointer in a ``.git`` file; None if it cannot be read."""
    try:
        return os.fsdecode(read_regular(path, _MAX_POINTER_BYTES)).partition("\n")[0].strip()
    except OSError:
        return None
