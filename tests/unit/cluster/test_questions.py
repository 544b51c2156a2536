"""Questions about one repository: a cluster answers as an index on disk does, and only of what may be read."""

from __future__ import annotations

import pickle

import pytest
from cluster_cases import CountedRounds, Site
from engine_cases import Workspace, complete

from semlens.cluster.catalogue import Repository
from semlens.cluster.errors import ClusterError
from semlens.cluster.serve import placing
from semlens.cluster.serve.cluster_methods import ClusterMethods, ClusterRoots
from semlens.cluster.serve.cluster_service import ClusterService
from semlens.cluster.serve.coordinator import SearchingShard
from semlens.cluster.serve.placing import homes_of, place_segments
from semlens.cluster.serve.shard import ROOTS, root_of
from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.core.paths import path_to_uri
from semlens.core.request import SearchRequest
from semlens.core.status import WatchMode
from semlens.engine.embedding.tiers import choose_tiers
from semlens.mcp.tools import AgentTools
from semlens.service.api import Api
from semlens.settings.loading import SearchSettings, Settings
from semlens.share.manifest import SharedObject

from .test_shards import LocalShards

NAMES = ("app", "lib")
APP, LIB = (root_of(f"example.org/team/{name}") for name in NAMES)
DIFF = """--- a/tree.py
+++ b/tree.py
@@ -1,2 +1,2 @@
 def load_tree():
-    return 2
+    return 1
"""


def copy_of(name):
    steps = "".join(f"    total = total * {n} + len(values[{n}:])\n    values = sorted(values)\n" for n in range(2, 9))
    return f"def {name}(values):\n    total = 0\n{steps}    return total\n"


def tree(name):
    return (
        "def load_tree():\n    return 1\n\n\n"
        f"def grow_{name}():\n    return load_tree()\n\n\n"
        f"def grow_{name}_again():\n    return load_tree()\n\n\n"
        "def nobody_needs_this():\n    return 3\n"
    )


class Lease(LocalShards):
    """As over Ray: what goes to a shard and comes back is pickled."""

    def lease(self):
        return self

    def problems(self):
        return []

    def ask(self, method, *arguments, **named):
        return through(super().ask(method, *through(arguments), **named))

    def ask_each(self, method, arguments, **named):
        return through(super().ask_each(method, through(arguments), **named))


