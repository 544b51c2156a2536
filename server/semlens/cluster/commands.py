"""What the command line asks of the cluster. Ray is imported only where an address of a head is given."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from semlens.cluster.errors import ClusterError
from semlens.cluster.indexing.batches import Recipe
from semlens.cluster.indexing.building import BuildJob, Built, build
from semlens.cluster.indexing.local_executor import LocalExecutor
from semlens.cluster.indexing.spool import Executor
from semlens.core.cancel import CancelToken
from semlens.core.errors import SemlensError
from semlens.engine.embedding.tiers import choose_local_tiers
from semlens.files.git_repository import index_root_of
from semlens.index.storage.private_cache import BUILDS_FOLDER
from semlens.settings.loading import Settings
from semlens.settings.schema import cache_folder
from semlens.share.publishing import recipe as segment_recipe
from semlens.share.sharing import open_store, signing_key
from semlens.share.work_tree import work_tree_of

Progress = Callable[[str, str, int, int], None]
"""The repository, what is done, how much of it is done, and how much there is."""


def recipe_of(settings: Settings) -> Recipe:
    models = settings.models
    names = (models.first, models.refine)
    fingerprints = tuple(tier.fingerprint for tier in choose_local_tiers(*names, models.folders))
    return Recipe(segment_recipe(), fingerprints, names, tuple(models.folders), settings.files.max_size_kb * 1024)


def build_all(
    folders: Sequence[Path],
    settings: Settings,
    url: str,
    address: str,
    *,
    cancel: CancelToken,
    progress: Progress,
    on_built: Callable[[Built | SemlensError, Path], None],
) -> None:
    """Build repositories one after the other. One that fails does not stop the others.

    :param address: of a head of Ray, "" for the pool of this machine.
    :raises SemlensError: when nothing can be built: no key, no store, no head.
    """
    key = signing_key()
    store = open_store(settings, url)
    recipe = recipe_of(settings)
    store.read(f"repositories/{recipe.segments}/_", 1)  # a bucket that is not there is told before hours of work
    job = BuildJob(settings, recipe, store, key, cache_folder(settings) / BUILDS_FOLDER)
    with _executor(recipe, settings, address) as executor:
        for folder in folders:
            try:
                root = index_root_of(folder, lambda _root: settings)[0]

                def show(what: str, done: int, total: int, folder: Path = folder) -> None:
                    progress(str(folder), what, done, total)

                built = build(work_tree_of(root, cancel), job, executor, cancel=cancel, progress=show)
            except SemlensError as error:
                on_built(error, folder)
            except OSError as error:
                said = f"A file cannot be read or written: {error.strerror or error}. Check the disk, then build again."
                on_built(ClusterError(said), folder)
            else:
                on_built(built, folder)


@contextlib.contextmanager
def _executor(recipe: Recipe, settings: Settings, address: str) -> Iterator[Executor]:
    if not address:
        local = LocalExecutor(recipe, settings.n_processors)
        try:
            yield local
        finally:
            local.close()
        return
    with importlib.import_module("semlens.cluster.ray_connection").connected(address):
        executor: Executor = importlib.import_module("semlens.cluster.indexing.ray_executor").RayExecutor(recipe)
        yield executor
