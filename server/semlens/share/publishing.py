"""Pushes the committed index of a root: its segments and vectors as objects, and a signed manifest for the git tree.

Files that hold a secret stay out; `withheld` says which of their vectors are shared. Files that changed since they were
indexed stay out too.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from semlens.core.cancel import CancelToken
from semlens.core.guarded_reader import read_below
from semlens.core.hashing import ContentHash, content_hash
from semlens.core.text.secrets import is_environment_file, mask_secrets
from semlens.index.segment.build_hash import build_hash, build_problem
from semlens.index.segment.merge import MergedSegment, Part, merge_segments
from semlens.index.segment.segment import Segment, segment_path
from semlens.index.segment.vectors import VectorBlock, merge_blocks
from semlens.index.storage.commit_rows import CommittedRows
from semlens.index.storage.root_store import RootStore, write_vector_file
from semlens.index.storage.seeding import attributes_hash, committed_rows, folders_of
from semlens.index.versions import FORMAT_VERSION, STORE_VERSION
from semlens.share.errors import RejectedError, ShareError
from semlens.share.manifest import LOOSE, MAX_BYTES, Manifest, SharedFile, SharedObject, encode
from semlens.share.manifest import decode as decode_manifest
from semlens.share.object_store import ObjectStore, manifest_name
from semlens.share.packing import pack
from semlens.share.signing import SigningKey
from semlens.share.withheld import loose_vectors, shareable_passages, write_loose
from semlens.share.work_tree import WorkTree
from semlens.syntax.parsing.decode import decode
from semlens.workers.pool import ParsePool

MAX_PASSAGES = 200_000
"""Of one shared segment. More are shared as several."""

_MAX_FILE_BYTES = 64 << 20

Progress = Callable[[str, int, int], None]
"""What is done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """:ivar is_new: false when the tree was shared already. :ivar left_out: files with secrets or new content.

    :ivar n_bytes: that were uploaded.
    """

    tree: str
    is_new: bool
    files: int = 0
    left_out: int = 0
    n_bytes: int = 0


def recipe() -> str:
    """What decides whether a segment can be used as it is."""
    return f"{STORE_VERSION}.{FORMAT_VERSION}-{build_hash():x}"


def push(
    work_tree: WorkTree,
    cache_folder: Path,
    store: ObjectStore,
    key: SigningKey,
    pool: ParsePool,
    *,
    trusted: Sequence[str] = (),
    cancel: CancelToken,
    progress: Progress,
) -> Pushed:
    """Share the index of the newest commit.

    :param pool: parses what stays out, with its secrets masked.
    :param trusted: keys whose indexes need not be shared again, beside the own one.
    :raises ShareError: when files differ from the commit, the index is not complete, or the store refuses.
    """
    work_tree.check_committed("push again")
    root = work_tree.root
    tree = work_tree.trees()[0]
    if is_shared(store, tree, (key.public, *trusted)):
        return Pushed(tree, is_new=False)
    with closing(RootStore(cache_folder, root)) as index:
        rows = committed_rows(index.folder)
        if build_problem(rows.meta.get("features")) is not None or not rows.meta.get("complete"):
            raise ShareError("The index is not complete yet. Wait for `semlens index --wait`, then push again.")
        safe, withheld = _files_to_share(root, rows, work_tree.committed_files(), pool, cancel, progress)
        with tempfile.TemporaryDirectory(prefix="semlens-push-") as folder:
            shared = _merged(index, rows, safe, Path(folder), cancel)
            objects = [one for part in shared for one in part.objects]
            objects += _loose(index, rows, withheld, Path(folder))
            n_bytes = upload(store, Path(folder), objects, cancel, progress)
    files = [SharedFile(path, safe[path].hex(), part.segment) for part in shared for path in part.paths]
    manifest = Manifest(recipe(), tree, tuple(files), tuple(objects), attributes_of(root, safe))
    is_new = write_manifest(store, manifest, key, trusted) or n_bytes > 0  # an object was lost
    return Pushed(tree, is_new, len(files), sum(bool(one.segment) for one in rows.files.values()) - len(files), n_bytes)


def is_shared(store: ObjectStore, tree: str, trusted: Iterable[str]) -> bool:
    """Whether a tree has a manifest of these keys whose objects are there. What cannot be used is not.

    :raises ShareError: when the store does not answer.
    """
    try:
        data = store.read(manifest_name(recipe(), tree), MAX_BYTES)
        known = None if data is None else decode_manifest(data, trusted, recipe=recipe(), tree=tree)
    except RejectedError:
        return False
    return known is not None and all(store.has(one.sha256, one.size) for one in known.objects)


def write_manifest(store: ObjectStore, manifest: Manifest, key: SigningKey, trusted: Sequence[str]) -> bool:
    """Replace a manifest that cannot be used. False: there is one that can.

    :raises ShareError: when the store does not take it.
    """
    name, data = manifest_name(manifest.recipe, manifest.tree), encode(manifest, key)
    if store.write(name, data):
        return True
    return not is_shared(store, manifest.tree, (key.public, *trusted)) and store.write(name, data, replace=True)


@dataclass(frozen=True, slots=True)
class _SharedSegment:
    segment: str
    paths: tuple[str, ...]
    objects: tuple[SharedObject, ...]


