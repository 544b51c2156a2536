"""A command line with a fake engine, whose answers the test sets."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType

import pytest
from hit_cases import HIT

from semlens.cli import main
from semlens.core.hit import SearchHit, SearchResult
from semlens.core.request import SearchRequest
from semlens.core.status import EngineState, EngineStatus, Problem, RootStatus, TierRole, TierStatus, WatchMode

STATUS = EngineStatus(
    number=1,
    state=EngineState.READY,
    complete=True,
    refining=False,
    roots=(RootStatus("/work", 1234, 5678, 0, {"ignored": 3, "binary": 1}, WatchMode.NONE),),
    tiers=(TierStatus("small-model", TierRole.FIRST, 9000, 0),),
    generation=12,
    lag_ms=0.0,
    rss_bytes=100_000_000,
    index_bytes=2_500_000,
    problems=(Problem("src/odd.py", "The parser gave up: it is searched by words."),),
    counters={},
)


RESULT = SearchResult((HIT,), generation=12, complete=True, elapsed_ms=7.44, confidence=0.8123)


@dataclass
class Script:
    """The answers of the fake engine, and the requests that it got."""

    result: SearchResult = RESULT
    status: EngineStatus = STATUS
    error: BaseException | None = None
    calls: list[str] = field(default_factory=list)
    requests: list[SearchRequest] = field(default_factory=list)
    read_only: bool | None = None
    explicit: bool | None = None
    explained: bool | None = None
    unsaved: str = ""
    warns: Callable[[], None] = lambda: None

    def with_hits(self, *hits: SearchHit, **changes: object) -> None:
        self.result = self.result._replace(hits=hits, **changes)


@pytest.fixture
def script(monkeypatch) -> Script:
    script = Script()

    class Engine:
        def __init__(self, settings, *, cache_folder, read_only=False, one_shot=False, **_):
            script.read_only = read_only
            script.calls.append("init")

        def add_root(self, path, *, explicit):
            script.explicit = explicit
            self.root = str(path)

        def start(self):
            script.calls.append("start")

        def close(self):
            script.calls.append("close")

        def wait_complete(self, *, refined=False, follows=False, timeout=None, on_progress=None):
            script.calls.append("wait refined" if refined else "wait")
            if on_progress is not None:
                on_progress(script.status)
            return True

        def wait_saved(self):
            return script.unsaved

        def search(self, request, cancel, on_partial=None, *, explain=False):
            script.requests.append(request)
            script.explained = explain
            script.warns()
            if script.error is not None:
                raise script.error
            return script.result._replace(hits=tuple(hit._replace(root=self.root) for hit in script.result.hits))

        def status(self):
            return script.status

    module = ModuleType("semlens.engine.engine")
    module.Engine = Engine
    monkeypatch.setitem(sys.modules, "semlens.engine.engine", module)
    return script


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A working directory with its own cache and configuration."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SEMLENS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SEMLENS_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("CI", "1")  # a search on a terminal would start the resident server
    monkeypatch.delenv("NO_COLOR", raising=False)
    return folder


@pytest.fixture
def semlens(workspace, capsys):
    """Runs one command. :returns: exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(arguments)
        except SystemExit as leave:  # argparse exits this way
            code = leave.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
