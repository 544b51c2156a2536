"""Runs a transformer: one session, several threads, one passage per run.

Dynamic int8 quantisation chooses its scales over the whole batch, so the rest of a batch would change a vector.
A cached vector must not depend on that. One passage per run is also the fastest (see docs/models.md).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from semlens.core.errors import ModelError
from semlens.core.symbol import Passage
from semlens.embedding.embedder import PassageTokenizer, TokenIds, Vectors
from semlens.embedding.local.question_language import read_translator
from semlens.embedding.manifest import MODEL_FILE, ModelManifest
from semlens.embedding.passage_text import CHARACTERS_PER_TOKEN, document_text, replace_unencodable

_MAX_QUERY_TOKENS = 64
_ID = np.dtype("<i4")


class TransformerTokenizer:
    """Turns passages into the ids of a Hugging Face ``tokenizer.json``, including special tokens."""

    def __init__(self, manifest: ModelManifest) -> None:
        """:raises ModelError: when the tokenizer is missing, altered or not readable."""
        # several parse workers run at once, so tokenizer threads would only compete for the cores
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer

        self._manifest = manifest
        self._prefix = str(manifest.details.get("document_prefix", ""))
        self._query_prefix = str(manifest.details.get("query_prefix", ""))
        text = manifest.read("tokenizer.json")
        try:
            self._tokenizer = Tokenizer.from_str(text.decode("utf-8"))
        except Exception as error:  # the library raises bare Exception
            raise ModelError(
                f"The tokenizer of model {manifest.name} cannot be read ({error}). Install it again."
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(manifest.max_tokens)
        expected = manifest.details.get("vocabulary")
        if expected is not None and expected != self.vocabulary:
            raise ModelError(
                f"The tokenizer of model {manifest.name} has {self.vocabulary} tokens,"
                f" but its manifest says {expected}. Install the model again."
            )

    @property
    def vocabulary(self) -> int:
        """Number of distinct tokens."""
        return int(self._tokenizer.get_vocab_size())

    def tokenize(self, passages: Sequence[Passage]) -> list[TokenIds]:
        limit = self._manifest.max_tokens
        texts = [replace_unencodable(self._prefix + document_text(passage, limit)) for passage in passages]
        encodings = self._tokenizer.encode_batch_fast(texts)
        return [np.asarray(encoding.ids, dtype=_ID).tobytes() for encoding in encodings]

    def tokenize_query(self, query: str) -> TokenIds:
        room = _MAX_QUERY_TOKENS * CHARACTERS_PER_TOKEN
        ids = self._tokenizer.encode(replace_unencodable(self._query_prefix + query[:room])).ids
        return np.asarray(ids, dtype=_ID).tobytes()


class TransformerEmbedder:
    """See ``Embedder``."""

    def __init__(self, manifest: ModelManifest, *, threads: int) -> None:
        """:param threads: number of passages embedded at the same time.

        :raises ModelError: when the files do not match the manifest or each other.
        """
        from semlens.embedding.local.runtime import open_session

        self._manifest = manifest
        self._tokenizer = TransformerTokenizer(manifest)
        self._translator = read_translator(manifest)
        graph_name = str(manifest.details.get("graph", MODEL_FILE))
        has_side_files = any(file.name.startswith(f"{graph_name}_data") for file in manifest.files)
        if has_side_files:
            manifest.verify()
            self._session = open_session(manifest.path(graph_name), manifest.name)
        else:
            self._session = open_session(manifest.read(graph_name), manifest.name)
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._pooling = str(manifest.details.get("pooling", "mean"))
        self._output = str(manifest.details.get("output") or self._session.get_outputs()[0].name)
        self._pool = ThreadPoolExecutor(max_workers=max(1, threads), thread_name_prefix="semlens-embed")
        self._check()

    @property
    def manifest(self) -> ModelManifest:
        return self._manifest

    @property
    def tokenizer(self) -> PassageTokenizer:
        return self._tokenizer

    @property
    def batch(self) -> int:
        return 1

    def embed(self, tokens: Sequence[TokenIds]) -> Vectors:
        vectors = np.zeros((len(tokens), self._manifest.dimension), dtype=np.float32)
        for row, vector in enumerate(self._pool.map(self.run, ([passage_tokens] for passage_tokens in tokens))):
            vectors[row] = vector[0]
        return vectors

    def embed_query(self, query: str) -> npt.NDArray[np.float32]:
        if not query.strip():
            return np.zeros(self._manifest.dimension, dtype=np.float32)
        vector: npt.NDArray[np.float32] = self.run([self._tokenizer.tokenize_query(self._translator.english(query))])[0]
        return vector

    def run(self, tokens: Sequence[TokenIds]) -> Vectors:
        ids, mask = _padded(tokens)
        feed: dict[str, Any] = {"input_ids": ids, "attention_mask": mask}
        if "token_type_ids" in self._inputs:
            feed["token_type_ids"] = np.zeros_like(ids)
        output: Vectors = np.asarray(self._session.run([self._output], feed)[0], dtype=np.float32)
        if output.ndim == 3:
            is_token = mask[:, :, None].astype(np.float32)
            output = (
                output[:, 0] if self._pooling == "cls" else (output * is_token).sum(axis=1)
            )  # normalised below, so the sum equals the mean
        lengths = np.linalg.norm(output, axis=1, keepdims=True)
        unit: Vectors = np.divide(output, lengths, out=np.zeros_like(output), where=lengths > 0)
        return unit

    def _check(self) -> None:
        """Run the first and the last token once, so that a mismatch of tokenizer or dimension fails at loading."""
        from semlens.embedding.local.runtime import first_line

        name = self._manifest.name
        needed = self._inputs - {"input_ids", "attention_mask", "token_type_ids"}
        if needed or "input_ids" not in self._inputs:
            raise ModelError(
                f"Model {name} is not a sentence-embedding graph: its inputs are {sorted(self._inputs)}."
                " Export it with input_ids and attention_mask."
            )
        ends = np.asarray([0, self._tokenizer.vocabulary - 1], dtype=_ID)
        try:
            (vector,) = self.run([ends.tobytes()])
        except Exception as error:  # its exception types share no public base
            raise ModelError(f"The tokenizer of model {name} does not fit its graph ({first_line(error)}).") from error
        if vector.shape != (self._manifest.dimension,):
            raise ModelError(
                f"Model {name} gives vectors of dimension {vector.shape[-1]}, but its manifest says"
                f" {self._manifest.dimension}. Install the model again."
            )


def _padded(tokens: Sequence[TokenIds]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return ids and the attention mask, both of shape (rows, longest row)."""
    rows = [np.frombuffer(passage_tokens, dtype=_ID) for passage_tokens in tokens]
    ids = np.zeros((len(rows), max(map(len, rows), default=0)), dtype=np.int64)
    mask = np.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
        mask[index, : len(row)] = 1
    return ids, mask
