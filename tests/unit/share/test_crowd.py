"""Ten clones pull while three push: nothing is lost, nothing is stored or computed twice. See `make test-long`."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from semlens.core.cancel import CancelToken
from semlens.share import publishing
from semlens.share.object_store import ObjectStore
from semlens.share.work_tree import work_tree_of

pytestmark = pytest.mark.share_long

SECONDS = 300


def objects(folder):
    return {
        path.name: path.read_bytes() for path in (folder / "semlens" / "1" / "objects").rglob("*") if path.is_file()
    }


def push(team, workspace, url):
    return publishing.push(
        work_tree_of(workspace.folder), workspace.cache, ObjectStore(url), team.key, team.pool,
        cancel=CancelToken(), progress=lambda *_: None,
    )  # fmt: skip


def test_ten_pull_and_three_push_at_once(team, tmp_path):
    team.index(team.origin)
    alone = tmp_path / "alone"
    push(team, team.origin, alone.as_uri())
    clones = [team.clone(f"clone{number}") for number in range(10)]

    def pull_until_used(clone):
        deadline = time.monotonic() + SECONDS
        while not (pulled := team.pull(clone)).is_used:
            assert time.monotonic() < deadline, "nothing was shared in time"
        return pulled

    with ThreadPoolExecutor(13) as threads:
        pulling = [threads.submit(pull_until_used, clone) for clone in clones]
        pushing = [threads.submit(push, team, team.origin, team.url) for _ in range(3)]
        pushed = [future.result() for future in pushing]
        pulled = [future.result() for future in pulling]
    assert sum(one.is_new for one in pushed) >= 1
    assert objects(team.store_folder) == objects(alone) != {}
    n_files = {one.files for one in pulled}
    assert n_files == {next(one.files for one in pushed if one.is_new)}
    for clone in clones:
        counters = team.index(clone)
        shared = sum(count for name, count in counters.items() if name.startswith("computed."))
        assert shared <= 2, counters  # only the file with a secret, which stays out
