"""Cuts a repository into batches of files, the unit of work of a build. A batch has all that a task needs.

Repositories differ by a factor of thousands, so they are no unit: one would keep a node busy for hours, and its loss
would cost all of that. A batch is a megabyte of text, some seconds of work, and travels to any node that is free: nodes
need no clone and no shared disk. The batches of a commit are always the same, so that the segments are too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from semlens.core.cancel import CancelToken
from semlens.core.guarded_reader import read_below
from semlens.core.hashing import content_hash
from semlens.files.ignoring.gitattributes import attributes_path, read_attributes
from semlens.index.storage.seeding import folders_of
from semlens.settings.loading import Settings
from semlens.share.publishing import has_secret

MAX_FILES = 200
MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """What every node must have alike.

    :ivar segments: of the shared index, see `share.publishing.recipe`. :ivar fingerprints: of the models, in order.
    :ivar models: names of the models as the settings have them: first tier, refine tier.
    """

    segments: str
    fingerprints: tuple[str, ...]
    models: tuple[str, str]
    model_folders: tuple[str, ...]
    max_file_bytes: int


@dataclass(frozen=True, slots=True)
class Batch:
    """:ivar files: path and content of each, by path. :ivar attributes: the ``.gitattributes`` that concern them."""

    files: tuple[tuple[str, bytes], ...]
    attributes: tuple[tuple[str, bytes], ...]

    def digest(self, recipe: Recipe) -> str:
        """The same for equal work."""
        digest = hashlib.sha256(repr((recipe.segments, recipe.fingerprints, recipe.max_file_bytes)).encode())
        for path, data in (*self.files, (attributes_path(""), b""), *self.attributes):
            digest.update(path.encode("utf-8", "surrogateescape") + b"\0" + content_hash(data))
        return digest.hexdigest()


@dataclass(slots=True)
class Plan:
    """:ivar hashes: content hash of each file that is shared, by path. :ivar left_out: files with secrets."""

    hashes: dict[str, bytes]
    left_out: int = 0


def batches_of(
    root: Path, paths: Iterable[str], settings: Settings, plan: Plan, cancel: CancelToken
) -> Iterator[Batch]:
    """The batches of files of a root, in order of the paths. Files are read while batches are taken.

    :param plan: is filled in.
    """
    files: list[tuple[str, bytes]] = []
    size = 0
    for path in sorted(paths):
        cancel.check()
        try:
            data = read_below(str(root), path, settings.files.max_size_kb * 1024 + 1)
        except OSError:
            continue
        if has_secret(path, data):
            plan.left_out += 1
            continue
        if files and (len(files) >= MAX_FILES or size + len(data) > MAX_BYTES):
            yield _batch(root, files)
            files, size = [], 0
        files.append((path, data))
        plan.hashes[path] = content_hash(data)
        size += len(data)
    if files:
        yield _batch(root, files)


def _batch(root: Path, files: list[tuple[str, bytes]]) -> Batch:
    attributes = [
        (attributes_path(folder), data)
        for folder in sorted(folders_of(path for path, _ in files))
        if (data := read_attributes(str(root), folder)) is not None
    ]
    return Batch(tuple(files), tuple(attributes))
