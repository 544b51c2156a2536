"""Resolves the places that a query names, path fragments and stack frames, to indexed files and symbols.

Finding them in the text belongs to `search/query`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from semlens.core.paths import relative_path
from semlens.core.symbol import Role
from semlens.index.arrays import Floats
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import Query
from semlens.search.query.stack_traces import Frame
from semlens.search.signals.static_signals import static_signals_of

_WHOLE_NAME = 1.0
_INSIDE = 0.6
_FOREIGN = 0.5
"""Factor for frames in vendored code, because the user looks for the innermost frame in their own code."""


@dataclass(frozen=True, slots=True)
class FramePlace:
    """A frame found in the index.

    :ivar view: number of the view. :ivar file: row of the file. :ivar symbol: row of the innermost symbol, or -1.
    :ivar worth: 0 to 1, highest for the innermost frame outside vendored code.
    """

    view: int
    file: int
    symbol: int
    worth: float


def match_paths(view: SegmentView, query: Query) -> Floats | None:
    """How well each file's path matches the path fragments, 0 to 1, shape (f,). None when the query has no fragment."""
    if not query.paths:
        return None
    paths = static_signals_of(view.segment).paths
    out = np.zeros(len(paths), np.float32)
    for fragment in query.paths:
        slashed = "/" + fragment
        for row, path in enumerate(paths):
            if fragment in path:
                if path == fragment or path.endswith(slashed):
                    out[row] = max(out[row], _WHOLE_NAME)
                else:
                    at_border = f"/{path}".find(slashed) >= 0
                    out[row] = max(out[row], _INSIDE * (1.0 if at_border else 0.7))
    if view.alive is not None:
        out[~view.alive] = 0.0
    return out


def nearness(view: SegmentView, path: str) -> Floats:
    """How near each file is to a document: the share of the document's folders that both have. Shape (f,).

    :param path: absolute path of the document.
    """
    static = static_signals_of(view.segment)
    inside = relative_path(view.root, path) if view.root else None
    if not inside:
        return np.zeros(len(static.paths), np.float32)
    folders = inside.lower().split("/")[:-1]
    shares = [(_shared_start(folders, place.split("/")) + 1) / (len(folders) + 1) for place in static.places]
    return np.array(shares, np.float32)[static.place_of]


def _shared_start(first: Sequence[str], second: Sequence[str]) -> int:
    count = 0
    for part, other in zip(first, second, strict=False):
        if part != other:
            break
        count += 1
    return count


FrameCandidate = tuple[int, bool, int, str, int, int, int]
"""A file that may be that of a frame, as a key that sorts the best first: components of the path that are not shared
(negative), whether it is vendored, its depth, its path; then view, file and symbol."""


def resolve_frames(views: Sequence[SegmentView], frames: Sequence[Frame]) -> list[FramePlace]:
    """The frames whose files are indexed, innermost first, without repetitions."""
    return places_of_frames([frame_candidates(enumerate(views), frames)])


def frame_candidates(views: Iterable[tuple[int, SegmentView]], frames: Sequence[Frame]) -> list[FrameCandidate | None]:
    """For each frame, the best file of these views. :param views: each with its number."""
    numbered = list(views)
    return [_file_of(numbered, frame) for frame in frames]


def places_of_frames(candidates: Sequence[Sequence[FrameCandidate | None]]) -> list[FramePlace]:
    """:param candidates: of each reader, one for each frame."""
    frame_places: list[tuple[bool, FramePlace]] = []
    seen = set()
    for of_readers in zip(*candidates, strict=True):
        best = min((one for one in of_readers if one is not None), default=None)
        if best is not None and best[4:] not in seen:
            seen.add(best[4:])
            frame_places.append((best[1], FramePlace(best[4], best[5], best[6], 0.0)))
    ordered = [place for foreign, place in frame_places if not foreign] + [
        place for foreign, place in frame_places if foreign
    ]
    n_own = sum(not foreign for foreign, _ in frame_places)
    return [
        FramePlace(place.view, place.file, place.symbol, (1.0 if at < n_own else _FOREIGN) * 0.95**at)
        for at, place in enumerate(ordered)
    ]


def _file_of(views: Sequence[tuple[int, SegmentView]], frame: Frame) -> FrameCandidate | None:
    """The file whose path shares the longest suffix with the frame's, at least its base name.

    Ties are broken in this order: not vendored, fewest folders, first by path.
    """
    path = frame.path.lower()
    base = path.rpartition("/")[2]
    candidates = []
    for number, view in views:
        roles = view.segment.files.roles
        for row, candidate in enumerate(static_signals_of(view.segment).paths):
            if not candidate.endswith(base) or (view.alive is not None and not view.alive[row]):
                continue
            shared = _shared_end(path, candidate)
            if shared == 1 and "/" in path and "/" in candidate:
                continue  # another file of the same name
            if shared:
                is_foreign = bool(int(roles[row]) & int(Role.VENDORED))
                candidates.append((-shared, is_foreign, candidate.count("/"), candidate, number, row))
    if not candidates:
        return None
    best = min(candidates)
    view = next(view for number, view in views if number == best[4])
    return (*best, _symbol_at(view, best[5], frame))


def _shared_end(first: str, second: str) -> int:
    """Number of path components that two paths share at their ends."""
    count = 0
    for part, other in zip(reversed(first.split("/")), reversed(second.split("/")), strict=False):
        if part != other:
            break
        count += 1
    return count


def _symbol_at(view: SegmentView, file: int, frame: Frame) -> int:
    """Row of the innermost symbol around the frame's line, or of the frame's function when the line has moved."""
    symbols = view.segment.symbols
    of_file, around = symbols.of_file(file), symbols.around(file, frame.line)
    if frame.name and frame.name not in {symbols.names[row] for row in around.tolist()}:
        named = [row for row in range(of_file.start, of_file.stop) if symbols.names[row] == frame.name]
        if named:
            return min(named, key=lambda row: abs(int(symbols.spans[row, 0]) - frame.line))
    return symbols.innermost(around) if len(around) else -1
