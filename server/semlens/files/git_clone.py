"""Keeps clones of git repositories in the cache folder, so that a URL can be a root.

    <cache>/clones/<hash of the URL>/<name of the repository>   the work tree
                                    /url.txt                    the URL; its time records the last use

A clone appears whole: git writes into a temporary folder, which is renamed at the end. All work on one clone is done
under a lock beside its folder. `git_process` runs git, and `index/storage/cache_bound` deletes what is not used.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import filelock

from semlens.core.cancel import CancelToken
from semlens.core.errors import CacheError, UsageError, WorkspaceError
from semlens.core.paths import make_private_folders
from semlens.core.text.printable import printable
from semlens.files.git_process import GitLimits, run_git
from semlens.files.git_url import GitUrl, is_git_url, parse_git_url

__all__ = [
    "Clone",
    "clone",
    "clone_folders",
    "clone_in",
    "clone_last_use",
    "clones",
    "delete_clone_folder",
    "is_git_url",
    "remove_clone",
]

T = TypeVar("T")

_CLONES = "clones"
_URL_FILE = "url.txt"
_PARTIAL = ".partial-"
_CHECKOUT_STARTED = "checkout-started"
"""A file in ``.git`` while a refresh changes the work tree."""

_LOCK_SECONDS = 0.2
_REMOVE_SECONDS = 5.0
_MAX_URL_BYTES = 4_096
_MANY_PACKS = 8  # packs of refreshes before git joins them


@dataclass(frozen=True, slots=True)
class Clone:
    """:ivar folder: the work tree."""

    url: str
    folder: Path


def clone(
    url: str, cache_folder: Path, *, max_mb: int, refresh: bool = False, cancel: CancelToken | None = None
) -> Path:
    """The work tree of a repository: the one that is there, or a new shallow clone. May take minutes.

    :param max_mb: MiB that the clone may take. :param refresh: fetch what is new.
    :raises UsageError: for a URL that is not allowed.
    :raises WorkspaceError: when it cannot be cloned or refreshed. A clone that was there stays as it was.
    :raises CacheError: when the cache folder cannot be written. :raises Cancelled: when the caller cancels.
    """
    address = parse_git_url(url)
    cancel = cancel or CancelToken()
    folder = _folder_of(cache_folder, address)
    work_tree = folder / address.name
    try:
        make_private_folders(folder.parent)
        with _locked(folder, cancel):
            limits = GitLimits(folder, max_mb, cancel)
            _remove_partial_clones(folder)
            is_there = _is_whole(folder, work_tree) and _finish_checkout(address, work_tree, limits)
            if not is_there:
                _clone(address, work_tree, limits)
            elif refresh:
                _refresh(address, work_tree, limits)
            (folder / _URL_FILE).touch()
    except (OSError, NotImplementedError) as error:  # the latter where the file system has no locks
        reason = getattr(error, "strerror", None) or str(error)
        raise CacheError(
            f"Cannot keep the clone of {printable(url)} in {folder} ({reason}). Make the folder "
            "writable, free some space or set SEMLENS_CACHE_DIR."
        ) from error
    return work_tree


def remove_clone(url: str, cache_folder: Path) -> bool:
    """Delete a clone. Its index is left to the caller. :returns: whether there was one.

    :raises UsageError: for a URL that is not allowed. :raises CacheError: when it is in use or cannot be deleted.
    """
    folder = _folder_of(cache_folder, parse_git_url(url))
    if not folder.is_dir():
        return False
    try:
        if not delete_clone_folder(folder, timeout_s=_REMOVE_SECONDS):
            raise CacheError(f"{printable(url)} is being cloned or refreshed. Try again when that has ended.")
    except OSError as error:
        raise CacheError(
            f"Cannot delete the clone of {printable(url)} ({error.strerror or error}). Delete {folder}."
        ) from error
    return True


def clones(cache_folder: Path) -> list[Clone]:
    """Every clone that is whole, by URL."""
    found = (clone_in(folder) for folder in clone_folders(cache_folder))
    return sorted((one for one in found if one is not None), key=lambda one: one.url)


def clone_folders(cache_folder: Path) -> list[Path]:
    """The folder of every clone, partial ones included."""
    with contextlib.suppress(OSError):
        return sorted(path for path in (cache_folder / _CLONES).iterdir() if path.is_dir() and not path.is_symlink())
    return []


def clone_in(folder: Path) -> Clone | None:
    """The clone in one of `clone_folders`, or None when it is not whole."""
    try:
        with open(folder / _URL_FILE, encoding="ascii") as file:
            address = parse_git_url(file.read(_MAX_URL_BYTES))
    except (OSError, ValueError, UsageError):
        return None
    work_tree = folder / address.name
    return Clone(address.text, work_tree) if folder.name == address.key and _is_whole(folder, work_tree) else None


def clone_last_use(folder: Path) -> float:
    """When `clone` last returned it, in seconds since the epoch."""
    for path in (folder / _URL_FILE, folder):
        with contextlib.suppress(OSError):
            return path.lstat().st_mtime
    return 0.0


def delete_clone_folder(folder: Path, *, timeout_s: float = 0.0) -> bool:
    """Delete one of `clone_folders`, unless a process works on it. :returns: whether it was deleted.

    :raises OSError: when it cannot be deleted.
    """
    lock = _lock_of(folder)
    try:
        lock.acquire(timeout=timeout_s)
    except filelock.Timeout:
        return False
    try:
        with contextlib.suppress(FileNotFoundError):
            (folder / _URL_FILE).unlink()  # from now on it is not whole
        _delete(folder)
    finally:
        lock.release()
    return True


def _folder_of(cache_folder: Path, address: GitUrl) -> Path:
    return cache_folder.absolute() / _CLONES / address.key  # git runs in another folder


def _lock_of(folder: Path) -> filelock.BaseFileLock:
    return filelock.FileLock(folder.with_name(f"{folder.name}.lock"), mode=0o600, fallback_to_soft=False)


@contextlib.contextmanager
def _locked(folder: Path, cancel: CancelToken) -> Iterator[None]:
    """Wait for other processes that work on the clone. :raises Cancelled: while waiting."""
    lock = _lock_of(folder)
    while True:
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
            break
        except filelock.Timeout:
            cancel.check()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)  # the one before may have deleted it
        yield
    finally:
        lock.release()


def _is_whole(folder: Path, work_tree: Path) -> bool:
    return (folder / _URL_FILE).is_file() and (work_tree / ".git" / "HEAD").is_file()


def _remove_partial_clones(folder: Path) -> None:
    """Delete what killed processes left."""
    for path in folder.glob(f"{_PARTIAL}*"):
        _delete(path)


def _clone(address: GitUrl, work_tree: Path, limits: GitLimits) -> None:
    _delete(work_tree)
    partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=limits.folder))
    try:
        run_git(
            [
                *("clone", "--depth", "1", "--single-branch", "--no-tags", "--no-recurse-submodules", "--progress"),
                *(f"--template={_template(partial)}", "--", address.text, str(partial / work_tree.name)),
            ],
            address.text,
            limits,
        )
        record = partial / _URL_FILE
        record.write_text(address.text, encoding="ascii")
        record.chmod(0o600)
        record.replace(limits.folder / _URL_FILE)
        (partial / work_tree.name).rename(work_tree)
    finally:
        _delete(partial)


def _template(partial: Path) -> Path:
    """What git copies into the new ``.git`` instead of the user's template: no hooks, and no filters for any file.

    These attributes win over those of the repository, which could select a filter of the user's configuration.
    """
    template = partial / "template"
    (template / "info").mkdir(parents=True)
    (template / "info" / "attributes").write_text("* -filter\n", encoding="ascii")
    return template


def _refresh(address: GitUrl, work_tree: Path, limits: GitLimits) -> None:
    _remove_locks(work_tree)
    try:
        _run(
            address, work_tree, limits,
            "fetch", "--depth", "1", "--no-tags", "--no-recurse-submodules", "--progress", "--force",
            "--", address.text, "HEAD",
        )  # fmt: skip
    finally:
        for path in (work_tree / ".git" / "objects" / "pack").glob("tmp_*"):
            _delete(path)
    _checkout(address, work_tree, limits)
    with contextlib.suppress(WorkspaceError):  # old commits take space until then
        settings = (f"gc.autoPackLimit={_MANY_PACKS}", "gc.auto=6700", "gc.autoDetach=false", "gc.pruneExpire=now")
        options = [part for setting in settings for part in ("-c", setting)]
        _run(address, work_tree, GitLimits(limits.folder, 2 * limits.max_mb, limits.cancel), *options, "gc", "--auto")


def _checkout(address: GitUrl, work_tree: Path, limits: GitLimits) -> None:
    """Make the work tree that of the commit fetched last."""
    started = work_tree / ".git" / _CHECKOUT_STARTED
    started.touch()
    _run(address, work_tree, limits, "reset", "--hard", "--quiet", "FETCH_HEAD")
    started.unlink()


def _finish_checkout(address: GitUrl, work_tree: Path, limits: GitLimits) -> bool:
    """Finish a checkout that was killed. :returns: False when the clone is no use any more."""
    if not (work_tree / ".git" / _CHECKOUT_STARTED).exists():
        return True
    _remove_locks(work_tree)
    try:
        _checkout(address, work_tree, limits)
    except WorkspaceError:
        return False
    return True


def _run(address: GitUrl, work_tree: Path, limits: GitLimits, *arguments: str) -> None:
    """Run git in the clone. Both folders are named, so that git never takes a repository above a damaged one."""
    run_git([f"--git-dir={work_tree / '.git'}", f"--work-tree={work_tree}", *arguments], address.text, limits)


def _remove_locks(work_tree: Path) -> None:
    """Delete the locks of a git that was killed. Nobody else works on the clone."""
    for path in (work_tree / ".git").rglob("*.lock"):
        _delete(path)


def _delete(path: Path) -> None:
    """Delete a file or a folder, also what git has made read-only. :raises OSError: when it cannot be deleted."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return

    # Each folder is moved up before it is emptied: the tree of a repository can be deeper than Python's stack, and its
    # paths longer than the system allows.
    folders = [path]
    unused_name = secrets.token_hex(16)
    for folder in folders:
        for entry in list(_forced(os.scandir, folder)):
            if entry.is_dir(follow_symlinks=False):
                folders.append(path / f"{unused_name}-{len(folders)}")
                _forced(lambda source: source.rename(folders[-1]), Path(entry.path))
            else:
                _forced(os.unlink, Path(entry.path))
    for folder in reversed(folders):
        _forced(os.rmdir, folder)


def _forced(function: Callable[[Path], T], path: Path) -> T:
    """Call the function, again if it fails: git has made some files and folders read-only."""
    try:
        return function(path)
    except OSError:
        os.chmod(path, stat.S_IRWXU)
        return function(path)
