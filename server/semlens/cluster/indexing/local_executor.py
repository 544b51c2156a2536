"""Computes batches on this machine, in the plain pool of parse workers. The default, without Ray."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from semlens.cluster.indexing.batches import Batch, Recipe
from semlens.cluster.indexing.computing import Computer
from semlens.core.cancel import CancelToken


class LocalExecutor:
    """See `spool.Executor`."""

    def __init__(self, recipe: Recipe, n_workers: int) -> None:
        """:raises ClusterError: see `Computer`."""
        self._computer = Computer(recipe, n_workers)
        self._threads = ThreadPoolExecutor(n_workers, thread_name_prefix="semlens-build")
        self._n_workers = n_workers

    def close(self) -> None:
        self._computer.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def run(self, batches: Iterable[tuple[int, Batch]], cancel: CancelToken) -> Iterator[tuple[int, bytes]]:
        """A few batches are read ahead, so that memory does not grow with the repository."""
        running: dict[Future[bytes], int] = {}
        source = iter(batches)
        is_over = False
        while not is_over or running:
            while not is_over and len(running) <= self._n_workers:
                following = next(source, None)
                is_over = following is None
                if following is not None:
                    running[self._threads.submit(self._computer.compute, following[1])] = following[0]
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                cancel.check()
                yield running.pop(future), future.result()
