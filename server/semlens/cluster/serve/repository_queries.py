"""Questions about one repository that lies whole in a shard: the engine's own query service over what is stored.

There is no work tree, no open document and no indexer. Whatever the service wants of these is there and empty.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from semlens.cluster.catalogue import Texts
from semlens.core.cancel import CancelToken
from semlens.core.paths import relative_path
from semlens.core.status import TierRole
from semlens.engine.graph.graph_queries import GraphQueryService
from semlens.engine.overlays.open_buffers import OpenBuffers
from semlens.engine.query.file_text_cache import FileText
from semlens.index.snapshot import IndexSnapshot, SegmentView
from semlens.search.signals.text_evidence import QueryVector
from semlens.syntax.parsing.decode import split_lines

METHODS = frozenset("similar duplicates context callers callees impact unused".split())


@dataclass(frozen=True, slots=True)
class AskedModel:
    """A model, as `Tier` is used by queries. It is loaded where the query came from.

    :ivar vector: of the query, if there is one.
    """

    fingerprint: str
    role: TierRole
    vector: QueryVector | None
    is_remote: bool = False
    store: None = None

    def query_vector(self, _query: str) -> QueryVector | None:
        return self.vector

    def with_neighbours(self, vector: QueryVector | None, _until: float) -> QueryVector | None:
        return vector


class RepositoryQueries:
    """Used by one thread at a time. What the service computes, such as the call graph, is kept."""

    def __init__(self, root: str, parts: Sequence[tuple[SegmentView, Texts]]) -> None:
        """:param parts: all segments of the repository, with their texts."""
        # queries use only a part of an indexer, a session, tiers and a cache of texts
        self._models: Any = []
        indexer: Any = SimpleNamespace(post=_ignore, post_change=_ignore)
        texts: Any = _StoredTexts(parts)
        snapshot = IndexSnapshot(1, tuple(view for view, _ in parts), complete=True)
        self._service = GraphQueryService(indexer, _session(root, snapshot), self._models, texts)

    def ask(self, method: str, arguments: Sequence[Any], models: Sequence[AskedModel]) -> Any:
        """:raises SemlensError: as the method of `CodeQueries` does."""
        assert method in METHODS
        self._models[:] = models
        return getattr(self._service, method)(*arguments, CancelToken())


class _StoredTexts:
    """See `FileTextCache`. The stored text is that of the segment, so it has its hash."""

    def __init__(self, parts: Sequence[tuple[SegmentView, Texts]]) -> None:
        self._parts = parts
        self._rows = {
            path: (number, row)
            for number, (view, _) in enumerate(parts)
            for row, path in enumerate(view.segment.files.paths.tolist())
        }

    def read(self, _root: str, path: str) -> FileText | None:
        place = self._rows.get(path)
        if place is None:
            return None
        view, texts = self._parts[place[0]]
        return FileText(tuple(split_lines(texts.texts[place[1]])), view.segment.files.hashes[place[1]].tobytes(), ())

    def read_opened(self, _path: str) -> None:
        return None


def _session(root: str, snapshot: IndexSnapshot) -> Any:
    """What queries use of `IndexSession`."""
    discovery = SimpleNamespace(relative=lambda path: relative_path(root, path))
    return SimpleNamespace(
        snapshot=snapshot,
        states={root: SimpleNamespace(discovery=discovery)},
        buffers=OpenBuffers(),
        overlays=SimpleNamespace(shown={}, is_slow=lambda _buffer: False, skip_debounce=_ignore),
        display_root=lambda name: name,
        published=threading.Condition(),
        shows=lambda _buffers: True,
        shows_all=True,
        is_published=True,
        settled=True,
        is_reader=True,
        recent=deque(maxlen=1),
    )


def _ignore(*_values: object) -> None:
    """Nothing changes here."""
