"""Damaged cache files count as absent. The same run rebuilds them, and no wrong hit is ever shown.

``SEMLENS_DAMAGES`` is the number of damages, ``SEMLENS_DAMAGE_SEED`` the first seed.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from damage import damage
from engine_cases import Workspace, complete, found, function

from semlens.core.status import EngineState
from semlens.index.storage.root_store import RootStore, stored_roots
from semlens.index.storage.sent_ledger import SentLedger

FIRST_SEED = int(os.environ.get("SEMLENS_DAMAGE_SEED", "15"))
N_DAMAGES = int(os.environ.get("SEMLENS_DAMAGES", "60"))
NAMES = [f"function_{number}" for number in range(9)]
SKIPPED = "image.py"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Workspace:
    """A closed index of several segments with all vectors."""
    folder = tmp_path_factory.mktemp("whole")
    workspace = Workspace(folder / "code", folder / "cache", tiny_model)
    for start in range(0, 9, 3):
        for number in range(start, start + 3):
            workspace.write(f"folder/file_{number}.py", function(NAMES[number], f"return {number}"))
        workspace.write(SKIPPED, b"\0" * 100)
        workspace.engine(one_shot=True).close()
    ledger = SentLedger(workspace.cache)
    ledger.add("https://service", 3, 400, 1)
    ledger.close()
    return workspace


@pytest.fixture
def damaged(whole: Workspace, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(whole.cache, tmp_path / "cache")
    workspace = Workspace(whole.folder, tmp_path / "cache", whole.model)
    yield workspace
    workspace.close()


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + N_DAMAGES))
def test_damage_is_repaired_in_the_same_run(damaged: Workspace, seed: int):
    chance = random.Random(seed)
    done = [damage(damaged.cache, chance) for _ in range(chance.choice((1, 1, 2, 4)))]
    engine = damaged.engine(one_shot=True)
    status = complete(engine)
    places = {name: found(engine, name) for name in NAMES}
    assert places == {name: [(f"folder/file_{row}.py", 0, False)] for row, name in enumerate(NAMES)}, done
    assert (status.state, status.problems) == (EngineState.READY, ()), done
    assert [(tier.embedded, tier.pending) for tier in status.tiers] == [(len(NAMES), 0)], done
    engine.close()
    assert stored_roots(damaged.cache)[0][0] == damaged.folder, done
    store = RootStore(damaged.cache, damaged.folder)
    stored = store.load()
    store.close()
    assert {entry.segment for entry in stored.files.values()} - {""} == stored.segments.keys(), done
    assert len(stored.files) == len(NAMES) + 1, done


def test_damage_found_by_a_reader_makes_the_writer_rewrite_the_index(whole: Workspace, tmp_path: Path):
    shutil.copytree(whole.cache, tmp_path / "cache")
    workspace = Workspace(whole.folder, tmp_path / "cache", whole.model)
    writer = RootStore(workspace.cache, workspace.folder)
    assert writer.exists
    (database,) = workspace.cache.glob("roots-*/*/v*/index.sqlite")
    database.write_bytes(b"garbage" * 999)
    reader = RootStore(workspace.cache, workspace.folder)
    assert reader.load().files == {}
    assert not writer.exists
    reader.close()
    writer.close()
