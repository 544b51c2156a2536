"""Shards as actors of Ray, with replicas on different nodes, and which of them answer.

A replica that is lost is started again by Ray, on another node where its own is gone. Until it is back, the other one
answers. A search that met a lost replica is asked again, with the replicas that are left.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import pickle
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from semlens.cluster.errors import ClusterError
from semlens.cluster.serve.coordinator import SearchingShard
from semlens.cluster.serve.shard import PlacedSegment, fetch
from semlens.cluster.serve.shard_folder import ShardFolder, delete_left
from semlens.core.errors import SemlensError
from semlens.share.object_store import ObjectStore

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
START_SECONDS = 600.0
CLOSE_SECONDS = 3.0
PING_SECONDS = 2.0
_PING_WAIT_SECONDS = 5.0
_MOST_TRIES = 10
"""How often a shard is started on a node that is to have it. It may not reach the store there."""


class ShardLostError(ClusterError):
    """A replica was lost while it was asked. Asking again may help."""


class ShardActor:
    """A replica of a shard, in a process of Ray. It fetches its objects when it starts."""

    def __init__(self, url: str, segments: Sequence[PlacedSegment], n_views: int, fingerprints: Sequence[str]) -> None:
        delete_left()
        self._folder = ShardFolder()
        fetch(segments, ObjectStore(url), fingerprints, self._folder.path)
        self._shard = SearchingShard(segments, n_views, self._folder.path)

    def close(self) -> None:
        """Delete the objects: Ray ends its processes without a farewell."""
        self._folder.delete()

    def node(self) -> str:
        """Where it runs. Its answer also says that it is there."""
        node: str = ray.get_runtime_context().get_node_id()
        return node

    def ask(self, method: str, arguments: bytes, named: dict[str, Any]) -> bytes:
        answer = getattr(self._shard, method)(*pickle.loads(arguments), **named)  # noqa: S301 - Ray itself trusts its processes
        return pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)


class RayShards:
    """All replicas of all shards. Thread-safe. A connection to Ray is open."""

    def __init__(
        self, url: str, placed: Sequence[Sequence[PlacedSegment]], fingerprints: Sequence[str], n_replicas: int
    ) -> None:
        n_views = sum(map(len, placed))
        self._of_view = {one.number: shard for shard, segments in enumerate(placed) for one in segments}
        self._arguments = [(url, segments, n_views, list(fingerprints)) for segments in placed]
        self._actor = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=0)(ShardActor)
        nodes = itertools.cycle(_living_nodes())  # one after the other: replicas of a shard lie on different ones
        self._replicas = [[self._create(shard, next(nodes)) for _ in range(n_replicas)] for shard in range(len(placed))]
        self._nodes = [[""] * n_replicas for _ in placed]
        self._is_up = [[False] * n_replicas for _ in placed]
        self._successors: dict[int, tuple[int, Any]] = {}  # of one replica of a shard at a time, by shard
        self._tries: Counter[tuple[int, str]] = Counter()
        self._turn = itertools.count()
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="semlens-replicas", daemon=True)

    def start(self) -> None:
        """Wait until each shard answers. :raises ClusterError: when one cannot start."""
        try:
            self._nodes = [ray.get([one.node.remote() for one in row], timeout=START_SECONDS) for row in self._replicas]
        except RayTaskError as error:
            raise ClusterError(f"A shard cannot start: {error.cause}") from error
        except (RayError, GetTimeoutError) as error:
            raise ClusterError(f"A shard cannot start: {_cause(error)}") from error
        self._is_up = [[True] * len(of_shard) for of_shard in self._replicas]
        self._watcher.start()

    def _create(self, shard: int, node: str) -> Any:
        """Start a replica, on a node if Ray can."""
        where = NodeAffinitySchedulingStrategy(node, soft=True)
        return self._actor.options(scheduling_strategy=where).remote(*self._arguments[shard])

    def _spread(self) -> None:
        """Start a successor of a replica that shares its node with another one of its shard.

        Ray takes another node than the wanted one while it does not know that one yet, and after a node was lost.
        """
        n_of_node = Counter(dict.fromkeys(_living_nodes(), 0))
        n_of_node.update(node for row in self._nodes for node in row if node in n_of_node)
        for shard, nodes in enumerate(self._nodes):
            others = [one for one in n_of_node if one not in nodes and self._tries[shard, one] < _MOST_TRIES]
            doubled = [number for number, node in enumerate(nodes) if node in nodes[:number]]
            if others and doubled and shard not in self._successors:
                wanted = min(others, key=n_of_node.__getitem__)
                n_of_node[wanted] += 1
                self._tries[shard, wanted] += 1
                self._successors[shard] = doubled[0], self._create(shard, wanted)

    def _adopt(self) -> None:
        """Replace the replicas whose successors answer, on a node without one of their shard."""
        for shard, (number, successor) in list(self._successors.items()):
            with contextlib.suppress(GetTimeoutError):  # it still starts
                node = _node_of(successor)
                del self._successors[shard]
                left = successor
                if node and node not in self._nodes[shard]:
                    left, self._replicas[shard][number] = self._replicas[shard][number], successor
                    self._nodes[shard][number] = node
                _end(left)

    def close(self) -> None:
        self._closed.set()
        replicas = [replica for of_shard in self._replicas for replica in of_shard]
        replicas += [replica for _, replica in self._successors.values()]
        with contextlib.suppress(RayError):  # a folder that stays is deleted by the next shard on its node
            closing = [replica.close.remote() for replica in replicas]
            ray.wait(closing, num_returns=len(closing), timeout=CLOSE_SECONDS)
        for replica in replicas:
            ray.kill(replica)

    @property
    def n_shards(self) -> int:
        return len(self._replicas)

    def problems(self) -> list[str]:
        """What is degraded, in sentences."""
        found = []
        for number, of_shard in enumerate(self._is_up, start=1):
            if not all(of_shard):
                left = f"{sum(of_shard)} of {len(of_shard)} replicas" if any(of_shard) else "no replica"
                found.append(f"Shard {number} of {self.n_shards} has {left}. It is started again.")
        return found

    def lease(self) -> Lease:
        """One replica of each shard, for one search. :raises ShardLostError: when a shard has none."""
        turn = next(self._turn)
        chosen = []
        for shard, of_shard in enumerate(self._is_up):
            up = [replica for replica, is_up in enumerate(of_shard) if is_up]
            if not up:
                raise ShardLostError(f"Shard {shard + 1} of {self.n_shards} has no replica now. Ask again in a moment.")
            chosen.append(self._replicas[shard][up[turn % len(up)]])
        return Lease(self, chosen)

    def call(self, chosen: Sequence[Any], method: str, asked: Mapping[int, tuple[Any, ...]], named: Any) -> list[Any]:
        """:param chosen: the replica of each shard. :param asked: the arguments for each shard that is asked.

        :raises ShardLostError: when a replica is lost. :raises ClusterError: when one takes too long.
        """
        pickled = {id(arguments): pickle.dumps(arguments, pickle.HIGHEST_PROTOCOL) for arguments in asked.values()}
        references = {
            shard: chosen[shard].ask.remote(method, pickled[id(arguments)], named) for shard, arguments in asked.items()
        }
        answers = []
        for shard, reference in references.items():
            try:
                answers.append(pickle.loads(ray.get(reference, timeout=ANSWER_SECONDS)))  # noqa: S301 - as above
            except RayTaskError as error:
                cause = error.cause
                if isinstance(cause, SemlensError):
                    raise ClusterError(str(cause)) from error
                if isinstance(cause, KeyError):  # it was started again, so it does not know this search
                    raise ShardLostError("A shard was started again.") from error
                raise
            except GetTimeoutError as error:  # the other replica would take as long
                raise ClusterError(
                    f"Shard {shard + 1} needs more than {ANSWER_SECONDS:.0f} seconds for this. Ask again in a moment."
                ) from error
            except RayError as error:
                for number, replica in enumerate(self._replicas[shard]):
                    self._is_up[shard][number] &= replica is not chosen[shard]
                raise ShardLostError(f"A replica of shard {shard + 1} was lost.") from error
        return answers

    def _watch(self) -> None:
        """Ask each replica now and then whether it is there. One that was lost is there again when it answers."""
        while not self._closed.wait(PING_SECONDS):
            for shard, of_shard in enumerate(self._replicas):
                for number, replica in enumerate(of_shard):
                    with contextlib.suppress(GetTimeoutError):  # it is busy, or still starts: nothing new is known
                        node = _node_of(replica)
                        self._is_up[shard][number] = bool(node)
                        self._nodes[shard][number] = node or self._nodes[shard][number]
            with contextlib.suppress(RayError):
                self._adopt()
                if all(map(all, self._is_up)):
                    self._spread()

    def shard_of(self, view: int) -> int:
        return self._of_view[view]


class Lease:
    """See `coordinator.Shards`. All steps of a search go to the same replicas, which remember the steps before."""

    def __init__(self, shards: RayShards, chosen: Sequence[Any]) -> None:
        self._shards = shards
        self._chosen = chosen

    @property
    def n_shards(self) -> int:
        return self._shards.n_shards

    def ask(self, method: str, *arguments: Any, **named: Any) -> list[Any]:
        return self._shards.call(self._chosen, method, dict.fromkeys(range(self._shards.n_shards), arguments), named)

    def ask_each(self, method: str, arguments: Mapping[int, tuple[Any, ...]], **named: Any) -> list[Any]:
        return self._shards.call(self._chosen, method, arguments, named)

    def shard_of(self, view: int) -> int:
        return self._shards.shard_of(view)


def _living_nodes() -> list[str]:
    return sorted(node["NodeID"] for node in ray.nodes() if node["Alive"])


def _node_of(replica: Any) -> str:
    """The node of a replica, or "" when it is lost. :raises GetTimeoutError: when it does not answer in time."""
    try:
        return str(ray.get(replica.node.remote(), timeout=_PING_WAIT_SECONDS))
    except GetTimeoutError:
        raise
    except RayError:
        return ""


def _end(replica: Any) -> None:
    with contextlib.suppress(RayError):
        ray.wait([replica.close.remote()], num_returns=1, timeout=CLOSE_SECONDS)
    ray.kill(replica)


def _cause(error: Exception) -> str:
    """The sentence of ours inside an error of Ray, which has a traceback around it."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    ours = [line.partition(": ")[2] for line in lines if line.startswith(("semlens.", "ray.exceptions"))]
    return (ours or lines or [type(error).__name__])[-1][:300]
