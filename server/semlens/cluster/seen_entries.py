"""Remembers the newest entry of each repository that was used here, so that nobody can bring back an older one.

Whoever may write the store has no key, but can put an entry that was signed long ago in the place of the newest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semlens.cluster.catalogue import Repository, all_entries, entry_name
from semlens.cluster.errors import ClusterError
from semlens.core.paths import make_private_folders
from semlens.core.private_file import NotPrivateError, read_private, write_private
from semlens.core.text.printable import printable
from semlens.index.storage.writer_lock import LockUnusableError, WriterLock
from semlens.settings.loading import Settings
from semlens.settings.user_sources import config_folder
from semlens.share.object_store import ObjectStore
from semlens.share.publishing import recipe as segment_recipe
from semlens.share.sharing import open_store, trusted_keys

FILE_NAME = "cluster-seen.json"
LOCK_SECONDS = 10.0
_MAX_BYTES = 64 << 20


def built_in(settings: Settings, url: str) -> tuple[ObjectStore, list[Repository], list[str]]:
    """The store, the repositories that are built in it, and why others are left out.

    :param url: of the store, "" for that of the settings.
    :raises SemlensError: when no key is trusted, or no entry can be used; see `all_entries`.
    """
    store = open_store(settings, url)
    trusted = trusted_keys(settings)
    if not trusted:
        raise ClusterError("No key is trusted. Add that of whoever builds to `share.trustedKeys` in your config.toml.")
    entries, problems = all_entries(store, segment_recipe(), trusted)
    newest, older = SeenEntries(config_folder() / FILE_NAME).newest(store.url, entries)
    if older and not newest:
        raise ClusterError(older[0])
    return store, newest, [*problems, *older]


@dataclass(frozen=True, slots=True)
class SeenEntries:
    """:ivar path: of the file: by URL of the store, the number of each entry by its name in the store."""

    path: Path

    def newest(self, url: str, entries: Sequence[Repository]) -> tuple[list[Repository], list[str]]:
        """The entries that are not older than before, which are remembered; and for each other one a sentence.

        :raises ClusterError: when the file cannot be read or written.
        """
        try:
            make_private_folders(self.path.parent)
            lock = WriterLock(self.path.with_name(f"{FILE_NAME}.lock"))
            if not lock.acquire(LOCK_SECONDS):
                raise self._unusable("another process has locked it. Try again")
            try:
                return self._newest(url.rstrip("/"), entries)
            finally:
                lock.release()
        except NotPrivateError as error:
            raise self._unusable("others may read or change it; `chmod 600` it") from error
        except LockUnusableError as error:
            raise self._unusable("it cannot be locked; set SEMLENS_CONFIG_DIR to a folder on a local disk") from error
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error

    def _newest(self, url: str, entries: Sequence[Repository]) -> tuple[list[Repository], list[str]]:
        stores = self._read()
        known = stores.setdefault(url, {})
        kept: list[Repository] = []
        older: list[Repository] = []
        for entry in entries:
            (kept if entry.number >= known.get(entry_name(entry), 0) else older).append(entry)
        newer = {entry_name(entry): entry.number for entry in kept if entry.number > known.get(entry_name(entry), 0)}
        if newer:
            known |= newer
            write_private(self.path, json.dumps(stores))
        return kept, [self._problem(entry) for entry in older]

    def _read(self) -> dict[str, dict[str, int]]:
        try:
            stores: Any = json.loads(read_private(self.path, _MAX_BYTES))
            if not all(type(number) is int for numbers in stores.values() for number in numbers.values()):
                raise ValueError("no numbers")
        except FileNotFoundError:
            return {}
        except (ValueError, AttributeError, RecursionError) as error:
            raise self._unusable(
                "its content is damaged. Restore it; without it, an older build may be used"
            ) from error
        found: dict[str, dict[str, int]] = stores
        return found

    def _problem(self, entry: Repository) -> str:
        return (
            f"{printable(entry.name)} is left out: its build is older than one that was used here before. Somebody may "
            f"have brought it back. Delete {printable(entry_name(entry))} in the store and build again; if the older "
            f"one is right, delete {self.path}."
        )

    def _unusable(self, reason: str) -> ClusterError:
        return ClusterError(f"The builds that were used before are in {self.path}, which cannot be used: {reason}.")
