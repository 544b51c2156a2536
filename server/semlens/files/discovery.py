"""Decides which files of a root are indexed, for a walk over the root and for single paths.

Every file that is left out is counted by its reason. Links are never followed, so nothing outside the root is read.
`reading` reads the content, and `watching` notices changes.
"""

# Paths are strings here, because a walk joins and compares hundreds of thousands of them.

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from semlens.core.errors import WorkspaceError
from semlens.core.guarded_reader import is_transient, read_below
from semlens.core.paths import relative_path
from semlens.core.status import SkipReason
from semlens.files.eligibility import extension_of, name_skip_reason, shebang_skip_reason
from semlens.files.ignoring.gitattributes import ATTRIBUTES_FILE
from semlens.files.ignoring.ignore_tree import (
    CACHE_MARKERS,
    IGNORE_FILES,
    MAX_DEPTH,
    VERSION_CONTROL,
    FolderRules,
    IgnoreTree,
)
from semlens.settings.loading import WORKSPACE_FILE, Settings

_SHEBANG_BYTES = 128

EXCLUDE_FILE = ".git/info/exclude"
"""The ignore file of a repository that is the root. It also comes and goes with the folders above it."""
_EXCLUDE_PATHS = (EXCLUDE_FILE, ".git/info", ".git")


