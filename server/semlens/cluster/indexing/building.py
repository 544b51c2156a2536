"""Builds and shares one repository: batches are computed by an executor, joined in order, and uploaded.

What is finished is kept in a spool until the repository is shared, so a build that was stopped goes on. Only this
machine joins, signs and uploads, so the nodes need neither the key nor the credentials of the store.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from semlens.cluster.catalogue import TEXTS, Repository, next_number, read_entry, write_entry, write_texts
from semlens.cluster.indexing.batches import Plan, Recipe, batches_of
from semlens.cluster.indexing.computing import Computed, read_computed
from semlens.cluster.indexing.spool import Executor, Spool
from semlens.core.cancel import CancelToken
from semlens.core.guarded_reader import read_below
from semlens.core.hashing import content_hash
from semlens.core.text.printable import printable
from semlens.files.discovery import Discovery
from semlens.files.git_origin import repository_name
from semlens.index.segment.merge import merge_segments
from semlens.index.segment.segment import Segment, segment_path
from semlens.index.segment.vectors import VectorBlock, matrix_of
from semlens.index.snapshot import SegmentView
from semlens.index.storage.root_store import write_vector_file
from semlens.search.signals.file_status import file_statuses
from semlens.settings.loading import Settings
from semlens.share.errors import RejectedError, ShareError
from semlens.share.manifest import Manifest, SharedFile, SharedObject
from semlens.share.object_store import ObjectStore
from semlens.share.publishing import (
    Progress,
    attributes_of,
    groups_of,
    named_by_content,
    object_of,
    upload,
    write_manifest,
)
from semlens.share.sharing import trusted_keys
from semlens.share.signing import SigningKey
from semlens.share.work_tree import WorkTree
from semlens.syntax.parsing.decode import decode


@dataclass(frozen=True, slots=True)
class Built:
    """:ivar is_new: false when this tree was built already. :ivar resumed: batches that an earlier build had computed.

    :ivar n_bytes: that were uploaded.
    """

    name: str
    tree: str
    is_new: bool
    files: int = 0
    left_out: int = 0
    batches: int = 0
    resumed: int = 0
    n_bytes: int = 0


@dataclass(frozen=True, slots=True)
class BuildJob:
    """What a build works with. :ivar spool: folder of the results that are not shared yet."""

    settings: Settings
    recipe: Recipe
    store: ObjectStore
    key: SigningKey
    spool: Path


def build(work_tree: WorkTree, job: BuildJob, executor: Executor, *, cancel: CancelToken, progress: Progress) -> Built:
    """:raises ShareError: when files differ from the commit, or the store refuses.

    :raises SemlensError: when a batch cannot be computed. What was computed is kept for the next try.
    """
    root = work_tree.root
    name = repository_name(str(root))
    work_tree.check_committed("build again")
    tree = work_tree.trees()[0]
    known = _known_entry(job, name)
    if _is_built(job, known, tree):
        return Built(name, tree, is_new=False)
    spool = Spool(job.spool)
    plan = Plan({})
    with tempfile.TemporaryDirectory(prefix="semlens-build-") as folder:
        batches = batches_of(root, _committed_paths(root, work_tree, job.settings), job.settings, plan, cancel)
        digests = spool.compute(batches, job.recipe, executor, cancel, progress)
        parts = (read_computed(spool.read(digest)) for digest in digests)
        segments, objects = _write(root, parts, job.recipe, Path(folder), cancel)
        n_bytes = upload(job.store, Path(folder), objects, cancel, progress)
    of_pullers = [one for one in objects if one.model != TEXTS]
    files = [
        SharedFile(path, plan.hashes[path].hex(), segment.id)
        for segment in segments
        for path in segment.files.paths.tolist()
    ]
    attributes = attributes_of(root, plan.hashes)
    manifest = Manifest(job.recipe.segments, tree, tuple(files), tuple(of_pullers), attributes)
    write_manifest(job.store, manifest, job.key, trusted_keys(job.settings))
    ids = tuple(segment.id for segment in segments)
    known = _known_entry(job, name) or known  # another machine may have built meanwhile
    entry = Repository(name, job.recipe.segments, tree, ids, tuple(objects), next_number(known))
    write_entry(job.store, entry, job.key)
    spool.forget(digests)
    return Built(name, tree, True, len(files), plan.left_out, len(digests), spool.n_resumed, n_bytes)


def _known_entry(job: BuildJob, name: str) -> Repository | None:
    """The newest build; None where there is none that can be used."""
    trusted = [job.key.public, *trusted_keys(job.settings)]
    try:
        return read_entry(job.store, job.recipe.segments, name, trusted)
    except RejectedError:
        return None


def _is_built(job: BuildJob, known: Repository | None, tree: str) -> bool:
    """Whether the newest build is of a tree, and its objects are there."""
    if known is None or known.tree != tree:
        return False
    return all(job.store.has(one.sha256, one.size) for one in known.objects)


def _committed_paths(root: Path, work_tree: WorkTree, settings: Settings) -> list[str]:
    committed = work_tree.committed_files()
    return [file.path for file in Discovery(root, settings).walk() if file.path in committed]


def _write(
    root: Path, parts: Iterable[Computed], recipe: Recipe, folder: Path, cancel: CancelToken
) -> tuple[list[Segment], list[SharedObject]]:
    """Join batches and write the objects into a folder. :returns: the segments and all objects."""
    vectors: dict[str, dict[bytes, bytes]] = {fingerprint: {} for fingerprint in recipe.fingerprints}
    alive = []
    for part in parts:
        cancel.check()
        alive += [(segment, np.ones(len(segment.files), bool)) for segment in part.segments]
        for fingerprint, of_model in part.vectors.items():
            vectors[fingerprint] |= of_model
    segments = [named_by_content(merge_segments(group).segment) for group in groups_of(alive)]
    views = [SegmentView(str(root), segment) for segment in segments]
    objects: list[SharedObject] = []
    for segment, status in zip(segments, file_statuses(views), strict=True):
        cancel.check()
        segment.write(folder)
        objects.append(object_of(segment_path(folder, segment.id), segment.id, "", packs=True))
        for fingerprint in recipe.fingerprints:
            block = _block(segment, vectors[fingerprint])
            if block is not None:
                path = write_vector_file(folder, segment.id, fingerprint, block)
                objects.append(object_of(path, segment.id, fingerprint))
        path = write_texts(folder, segment.id, _texts(root, segment), status)
        objects.append(object_of(path, segment.id, TEXTS, packs=True))
    return segments, objects


def _block(segment: Segment, vectors: Mapping[bytes, bytes]) -> VectorBlock | None:
    hashes = [row.tobytes() for row in segment.passages.hashes]
    rows = [row for row, key in enumerate(hashes) if key in vectors]
    if not rows:
        return None
    return VectorBlock(np.array(rows, np.uint32), matrix_of([vectors[hashes[row]] for row in rows]))


def _texts(root: Path, segment: Segment) -> list[str]:
    """:raises ShareError: when a file changed while the repository was built."""
    texts = []
    for row, path in enumerate(segment.files.paths.tolist()):
        try:
            data = read_below(str(root), path, 1 << 30)
        except OSError:
            data = b""
        if content_hash(data) != segment.files.hashes[row].tobytes():
            raise ShareError(f"{printable(path)} changed while it was built. Build again.")
        texts.append(decode(data) or "")
    return texts
