"""Push, pull and status of one root, with the settings of the user. The command `semlens share` and engines call it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from semlens.core.cancel import CancelToken
from semlens.engine.embedding.tiers import choose_local_tiers
from semlens.files.discovery import Discovery
from semlens.files.git_repository import index_root_of
from semlens.settings.loading import Settings
from semlens.settings.schema import cache_folder
from semlens.settings.user_sources import config_folder
from semlens.share import publishing, pulling
from semlens.share.cleaning import Cleaned, delete_old
from semlens.share.errors import ShareError
from semlens.share.object_store import ObjectStore
from semlens.share.publishing import Progress, Pushed
from semlens.share.pulling import Pulled
from semlens.share.sampling import Sampler
from semlens.share.signing import SigningKey, make_key, read_key
from semlens.share.work_tree import work_tree_of
from semlens.workers.pool import ParsePool

_NO_URL = "No store is set. Give --to URL, or set `share.url` in your config.toml."


@dataclass(frozen=True, slots=True)
class ShareStatus:
    """:ivar tree: of the newest commit that is shared, "" for none. :ivar behind: how many trees are newer.

    :ivar key: the public key of this machine, "" for none. :ivar is_trusted: whether it is among the trusted keys.
    """

    url: str
    tree: str
    behind: int
    files: int
    n_bytes: int
    key: str
    is_trusted: bool


def push(folder: Path, settings: Settings, url: str, *, cancel: CancelToken, progress: Progress) -> Pushed:
    """:raises ShareError: when the index cannot be shared."""
    key = signing_key()
    with contextlib.closing(ParsePool(1)) as pool:
        return publishing.push(
            work_tree_of(_root_of(folder, settings), cancel),
            cache_folder(settings),
            open_store(settings, url),
            key,
            pool,
            trusted=trusted_keys(settings),
            cancel=cancel,
            progress=progress,
        )


def pull(folder: Path, settings: Settings, url: str, *, cancel: CancelToken, progress: Progress) -> Pulled:
    """:raises ShareError, RejectedError: when nothing can be taken over. The index is then built here."""
    store, trusted = open_store(settings, url), trusted_keys(settings)
    if not trusted:
        raise ShareError(
            "No key is trusted. Add the key of whoever pushes to `share.trustedKeys` in your config.toml: "
            "`semlens share key` prints it there."
        )
    root = _root_of(folder, settings)
    with _sampler(settings) as sampler:
        return pulling.pull(
            work_tree_of(root, cancel),
            cache_folder(settings),
            store,
            trusted,
            sampler,
            Discovery(root, settings),
            cancel=cancel,
            progress=progress,
        )


def signing_key() -> SigningKey:
    """:raises ShareError: when this machine has none."""
    key = read_key(config_folder())
    if key is None:
        raise ShareError("This machine has no key to sign with. `semlens share key` makes one.")
    return key


def status(folder: Path, settings: Settings, url: str, *, cancel: CancelToken) -> ShareStatus:
    """:raises ShareError, RejectedError: when the store does not answer, or holds what is not trusted."""
    store, trusted = open_store(settings, url), trusted_keys(settings)
    key = read_key(config_folder())
    found = pulling.find(work_tree_of(_root_of(folder, settings), cancel), store, trusted, cancel)
    public = key.public if key is not None else ""
    is_trusted = public in trusted
    if found is None:
        return ShareStatus(store.url, "", 0, 0, 0, public, is_trusted)
    manifest, behind = found
    return ShareStatus(store.url, manifest.tree, behind, len(manifest.files), manifest.n_bytes, public, is_trusted)


def clean(settings: Settings, url: str, days: int, *, cancel: CancelToken) -> Cleaned:
    """Delete what is older than so many days. :raises ShareError: when the store does not answer."""
    return delete_old(open_store(settings, url), days, cancel=cancel)


def key_of_this_machine() -> SigningKey:
    """The key; a new one when there is none. :raises ShareError: when it cannot be written."""
    return make_key(config_folder())


def open_store(settings: Settings, url: str) -> ObjectStore:
    """:param url: comes before the setting. :raises ShareError: when there is none, or it has an unknown form."""
    chosen = url or settings.share.url
    if not chosen:
        raise ShareError(_NO_URL)
    return ObjectStore(chosen)


def _root_of(folder: Path, settings: Settings) -> Path:
    """The root whose index answers for a folder."""
    return index_root_of(folder, lambda _root: settings)[0]


def trusted_keys(settings: Settings) -> list[str]:
    """The public keys whose indexes are used, in lower case."""
    return [key.strip().lower() for key in settings.share.trusted_keys]


@contextlib.contextmanager
def _sampler(settings: Settings) -> Iterator[Sampler]:
    """Models and workers of this process, to compute a sample again. A service is not asked."""
    models = settings.models
    tiers = choose_local_tiers(models.first, models.refine, models.folders)
    pool = ParsePool(settings.n_processors)
    try:
        yield Sampler(pool, tiers, settings.files.max_size_kb * 1024)
    finally:
        pool.close()
        for tier in tiers:
            tier.close()
