"""Upgrades and downgrades: two releases use one cache folder in turn.

Nothing has been published yet. The other release is this program with other numbers in `semlens.index.versions`.
"""

from __future__ import annotations

import pytest
from engine_cases import Workspace, complete, computed, found, function, parsed

from semlens.index import versions
from semlens.index.segment import build_hash as builds
from semlens.index.segment import columns
from semlens.index.storage import root_store, seeding
from semlens.index.storage.root_store import stored_roots
from semlens.index.versions import FEATURE_VERSION, FORMAT_VERSION, STORE_VERSION

NOW = (STORE_VERSION, FORMAT_VERSION, FEATURE_VERSION)
NUMBERS = {
    "STORE_VERSION": (versions, root_store, seeding),
    "FORMAT_VERSION": (versions, columns),
    "FEATURE_VERSION": (versions, builds),
}
PARSES_ONCE, PARSES_AGAIN = "each release keeps its own index", "the index is built again at each change"


@pytest.mark.parametrize(
    ("other", "parses"),
    [
        pytest.param((STORE_VERSION, FORMAT_VERSION - 1, FEATURE_VERSION), PARSES_ONCE, id="older format"),
        pytest.param((STORE_VERSION, FORMAT_VERSION + 1, FEATURE_VERSION), PARSES_ONCE, id="newer format"),
        pytest.param((STORE_VERSION + 1, FORMAT_VERSION, FEATURE_VERSION), PARSES_ONCE, id="newer store"),
        pytest.param((STORE_VERSION, FORMAT_VERSION, FEATURE_VERSION - 1), PARSES_AGAIN, id="older features"),
        pytest.param((STORE_VERSION, FORMAT_VERSION, FEATURE_VERSION + 1), PARSES_AGAIN, id="newer features"),
    ],
)
def test_two_releases_use_one_cache_in_turn(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, other: tuple[int, int, int], parses: str
) -> None:
    written: list[str] = []

    def work(numbers: tuple[int, int, int]) -> tuple[int, int]:
        """Start that release after one more file was written. :returns: files parsed and vectors computed."""
        name = f"name{len(written)}"
        workspace.write(f"{name}.py", function(name, f"return {len(written)}"))
        written.append(name)
        with monkeypatch.context() as patch:
            for (constant, modules), number in zip(NUMBERS.items(), numbers, strict=True):
                for module in modules:
                    patch.setattr(module, constant, number)
            patch.setattr(columns, "OLDEST_FORMAT_VERSION", numbers[1])
            patch.setattr(builds.build_hash, "__defaults__", (numbers[2], None))
            engine = workspace.engine()
            assert [len(found(engine, name)) for name in written] == [1] * len(written)
            assert complete(engine).problems == ()
            engine.close()
        return parsed(engine), computed(engine)

    assert work(NOW) == (1, 1)
    assert work(other) == (2, 1)
    assert work(NOW) == ((2, 1) if parses is PARSES_ONCE else (3, 1))
    assert work(other) == ((2, 1) if parses is PARSES_ONCE else (4, 1))
    n_indexes = len({path.parent.parent for path in workspace.cache.glob("roots-*/*/v*")})
    assert n_indexes == (1 if parses is PARSES_AGAIN else 2)
    assert len(list(stored_roots(workspace.cache, any_format=True))) == n_indexes
