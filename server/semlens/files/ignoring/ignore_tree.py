"""Decides which ignore rules apply to each path of a root. `ignore_file` matches patterns, and `discovery` walks.

Precedence is ripgrep's: settings, then every ``.semlensignore`` from the deepest folder up, every ``.ignore``, every
``.gitignore`` up to the top of the repository that the folder belongs to, its ``info/exclude``, the user's global
excludes, and last `DEFAULT_IGNORES`. The first of these that matches a path decides. Everything in an ignored folder is
ignored, even if a deeper ignore file says otherwise.
"""

# Paths are strings here, because a walk joins and compares hundreds of thousands of them.

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from semlens.core.guarded_reader import is_transient, read_below, read_regular
from semlens.files.ignoring.git_config import exclude_file, git_top, global_excludes_file
from semlens.files.ignoring.ignore_file import IgnoreRules, byte_text

IGNORE_FILES = (".semlensignore", ".ignore", ".gitignore")
VERSION_CONTROL = frozenset({".git", ".hg", ".svn", ".jj", ".bzr", ".pijul", "_darcs", "CVS"})
"""Never entered, never counted."""

CACHE_MARKERS = frozenset({"CACHEDIR.TAG", "pyvenv.cfg"})
"""A folder below the root that holds one of these is a cache (bford.info/cachedir) or a virtual environment."""

DEFAULT_IGNORES = (
    "node_modules/",
    "bower_components/",
    "__pycache__/",
    ".venv/",
    ".tox/",
    ".nox/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".hypothesis/",
    ".gradle/",
    ".terraform/",
    ".next/",
    ".nuxt/",
    ".parcel-cache/",
    ".eggs/",
    ".DS_Store",
)
"""Ignored even without an ignore file. ``!node_modules/`` in ``.semlensignore`` re-includes one."""

MAX_DEPTH = 256
"""Deeper folders are not entered, because a folder can be mounted into itself without a link."""

_MAX_IGNORE_BYTES = 1_000_000
_MAX_CACHED_FOLDERS = 500_000
_IGNORE_CASE = sys.platform in ("win32", "darwin")

_Step: TypeAlias = tuple[IgnoreRules, int, str]
"""Rules, and how to convert a path of the root for them: number of characters to cut, then the prefix to add."""


@dataclass(frozen=True, slots=True)
class FolderRules:
    """The rules for the entries of one folder. A folder without ignore files shares the rules of its parent.

    :ivar chain: all rules that apply, highest precedence first.
    """

    semlensignore: tuple[_Step, ...]
    ignore: tuple[_Step, ...]
    gitignore: tuple[_Step, ...]
    exclude: tuple[_Step, ...]
    always: tuple[_Step, ...]
    chain: tuple[_Step, ...]


