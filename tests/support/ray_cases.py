"""A cluster of Ray on this machine, with nodes that can be killed."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

SECONDS = 120


class RayCluster:
    """:ivar address: of the head. The head has no processor for tasks, so only nodes that can be killed work."""

    def __init__(self, n_nodes: int) -> None:
        os.environ["PYTHONPATH"] = str(Path(__file__).resolve().parents[2] / "server")
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        self._cluster = Cluster(
            initialize_head=True,
            head_node_args={"num_cpus": 1, "object_store_memory": 100_000_000, "include_dashboard": False},
        )
        self._nodes = [self._cluster.add_node(num_cpus=1, object_store_memory=100_000_000) for _ in range(n_nodes - 1)]
        self.address = self._cluster.address

    def kill_node(self, among: Collection[str] = ()) -> None:
        """Without a farewell, as a machine that loses power. :param among: identifiers of nodes, or empty for all."""
        node = next(node for node in reversed(self._nodes) if not among or node.node_id in among)
        self._nodes.remove(node)
        self._cluster.remove_node(node, allow_graceful=False)

    def kill_head(self) -> None:
        self._cluster.head_node.kill_gcs_server()

    def add_node(self) -> None:
        self._nodes.append(self._cluster.add_node(num_cpus=1, object_store_memory=100_000_000))

    def wait_for_nodes(self, count: int) -> None:
        until(lambda: sum(node["Alive"] for node in ray.nodes()) == count)

    def close(self) -> None:
        ray.shutdown()
        self._cluster.shutdown()


def until(is_so, seconds: float = SECONDS) -> None:
    """Wait for a state, with a deadline."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "the state was not reached in time"
        time.sleep(0.1)
