"""The results of batches that are not shared yet, in files, so that a build that was stopped goes on.

What is damaged or gone is computed again. The folder is private, because what lies here is signed later.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from semlens.cluster.errors import ClusterError
from semlens.cluster.indexing.batches import Batch, Recipe
from semlens.cluster.indexing.computing import read_computed
from semlens.core.cancel import CancelToken
from semlens.core.paths import make_private_folders
from semlens.share.publishing import Progress


class Executor(Protocol):
    """Computes batches somewhere. See `local_executor` and `ray_executor`."""

    def run(self, batches: Iterable[tuple[int, Batch]], cancel: CancelToken) -> Iterator[tuple[int, bytes]]:
        """The results with the numbers of their batches, in any order.

        :raises SemlensError: when a batch cannot be computed.
        """
        ...


class Spool:
    """:ivar n_resumed: how many results of an earlier build were used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.n_resumed = 0

    def compute(
        self,
        batches: Iterator[Batch],
        recipe: Recipe,
        executor: Executor,
        cancel: CancelToken,
        progress: Progress,
    ) -> list[str]:
        """Compute what is missing. :returns: the digests of all batches, in order.

        :raises OSError: when a result cannot be written.
        """
        digests: list[str] = []

        def missing() -> Iterator[tuple[int, Batch]]:
            for number, batch in enumerate(batches):
                digests.append(batch.digest(recipe))
                if self._has(digests[-1]):
                    self.n_resumed += 1
                else:
                    yield number, batch

        for n_done, (number, data) in enumerate(executor.run(missing(), cancel), start=1):
            cancel.check()
            read_computed(data)  # what is damaged is not kept
            self._keep(digests[number], data)
            progress("Computing batches", n_done + self.n_resumed, len(digests))
        return digests

    def read(self, digest: str) -> bytes:
        """:raises OSError: when it is gone: another build at the same time has shared it."""
        return self._path(digest).read_bytes()

    def forget(self, digests: Iterable[str]) -> None:
        for digest in digests:
            self._path(digest).unlink(missing_ok=True)
        with suppress(OSError):
            self._folder.rmdir()  # fails while it holds results of another repository

    def _has(self, digest: str) -> bool:
        try:
            read_computed(self.read(digest))
        except (OSError, ClusterError):
            return False
        return True

    def _keep(self, digest: str, data: bytes) -> None:
        make_private_folders(self._folder)  # another build may have deleted it
        file, name = tempfile.mkstemp(".part", dir=self._folder)
        try:
            with os.fdopen(file, "wb") as written:
                written.write(data)
                written.flush()
                os.fsync(written.fileno())
            Path(name).replace(self._path(digest))
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.batch"
