"""Runs the static model: a weighted sum of word vectors per field. It embeds thousands of passages a second."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from semlens.core.errors import ModelError
from semlens.embedding.embedder import PassageTokenizer, TokenIds, Vectors
from semlens.embedding.local.question_language import read_translator
from semlens.embedding.local.static_tokenizer import N_FIELDS, QUERY_FIELD, StaticTokenizer
from semlens.embedding.manifest import MODEL_FILE, ModelManifest

BATCH = 64  # passages per run; their word vectors (about 64 x 150 x 256 floats) fit a core's cache
_ID = np.dtype("<u2")
_FIELD_NUMBERS = np.arange(N_FIELDS, dtype=np.int32)

Ids = npt.NDArray[np.int32]


class StaticEmbedder:
    """See ``Embedder``."""

    def __init__(self, manifest: ModelManifest, *, threads: int) -> None:
        """:param threads: number of batches embedded at the same time.

        :raises ModelError: when the files do not match the manifest or each other.
        """
        from semlens.embedding.local.runtime import open_session

        self._manifest = manifest
        self._tokenizer = StaticTokenizer(manifest)
        self._translator = read_translator(manifest)
        self._session = open_session(manifest.read(MODEL_FILE), manifest.name)
        self._threads = max(1, threads)
        self._pool = ThreadPoolExecutor(max_workers=self._threads, thread_name_prefix="semlens-embed")
        self._check()

    @property
    def manifest(self) -> ModelManifest:
        return self._manifest

    @property
    def tokenizer(self) -> PassageTokenizer:
        return self._tokenizer

    @property
    def batch(self) -> int:
        return BATCH

    def run(self, tokens: Sequence[TokenIds]) -> Vectors:
        return self._run(*_padded(tokens))

    def embed(self, tokens: Sequence[TokenIds]) -> Vectors:
        vectors = np.zeros((len(tokens), self._manifest.dimension), dtype=np.float32)
        # similar lengths share a batch, because a batch is as wide as its longest passage
        order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
        batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]

        def run(rows: list[int]) -> None:
            vectors[rows] = self.run([tokens[row] for row in rows])

        if len(batches) > 1 and self._threads > 1:
            list(self._pool.map(run, batches))
        else:
            for rows in batches:
                run(rows)
        return vectors

    def embed_query(self, query: str) -> npt.NDArray[np.float32]:
        ids = self._tokenizer.table.query(self._translator.english(query))
        if not ids:
            return np.zeros(self._manifest.dimension, dtype=np.float32)
        row = np.asarray([ids], dtype=np.int32)
        vector: npt.NDArray[np.float32] = self._run(row, np.full_like(row, QUERY_FIELD))[0]
        return vector

    def _run(self, ids: Ids, fields: Ids) -> Vectors:
        vectors: Vectors = self._session.run(None, {"ids": ids, "fields": fields})[0]
        return vectors

    def _check(self) -> None:
        """Embed the first and the last word once, so that a mismatch of vocabulary or dimension fails at loading."""
        from semlens.embedding.local.runtime import first_line

        name = self._manifest.name
        last = int(self._manifest.details["vocabulary"]) - 1
        try:
            vectors = self._run(np.asarray([[1, last]], dtype=np.int32), np.zeros((1, 2), dtype=np.int32))
        except Exception as error:  # its exception types share no public base
            raise ModelError(f"The word list of model {name} does not fit its graph ({first_line(error)}).") from error
        if vectors.shape != (1, self._manifest.dimension):
            raise ModelError(
                f"Model {name} gives vectors of dimension {vectors.shape[-1]}, but its manifest says"
                f" {self._manifest.dimension}. Install the model again."
            )


def _padded(tokens: Sequence[TokenIds]) -> tuple[Ids, Ids]:
    """Return ids and their fields, both of shape (rows, longest row). Id 0 is padding."""
    rows = [np.frombuffer(passage_tokens, dtype=_ID) for passage_tokens in tokens]
    width = max(max((len(row) - N_FIELDS for row in rows), default=0), 1)
    ids = np.zeros((len(rows), width), dtype=np.int32)
    fields = np.zeros((len(rows), width), dtype=np.int32)
    for index, row in enumerate(rows):
        length = len(row) - N_FIELDS
        ids[index, :length] = row[N_FIELDS:]
        fields[index, :length] = np.repeat(_FIELD_NUMBERS, row[:N_FIELDS])
    return ids, fields
