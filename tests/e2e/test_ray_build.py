"""Builds with a real Ray: three nodes on this machine, one of which is killed. See `make test-long`."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("ray", reason="needs the extra semlens[cluster]")

import ray
from cluster_cases import Site
from ray_cases import SECONDS, RayCluster, until

from semlens.cluster.errors import ClusterError
from semlens.cluster.indexing import batches as batches_module
from semlens.cluster.indexing.local_executor import LocalExecutor
from semlens.cluster.indexing.ray_executor import RayExecutor
from semlens.cluster.ray_connection import connected

pytestmark = pytest.mark.cluster_long


class Watched:
    """Calls something after a number of results."""

    def __init__(self, inner, n_results, then):
        self._inner = inner
        self._left = n_results
        self._then = then

    def run(self, batches, cancel):
        for result in self._inner.run(batches, cancel):
            yield result
            self._left -= 1
            if self._left == 0:
                self._then()


@pytest.fixture
def cluster():
    running = RayCluster(n_nodes=3)
    yield running
    running.close()


def test_a_node_that_is_killed_while_building_changes_no_byte(tmp_path, cluster, monkeypatch):
    monkeypatch.setattr(batches_module, "MAX_FILES", 1)
    plain, spread = Site(tmp_path, "plain"), Site(tmp_path, "spread")
    folder = plain.repository("app", 40)
    local = LocalExecutor(plain.recipe, 1)
    plain.build(folder, local)
    local.close()
    with connected(cluster.address):
        assert len([node for node in ray.nodes() if node["Alive"]]) == 3
        built = spread.build(folder, Watched(RayExecutor(spread.recipe), 5, cluster.kill_node))
        assert (built.files, built.batches) == (40, 40)
        cluster.wait_for_nodes(2)
    assert plain.objects() == spread.objects() != {}


def test_a_head_that_goes_away_gives_one_sentence(tmp_path, cluster):
    """Ray ends its process then, so the command runs it in another one."""
    site = Site(tmp_path)
    folder = site.repository("app", 1_500)
    config = tmp_path / "config" / "semlens"
    config.mkdir()
    (tmp_path / "config" / "share-key").rename(config / "share-key")
    (config / "config.toml").write_text('[models]\nfirst = "none"\nrefine = "none"\n')
    environment = {
        **os.environ,
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "SEMLENS_CACHE_DIR": str(tmp_path / "cache"),
    }
    command = ["-m", "semlens", "cluster", "build", str(folder), "--to", site.store.url, "--address", cluster.address]
    process = subprocess.Popen([sys.executable, *command], env=environment, stderr=subprocess.PIPE, text=True)
    until(lambda: any((tmp_path / "cache").rglob("*.batch")))
    cluster.kill_head()
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert errors.count("\n") == 1
    assert "head of Ray" in errors
    assert site.objects() == {}


def test_no_head_at_the_address():
    with pytest.raises(ClusterError, match=r"no head of Ray at 127\.0\.0\.1:1"), connected("127.0.0.1:1"):
        pass
