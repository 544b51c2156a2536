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
    """An actor. :ivar asked: its methods, in order. :ivar does: what a call gives: it is called when it is waited for."""

    def __init__(self, *_arguments):
        self.asked = []
        self.does = lambda: pickle.dumps("answer")

    def __getattr__(self, method):
        return SimpleNamespace(remote=lambda *_arguments: self.asked.append(method) or self.does)


@pytest.fixture
def ray_shards(monkeypatch):
    ray = ModuleType("ray")
    ray.killed, ray.waited = [], []
    ray.wait = lambda references, num_returns, timeout: ray.waited.append(num_returns)
    ray.nodes = lambda: [{"NodeID": "a", "Alive": True}]
    ray.get = lambda reference, timeout: reference()
    ray.kill = ray.killed.append
    ray.remote = lambda **_options: (
        lambda _actor: SimpleNamespace(options=lambda **_options: SimpleNamespace(remote=Replica))
    )
    exceptions = ModuleType("ray.exceptions")
    exceptions.RayError, exceptions.GetTimeoutError = RayError, GetTimeoutError
    exceptions.RayTaskError = exceptions.RayActorError = type("Other", (RayError,), {})
    strategies = ModuleType("ray.util.scheduling_strategies")
    strategies.NodeAffinitySchedulingStrategy = lambda _node, *, soft: soft
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
    made = ray_shards.RayShards("file:///x", [[]], [], 2)
    made._is_up = [[True, True]]
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
        (True, lambda: True, True),
        (False, lambda: True, True),
        (True, does(RayError()), False),
        (True, does(GetTimeoutError()), True),
        (False, does(GetTimeoutError()), False),
    ],
)
def test_a_replica_that_does_not_answer_a_ping_in_time_is_as_it_was(shards, ray_shards, before, answer, after):
    shards._is_up = [[before, before]]
    for replica in shards._replicas[0]:
        replica.does = answer
    rounds = iter([False, True])
    shards._closed = SimpleNamespace(wait=lambda _seconds: next(rounds))
    shards._watch()
    assert shards._is_up == [[after, after]]
