"""Computes batches as tasks of Ray. A batch whose node or process is lost is computed again on another one.

A process of Ray keeps its models and its parse worker from one task to the next, as an actor would. A lost node costs
only the batches under way, and nothing has to be placed. Nothing else in semlens imports this module.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from semlens.cluster.errors import ClusterError
from semlens.cluster.indexing.batches import Batch, Recipe
from semlens.cluster.indexing.computing import Computer
from semlens.cluster.ray_connection import lost
from semlens.core.cancel import CancelToken
from semlens.core.errors import SemlensError

MAX_RETRIES = 10
"""Of one batch, when nodes are lost. A batch that fails by itself is not tried again."""

_AHEAD = 2
"""Batches for each processor that are handed to Ray at a time, so that no node waits and memory does not grow."""

_WAIT_SECONDS = 1.0
_RESOURCES_SECONDS = 5.0
"""How often the head is asked how many processors there are. It costs about as much as handing over a batch."""

_computers: dict[Recipe, Computer] = {}
"""Of this process of Ray."""


def _compute(recipe: Recipe, batch: Batch) -> bytes:
    computer = _computers.get(recipe)
    if computer is None:
        computer = _computers[recipe] = Computer(recipe, 1)
    return computer.compute(batch)


class RayExecutor:
    """See `spool.Executor`. A connection to Ray is open, see `ray_connection`."""

    def __init__(self, recipe: Recipe) -> None:
        # two local processors or more do not make one task faster: parsing and embedding have one thread each
        self._task = ray.remote(num_cpus=1, max_retries=MAX_RETRIES)(_compute)
        self._recipe = ray.put(recipe)

    def close(self) -> None:
        """The tasks end with the connection."""

    def run(self, batches: Iterable[tuple[int, Batch]], cancel: CancelToken) -> Iterator[tuple[int, bytes]]:
        running: dict[Any, int] = {}
        source = iter(batches)
        is_over = False
        limit, asked_at = 0, float("-inf")
        try:
            while not is_over or running:
                if time.monotonic() - asked_at > _RESOURCES_SECONDS:
                    limit, asked_at = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1))), time.monotonic()
                while not is_over and len(running) < limit:
                    following = next(source, None)
                    is_over = following is None
                    if following is not None:
                        running[self._task.remote(self._recipe, following[1])] = following[0]
                done, _ = ray.wait(list(running), timeout=_WAIT_SECONDS) if running else ([], [])
                cancel.check()
                for reference in done:
                    yield running.pop(reference), ray.get(reference)
        except RayTaskError as error:
            cause = error.cause
            if isinstance(cause, SemlensError):
                raise ClusterError(str(cause)) from error
            raise ClusterError(f"A batch failed on a node ({type(cause).__name__}: {cause}).") from error
        except (RayError, ConnectionError) as error:
            raise lost() from error
        finally:
            for reference in running if ray.is_initialized() else ():
                ray.cancel(reference)