@dataclass(frozen=True, slots=True)
class DiscoveredFile:
    """A file to index, with the values that show whether it changed.

    :ivar path: relative to the root, forward slashes; bytes that are not UTF-8 survive as surrogates (PEP 383).
    :ivar size: in bytes.
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Discovery:
    """Finds the files of one root. Safe to use from several threads; each walk reads the ignore files again.

    :ivar root: absolute, without links.
    :ivar skipped: number of files that the last complete walk left out, by reason. An ignored folder counts once.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = Path(os.path.realpath(root))
        self.skipped: Counter[str] = Counter()
        self._root = str(self.root)
        self._settings = settings.files
        self._max_bytes = settings.files.max_size_kb * 1024
        self.refresh()

    def refresh(self) -> None:
        """Drop the cached ignore rules, so that the next call reads them again."""
        files = self._settings
        self._tree = IgnoreTree(self._root, follow=files.follow_ignore, exclude=files.exclude, include=files.include)

    def walk(
        self,
        unread: set[str] | None = None,
        left_out: list[tuple[str, SkipReason]] | None = None,
        with_attributes: set[str] | None = None,
    ) -> Iterator[DiscoveredFile]:
        """Every file to index, folder by folder, names sorted. `skipped` is replaced when the walk ends.

        :param unread: gets the paths of files and folders that could not be read for a transient cause.
        :param left_out: gets what is skipped, as path and reason. The path of a folder ends with a slash.
        :param with_attributes: gets the folders that hold a ``.gitattributes``, each before its files.
        :raises WorkspaceError: when the root itself cannot be listed.
        """
        self.refresh()
        tree = self._tree  # a refresh by another thread must not mix its rules into this walk
        skipped: Counter[str] = Counter()
        unread = set() if unread is None else unread
        left_out = [] if left_out is None else left_out

        def skip(path: str, reason: SkipReason) -> None:
            skipped[reason] += 1
            left_out.append((path, reason))

        stack = [""]
        while stack:
            folder = stack.pop()
            listed = self._list(tree, folder, skip, unread)
            if listed is None:
                continue
            files, subfolders, rules = listed
            stack.extend(reversed(subfolders))
            if with_attributes is not None and any(entry.name == ATTRIBUTES_FILE for entry in files):
                with_attributes.add(folder)
            prefix = f"{folder}/" if folder else ""
            for entry in files:
                examined = self._examine_entry(tree, prefix + entry.name, entry, rules)
                if isinstance(examined, DiscoveredFile):
                    yield examined
                elif examined == SkipReason.NOT_READABLE_NOW:
                    unread.add(prefix + entry.name)
                elif examined is not None:
                    skip(prefix + entry.name, examined)
        self.skipped = skipped

    def list_folder(self, folder: str, unread: set[str]) -> tuple[list[os.DirEntry[str]], list[str]] | None:
        """One folder's files (links included) and its subfolders that are not ignored, as paths. Reads the folder.

        None where the folder is ignored, gone or unreadable.

        :param unread: gets the folder if it could not be read for a transient cause.
        """
        tree = self._tree
        try:
            if folder:
                parent = tree.rules(folder.rpartition("/")[0])
                if parent is None or tree.ignores_folder(parent, folder):
                    return None
            listed = self._list(tree, folder, lambda _path, _reason: None, unread)
        except WorkspaceError:
            return None
        except OSError:
            unread.add(folder)
            return None
        return None if listed is None else (listed[0], listed[1])

    def forget(self, folder: str) -> None:
        """Drop the cached rules of a folder that was created, moved or deleted."""
        self._tree.forget(folder)

    def may_affect_index(self, path: str) -> bool:
        """Whether a change of this path may affect the index. Decided by the name alone, because the file may be gone.

        Always true for a path that is indexed, or was indexed until this change. True if the rules cannot be read now.
        """
        if path == WORKSPACE_FILE:
            return True
        try:
            if self._is_ignored(path):
                return False
        except OSError:
            return True
        reason = name_skip_reason(path)
        return reason is None or (reason == SkipReason.NOT_CODE and not extension_of(path))

    def examine(self, path: str) -> DiscoveredFile | SkipReason:
        """The file at a path, or the reason why it is not indexed.

        `SkipReason.MISSING` means that no file is there, `SkipReason.FOLDER` that a folder is, and
        `SkipReason.NOT_READABLE_NOW` that neither is known.

        :param path: relative to the root.
        """
        return self._examine(path, self._has_no_links)

    def examiner(self) -> Callable[[str], DiscoveredFile | SkipReason]:
        """`examine` for many paths at one moment: it checks each folder for links only once."""
        has_no_links = cache(self._has_no_links)
        return lambda path: self._examine(path, has_no_links)

    def _examine(self, path: str, has_no_links: Callable[[str], bool]) -> DiscoveredFile | SkipReason:
        full = self.absolute(path)
        try:
            status = os.lstat(full)
        except ValueError:
            return SkipReason.MISSING
        except OSError as error:
            return SkipReason.NOT_READABLE_NOW if is_transient(error) else SkipReason.MISSING
        if stat.S_ISDIR(status.st_mode):
            return SkipReason.FOLDER
        reason = self._skip_reason(path, is_link=stat.S_ISLNK(status.st_mode))
        if reason is not None:
            return reason
        if not stat.S_ISREG(status.st_mode):
            return SkipReason.NOT_CODE
        if status.st_size > self._max_bytes:
            return SkipReason.TOO_LARGE
        if not has_no_links(os.path.dirname(full)):
            return SkipReason.OUTSIDE_ROOT
        return DiscoveredFile(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)

    def skip_reason(self, path: str) -> SkipReason | None:
        """Why the path is not indexed, or None if it is. The file need not exist; size and content are not checked.

        A link is never indexed: a link to a file of the same root has the reason `SkipReason.LINK`. The reason is
        `SkipReason.NOT_READABLE_NOW` if the ignore rules are not known.
        """
        return self._skip_reason(path)

    def _skip_reason(self, path: str, *, is_link: bool | None = None) -> SkipReason | None:
        """:param is_link: None if it is not known yet."""
        if path.endswith("/") or not path or ".." in path.split("/"):
            return SkipReason.OUTSIDE_ROOT
        try:
            if self._is_ignored(path):
                return SkipReason.IGNORED
        except OSError:
            return SkipReason.NOT_READABLE_NOW
        if os.path.islink(self.absolute(path)) if is_link is None else is_link:
            return self._link_reason(path) or SkipReason.LINK
        return self._code_reason(path)

    def _is_ignored(self, path: str) -> bool:
        """Whether the rules leave out the file of a path. :raises OSError: when they cannot be read now."""
        folder, _, name = path.rpartition("/")
        tree = self._tree  # one for all rules: another thread may refresh it
        rules = tree.rules(folder)
        return (
            rules is None
            or name in VERSION_CONTROL
            or tree.ignores(rules, path, name, False)
            or not tree.includes(path)
        )

    def is_ignored_folder(self, path: str) -> bool:
        """Whether nothing below the folder is indexed. False if the ignore rules cannot be read now.

        A folder that is gone is treated as if it still existed.
        """
        try:
            return bool(path) and self._tree.rules(path) is None
        except OSError:
            return False

    def is_ignore_file(self, path: str) -> bool:
        """Whether a change of this file, or of a folder of git, may change which files are indexed."""
        name = path.rpartition("/")[2]
        return name in IGNORE_FILES or name in CACHE_MARKERS or path in _EXCLUDE_PATHS

    def relative(self, path: Path | str) -> str | None:
        """The path relative to the root, or None for one that is not below it."""
        return relative_path(self._root, str(path))

    def absolute(self, path: str) -> str:
        """The path in the file system's own form."""
        return os.path.join(self._root, path.replace("/", os.sep) if os.sep != "/" else path)

    def _list(
        self, tree: IgnoreTree, folder: str, skip: Callable[[str, SkipReason], None], unread: set[str]
    ) -> tuple[list[os.DirEntry[str]], list[str], FolderRules] | None:
        """A folder's files, subfolders and rules; None if it cannot be read or is a cache.

        :raises WorkspaceError: when the root itself cannot be listed.
        """
        try:
            with os.scandir(self.absolute(folder)) as scan:
                entries = sorted(scan, key=_entry_name)
        except OSError as error:
            if not folder:
                reason = error.strerror or str(error)
                raise WorkspaceError(f"The folder {self._root} cannot be read: {reason}.") from error
            if is_transient(error):
                unread.add(folder)
            elif not isinstance(error, FileNotFoundError):
                skip(f"{folder}/", SkipReason.UNREADABLE)
            return None
        try:
            rules = tree.enter(folder, {entry.name for entry in entries})
        except OSError:
            unread.add(folder)
            return None
        if rules is None:
            skip(f"{folder}/", SkipReason.IGNORED)
            return None
        prefix = f"{folder}/" if folder else ""
        files: list[os.DirEntry[str]] = []
        subfolders: list[str] = []
        for entry in entries:
            if not _is_folder(entry):
                files.append(entry)
                continue
            if entry.name in VERSION_CONTROL:
                continue
            path = prefix + entry.name
            if tree.ignores(rules, path, entry.name, True):
                skip(f"{path}/", SkipReason.IGNORED)
            elif path.count("/") >= MAX_DEPTH:
                skip(f"{path}/", SkipReason.LINK_LOOP)
            else:
                subfolders.append(path)
        return files, subfolders, rules

    def _examine_entry(
        self, tree: IgnoreTree, path: str, entry: os.DirEntry[str], rules: FolderRules
    ) -> DiscoveredFile | SkipReason | None:
        """The file to index, the reason why it is skipped, or None for a file that is not counted."""
        if entry.name in VERSION_CONTROL:
            return None
        if tree.ignores(rules, path, entry.name, False) or not tree.includes(path):
            return SkipReason.IGNORED
        try:
            if _is_link(entry):
                return self._link_reason(path)
            if not entry.is_file(follow_symlinks=False):
                return SkipReason.NOT_CODE
            reason = self._code_reason(path)
            if reason is not None:
                return reason
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            return SkipReason.NOT_READABLE_NOW if is_transient(error) else SkipReason.UNREADABLE
        if status.st_size > self._max_bytes:
            return SkipReason.TOO_LARGE
        # Windows leaves the inode out of a listing.
        inode = status.st_ino or entry.inode()
        return DiscoveredFile(path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, inode)

    def _code_reason(self, path: str) -> SkipReason | None:
        reason = name_skip_reason(path)
        if reason == SkipReason.NOT_CODE and not extension_of(path):
            try:
                return shebang_skip_reason(path, read_below(self._root, path, _SHEBANG_BYTES))
            except FileNotFoundError:
                return shebang_skip_reason(path, b"")
            except OSError as error:
                return SkipReason.NOT_READABLE_NOW if is_transient(error) else SkipReason.UNREADABLE
        return reason

    @staticmethod
    def _has_no_links(folder: str) -> bool:
        """Whether neither this folder nor one above it is a link. One may have been replaced since it was listed."""
        return relative_path(folder, os.path.realpath(folder)) == ""

    def _link_reason(self, path: str) -> SkipReason | None:
        """Why the target of a link is not indexed: a loop, outside the root, or unreadable. None if it is indexed."""
        link = self.absolute(path)
        try:
            target = os.path.realpath(link, strict=True)
        except FileNotFoundError:
            return SkipReason.UNREADABLE
        except (OSError, RuntimeError):
            return SkipReason.LINK_LOOP
        if relative_path(self._root, target) is None:
            return SkipReason.LINK_LOOP if _contains(target, link) else SkipReason.OUTSIDE_ROOT
        return SkipReason.LINK_LOOP if _contains(target, link) else None


def is_below(path: str, folders: Collection[str]) -> bool:
    """Whether the path is one of the folders or below one. "" is the root, which contains every path."""
    end = len(path)
    while end > 0:
        if path[:end] in folders:
            return True
        end = path.rfind("/", 0, end)
    return "" in folders


def add_folders(folders: set[str], paths: Iterable[str]) -> None:
    """Add the folders above paths, without the root. With a folder, the set must have those above it."""
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]


def _entry_name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _is_link(entry: os.DirEntry[str]) -> bool:
    is_junction = getattr(entry, "is_junction", None)  # Python 3.12 on Windows
    return entry.is_symlink() or (is_junction is not None and bool(is_junction()))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False) and not _is_link(entry)
    except OSError:
        return False


def _contains(folder: str, path: str) -> bool:
    """Whether the folder is a folder above the path."""
    relative = relative_path(folder, path)
    return relative is not None and relative != ""