class IgnoreTree:
    """The ignore rules of one root. The rules of each folder are read once, when they are first needed.

    Several threads may use it. At worst, two of them read the same ignore file.
    """

    def __init__(self, root: str, *, follow: bool, exclude: Collection[str], include: Collection[str]) -> None:
        """:param root: absolute. :param follow: see the setting ``files.followIgnore``."""
        self._root = root
        self._follow = follow
        self._folders: dict[str, FolderRules | None] = {}  # by path, None for an ignored one
        self._exclude = _rules_of_setting(exclude)
        self._include = _rules_of_setting(include)
        self._above = self._rules_above()

    def ignores(self, rules: FolderRules, path: str, name: str, is_folder: bool) -> bool:
        """Whether an entry of the folder that the rules are of is ignored.

        :param path: relative to the root. :param name: its last component.
        """
        if not path.isascii():
            path, name = byte_text(path), byte_text(name)
        if self._exclude is not None and self._exclude.match(name, path, is_folder):
            return True
        for step, cut, prefix in rules.chain:
            is_ignored = step.match(name, prefix + path[cut:] if step.needs_path else "", is_folder)
            if is_ignored is not None:
                return is_ignored
        return False

    def includes(self, path: str) -> bool:
        """Whether the setting ``files.include`` is empty or matches the file or a folder above it."""
        if self._include is None:
            return True
        path = byte_text(path)
        end = 0
        while end >= 0:
            end = path.find("/", end + 1)
            part = path if end < 0 else path[:end]
            if self._include.match(part.rpartition("/")[2], part, end >= 0):
                return True
        return False

    def rules(self, folder: str) -> FolderRules | None:
        """The rules for the entries of a folder, relative to the root; None for an ignored one.

        :raises OSError: as `enter`.
        """
        if folder in self._folders:
            return self._folders[folder]
        if folder.count("/") >= MAX_DEPTH:
            return None
        parent = self._above if not folder else self.rules(folder.rpartition("/")[0])
        if parent is not None and (not folder or not (self.ignores_folder(parent, folder) or self._is_link(folder))):
            return self.enter(folder, self._names_in(folder))
        if len(self._folders) < _MAX_CACHED_FOLDERS:
            self._folders[folder] = None
        return None

    def enter(self, folder: str, names: Collection[str]) -> FolderRules | None:
        """As `rules`, but reads the ignore files of this folder again.

        :param names: all names in the folder, which saves a check for each ignore file.
        :raises OSError: when an ignore file cannot be read for a transient cause.
        """
        parent = self._above if not folder else self.rules(folder.rpartition("/")[0])
        rules: FolderRules | None = None
        if parent is not None and not (folder and not CACHE_MARKERS.isdisjoint(names)):
            rules = self._rules_of(parent, folder, names)
        if len(self._folders) < _MAX_CACHED_FOLDERS:
            self._folders[folder] = rules
        return rules

    def forget(self, folder: str) -> None:
        """Drop the cached rules of a folder that was created, moved or deleted."""
        self._folders.pop(folder, None)

    def ignores_folder(self, parent: FolderRules, folder: str) -> bool:
        """Whether a folder is ignored by its name. :param parent: the rules of the folder above."""
        name = folder.rpartition("/")[2]
        return name in VERSION_CONTROL or self.ignores(parent, folder, name, True)

    def _is_link(self, folder: str) -> bool:
        return os.path.islink(os.path.join(self._root, folder))

    def _names_in(self, folder: str) -> Collection[str]:
        """All names in the folder. One listing is cheaper than a check for each name of interest."""
        try:
            return frozenset(os.listdir(os.path.join(self._root, folder)))
        except ValueError:
            return ()
        except OSError as error:
            if is_transient(error):
                raise  # as `_read`
            return ()

    def _rules_of(self, parent: FolderRules, folder: str, names: Collection[str]) -> FolderRules:
        file_names = IGNORE_FILES if self._follow else IGNORE_FILES[:1]
        present = [name for name in file_names if name in names]
        starts_repository = self._follow and ".git" in names
        if not present and not starts_repository:
            return parent
        cut = len(byte_text(folder)) + 1 if folder else 0
        own_steps = {
            name: self._read(self._root, f"{folder}/{name}".lstrip("/"), cut, "", required=True) for name in present
        }
        semlensignore = own_steps.get(".semlensignore", ()) + parent.semlensignore
        ignore = own_steps.get(".ignore", ()) + parent.ignore
        gitignore, exclude = parent.gitignore, parent.exclude
        if starts_repository and folder:  # the rules of the outer repository do not apply to a nested one
            gitignore = ()
            path = exclude_file(os.path.join(self._root, folder))
            exclude = () if path is None else self._read("", path, cut, "")
        gitignore = own_steps.get(".gitignore", ()) + gitignore
        if (semlensignore, ignore, gitignore, exclude) == (
            parent.semlensignore,
            parent.ignore,
            parent.gitignore,
            parent.exclude,
        ):
            return parent
        return _folder_rules(semlensignore, ignore, gitignore, exclude, parent.always)

    def _rules_above(self) -> FolderRules:
        """The rules that apply to the root from folders above it and from the user."""
        always: tuple[_Step, ...] = ((IgnoreRules(DEFAULT_IGNORES, ignore_case=_IGNORE_CASE), 0, ""),)
        if not self._follow:
            return _folder_rules((), (), (), (), always)
        top = git_top(self._root)
        below = os.path.relpath(self._root, top).replace(os.sep, "/") if top is not None else "."
        prefix = "" if below == "." else byte_text(below) + "/"
        excludes = global_excludes_file(top)
        if excludes is not None:
            always = self._read("", excludes, 0, prefix) + always
        if top is None:
            return _folder_rules((), (), (), (), always)
        path = exclude_file(top)
        exclude = () if path is None else self._read("", path, 0, prefix)
        rules = _folder_rules((), (), (), exclude, always)
        parts = [] if below == "." else below.split("/")
        for n_parts, part in enumerate(parts):
            folder = os.path.join(top, *parts[:n_parts])
            prefix = "/".join(map(byte_text, parts[n_parts:])) + "/"
            own_steps = {name: self._read(folder, name, 0, prefix) for name in IGNORE_FILES}
            rules = _folder_rules(
                own_steps[".semlensignore"] + rules.semlensignore,
                own_steps[".ignore"] + rules.ignore,
                own_steps[".gitignore"] + rules.gitignore,
                exclude,
                always,
            )
            if self._ignored_above(rules, parts, n_parts, part):
                # A user who opens an ignored folder wants to search it.
                return _folder_rules((), (), (), (), always)
        return rules

    @staticmethod
    def _ignored_above(rules: FolderRules, parts: list[str], n_parts: int, part: str) -> bool:
        """Whether the rules, whose prefixes lead down to the root, ignore the folder above or at the root."""
        n_cut = sum(len(byte_text(later)) + 1 for later in parts[n_parts + 1 :]) + 1
        for step, _, prefix in rules.chain:
            is_ignored = step.match(byte_text(part), prefix[: len(prefix) - n_cut], True)
            if is_ignored is not None:
                return is_ignored
        return False

    @staticmethod
    def _read(root: str, path: str, cut: int, prefix: str, *, required: bool = False) -> tuple[_Step, ...]:
        """The rules of an ignore file; none where it is missing, no regular file, unreadable or huge.

        A link inside the root is not followed: git does not follow it either, and it may lead out of the root.

        :param root: "" for a file of the user or of git, which may be a link.
        :param required: fail on a transient error, because without the file, ignored files would be indexed.
        :raises OSError: when a required file cannot be read for a transient cause.
        """
        try:
            n_bytes = _MAX_IGNORE_BYTES + 1
            data = read_below(root, path, n_bytes) if root else read_regular(path, n_bytes, follow_link=True)
        except OSError as error:
            if required and is_transient(error):
                raise
            return ()
        if len(data) > _MAX_IGNORE_BYTES:
            return ()
        rules = IgnoreRules.parse(data, ignore_case=_IGNORE_CASE)
        return () if rules.is_empty else ((rules, cut, prefix),)


def _folder_rules(
    semlensignore: tuple[_Step, ...],
    ignore: tuple[_Step, ...],
    gitignore: tuple[_Step, ...],
    exclude: tuple[_Step, ...],
    always: tuple[_Step, ...],
) -> FolderRules:
    return FolderRules(
        semlensignore,
        ignore,
        gitignore,
        exclude,
        always,
        chain=semlensignore + ignore + gitignore + exclude + always,
    )


def _rules_of_setting(patterns: Collection[str]) -> IgnoreRules | None:
    return IgnoreRules(map(byte_text, patterns), ignore_case=_IGNORE_CASE) if patterns else None