def through(value):
    return pickle.loads(pickle.dumps(value))


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The API of a cluster, and that of an engine over the same repository on disk."""
    site = Site(tmp_path_factory.mktemp("site"))
    folders = [
        site.repository(name, 3, tree=tree(name), sums=f"{copy_of('first_sum')}\n\n{copy_of('second_sum')}")
        for name in NAMES
    ]
    for folder in folders:
        (folder / "test_tree.py").write_text("from tree import load_tree\n\n\ndef test_tree():\n    load_tree()\n")
        site.commit(folder)
        site.build(folder)
    entries, objects = site.fetched()
    tiers, _ = choose_tiers(str(site.model), "none", (), None)

    def service(roots=None, n_shards=2, homes=None):
        placed = place_segments(entries, n_shards)
        shards = Lease([SearchingShard(of, sum(map(len, placed)), objects) for of in placed], placed)
        counts = {APP: (5, 1), LIB: (5, 1)}
        return ClusterService(shards, tiers, counts, homes_of(placed) if homes is None else homes, roots, OSError)

    workspace = Workspace(folders[0], site.tmp_path / "cache", site.model)
    engine = workspace.engine()
    complete(engine)
    yield service, engine, folders[0]
    workspace.close()


def ask(service, method, /, **params):
    return ClusterMethods(service, Settings()).call(method, params, CancelToken())


def places(answer):
    """What an answer says, without what depends on where the files lie."""
    if isinstance(answer, dict):
        left_out = ("uri", "root", "generation", "elapsedMs", "version", "dirty", "file", "workspace")
        return {key: places(value) for key, value in answer.items() if key not in left_out}
    if isinstance(answer, list):
        return [places(one) for one in answer]
    return round(answer, 5) if isinstance(answer, float) else answer


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("callers", {"path": "tree.py", "position": {"line": 1}}),
        ("callers", {"name": "load_tree", "roots": [APP]}),
        ("callees", {"path": "tree.py", "position": {"line": 6}}),
        ("similar", {"path": "part1.py", "position": {"line": 1}}),
        ("duplicates", {"path": "sums.py"}),
        ("context", {"query": "load the tree", "budget": 900, "roots": [APP]}),
        ("context", {"path": "tree.py", "position": {"line": 6}, "budget": 900, "tests": True}),
        ("context", {"budget": 400, "roots": [APP]}),
        ("impact", {"diff": DIFF, "roots": [APP]}),
        ("unused", {"roots": [APP]}),
    ],
)
def test_a_cluster_answers_as_an_index_on_disk(served, name, params):
    service, engine, folder = served
    api = Api(
        engine, lambda _root: Settings(), lambda *_: None, watching=WatchMode.NONE, search_defaults=SearchSettings()
    )
    here = {key: value for key, value in params.items() if key not in ("path", "roots")}
    there = dict(params)
    if "path" in params:
        here["textDocument"] = {"uri": path_to_uri(str(folder / params["path"]))}
        there["root"] = APP
    if name == "duplicates":
        here["uri"] = here.pop("textDocument")["uri"]
        there = {"uri": path_to_uri(f"{APP}/sums.py")}
    expected = places(api.call(f"semlens/{name}", here, CancelToken()))
    assert places(ask(service(), name, **there)) == expected
    assert len(str(expected)) > 100, expected


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("callers", {"name": "load_tree", "roots": [LIB]}, "is not served"),
        ("callers", {"name": "grow_lib"}, "No symbol is named grow_lib"),
        ("callers", {"textDocument": {"uri": path_to_uri(f"{LIB}/tree.py")}, "position": {"line": 1}}, "no such file"),
        ("callers", {"path": "tree.py", "root": LIB, "position": {"line": 1}, "name": "load_tree"}, "is not served"),
        ("similar", {"textDocument": {"uri": path_to_uri(f"{LIB}/tree.py")}, "position": {"line": 1}}, "no such file"),
        ("similar", {"textDocument": {"uri": "file:///etc/passwd"}, "position": {"line": 1}}, "no such file"),
        ("duplicates", {"uri": path_to_uri(f"{LIB}/tree.py")}, "no such file"),
        ("context", {"path": "tree.py", "root": LIB, "position": {"line": 1}}, "is not served"),
        ("impact", {"diff": DIFF, "roots": [LIB]}, "is not served"),
        ("impact", {}, "no work tree"),
        ("unused", {"roots": [LIB]}, "is not served"),
    ],
)
def test_what_may_not_be_read_is_not_there(served, name, params, message):
    service, _, _ = served
    with pytest.raises(UsageError, match=message):
        ask(service({APP}), name, **params)


def test_one_repository_is_named_where_there_are_several(served):
    service, _, _ = served
    for name, params in (("unused", {}), ("impact", {"diff": DIFF}), ("context", {}), ("duplicates", {})):
        with pytest.raises(UsageError, match="Name one in `roots`"):
            ask(service(), name, **params)
        assert ask(service({APP}), name, **params)
        assert ask(service(), name, roots=[APP], **params)
    assert ask(service(), "callers", name="grow_lib")["symbol"]["root"] == LIB
    for root in (APP, LIB):  # a name beside a place chooses among the symbols there
        place = {"textDocument": {"uri": path_to_uri(f"{root}/tree.py")}, "position": {"line": 1}}
        assert ask(service(), "callers", name="load_tree", **place)["symbol"]["root"] == root
    assert "grow_app" in ask(service(), "context", query="grow_app", budget=900)["text"]


def test_a_repository_on_several_shards_says_so(served):
    service, _, _ = served
    with pytest.raises(ClusterError, match=r"example\.org/team/app lies on several shards.*your own clone"):
        ask(service(homes={LIB: 0}), "callers", name="load_tree", roots=[APP])


def test_agents_have_all_tools(served):
    service, _, _ = served
    one = service()
    tools = AgentTools(one, ClusterRoots(one))
    for place in ("grow_app", f"{APP}/tree.py:6", "example.org/team/app/tree.py:6"):
        answer = tools.call("explore_symbol", {"place": place}, CancelToken())
        assert "load_tree" in answer.text, answer.text
        assert not answer.is_error
    assert "grow_lib" in tools.call("get_context", {"query": "grow_lib"}, CancelToken()).text
    missing = tools.call("explore_symbol", {"place": "secret/x.py:6"}, CancelToken())
    assert missing.text == "There is no file secret/x.py in the repositories."
    alone = service({APP})
    answer = AgentTools(alone, ClusterRoots(alone)).call("explore_symbol", {"place": f"{LIB}/tree.py:6"}, CancelToken())
    assert answer.is_error


class CountingLease(CountedRounds, Lease):
    pass


@pytest.mark.parametrize(
    ("roots", "n_shards", "rounds"),
    [
        ({APP}, 2, ["search"]),
        (None, 1, ["search"]),
        (None, 2, ["look", "candidates", "symbols", "hits"]),
    ],
)
def test_a_search_of_what_one_shard_has_takes_one_round(served, roots, n_shards, rounds):
    service, _, _ = served
    one = service(roots, n_shards)
    one._shards = CountingLease(one._shards.shards, [])
    one._shards._of_view = service(roots, n_shards)._shards._of_view
    one._shards.rounds = []
    found = one.search(SearchRequest("return the wall", limit=9), CancelToken(), explain=True)
    assert one._shards.rounds == rounds
    one._home = None
    steps = one.search(SearchRequest("return the wall", limit=9), CancelToken(), explain=True)
    assert found._replace(elapsed_ms=0) == steps._replace(elapsed_ms=0)
    assert len(found.hits) > 3


@pytest.mark.parametrize(("n_bytes", "n_nodes", "expected"), [(0, 4, 1), (100, 4, 1), (250, 4, 2), (9000, 4, 4)])
def test_a_small_index_has_few_shards(monkeypatch, n_bytes, n_nodes, expected):
    monkeypatch.setattr(placing, "SHARD_BYTES", 100)
    one = SharedObject("0" * 64, n_bytes, "0" * 32)
    assert placing.shards_for([Repository("a", "r", "t", (), (one,))], n_nodes) == expected


@pytest.mark.parametrize(
    ("sizes", "n_shards", "whole"),
    [
        ({"a": [5, 5], "b": [5, 5]}, 2, {"a", "b"}),
        ({"a": [5, 5], "b": [5, 5]}, 4, set()),  # each is larger than the share of a shard
        ({"a": [40, 40, 40], "b": [5, 5], "c": [5, 5]}, 2, {"b", "c"}),
        ({"a": [90]}, 4, {"a"}),
    ],
)
def test_a_repository_no_larger_than_a_share_lies_on_one_shard(sizes, n_shards, whole):
    def repository(name, of_segments):
        ids = tuple(f"{name}{number}" for number in range(len(of_segments)))
        objects = tuple(SharedObject("0" * 64, size, one) for one, size in zip(ids, of_segments, strict=True))
        return Repository(name, "recipe", "tree", ids, objects)

    placed = place_segments([repository(name, of_segments) for name, of_segments in sizes.items()], n_shards)
    assert sorted(one.number for of_shard in placed for one in of_shard) == list(range(sum(map(len, sizes.values()))))
    assert {root.removeprefix(ROOTS) for root in homes_of(placed)} == whole
