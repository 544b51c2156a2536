"""Roles from .gitattributes: they reach the index, and follow the file although no other file changed."""

from __future__ import annotations

import pytest
from engine_cases import Workspace, complete, function, make_settings, parsed, search, wait_for

from semlens.core.status import WatchMode
from semlens.core.symbol import Role
from semlens.engine.engine import Engine

VENDORED = "lib/** linguist-vendored\n"


def roles(engine: Engine) -> dict[str, int]:
    """The role of each file that is searched."""
    return {
        path: int(view.segment.files.roles[row])
        for view in engine._session.snapshot.views
        for row, path in enumerate(view.segment.files.paths.tolist())
        if view.alive is None or view.alive[row]
    }


@pytest.fixture
def written(plain: Workspace) -> Workspace:
    plain.write("lib/a.py", function("alpha"))
    plain.write("own.py", function("alpha"))
    return plain


def test_roles_of_gitattributes_reach_the_index(written: Workspace) -> None:
    written.write(".gitattributes", VENDORED)
    engine = written.engine()
    assert roles(engine) == {"lib/a.py": Role.VENDORED, "own.py": Role.NONE}
    assert parsed(engine) == 2


def test_a_change_of_gitattributes_changes_the_roles_below_it(written: Workspace) -> None:
    engine = written.engine()
    written.write(".gitattributes", VENDORED)
    written.change(engine, ".gitattributes")
    assert roles(engine) == {"lib/a.py": Role.VENDORED, "own.py": Role.NONE}
    assert [hit.path for hit in search(engine, "alpha")] == ["own.py", "lib/a.py"]
    written.write("lib/.gitattributes", "a.py -linguist-vendored\n")
    before = parsed(engine)
    written.change(engine, "lib/.gitattributes")
    assert roles(engine) == {"lib/a.py": Role.NONE, "own.py": Role.NONE}
    assert parsed(engine) == before + 1
    (written.folder / "lib/.gitattributes").unlink()
    written.change(engine, "lib/.gitattributes")
    assert roles(engine) == {"lib/a.py": Role.VENDORED, "own.py": Role.NONE}


def test_lines_that_set_no_role_parse_nothing_again(written: Workspace) -> None:
    engine = written.engine()
    written.write(".gitattributes", "* text=auto\n*.png filter=lfs\n")
    written.change(engine, ".gitattributes")
    assert parsed(engine) == 2


def test_a_change_while_nothing_ran_is_found_at_the_next_start(written: Workspace) -> None:
    written.engine().close()
    written.write(".gitattributes", VENDORED)
    engine = written.engine()
    assert roles(engine) == {"lib/a.py": Role.VENDORED, "own.py": Role.NONE}
    engine.close()
    again = written.engine()
    assert parsed(again) == 0
    again.close()
    (written.folder / ".gitattributes").unlink()
    assert roles(written.engine()) == {"lib/a.py": Role.NONE, "own.py": Role.NONE}


def test_a_change_while_the_file_is_with_a_worker_parses_it_again(written: Workspace) -> None:
    """The worker may have read the roles before they changed."""
    engine = written.engine()
    (state,) = engine._indexer.states.values()
    engine.close()
    state.in_flight["lib/a.py"] = 0.0
    state.begin_scan(1)
    state.add_scanned(1, [], {"": "another key"})
    state.note_parsed([])
    assert state.changed.keys() == {"lib/a.py"}
    del state.in_flight["lib/a.py"]
    state.process_changes()
    request = state.next_batch(1_000, "")
    assert request is not None
    assert sorted(request.files) == [("lib/a.py", b""), ("own.py", b"")]


@pytest.mark.parametrize("mode", ["polling", "auto"])
def test_a_change_is_noticed_by_watching(written: Workspace, mode: str) -> None:
    engine = Engine(make_settings(None, watch={"mode": mode, "poll_seconds": 1}), cache_folder=written.cache)
    written.engines.append(engine)
    engine.start()
    engine.add_root(written.folder, watching=WatchMode.NATIVE)
    complete(engine)
    written.write(".gitattributes", VENDORED)
    wait_for(engine, lambda: roles(engine)["lib/a.py"] == Role.VENDORED)
