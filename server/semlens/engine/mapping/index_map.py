"""`IndexMap`: the map of a session's roots: computed once in the background, and kept in the cache."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from semlens.core.errors import SemlensError
from semlens.core.paths import make_private_folders
from semlens.core.symbol import SymbolKind
from semlens.engine.mapping.area_labels import AreaLabel
from semlens.engine.mapping.map_points import MapPoints, collect_points
from semlens.index.snapshot import IndexSnapshot
from semlens.workers.python_process import module_command, module_environment

logger = logging.getLogger(__name__)

VERSION = 1
"""Of how maps are computed. It is part of their names."""

PROGRAM = "semlens.engine.mapping.map_process"
"""The module that computes, as a process."""

MAX_KEPT = 8
_LEFT_SECONDS = 3_600.0
"""A file that a computation reads or writes and that is older was left by one that was killed."""

STALE_SHARE = 0.1
"""A map is computed again when so many more or fewer symbols are there."""

_BLAS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class MapUnavailableError(SemlensError):
    """What draws maps is not installed."""


class MapFailedError(SemlensError):
    """The map could not be computed."""


@dataclass(frozen=True)
class IndexedMap:
    """A map that is ready. :ivar positions: within -1 and 1, shape (n, 2)."""

    points: MapPoints
    positions: npt.NDArray[np.float32]
    labels: tuple[AreaLabel, ...]

    @property
    def version(self) -> str:
        return self.points.digest


@dataclass(frozen=True, slots=True)
class MapSymbol:
    """The symbol of a point. Lines count from 0; ``last_line`` is inclusive."""

    root: str
    path: str
    name: str
    qualified_name: str
    kind: str
    language: str
    start_line: int
    last_line: int
    name_line: int


def can_draw() -> bool:
    """Whether the extra is installed."""
    return importlib.util.find_spec("openTSNE") is not None


class IndexMap:
    """Thread-safe. `ready` starts the computation; the rest answers from the map that is there."""

    def __init__(
        self,
        snapshot: Callable[[], IndexSnapshot],
        roots: Callable[[], Mapping[str, str]],
        fingerprint: Callable[[], str],
        folder: Path,
    ) -> None:
        """:param roots: the roots by real path, with the name to show. :param fingerprint: of the first tier's model.

        :param folder: private; for maps that were computed.
        """
        self._snapshot = snapshot
        self._roots = roots
        self._fingerprint = fingerprint
        self._folder = folder
        self._lock = threading.Lock()
        self._map: IndexedMap | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_computing = False
        self._is_closed = False
        self._problem = ""
        self.progress = 0.0

    def ready(self) -> IndexedMap | None:
        """The map, or None while it is computed.

        :raises MapUnavailableError: when the extra is missing. :raises MapFailedError: when it failed.
        """
        if not can_draw():
            raise MapUnavailableError("The map needs more: run `pip install 'semlens[map]'`, then start again.")
        snapshot = self._snapshot()
        with self._lock:
            if self._problem:
                problem, self._problem = self._problem, ""
                raise MapFailedError(problem)
            if self._map is not None and not self._is_stale(snapshot):
                return self._map
            if not self._is_computing and not self._is_closed and snapshot.complete:
                self._is_computing, self.progress = True, 0.0
                threading.Thread(target=self._compute, args=(snapshot,), name="semlens-map", daemon=True).start()
            return self._map

    def of_version(self, version: str) -> IndexedMap | None:
        with self._lock:
            return self._map if self._map is not None and self._map.version == version else None

    def close(self) -> None:
        """End the process that computes."""
        with self._lock:
            self._is_closed = True
            process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.kill()

    def _is_stale(self, snapshot: IndexSnapshot) -> bool:
        assert self._map is not None
        n_symbols = sum(len(view.segment.symbols) for view in snapshot.views if not view.buffer_uri)
        n_known = sum(len(view.segment.symbols) for view in self._map.points.views)
        return abs(n_symbols - n_known) > STALE_SHARE * max(n_known, 1)

    def _compute(self, snapshot: IndexSnapshot) -> None:
        try:
            points = collect_points(snapshot, self._roots(), self._fingerprint())
            if points is None:
                raise MapFailedError(
                    "No symbol has a vector, so there is nothing to map. Choose a model (models.first)."
                )
            path = self._folder / f"{points.digest}.{VERSION}.npz"
            if not path.exists():
                self._run(points, path)
            found = _read(points, path)
            with self._lock:
                self._map = found
        except Exception as error:  # whatever it is, the page tells it: nobody else sees how this thread ends
            logger.warning("The map could not be computed: %s", error, exc_info=not isinstance(error, SemlensError))
            with self._lock:
                self._problem = str(error) or type(error).__name__
        finally:
            with self._lock:
                self._is_computing = False

    def _run(self, points: MapPoints, path: Path) -> None:
        """:raises MapFailedError: when the process fails."""
        make_private_folders(self._folder)
        _make_room(self._folder)
        source = path.with_suffix(".points")
        names = np.frombuffer("\n".join(points.names()).encode("utf-8", "replace"), np.uint8)
        try:
            with os.fdopen(os.open(source, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                np.savez(file, vectors=points.vectors, hashes=points.hashes, names=names)
            with subprocess.Popen(
                module_command(PROGRAM, str(source), str(path)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**module_environment(), **dict.fromkeys(_BLAS, "1")},
            ) as process:
                with self._lock:
                    self._process = process
                    if self._is_closed:
                        process.kill()
                assert process.stdout is not None
                for line in process.stdout:
                    with contextlib.suppress(ValueError):
                        self.progress = float(line)
        finally:
            source.unlink(missing_ok=True)
            with self._lock:
                self._process = None
        if process.returncode:
            raise MapFailedError(f"The process that computes the map ended with code {process.returncode}. Try again.")


def _make_room(folder: Path) -> None:
    """Delete the oldest maps, and what computations that were killed left."""
    now = time.time()
    for old in sorted(folder.glob("*.npz"), key=lambda one: one.stat().st_mtime)[: -MAX_KEPT + 1]:
        old.unlink(missing_ok=True)
    for left in (*folder.glob("*.points"), *folder.glob("*.part")):
        if now - left.stat().st_mtime > _LEFT_SECONDS:
            left.unlink(missing_ok=True)


def symbols_of(found: IndexedMap, numbers: Sequence[int]) -> list[MapSymbol | None]:
    """The symbols of points. None for a number that no point has."""
    points = found.points
    return [_symbol(points, number) if 0 <= number < len(points) else None for number in numbers]


def _symbol(points: MapPoints, number: int) -> MapSymbol:
    segment = points.views[int(points.view_of[number])].segment
    row = int(points.symbol_of[number])
    symbols = segment.symbols
    root, path = points.files[int(points.file_of[number])]
    span = symbols.span(row)
    return MapSymbol(
        root,
        path,
        symbols.names[row],
        symbols.qualified_names[row],
        SymbolKind(int(symbols.kinds[row])).label,
        segment.files.language(int(symbols.files[row])),
        span.start_line,
        span.last_line,
        int(points.name_lines[number]),
    )


def _read(points: MapPoints, path: Path) -> IndexedMap:
    """:raises MapFailedError: when the file is of other points or damaged. :raises OSError: when it cannot be read."""
    try:
        with path.open("rb") as file, np.load(file) as data:  # numpy leaves a damaged file open that it opened itself
            positions = np.ascontiguousarray(data["positions"], np.float32)
            labels: list[dict[str, Any]] = json.loads(data["labels"].tobytes())
        if positions.shape != (len(points), 2) or not np.isfinite(positions).all():
            raise ValueError("other points")
        return IndexedMap(points.without_vectors(), positions, tuple(AreaLabel(**label) for label in labels))
    except OSError:
        raise
    except Exception as error:  # of a damaged file, numpy, zipfile and json raise many kinds
        path.unlink(missing_ok=True)
        raise MapFailedError("The map that was kept is damaged. Open the map again.") from error
