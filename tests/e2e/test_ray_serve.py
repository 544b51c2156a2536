"""Serving with a real Ray: two replicas of each shard on three nodes, one of which is killed. See `make test-long`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("ray", reason="needs the extra semlens[cluster]")

from cluster_cases import Site
from ray_cases import RayCluster, until

from semlens.cluster.errors import ClusterError
from semlens.cluster.ray_connection import connected
from semlens.cluster.serve.cluster_service import ClusterService
from semlens.cluster.serve.placing import homes_of, place_segments
from semlens.cluster.serve.ray_shards import RayShards, ShardLostError
from semlens.cluster.serve.shard import root_of
from semlens.core.cancel import CancelToken
from semlens.core.context import ContextRequest
from semlens.core.graph import NeighboursRequest
from semlens.core.request import SearchRequest
from semlens.engine.embedding.tiers import choose_tiers
from semlens.share import publishing

pytestmark = pytest.mark.cluster_long

QUERIES = ("app_part_1", "retry a download", "paint the wall", "downlaod lib_part_2")


def test_answers_go_on_when_a_node_is_killed_and_the_cluster_is_whole_again(tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "MAX_PASSAGES", 4)
    monkeypatch.setattr("semlens.cluster.indexing.batches.MAX_FILES", 2)
    site = Site(tmp_path)
    for name in ("app", "lib"):
        site.build(site.repository(name, 8))
    entries = site.entries()
    tiers, _ = choose_tiers(str(site.model), "none", (), None)
    counts = {root_of(one.name): (1, 1) for one in entries}
    cluster = RayCluster(n_nodes=3)
    with connected(cluster.address):
        placed = place_segments(entries, 3)
        shards = RayShards(site.store.url, placed, [tier.fingerprint for tier in tiers], 2)
        shards.start()
        service = ClusterService(shards, tiers, counts, homes_of(placed), None, ShardLostError)

        def pages():
            results = [service.search(SearchRequest(query), CancelToken()) for query in QUERIES]
            return [[(hit.root, hit.path, hit.name, hit.score) for hit in result.hits] for result in results]

        def first_degraded():
            found = []
            until(lambda: found.extend(service.status().problems) or found)
            return found[0].message, service.search(SearchRequest("retry"), CancelToken()).notes

        expected = pages()
        assert all(expected)
        assert service.status().state.value == "ready"
        until(lambda: all(len(set(nodes)) == len(nodes) for nodes in shards._nodes))  # Ray may place two on one node
        with ThreadPoolExecutor(1) as thread:  # on a busy machine the lost replicas may be back before the pages are
            said = thread.submit(first_degraded)
            cluster.kill_node(among={node for nodes in shards._nodes for node in nodes})
            assert pages() == expected  # at once, with what is left
            problem, notes = said.result()
        assert "of 2 replicas" in problem
        assert "degraded" in notes[-1]
        assert pages() == expected
        until(lambda: service.status().state.value == "ready")
        assert pages() == expected
        request = NeighboursRequest(name="app_part_1")
        with pytest.raises(ClusterError, match="lies on several shards"):
            service.callees(request, CancelToken())
        shards.close()
        placed = place_segments(entries, 1)
        shards = RayShards(site.store.url, placed, [tier.fingerprint for tier in tiers], 1)
        shards.start()
        service = ClusterService(shards, tiers, counts, homes_of(placed), None, ShardLostError)
        assert service.callees(request, CancelToken()).symbol.path == "part1.py"
        assert "app_part_1" in service.context(ContextRequest("app_part_1"), CancelToken()).text
        shards.close()
    cluster.close()
