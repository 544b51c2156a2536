"""The requests about the map of the index. Knows no HTTP."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.engine.browsing.browser import FileGoneError
from semlens.engine.mapping.index_map import IndexedMap, IndexMap, MapSymbol, MapUnavailableError, symbols_of
from semlens.http.errors import NotBuiltError
from semlens.service.codec import Json
from semlens.service.params import refuse, string

MAX_POINTS = 10_000
"""Of one request about symbols."""


class MapGoneError(FileGoneError):
    """There is another map now, or none."""


class MapMethods:
    """Thread-safe. Methods block, but not for the computation."""

    def __init__(self, index_map: IndexMap) -> None:
        self._map = index_map

    def state(self, _fields: Mapping[str, Any], _cancel: CancelToken) -> Json:
        """The map, or how far it is. The first request starts the computation."""
        try:
            found = self._map.ready()
        except MapUnavailableError as error:
            raise NotBuiltError(str(error)) from error
        if found is None:
            return {"state": "computing", "progress": round(self._map.progress, 3), "version": "", "points": 0}
        low, high = found.positions.min(axis=0).tolist(), found.positions.max(axis=0).tolist()
        return {
            "state": "ready",
            "progress": 1.0,
            "version": found.version,
            "points": len(found.points),
            "bounds": [*low, *high],
            "labels": [label._asdict() for label in found.labels],
            "languages": found.points.languages()[0],
            "kinds": found.points.kinds()[0],
            "folders": found.points.folders()[0],
        }

    def symbols(self, fields: Mapping[str, Any], _cancel: CancelToken) -> Json:
        found = self._of_version(_version(fields))
        numbers = _list(fields, "points")
        if not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers):
            refuse("`points` must be a list of numbers.")
        symbols = symbols_of(found, numbers)
        return {"symbols": [None if symbol is None else _symbol_json(symbol) for symbol in symbols]}

    def locate(self, fields: Mapping[str, Any], _cancel: CancelToken) -> Json:
        found = self._of_version(_version(fields))
        return {"points": [_point_of(found, place) for place in _list(fields, "places")]}

    def columns(self, version: str) -> bytes:
        """The points as the protocol writes them.

        :raises MapGoneError: when there is no such map.
        """
        found = self._of_version(version)
        points = found.points
        columns = (
            np.ascontiguousarray(found.positions[:, 0], "<f4"),
            np.ascontiguousarray(found.positions[:, 1], "<f4"),
            points.folders()[1].astype("<u2"),
            points.languages()[1].astype("<u2"),
            points.kinds()[1],
        )
        return struct.pack("<I", len(points)) + b"".join(column.tobytes() for column in columns)

    def _of_version(self, version: str) -> IndexedMap:
        found = self._map.of_version(version)
        if found is None:
            raise MapGoneError("There is another map now. Open the map again.")
        return found


def _version(fields: Mapping[str, Any]) -> str:
    version = string(fields, "version")
    if version is None:
        refuse("`version` is missing. It is that of the map.")
    return version


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
    values = fields.get(name)
    if not isinstance(values, list) or len(values) > MAX_POINTS:
        refuse(f"`{name}` must be a list of at most {MAX_POINTS} items.")
    return values


def _point_of(found: IndexedMap, place: object) -> int | None:
    if not isinstance(place, Mapping):
        raise UsageError("`places` must be a list of objects with `root`, `path` and `nameLine`.")
    root, path, line = place.get("root"), place.get("path"), place.get("nameLine")
    if not isinstance(root, str) or not isinstance(path, str) or not isinstance(line, int) or abs(line) > 1 << 31:
        raise UsageError("`places` must be a list of objects with `root`, `path` and `nameLine`.")
    return found.points.locate(root, path, line - 1)


def _symbol_json(symbol: MapSymbol) -> Json:
    return {
        "root": symbol.root,
        "path": symbol.path,
        "name": symbol.name,
        "qualifiedName": symbol.qualified_name,
        "kind": symbol.kind,
        "language": symbol.language,
        "startLine": symbol.start_line + 1,
        "endLine": symbol.last_line + 1,
        "nameLine": symbol.name_line + 1,
    }
