"""``semlens forget``: deletes the index of a folder, or of all folders that no longer exist.

Vectors stay in the shared cache. Other clones of the code may use them, and the cache has a size limit.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from semlens.cli.workspace import open_workspace
from semlens.core.errors import CacheError
from semlens.core.text.printable import printable
from semlens.index.storage.root_store import delete_index, index_folders, stored_roots

_LOCK_SECONDS = 5.0


def run(options: argparse.Namespace) -> int:
    workspace = open_workspace(None if options.gone else options.folder, must_exist=False)
    if options.gone:
        roots = {root for root, _ in stored_roots(workspace.cache_folder, any_format=True)}
        missing_roots = sorted(root for root in roots if not root.is_dir())
        for root in missing_roots:
            _forget(workspace.cache_folder, root)
        n = len(missing_roots)
        print(f"Forgot {n} folder{'' if n == 1 else 's'} that no longer exist{'s' if n == 1 else ''}.")
    elif not _forget(workspace.cache_folder, workspace.root):
        print(f"{printable(str(workspace.root))} is not indexed, so there is nothing to forget.")
    return 0


def _forget(cache_folder: Path, root: Path) -> bool:
    """Delete the index of one root, of every format, when no process writes it. :returns: whether an index existed.

    :raises CacheError: when it is still in use or cannot be deleted.
    """
    folders = index_folders(cache_folder, root)
    if not folders:
        return False
    for folder in folders:
        try:
            was_deleted = delete_index(folder, timeout_s=_LOCK_SECONDS)
        except OSError as error:
            raise CacheError(
                f"Cannot delete the index of {root} ({error.strerror}). Check the permissions of {folder}."
            ) from error
        if not was_deleted:
            raise CacheError(f"The index of {root} is in use. Close the editors that have it open, then try again.")
    print(f"Forgot the index of {printable(str(root))}.")
    return True
