"""Engines over small folders, with a tiny and fast model."""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tiny_onnx import write_own_folder

from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchHit
from semlens.core.paths import path_to_uri
from semlens.core.request import SearchRequest
from semlens.core.status import EngineStatus
from semlens.engine.engine import Engine
from semlens.settings.choices import BatterySetting
from semlens.settings.loading import Settings

DEADLINE_S = 300.0
DIMENSION = 8
VOCABULARY = [
    "?", "def", "return", "retry", "download", "parse", "config", "colour", "paint", "wall", "river", "boat", "sail",
    "x", "url", "(", ")", ":", "pass", "None", "function",
]  # fmt: skip


def write_model(folder: Path) -> Path:
    """A model that sums one random vector per word. All unknown words share one vector."""
    table = np.random.default_rng(5).normal(size=(len(VOCABULARY), DIMENSION)).astype(np.float32)
    return write_own_folder(folder, table, VOCABULARY)


def make_settings(model: Path | None, *, refine: Path | None = None, **sections: dict[str, object]) -> Settings:
    """Settings for one processor. `sections` changes single settings, e.g. ``files={"exclude": ("a",)}``."""
    settings = Settings()
    first = str(model) if model is not None else "none"
    settings = dataclasses.replace(
        settings,
        models=dataclasses.replace(settings.models, first=first, refine=str(refine) if refine else "none"),
        index=dataclasses.replace(settings.index, processors=1, on_battery=BatterySetting.FULL),
    )
    for name, changes in sections.items():
        settings = dataclasses.replace(settings, **{name: dataclasses.replace(getattr(settings, name), **changes)})
    return settings


class Workspace:
    """A folder and the engines that are opened on it. `close` closes them all."""

    def __init__(self, folder: Path, cache: Path, model: Path | None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.cache = cache
        self.model = model
        self.engines: list[Engine] = []

    def write(self, path: str, text: str | bytes) -> Path:
        full = self.folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(text if isinstance(text, bytes) else text.encode())
        return full

    def uri(self, path: str) -> str:
        return path_to_uri(str(self.folder / path))

    def engine(
        self, *, settings: Settings | None = None, wait: bool = True, root: Path | None = None, **options: object
    ) -> Engine:
        opened = Engine(settings or make_settings(self.model), cache_folder=self.cache, **options)  # type: ignore[arg-type]
        self.engines.append(opened)
        opened.start()
        opened.add_root(root or self.folder)
        if wait:
            complete(opened)
        return opened

    def change(self, engine: Engine, *paths: str) -> None:
        """Report changed files, as a client's watcher does, and wait until they are indexed."""
        engine.files_changed([self.folder / path for path in paths])
        complete(engine)

    def close(self) -> None:
        for engine in self.engines:
            engine.close()


def complete(engine: Engine, *, refined: bool = False) -> EngineStatus:
    assert engine.wait_complete(timeout=DEADLINE_S, refined=refined), engine.status()
    return engine.status()


def wait_for(engine: Engine, condition: Callable[[], object]) -> None:
    """Wait until the condition holds, with a deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, engine.status()
        with engine._session.published:
            engine._session.published.wait(0.02)


def search(engine: Engine, query: str, *, limit: int = 50, per_file: int = 0) -> tuple[SearchHit, ...]:
    return engine.search(SearchRequest(query, limit=limit, per_file=per_file), CancelToken()).hits


def found(engine: Engine, name: str) -> list[tuple[str, int, bool]]:
    """Path, line and dirty flag of the symbols with exactly this name."""
    return sorted((hit.path, hit.span.start_line, hit.dirty) for hit in search(engine, name) if hit.name == name)


def paths_of(engine: Engine, name: str) -> list[str]:
    return [path for path, _, _ in found(engine, name)]


def computed(engine: Engine) -> int:
    return engine.status().counters["computed.first"]


def parsed(engine: Engine) -> int:
    return engine.status().counters["parsed"]


def function(name: str, body: str = "pass") -> str:
    return f"def {name}():\n    {body}\n"


class Gate:
    """Blocks a thread until it is opened."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def pass_through(self) -> None:
        self.entered.set()
        assert self.opened.wait(DEADLINE_S)


def environment() -> dict[str, str]:
    """The environment of a Python process with the import path of the tests."""
    import sys

    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
