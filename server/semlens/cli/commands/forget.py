"""``semlens forget``: deletes the index of a folder, of all folders that no longer exist, or everything.

But for ``--all``, vectors stay in the shared cache. Other clones of the code may use them, and the cache has a size
limit.
"""

from __future__ import annotations

import argparse
import shutil
import stat
from pathlib import Path

from semlens.cli.answering import release_root
from semlens.cli.roots import cache_folder, looks_like_url
from semlens.cli.workspace import named_workspace
from semlens.core.errors import CacheError
from semlens.core.text.printable import printable
from semlens.files.git_clone import clones, remove_clone
from semlens.index.nearest.opening import faiss_files
from semlens.index.storage.private_cache import BUILDS_FOLDER, MAPS_FOLDER, PULLS_FOLDER, TEAM_FOLDER
from semlens.index.storage.root_store import delete_index, index_folders, stored_roots
from semlens.index.storage.vector_cache import VectorCache

_LOCK_SECONDS = 5.0


def run(options: argparse.Namespace) -> int:
    folder = cache_folder()
    roots = sorted({root for root, _ in stored_roots(folder, any_format=True)})
    if options.everything:
        forget_everything(folder)
        print("Forgot every index and all vectors.")
    elif options.gone:
        missing_roots = [root for root in roots if _is_gone(root)]
        for root in missing_roots:
            _forget(folder, root)
        n = len(missing_roots)
        print(f"Forgot {n} folder{'' if n == 1 else 's'} that no longer exist{'s' if n == 1 else ''}.")
    elif options.folder is not None and looks_like_url(options.folder):
        _forget_clone(folder, options.folder)
    else:
        workspace = named_workspace(options.folder, must_exist=False)
        if not _forget(folder, workspace.folder):
            print(f"{printable(str(workspace.folder))} is not indexed, so there is nothing to forget.")
    return 0


def _is_gone(root: Path) -> bool:
    """Whether there is no such folder. One that cannot be reached, such as on a lost network disk, may come back."""
    try:
        return not stat.S_ISDIR(root.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def forget_everything(cache_folder: Path) -> None:
    """Delete every index, every clone and all vectors, also what pulls and builds left, maps, and copies of a team.

    :raises CacheError: when one is in use or cannot be deleted.
    """
    if not cache_folder.is_dir():
        return
    for root in sorted({root for root, _ in stored_roots(cache_folder, any_format=True)}):
        _forget(cache_folder, root)
    for known in clones(cache_folder):
        remove_clone(known.url, cache_folder)
    _delete_vectors(cache_folder)
    for name in (PULLS_FOLDER, BUILDS_FOLDER, MAPS_FOLDER, TEAM_FOLDER):
        folder = cache_folder / name
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            raise CacheError(f"Cannot delete {folder}. Check its permissions, or that nothing writes into it.")


def _forget_clone(cache_folder: Path, url: str) -> None:
    """Delete the clone of a repository, and its index."""
    for known in clones(cache_folder):
        if known.url == url:
            _forget(cache_folder, known.folder.resolve())
    if not remove_clone(url, cache_folder):
        print(f"{printable(url)} is not cloned, so there is nothing to forget.")


def _delete_vectors(cache_folder: Path) -> None:
    if not any(cache_folder.glob("vectors*")):  # to open the cache would create it
        return
    cache = VectorCache(cache_folder)
    try:
        cache.shrink(0)
    finally:
        cache.close()
    for path in faiss_files(cache_folder):
        path.unlink(missing_ok=True)


def _forget(cache_folder: Path, root: Path) -> bool:
    """Delete the index of one root, of every format, when no process writes it. :returns: whether an index existed.

    :raises CacheError: when it is still in use or cannot be deleted.
    """
    folders = index_folders(cache_folder, root)
    if not folders:
        return False
    release_root(root)
    for folder in folders:
        try:
            was_deleted = delete_index(folder, timeout_s=_LOCK_SECONDS)
        except OSError as error:
            raise CacheError(
                f"Cannot delete the index of {root} ({error.strerror}). Check the permissions of {folder}."
            ) from error
        if not was_deleted:
            raise CacheError(f"The index of {root} is in use. Close the editors that have it open, then try again.")
    shutil.rmtree(cache_folder / MAPS_FOLDER, ignore_errors=True)  # a map may be of several roots
    print(f"Forgot the index of {printable(str(root))}.")
    return True
