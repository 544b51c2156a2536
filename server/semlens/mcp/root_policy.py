"""Which folders an agent may search. Text that an agent read may steer it, so its arguments can add no folder.

Allowed are the folders that the user named at the start or in ``config.toml``, the git work tree of the working folder,
and what the client declared. Never a URL, the home folder, a folder above it, or the whole file system.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from semlens.core.errors import UsageError, WorkspaceError
from semlens.core.paths import relative_path, uri_to_path
from semlens.core.text.printable import printable
from semlens.files.git_repository import top_level
from semlens.files.roots import check_root

MAX_ROOTS = 64
"""Of one session. Each keeps its index open and its files watched."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:")
_NO_ROOT = (
    "No folder may be searched: the working folder is in no git repository. "
    "Ask the user to start `semlens mcp --root DIR`."
)


@dataclass(frozen=True, slots=True)
class AgentRoot:
    """A folder that may be searched.

    :ivar path: as it was named, absolute. :ivar real: without links. :ivar label: its last component.
    """

    path: str
    real: str

    @property
    def label(self) -> str:
        return os.path.basename(self.real)


class RootPolicy:
    """The roots of one session. Thread-safe."""

    def __init__(
        self,
        add_root: Callable[[Path], None],
        *,
        named: Sequence[str] = (),
        working_folder: str = "",
        configured: Sequence[str] = (),
    ) -> None:
        """:param add_root: called once for each folder that is searched.

        :param named: folders of ``--root``. Without any, the git work tree of the working folder is the root.
        :param configured: folders of the setting ``agents.roots``. They are opened only when the agent names them.
        """
        self._add_root = add_root
        self._lock = threading.Lock()
        self._roots: list[AgentRoot] = []
        self._configured: list[AgentRoot] = []
        self.problems: list[str] = []
        for folder in named:
            self._open(folder)
        if not named and working_folder:
            top = top_level(Path(os.path.realpath(working_folder)))
            if top is not None:
                self._open(str(top))
        for folder in configured:
            if (root := self._checked(folder)) is not None:
                self._configured.append(root)

    @property
    def roots(self) -> tuple[AgentRoot, ...]:
        """The roots that are searched unless the agent names some.

        :raises UsageError: when there is none.
        """
        with self._lock:
            roots = tuple(self._roots)
        if not roots:
            raise UsageError(self.problems[0] if self.problems else _NO_ROOT)
        return roots

    @property
    def has_root(self) -> bool:
        """Whether anything may be searched."""
        try:
            return bool(self.roots)
        except UsageError:
            return False

    def declare(self, uris: Iterable[str]) -> None:
        """Add the roots that the client declared."""
        for uri in uris:
            path = uri_to_path(uri)
            if path is not None:
                self._open(path)

    def folders(self, names: Sequence[str]) -> tuple[str, ...]:
        """The real folders to search: those that the agent names; none means all roots, which needs no filter.

        :raises UsageError: when one of them is not in an allowed root, or there is no root.
        """
        if not names and self.roots:
            return ()
        return tuple(dict.fromkeys(self._folder(name) for name in names))

    def file(self, path: str, folders: Sequence[str]) -> str:
        """The real path of a file that the agent names, inside one of the folders or, without any, of the roots.

        :raises UsageError: when it is outside of them or does not exist.
        """
        _check_name(path)
        roots = [root.real for root in self.roots]
        bases = [*folders, *roots]
        candidates = [path] if os.path.isabs(path) else [os.path.join(base, path) for base in dict.fromkeys(bases)]
        for candidate in candidates:
            real = _real(candidate)
            if os.path.isfile(real) and any(_is_below(real, folder) for folder in folders or roots):
                return real
        if any(os.path.lexists(candidate) for candidate in candidates):
            raise UsageError(f"{printable(path)} is not a file inside the roots that may be searched.")
        raise UsageError(f"There is no file {printable(path)} in the roots. Give a path relative to a root.")

    def has_file(self, path: str, folders: Sequence[str]) -> bool:
        """Whether `file` finds it."""
        try:
            return bool(self.file(path, folders))
        except UsageError:
            return False

    def _folder(self, name: str) -> str:
        _check_name(name)
        with self._lock:
            roots = list(self._roots)
        allowed = [*roots, *self._configured]
        candidates = [root.real for root in allowed if name == root.label]
        candidates += [name] if os.path.isabs(name) else [os.path.join(root.real, name) for root in roots]
        for candidate in candidates:
            real = _real(candidate)
            holder = next((root for root in allowed if _is_below(real, root.real)), None)
            if holder is not None and os.path.isdir(real):
                self._open(holder.path)
                return real
        labels = ", ".join(printable(root.label) for root in allowed) or "none"
        raise UsageError(f"{printable(name)} is not a folder inside the roots of this session ({labels}).")

    def _open(self, folder: str) -> None:
        root = self._checked(folder)
        if root is None:
            return
        with self._lock:
            if root.real in {known.real for known in self._roots} or len(self._roots) >= MAX_ROOTS:
                return
            self._roots.append(root)
        self._add_root(Path(root.path))

    def _checked(self, folder: str) -> AgentRoot | None:
        try:
            path = os.path.abspath(os.path.expanduser(folder))
            return AgentRoot(path, str(check_root(Path(path), explicit=False)))
        except WorkspaceError as error:
            self.problems.append(str(error))
        except (ValueError, RuntimeError):
            self.problems.append(f"{printable(folder)} is not a folder.")
        return None


def _check_name(name: str) -> None:
    """:raises UsageError: for what can be no folder or file inside a root."""
    if _URL.match(name):
        raise UsageError(f"{printable(name)} is a URL. Only folders inside the roots of this session are searched.")
    if not name or "\0" in name or ".." in name.replace("\\", "/").split("/"):
        raise UsageError(f"{printable(name)} is not a path inside a root. Leave out `..`.")


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return ""


def _is_below(real: str, folder: str) -> bool:
    return bool(real) and relative_path(folder, real) is not None