def _files_to_share(
    root: Path,
    rows: CommittedRows,
    committed: frozenset[str],
    pool: ParsePool,
    cancel: CancelToken,
    progress: Progress,
) -> tuple[dict[str, bytes], dict[str, set[ContentHash]]]:
    """The content hash of each committed and searchable file without a secret.

    :returns: also, for each of the others with a secret, the passages that have none.
    """
    safe: dict[str, bytes] = {}
    withheld: dict[str, set[ContentHash]] = {}
    searchable = [(path, entry) for path, entry in rows.files.items() if entry.segment and path in committed]
    for number, (path, entry) in enumerate(searchable):
        cancel.check()
        progress("Looking for secrets", number, len(searchable))
        try:
            data = read_below(str(root), path, _MAX_FILE_BYTES)
        except OSError:
            continue
        if content_hash(data) != entry.hash:
            continue
        if has_secret(path, data):
            withheld[path] = shareable_passages(path, data, pool)
        else:
            safe[path] = entry.hash
    return safe, withheld


def has_secret(path: str, data: bytes) -> bool:
    """Whether a file must not be shared. Its text is the one that is indexed, in whatever encoding."""
    if is_environment_file(path):
        return True
    text = decode(data)
    if text is None:  # binary
        text = data.decode("utf-8", "replace")
    return bool(mask_secrets(text)[1])


def _merged(
    index: RootStore, rows: CommittedRows, safe: dict[str, bytes], folder: Path, cancel: CancelToken
) -> list[_SharedSegment]:
    """Write the segments to share into a folder, without what must not be shared."""
    owners = {path: entry.segment for path, entry in rows.files.items()}
    parts: list[Part] = []
    for segment_id in rows.segments:
        segment = index.read_segment(segment_id)
        if segment is None:
            raise ShareError("A part of the index is damaged. Run `semlens index`, then push again.")
        paths = [segment.files.paths[row] for row in range(len(segment.files))]
        alive = np.array([path in safe and owners.get(path) == segment_id for path in paths], bool)
        if alive.any():
            parts.append((segment, alive))
    fingerprints = [str(name) for name in rows.meta.get("fingerprints", ())]
    shared = []
    for group in groups_of(parts):
        cancel.check()
        shared.append(_write(index, group, fingerprints, folder))
    return shared


def groups_of(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Parts that become one shared segment each."""
    group: list[Part] = []
    size = 0
    for part in parts:
        if group and size + len(part[0].passages) > MAX_PASSAGES:
            yield group
            group, size = [], 0
        group.append(part)
        size += len(part[0].passages)
    if group:
        yield group


def _write(
    index: RootStore,
    group: Sequence[Part],
    fingerprints: Sequence[str],
    folder: Path,
) -> _SharedSegment:
    merged = merge_segments(group)
    segment = named_by_content(merged.segment)
    segment.write(folder)
    objects = [object_of(segment_path(folder, segment.id), segment.id, "", packs=True)]
    for fingerprint in fingerprints:
        block = _vectors(index, group, merged, fingerprint)
        if block is not None:
            path = write_vector_file(folder, segment.id, fingerprint, block)
            objects.append(object_of(path, segment.id, fingerprint))
    return _SharedSegment(segment.id, tuple(segment.files.paths.tolist()), tuple(objects))


def named_by_content(segment: Segment) -> Segment:
    """The segment with an id that is the same wherever the same files are shared."""
    name = hashlib.sha256("\0".join((recipe(), *segment.files.paths.tolist())).encode("utf-8", "surrogateescape"))
    name.update(segment.files.hashes.tobytes())
    return replace(segment, id=name.hexdigest()[:32])


def _vectors(
    index: RootStore,
    group: Sequence[Part],
    merged: MergedSegment,
    fingerprint: str,
) -> VectorBlock | None:
    blocks = [
        (block, rows)
        for (segment, _), rows in zip(group, merged.passage_maps, strict=True)
        if (block := index.read_vectors(segment.id, fingerprint)) is not None
    ]
    return merge_blocks(blocks) if blocks else None


def _loose(
    index: RootStore, rows: CommittedRows, withheld: dict[str, set[ContentHash]], folder: Path
) -> list[SharedObject]:
    """Write the vectors that are shared of files that stay out."""
    objects = []
    for fingerprint in [str(name) for name in rows.meta.get("fingerprints", ())]:
        parts = [
            (segment, block)
            for segment_id in rows.segments
            if (segment := index.read_segment(segment_id)) is not None
            and (block := index.read_vectors(segment_id, fingerprint)) is not None
        ]
        vectors = loose_vectors(parts, withheld)
        if vectors is not None:
            objects.append(object_of(write_loose(folder, fingerprint, vectors), LOOSE, fingerprint))
    return objects


def object_of(path: Path, segment: str, model: str, *, packs: bool = False) -> SharedObject:
    """:param packs: replace the file by its packed bytes. :raises OSError: when the disk is full."""
    unpacked_size = path.stat().st_size if packs else 0
    if packs:
        pack(path).replace(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return SharedObject(digest, path.stat().st_size, segment, model, unpacked_size)


def upload(
    store: ObjectStore, folder: Path, objects: Sequence[SharedObject], cancel: CancelToken, progress: Progress
) -> int:
    """:returns: the bytes of the objects that the store did not have."""
    n_bytes = 0
    for number, one in enumerate(objects):
        cancel.check()
        progress("Uploading", number, len(objects))
        if not store.has(one.sha256, one.size):
            store.upload(one.path_in(folder), one.sha256)
            n_bytes += one.size
    return n_bytes


def attributes_of(root: Path, paths: dict[str, bytes]) -> dict[str, str]:
    """The hash of the attributes of each folder that has some."""
    return {folder: digest.hex() for folder in sorted(folders_of(paths)) if (digest := attributes_hash(root, folder))}
