"""A graph over the vectors of one segment (HNSW, by USearch): a search visits few vectors instead of all.

Equal vectors are one node: code is copied, and many copies, which are each other's nearest, would be an island that no
search reaches. The graph is stored in a column file of its own beside the segment, so a truncated or altered graph is
found by its checksum before the native code sees it. It is mapped, not read: it costs memory only for the pages that
searches touch. USearch holds the interpreter lock while it builds, so `workers/hnsw_worker` builds graphs in a process
of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from usearch.index import Index, MetricKind, ScalarKind  # type: ignore[attr-defined]  # its stubs forget two exports

from semlens.index.arrays import Int8Matrix
from semlens.index.nearest.vector_store import Cosines, Int8Vector
from semlens.index.segment.columns import Array, ColumnFileError, ranges, read_column_file, write_column_file

CONNECTIVITY = 16
EXPANSION_ADD = 96
"""Edges of a vector, and vectors that are compared when one is added. bench/vector_index.py measures others."""

EXPANSION_SEARCH = 256
"""Vectors that a search keeps in view. A search for more neighbours keeps as many as it is asked for."""

_CHUNK = 256
"""Vectors that are added between two looks at whether the build is still wanted: a few hundredths of a second."""


@dataclass(frozen=True, slots=True)
class GraphData:
    """What is stored of a graph.

    :ivar graph: the nodes and edges, in USearch's format. :ivar rows: rows of the matrix, node by node.
    :ivar starts: where the rows of each node begin, and the number of rows.
    """

    graph: npt.NDArray[np.uint8]
    rows: npt.NDArray[np.uint32]
    starts: npt.NDArray[np.uint32]


class HnswGraph:
    """The graph over the rows of one matrix of vectors. Thread-safe.

    :param data: what `build_graph` returned, or a view of it. It is kept. :param expansion: see `EXPANSION_SEARCH`.
    """

    def __init__(self, data: GraphData, *, expansion: int = EXPANSION_SEARCH) -> None:
        """:raises ColumnFileError: when the data is not a graph."""
        self._data = data
        try:
            index = Index.restore(data.graph.data, view=True, expansion_search=expansion)
        except (RuntimeError, ValueError, TypeError) as error:
            raise ColumnFileError(f"the graph of the vectors cannot be read: {error}") from error
        if index is None or len(data.starts) != len(index) + 1 or int(data.starts[-1]) != len(data.rows):
            raise ColumnFileError("the graph of the vectors is not whole")
        self._index = index

    @property
    def dimension(self) -> int:
        return int(self._index.ndim)

    def __len__(self) -> int:
        return len(self._data.rows)

    def nearest(self, query: Int8Vector, count: int) -> tuple[npt.NDArray[np.int64], Cosines]:
        """Rows of the matrix that are nearest to a quantised query, best first, with their cosines.

        All rows of equal vectors are returned, so there may be more than ``count``.
        """
        count = min(count, len(self._index))
        if not count:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        matches = self._index.search(query, count, threads=1)
        nodes = matches.keys.astype(np.int64)
        starts = self._data.starts[nodes].astype(np.int64)
        lengths = self._data.starts[nodes + 1].astype(np.int64) - starts
        rows = self._data.rows[ranges(starts, lengths)].astype(np.int64)
        return rows, np.repeat((1.0 - matches.distances).astype(np.float32), lengths)


def build_graph(
    matrix: Int8Matrix,
    *,
    connectivity: int = CONNECTIVITY,
    expansion_add: int = EXPANSION_ADD,
    is_wanted: Callable[[], bool] = lambda: True,
) -> GraphData:
    """Build the graph of all rows, on one thread. Takes about a second for 3,000 vectors.

    :param is_wanted: asked every now and then.
    :raises InterruptedError: when the graph is not wanted any more.
    """
    index = Index(
        ndim=matrix.shape[1],
        metric=MetricKind.Cos,
        dtype=ScalarKind.I8,
        connectivity=connectivity,
        expansion_add=expansion_add,
        expansion_search=EXPANSION_SEARCH,
    )
    rows, starts = _equal_rows(matrix)
    nodes = rows[starts[:-1]]
    for start in range(0, len(nodes), _CHUNK):
        if not is_wanted():
            raise InterruptedError("the graph is not wanted any more")
        part = np.ascontiguousarray(matrix[nodes[start : start + _CHUNK]])
        index.add(np.arange(start, start + len(part), dtype=np.uint64), part, threads=1)
    data = index.save()
    assert data is not None  # without a path it returns the bytes
    return GraphData(np.frombuffer(data, np.uint8), rows, starts)


def _equal_rows(matrix: Int8Matrix) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Rows, those of equal vectors together, and where each group of them begins, in the order of their first rows."""
    if not len(matrix):
        return np.zeros(0, np.uint32), np.zeros(1, np.uint32)
    vectors = np.ascontiguousarray(matrix).view(f"V{matrix.shape[1]}").reshape(-1)
    order = np.argsort(vectors, kind="stable")
    is_new = np.concatenate(([True], (matrix[order[1:]] != matrix[order[:-1]]).any(axis=1)))
    starts = np.flatnonzero(is_new)
    lengths = np.diff(starts, append=len(matrix))
    by_first_row = np.argsort(order[starts], kind="stable")  # neighbours in a file are added one after the other
    rows = order[ranges(starts[by_first_row], lengths[by_first_row])]
    ends = np.cumsum(lengths[by_first_row])
    return rows.astype(np.uint32), np.concatenate(([0], ends)).astype(np.uint32)


def graph_path(folder: Path, segment_id: str, fingerprint: str) -> Path:
    return folder / f"{segment_id}.{fingerprint}.usearch"


def write_graph(folder: Path, segment_id: str, fingerprint: str, data: GraphData) -> int:
    """Write the whole file or nothing.

    :returns: its size in bytes.
    :raises OSError: when the disk is full or the folder cannot be written.
    """
    identity = {"segment": segment_id, "model": fingerprint}
    columns: dict[str, Array] = {"graph": data.graph, "rows": data.rows, "starts": data.starts}
    return write_column_file(graph_path(folder, segment_id, fingerprint), columns, identity)


def read_graph(folder: Path, segment_id: str, fingerprint: str, shape: tuple[int, int]) -> HnswGraph:
    """Map a graph into memory.

    :param shape: number and length of the vectors that it must be of.
    :raises ColumnFileError: when it is missing, damaged, or of other vectors.
    """
    path = graph_path(folder, segment_id, fingerprint)
    arrays, identity = read_column_file(path)
    if identity != {"segment": segment_id, "model": fingerprint} or arrays.keys() != {"graph", "rows", "starts"}:
        raise ColumnFileError(f"{path} holds another graph")
    graph = HnswGraph(GraphData(arrays["graph"], arrays["rows"], arrays["starts"]))
    if (len(graph), graph.dimension) != shape:
        raise ColumnFileError(f"{path} is of {len(graph)} vectors of {graph.dimension} components, not of {shape}")
    return graph
