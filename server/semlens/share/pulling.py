"""Pulls a shared index into a root that has none: fetches, checks and compares it, then begins the index with it.

Everything that arrives is data of strangers. Its signature, sizes and hashes are checked while it is read, columns by
the checks of the cache. A sample is computed again from the files here: one wrong symbol or vector rejects the source.
What it says of a file counts only where this root has a file of the same content.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from semlens import __version__
from semlens.core.cancel import CancelToken
from semlens.core.errors import CacheError
from semlens.core.paths import make_private_folders
from semlens.files.discovery import DiscoveredFile, Discovery
from semlens.files.file_stamp import NO_STAMP
from semlens.index.segment.build_hash import build_hash
from semlens.index.segment.check import check_segment
from semlens.index.segment.columns import ColumnFileError
from semlens.index.segment.segment import Segment, read_segment
from semlens.index.segment.vectors import VectorBlock
from semlens.index.storage.commit_rows import CommittedRows, FileEntry
from semlens.index.storage.database import StoreError
from semlens.index.storage.private_cache import PULLS_FOLDER
from semlens.index.storage.root_store import read_vector_file
from semlens.index.storage.seeding import Donor, has_commit, seed_from
from semlens.share.errors import RejectedError, ShareError
from semlens.share.manifest import LOOSE, MAX_BYTES, Manifest, SharedObject, decode
from semlens.share.object_store import ObjectStore, manifest_name
from semlens.share.publishing import Progress, recipe
from semlens.share.sampling import FetchedIndex, Sampler
from semlens.share.withheld import LooseVectors, add_own_files, read_loose
from semlens.share.work_tree import WorkTree

N_DOWNLOADS = 4


@dataclass(frozen=True, slots=True)
class Pulled:
    """:ivar has_index: the root had one already, so nothing was asked. :ivar tree: that was found, "" for none.

    :ivar behind: how many trees of the branch are newer. :ivar is_used: false when no file of the root is like that.
    """

    has_index: bool = False
    tree: str = ""
    behind: int = 0
    is_used: bool = False
    files: int = 0
    n_bytes: int = 0
    n_compared: int = 0


def find(
    work_tree: WorkTree, store: ObjectStore, trusted: Sequence[str], cancel: CancelToken
) -> tuple[Manifest, int] | None:
    """The manifest of the newest commit that can be used, and how many trees are newer; None when none is shared.

    :raises ShareError: see `ObjectStore.read`.
    :raises RejectedError: when some are shared and none can be used; see `manifest.decode`.
    """
    problem: RejectedError | None = None
    for behind, tree in enumerate(work_tree.trees()):
        cancel.check()
        try:
            data = store.read(manifest_name(recipe(), tree), MAX_BYTES)
            if data is not None:
                return decode(data, trusted, recipe=recipe(), tree=tree), behind
        except RejectedError as error:
            problem = problem or error
    if problem is not None:
        raise problem
    return None


def pull(
    work_tree: WorkTree,
    cache_folder: Path,
    store: ObjectStore,
    trusted: Sequence[str],
    sampler: Sampler,
    discovery: Discovery,
    *,
    cancel: CancelToken,
    progress: Progress,
) -> Pulled:
    """Begin the index of a root with what is shared of it.

    :param discovery: finds the files of this root that are not shared.
    :raises RejectedError: when what arrives is not what its author would have computed.
    :raises ShareError: when the store or the disk refuses. The root then has no index, as before.
    """
    root = work_tree.root
    if has_commit(cache_folder, root):
        return Pulled(has_index=True)
    found = find(work_tree, store, trusted, cancel)
    if found is None:
        return Pulled()
    manifest, behind = found
    try:
        make_private_folders(cache_folder / PULLS_FOLDER)
        with tempfile.TemporaryDirectory(dir=cache_folder / PULLS_FOLDER) as folder:
            _download(store, manifest, Path(folder), sampler.fingerprints, cancel, progress)
            fetched, loose = _fetched(manifest, Path(folder), sampler.dimensions)
            progress("Comparing", 0, 1)
            n_compared = sampler.compare(root, fetched, cancel) or sampler.compare_passages(root, fetched, cancel)
            own, n_loose = _own_files(work_tree, manifest, discovery, loose, Path(folder), sampler, cancel)
            is_used = seed_from(_donor(store, manifest, Path(folder), sampler.fingerprints, own), cache_folder, root)
    except (OSError, StoreError, CacheError, shutil.Error) as error:
        raise ShareError(f"What was fetched cannot be kept: {error}. Free some space, then try again.") from error
    return Pulled(
        tree=manifest.tree,
        behind=behind,
        is_used=is_used,
        files=len(manifest.files),
        n_bytes=sum(one.size for one in _wanted(manifest, sampler.fingerprints)),
        n_compared=n_compared + n_loose,
    )


def _download(
    store: ObjectStore,
    manifest: Manifest,
    folder: Path,
    fingerprints: Iterable[str],
    cancel: CancelToken,
    progress: Progress,
) -> None:
    """Fetch the segments, and the vectors of the models that are used here."""
    wanted = _wanted(manifest, fingerprints)
    total = sum(one.size for one in wanted)
    done = 0
    with ThreadPoolExecutor(N_DOWNLOADS, thread_name_prefix="semlens-pull") as threads:
        try:
            futures = [threads.submit(store.download, one, one.path_in(folder), cancel) for one in wanted]
            for one, future in zip(wanted, futures, strict=True):
                cancel.check()
                future.result()
                done += one.size
                progress("Downloading", done, total)
        except (KeyboardInterrupt, SystemExit):
            cancel.cancel()  # else the pool waits until what was begun has arrived
            raise
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def _wanted(manifest: Manifest, fingerprints: Iterable[str]) -> list[SharedObject]:
    return [one for one in manifest.objects if not one.model or one.model in set(fingerprints)]


def _fetched(
    manifest: Manifest, folder: Path, dimensions: Mapping[str, int]
) -> tuple[FetchedIndex, dict[str, LooseVectors]]:
    """Read what was fetched, with the checks of the cache. :param dimensions: of the vectors of each model.

    :raises RejectedError: when it contradicts itself or its manifest.
    """
    segments: dict[str, Segment] = {}
    vectors: dict[tuple[str, str], VectorBlock] = {}
    loose: dict[str, LooseVectors] = {}
    try:
        for one in manifest.objects:
            if not one.model:
                segments[one.segment] = read_segment(folder, one.segment)
                check_segment(segments[one.segment])
            elif one.segment == LOOSE and one.model in dimensions:
                loose[one.model] = read_loose(folder, one.model)
            elif one.model in dimensions:
                vectors[one.segment, one.model] = _vectors_of(folder, one, len(segments[one.segment].passages))
    except (ColumnFileError, KeyError) as error:
        raise RejectedError(f"The shared index is damaged: {error}. Push it again.") from error
    matrices = [(model, one.matrix) for (_, model), one in vectors.items()]
    matrices += [(model, one.matrix) for model, one in loose.items()]
    if any(len(matrix) and matrix.shape[1] != dimensions[model] for model, matrix in matrices):
        raise RejectedError("The shared index has vectors of a wrong length. Push it again.")
    files = {file.path: file for file in manifest.files}
    return FetchedIndex(segments, vectors, files, _rows_of_files(manifest, segments)), loose


def _vectors_of(folder: Path, fetched: SharedObject, n_passages: int) -> VectorBlock:
    """:raises RejectedError: when they are not those of a segment of so many passages."""
    block = read_vector_file(folder, fetched.segment, fetched.model)
    if block is None or (len(block.rows) and block.rows[-1] >= n_passages):
        raise RejectedError("The shared index has vectors that fit no segment. Push it again.")
    return block


def _rows_of_files(manifest: Manifest, segments: Mapping[str, Segment]) -> dict[str, int]:
    """:raises RejectedError: when a segment does not have a file of the manifest, with its hash."""
    rows = {key: {path: row for row, path in enumerate(one.files.paths.tolist())} for key, one in segments.items()}
    for file in manifest.files:
        row = rows.get(file.segment, {}).get(file.path)
        if row is None or segments[file.segment].files.hashes[row].tobytes().hex() != file.hash:
            raise RejectedError("The shared index names files that its segments do not have. Push it again.")
    return {file.path: rows[file.segment][file.path] for file in manifest.files}


def _own_files(
    work_tree: WorkTree,
    manifest: Manifest,
    discovery: Discovery,
    loose: Mapping[str, LooseVectors],
    folder: Path,
    sampler: Sampler,
    cancel: CancelToken,
) -> tuple[dict[str, FileEntry], int]:
    """Parse the files that are not shared, when vectors of some of their passages are. See `add_own_files`."""
    if not loose:
        return {}, 0
    examine = discovery.examiner()
    others = sorted(work_tree.committed_files() - {file.path for file in manifest.files})
    paths = [path for path in others if isinstance(examine(path), DiscoveredFile)]
    return add_own_files(work_tree.root, paths, loose, folder, sampler, cancel)


def _donor(
    store: ObjectStore,
    manifest: Manifest,
    folder: Path,
    fingerprints: Sequence[str],
    own: Mapping[str, FileEntry],
) -> Donor:
    """:param own: entries of files that were parsed here."""
    files = {file.path: FileEntry(NO_STAMP, bytes.fromhex(file.hash), file.segment) for file in manifest.files}
    files |= own
    meta = {
        "complete": False,
        "skipped": {},
        "features": build_hash(),
        "version": __version__,
        "fingerprints": list(fingerprints),
    }
    segments = [one.segment for one in manifest.objects if not one.model]
    segments += sorted({entry.segment for entry in own.values()})
    attributes = {path: bytes.fromhex(digest) for path, digest in manifest.attributes.items()}
    return Donor(store.url, folder, CommittedRows(files, segments, meta), lambda path: attributes.get(path, b""))
