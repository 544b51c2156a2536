"""``semlens forget``: delete the index of a folder, or of all folders that are gone.

Vectors stay in the shared cache: other clones of the same code may use them, and the cache is bounded.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from semlens.cli.workspace import open_workspace
from semlens.core.errors import CacheError
from semlens.core.text.printable import printable
from semlens.index.storage.root_store import delete_index, root_folder, stored_roots

_LOCK_SECONDS = 5.0


def run(options: argparse.Namespace) -> int:
    workspace = open_workspace(None if options.gone else options.folder, must_exist=False)
    if options.gone:
        gone = [root for root, _ in stored_roots(workspace.cache_folder) if not root.is_dir()]
        for root in gone:
            _forget(workspace.cache_folder, root)
        print(f"Forgot {len(gone)} folder{'' if len(gone) == 1 else 's'} no longer there.")
    elif not _forget(workspace.cache_folder, workspace.root):
        print(f"{printable(str(workspace.root))} is not indexed: there is nothing to forget.")
    return 0


def _forget(cache_folder: Path, root: Path) -> bool:
    """Delete one root's index, once nobody writes it. :returns: whether there was one.

    :raises CacheError: when it stays in use or cannot be deleted.
    """
    folder = root_folder(cache_folder, root)
    if not folder.is_dir():
        return False
    try:
        gone = delete_index(folder, timeout_s=_LOCK_SECONDS)
    except OSError as error:
        raise CacheError(f"The index of {root} cannot be deleted ({error.strerror}): check {folder}.") from error
    if not gone:
        raise CacheError(f"The index of {root} is in use: close the editors that have it open and try again.")
    print(f"Forgot the index of {printable(str(root))}.")
    return True
