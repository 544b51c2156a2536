"""The live index compared with a plain oracle, after random actions in random order.

Actions are edits, saves, closes, renames, deletions, batches like branch switches, killed workers, killed engines and
restarts. The oracle holds the texts on disk and in the editor. A search for an exact name must find it where these texts
have it, with the correct lines and dirty flag.

It takes about 40 seconds. SEMLENS_MODEL_EXAMPLES=300 (and SEMLENS_MODEL_STEPS) make it longer.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from engine_cases import Workspace, complete, computed, search
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from semlens.engine.engine import Engine

EXAMPLES = int(os.environ.get("SEMLENS_MODEL_EXAMPLES", "10"))
STEPS = int(os.environ.get("SEMLENS_MODEL_STEPS", "25"))

NAMES = ["alpha", "beta_two", "gammaThree", "delta"]
PATHS = ["a.py", "b.py", "folder/c.py", "folder/deep/d.py", "other/e.js", "f.txt"]

blocks = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(NAMES), st.integers(0, 3)), max_size=4)
paths = st.sampled_from(PATHS)

Place = tuple[str, int, bool]


def render(path: str, content: list[tuple[int, str, int]]) -> str:
    """Functions in the language of the path, each after some empty lines, with one of a few bodies."""
    parts = []
    for n_empty, name, body in content:
        text = (
            f"function {name}() {{\n  return {body};\n}}\n"
            if path.endswith(".js")
            else f"def {name}():\n    return {body}\n"
        )
        parts.append("\n" * n_empty + text)
    return "".join(parts)


def places(text: str, path: str) -> list[tuple[str, int]]:
    """Name and line of each function, found without a parser. Text files have no symbols."""
    if path.endswith(".txt"):
        return []
    found = []
    for number, line in enumerate(text.split("\n")):
        start, _, rest = line.partition(" ")
        if start in {"def", "function"}:
            found.append((rest.partition("(")[0], number))
    return found


class LiveIndex(RuleBasedStateMachine):
    model: Path

    def __init__(self) -> None:
        super().__init__()
        self.scratch = Path(tempfile.mkdtemp(prefix="semlens-model-based-"))
        self.workspace = Workspace(self.scratch / "code", self.scratch / "cache", self.model)
        self.disk: dict[str, str] = {}
        self.buffers: dict[str, str] = {}
        self.told: set[str] = set()
        self.branches: list[dict[str, str]] = []
        self.engine: Engine
        self.version = 0

    @initialize(contents=st.dictionaries(paths, blocks.filter(bool), min_size=2, max_size=5))
    def begin(self, contents: dict[str, list[tuple[int, str, int]]]) -> None:
        for path, content in contents.items():
            self._write(path, render(path, content))
        self.engine = self.workspace.engine()

    # --- the disk --------------------------------------------------------------------------------------------------

    def _write(self, path: str, text: str) -> None:
        self.workspace.write(path, text)
        self.disk[path] = text

    def _delete(self, path: str) -> None:
        (self.workspace.folder / path).unlink()
        del self.disk[path]

    def _tell(self, *changed: str) -> None:
        self.engine.files_changed([self.workspace.folder / path for path in changed])

    @rule(path=paths, content=blocks, told=st.booleans())
    def write(self, path: str, content: list[tuple[int, str, int]], told: bool) -> None:
        """A change by another tool. A watcher may miss it if the file is indexed."""
        known = path in self.disk
        self._write(path, render(path, content))
        if told or not known:
            self._tell(path)
        else:
            self.told.add(path)

    @rule(path=paths)
    def delete(self, path: str) -> None:
        if path in self.disk:
            self._delete(path)
            self._tell(path)

    @rule(source=paths, goal=paths)
    def rename(self, source: str, goal: str) -> None:
        if source in self.disk and source != goal and Path(source).suffix == Path(goal).suffix:
            text = self.disk[source]
            self._delete(source)
            self._write(goal, text)
            self._tell(source, goal)

    @rule()
    def delete_folder(self) -> None:
        gone = [path for path in self.disk if path.startswith("folder/")]
        if gone:
            shutil.rmtree(self.workspace.folder / "folder")
            for path in gone:
                del self.disk[path]
            self._tell("folder")

    @rule()
    def commit_branch(self) -> None:
        self.branches.append(dict(self.disk))

    @precondition(lambda self: self.branches)
    @rule(data=st.data())
    def switch_branch(self, data: st.DataObject) -> None:
        target = data.draw(st.sampled_from(self.branches))
        changed = [path for path in {*target, *self.disk} if target.get(path) != self.disk.get(path)]
        for path in changed:
            if path in target:
                self._write(path, target[path])
            else:
                self._delete(path)
        self._tell(*changed)

    # --- the editor ------------------------------------------------------------------------------------------------

    @rule(path=paths)
    def open(self, path: str) -> None:
        if path not in self.buffers:
            self.version += 1
            text = self.disk.get(path, "")
            self.buffers[path] = text
            language = {".py": "python", ".js": "javascript", ".txt": "plaintext"}[Path(path).suffix]
            self.engine.open_buffer(self.workspace.uri(path), language, text)

    @rule(path=paths, content=blocks)
    def open_and_type(self, path: str, content: list[tuple[int, str, int]]) -> None:
        self.open(path)
        self._type(path, content)

    def _type(self, path: str, content: list[tuple[int, str, int]]) -> None:
        self.version += 1
        self.buffers[path] = render(path, content)
        self.engine.change_buffer(self.workspace.uri(path), self.buffers[path])

    @precondition(lambda self: self.buffers)
    @rule(data=st.data(), content=blocks)
    def type(self, data: st.DataObject, content: list[tuple[int, str, int]]) -> None:
        self._type(data.draw(st.sampled_from(sorted(self.buffers))), content)

    @precondition(lambda self: self.buffers)
    @rule(data=st.data())
    def save(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.buffers)))
        self._write(path, self.buffers[path])
        self.engine.save_buffer(self.workspace.uri(path))

    @precondition(lambda self: self.buffers)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.buffers)))
        del self.buffers[path]
        self.engine.close_buffer(self.workspace.uri(path))

    # --- faults ----------------------------------------------------------------------------------------------------

    @rule()
    def end_workers(self) -> None:
        for pid in self.engine._indexer.parser.worker_pids():
            os.kill(pid, 9)

    @rule(committed=st.booleans())
    def restart(self, committed: bool) -> None:
        """Restart the engine after its last commit, or as if the process had been killed before it."""
        if not committed:
            for state in self.engine._indexer.states.values():
                state.index.commit = lambda _meta: 0  # type: ignore[method-assign]
        self.engine.close()
        self.buffers.clear()
        self.told.clear()
        self.engine = self.workspace.engine()

    @rule()
    def rescan(self) -> None:
        self.engine.rescan()
        self.told.clear()

    @rule()
    def reindex(self) -> None:
        before = computed(self.engine)
        complete(self.engine)
        self.engine.rescan(full=True)
        complete(self.engine)
        self.told.clear()
        assert computed(self.engine) >= before

    # --- checks ----------------------------------------------------------------------------------------------------

    def expected(self, name: str) -> list[Place]:
        texts = {path: (text, False) for path, text in self.disk.items()}
        for path, text in self.buffers.items():
            texts[path] = (text, self.disk.get(path) != text)
        return sorted(
            (path, line, dirty)
            for path, (text, dirty) in texts.items()
            for found, line in places(text, path)
            if found == name
        )

    @invariant()
    def search_says_what_is_there(self) -> None:
        if not hasattr(self, "engine"):
            return
        complete(self.engine)
        for name in NAMES:
            hits = search(self.engine, name, limit=100)
            found = sorted((hit.path, hit.span.start_line, hit.dirty) for hit in hits if hit.name == name)
            expected = self.expected(name)
            # after a change without an event, new symbols may be missing, but no stale hit is shown
            unknown = self.told - self.buffers.keys()
            assert [place for place in found if place[0] not in unknown] == [
                place for place in expected if place[0] not in unknown
            ], name
            assert set(found) <= set(expected), name
        if not self.told:
            assert self.engine.status().roots[0].files == len(self.disk)

    def teardown(self) -> None:
        self.workspace.close()
        shutil.rmtree(self.scratch, ignore_errors=True)


@pytest.fixture(scope="module")
def machine(tiny_model: Path) -> type[LiveIndex]:
    LiveIndex.model = tiny_model
    return LiveIndex


def test_the_live_index_equals_the_oracle(machine):
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
