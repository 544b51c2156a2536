"""Which replicas answer, without Ray: a module in its place lets each replica do what a test says."""

from __future__ import annotations

import importlib
import pickle
import sys
from types import ModuleType, SimpleNamespace

import pytest

from semlens.cluster.errors import ClusterError

NAME = "semlens.cluster.serve.ray_shards"


class RayError(Exception):
    """See `ray.exceptions`."""


class GetTimeoutError(RayError, TimeoutError):
    """See `ray.exceptions`."""


class Replica:
    """An actor. :ivar asked: its methods, in order. :ivar does: what a call gives: it is called when it is waited for.

    :ivar where: the node that it was wanted on.
    """

    def __init__(self, where):
        self.where = where
        self.asked = []
        self.does = lambda: pickle.dumps("answer")

    def __getattr__(self, method):
        return SimpleNamespace(remote=lambda *_arguments: self.asked.append(method) or self.does)


@pytest.fixture
def ray_shards(monkeypatch):
    ray = ModuleType("ray")
    ray.killed, ray.waited = [], []
    ray.wait = lambda references, num_returns, timeout: ray.waited.append(num_returns)
    ray.nodes = lambda: [{"NodeID": name, "Alive": name != "d"} for name in "abcd"]
    ray.get = lambda asked, timeout: [one() for one in asked] if isinstance(asked, list) else asked()
    ray.kill = ray.killed.append
    ray.remote = lambda **_options: (
        lambda _actor: SimpleNamespace(
            options=lambda scheduling_strategy: SimpleNamespace(remote=lambda *_arguments: Replica(scheduling_strategy))
        )
    )
    exceptions = ModuleType("ray.exceptions")
    exceptions.RayError, exceptions.GetTimeoutError = RayError, GetTimeoutError
    exceptions.RayTaskError = exceptions.RayActorError = type("Other", (RayError,), {})
    strategies = ModuleType("ray.util.scheduling_strategies")
    strategies.NodeAffinitySchedulingStrategy = lambda node, *, soft: node
    for name, module in (
        ("ray", ray), ("ray.exceptions", exceptions), ("ray.util", ModuleType("ray.util")), (strategies.__name__, strategies),
    ):  # fmt: skip
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    yield importlib.import_module(NAME)
    sys.modules.pop(NAME, None)


@pytest.fixture
def shards(ray_shards):
    """One shard with two replicas that answer."""
    return made_of(ray_shards, 1)


def made_of(ray_shards, n_shards):
    made = ray_shards.RayShards("file:///x", [[]] * n_shards, [], 2)
    made._is_up = [[True, True] for _ in range(n_shards)]
    return made


def ask_once(shards):
    return shards.lease().ask("text")


def does(error):
    def fail():
        raise error

    return fail


def test_replicas_delete_their_folders_before_they_are_killed(shards, ray_shards):
    shards.close()
    replicas = shards._replicas[0]
    assert [replica.asked for replica in replicas] == [["close"], ["close"]]
    assert ray_shards.ray.waited == [2]
    assert ray_shards.ray.killed == replicas


def test_a_replica_that_is_lost_is_not_asked_again(shards, ray_shards):
    first, second = shards._replicas[0]
    first.does = does(RayError())
    with pytest.raises(ray_shards.ShardLostError):
        ask_once(shards)
    assert [ask_once(shards), ask_once(shards)] == [["answer"], ["answer"]]
    assert (first.asked, second.asked) == (["ask"], ["ask", "ask"])


def test_a_slow_question_costs_no_replica(shards, ray_shards):
    first, _ = shards._replicas[0]
    first.does = does(GetTimeoutError())
    with pytest.raises(ClusterError, match="Shard 1 needs more than 10 seconds for this") as caught:
        ask_once(shards)
    assert not isinstance(caught.value, ray_shards.ShardLostError), "it would be asked again"
    assert shards.problems() == []


@pytest.mark.parametrize(
    ("before", "answer", "after"),
    [
        (True, lambda: "a", True),
        (False, lambda: "a", True),
        (True, does(RayError()), False),
        (True, does(GetTimeoutError()), True),
        (False, does(GetTimeoutError()), False),
    ],
)
def test_a_replica_that_does_not_answer_a_ping_in_time_is_as_it_was(shards, before, answer, after):
    shards._is_up = [[before, before]]
    shards._spread = lambda: None
    for replica in shards._replicas[0]:
        replica.does = answer
    watch_once(shards)
    assert shards._is_up == [[after, after]]


@pytest.fixture
def doubled(ray_shards):
    """Two shards. Both replicas of the first one are on node a: after a loss Ray starts one where it likes."""
    shards = made_of(ray_shards, 2)
    for of_shard, nodes in zip(shards._replicas, ("aa", "ab"), strict=True):
        for replica, node in zip(of_shard, nodes, strict=True):
            replica.does = lambda node=node: node
    return shards


def test_a_replica_that_shares_its_node_is_replaced_once_its_successor_answers(doubled, ray_shards):
    (first, second), others = map(list, doubled._replicas)
    lease = doubled.lease()
    watch_once(doubled)
    ((number, successor),) = doubled._successors.values()
    assert (number, successor.where) == (1, "c"), "the node with the fewest replicas"
    successor.does = does(GetTimeoutError())
    watch_once(doubled)
    assert doubled._replicas == [[first, second], others]
    successor.does = lambda: "c"
    watch_once(doubled)
    assert doubled._replicas == [[first, successor], others]
    assert (second.asked[-1], ray_shards.ray.killed) == ("close", [second])
    assert (doubled.problems(), doubled._successors) == ([], {})
    assert lease._chosen == [first, others[0]], "a search goes on with the replicas that it began with"


@pytest.mark.parametrize("answer", [lambda: "a", None])
def test_a_node_that_cannot_have_a_replica_is_not_tried_for_ever(doubled, ray_shards, monkeypatch, answer):
    monkeypatch.setattr(ray_shards, "_MOST_TRIES", 3)
    ray_shards.ray.nodes = lambda: [{"NodeID": name, "Alive": True} for name in "ac"]
    before = [list(of_shard) for of_shard in doubled._replicas]
    for _ in range(10):
        watch_once(doubled)
        for _, successor in doubled._successors.values():
            successor.does = answer or does(RayError())
    assert doubled._replicas == before
    assert [replica.where for replica in ray_shards.ray.killed] == ["c"] * 3
    assert doubled.problems() == []


def test_no_replica_is_moved_where_every_node_has_one(shards, ray_shards):
    ray_shards.ray.nodes = lambda: [{"NodeID": "a", "Alive": True}]
    for replica in shards._replicas[0]:
        replica.does = lambda: "a"
    watch_once(shards)
    assert shards._successors == {}


def watch_once(shards):
    rounds = iter([False, True])
    shards._closed = SimpleNamespace(wait=lambda _seconds: next(rounds))
    shards._watch()
