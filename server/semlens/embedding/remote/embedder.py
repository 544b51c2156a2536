"""Gets vectors from an embedding service: builds batches, retries requests and checks answers.

Only ``http_channel`` opens connections. The APIs are OpenAI's ``/v1/embeddings`` and Ollama's ``/api/embed``.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from semlens.embedding.embedder import TokenIds, Vectors
from semlens.embedding.manifest import ModelManifest
from semlens.embedding.remote.errors import (
    Fault,
    ServiceError,
    dimension_changed,
    invalid_answer,
    unreachable,
    unwanted_dimension,
)
from semlens.embedding.remote.http_channel import HttpChannel
from semlens.embedding.remote.outgoing_text import OutgoingText, RemoteTokenizer
from semlens.embedding.remote.service import Service
from semlens.embedding.remote.service_key import read_key

MAX_BATCH_TEXTS = 32
MAX_BATCH_TOKENS = 8_192
"""Limit of one request. Every common server accepts this with its default configuration."""

FIRST_BATCH_TEXTS = 8
FAST_REQUEST_SECONDS, SLOW_REQUEST_SECONDS = 2.0, 10.0
"""A faster request doubles the size of the next batches; a slower one halves it."""

MAX_TRUNCATIONS = 2

MAX_ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 20.0
"""When a service asks for a longer pause, the request fails and the engine retries it later."""

_sleep = asyncio.sleep

OnVectors = Callable[[Sequence[int], Vectors], None]
OnSent = Callable[[int, int, int], None]
"""Called after each sent request with the number of texts, of bytes and of masked secrets."""


class RemoteEmbedder:
    """The client of one service. It is thread-safe and connects with the first text.

    :ivar dimension: dimension of the vectors; 0 before the first answer.
    """

    def __init__(self, service: Service, dimension: int = 0, on_sent: OnSent = lambda *_: None) -> None:
        """:param dimension: dimension of earlier vectors; any other is rejected. 0 accepts any.

        :raises ServiceError: when the key or the certificates cannot be read.
        :raises ModelError: when the tokenizer file cannot be read.
        """
        self.service = service
        self.tokenizer = RemoteTokenizer(service)
        self.dimension = dimension
        self._on_sent = on_sent
        self._channel = HttpChannel(service, read_key(service))
        self._batch_texts = FIRST_BATCH_TEXTS

    @property
    def manifest(self) -> ModelManifest:
        return replace(self.service.manifest, dimension=self.dimension or self.service.dimensions)

    def close(self) -> None:
        """Cancel all requests and close the connections."""
        self._channel.close()

    def embed(self, tokens: Sequence[TokenIds]) -> Vectors:
        """Return vectors of all passages, or raise. `embed_each` keeps what came before an error.

        :raises ServiceError: when the service fails.
        """
        rows: dict[int, npt.NDArray[np.float32]] = {}
        self.embed_each(
            [OutgoingText.unpack(packed) for packed in tokens],
            lambda indices, vectors: rows.update(zip(indices, vectors, strict=True)),
        )
        return (
            np.stack([rows[index] for index in range(len(tokens))])
            if tokens
            else np.zeros((0, self.dimension), np.float32)
        )

    def embed_query(self, query: str) -> npt.NDArray[np.float32]:
        """Embed a query in one attempt, and wait for the vector.

        :raises ServiceError: when the service fails.
        """
        return self.submit_query(query).result()

    def embed_each(self, texts: Sequence[OutgoingText], on_vectors: OnVectors) -> None:
        """Embed all texts and pass vectors on as they arrive, in any order.

        :param on_vectors: called on another thread with indices into the texts and their vectors (rows of length 1).
        :raises ServiceError: the first error that a retry did not resolve.
        """
        if not texts:
            return
        future = self._channel.submit(lambda: self._embed_each(texts, on_vectors))
        try:
            future.result()
        except concurrent.futures.CancelledError as error:
            raise unreachable(self.service, "semlens is shutting down") from error

    def submit_query(self, query: str) -> concurrent.futures.Future[npt.NDArray[np.float32]]:
        """Start to embed a query, in one attempt. The future raises `ServiceError`."""
        text = self.tokenizer.query(query)

        async def embed_query_text() -> npt.NDArray[np.float32]:
            vector: npt.NDArray[np.float32] = (await self._request([text]))[0]
            return vector

        return self._channel.submit(embed_query_text)

    async def _embed_each(self, texts: Sequence[OutgoingText], on_vectors: OnVectors) -> None:
        waiting = deque(range(len(texts)))
        faults: list[ServiceError] = []

        async def work() -> None:
            while waiting and not faults:
                try:
                    await self._embed_batch(self._next_batch(waiting, texts), texts, on_vectors)
                except ServiceError as error:
                    faults.append(error)

        await asyncio.gather(*(work() for _ in range(self.service.concurrency)))
        if faults:
            raise faults[0]

    def _next_batch(self, waiting: deque[int], texts: Sequence[OutgoingText]) -> list[int]:
        batch = [waiting.popleft()]
        n_tokens = texts[batch[0]].n_tokens
        while waiting and len(batch) < self._batch_texts:
            n_tokens += texts[waiting[0]].n_tokens
            if n_tokens > MAX_BATCH_TOKENS:
                break
            batch.append(waiting.popleft())
        return batch

    async def _embed_batch(self, batch: Sequence[int], texts: Sequence[OutgoingText], on_vectors: OnVectors) -> None:
        """Send one batch. If it is too large or too slow, send its two halves."""
        started = time.monotonic()
        try:
            if len(batch) == 1:
                vectors = await self._embed_one(texts[batch[0]])
            else:
                vectors = await self._request_with_retries([texts[index] for index in batch])
        except ServiceError as error:
            if len(batch) == 1 or not error.fault.splittable:
                raise
            half = len(batch) // 2
            self._batch_texts = min(self._batch_texts, half)
            await self._embed_batch(batch[:half], texts, on_vectors)
            await self._embed_batch(batch[half:], texts, on_vectors)
            return
        elapsed_s = time.monotonic() - started
        if elapsed_s > SLOW_REQUEST_SECONDS:
            self._batch_texts = max(1, self._batch_texts // 2)
        elif elapsed_s < FAST_REQUEST_SECONDS and len(batch) == self._batch_texts:
            self._batch_texts = min(MAX_BATCH_TEXTS, self._batch_texts * 2)
        on_vectors(batch, vectors)

    async def _embed_one(self, text: OutgoingText) -> Vectors:
        """Send one text. If the service finds it too long, halve it, down to a quarter.

        The service may count more tokens than our estimate.
        """
        for _ in range(MAX_TRUNCATIONS):
            try:
                return await self._request_with_retries([text])
            except ServiceError as error:
                if error.fault is not Fault.TOO_LARGE:
                    raise
                text = text.first_half()
        return await self._request_with_retries([text])

    async def _request_with_retries(self, texts: Sequence[OutgoingText]) -> Vectors:
        """Retry temporary errors with exponential backoff and jitter, so that clients do not retry at the same time."""
        for attempt in range(MAX_ATTEMPTS):
            try:
                return await self._request(texts)
            except ServiceError as error:
                pause_s = max(error.retry_after_s, FIRST_PAUSE_SECONDS * 2**attempt * random.uniform(0.5, 1.5))
                give_up = error.fault.permanent or error.fault is Fault.SLOW or attempt == MAX_ATTEMPTS - 1
                if give_up or pause_s > MAX_PAUSE_SECONDS:
                    raise
                await _sleep(pause_s)
        raise AssertionError("the last attempt raises")

    async def _request(self, texts: Sequence[OutgoingText]) -> Vectors:
        body: dict[str, Any] = {"model": self.service.model, "input": [text.text for text in texts]}
        if self.service.dimensions:
            body["dimensions"] = self.service.dimensions
        if not self.service.speaks_ollama:
            body["encoding_format"] = "float"
        n_bytes, masked = sum(len(text.text.encode()) for text in texts), sum(text.masked for text in texts)
        answer = await self._channel.post(body, lambda: self._on_sent(len(texts), n_bytes, masked))
        return self._checked_vectors(answer, len(texts))

    def _checked_vectors(self, answer: Any, n_texts: int) -> Vectors:
        """Check an answer and return its vectors, normalised to length 1.

        :raises ServiceError: unless there is one finite, nonzero vector per text, with the expected dimension.
        """
        try:
            rows = _rows_of(answer, ollama=self.service.speaks_ollama)
            with np.errstate(over="ignore"):
                vectors = np.asarray(rows, dtype=np.float32)
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise invalid_answer(self.service, "unexpected JSON") from error
        if vectors.ndim != 2 or not vectors.shape[1]:
            raise invalid_answer(self.service, "unexpected JSON")
        if len(vectors) != n_texts:
            raise invalid_answer(self.service, f"{len(vectors)} vectors for {n_texts} texts")
        if self.service.dimensions and vectors.shape[1] != self.service.dimensions:
            raise unwanted_dimension(self.service, vectors.shape[1])
        if self.dimension and vectors.shape[1] != self.dimension:
            raise dimension_changed(self.service, vectors.shape[1], self.dimension)
        with np.errstate(over="ignore"):
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise invalid_answer(self.service, "vectors without a direction")
        self.dimension = vectors.shape[1]
        directions: Vectors = vectors / lengths
        return directions


def _rows_of(answer: Any, *, ollama: bool) -> list[list[float]]:
    """Return the vectors in the order of the texts.

    :raises KeyError, TypeError, ValueError: when the answer does not have the form of the API.
    """
    if ollama:
        return list(answer["embeddings"])
    data = list(answer["data"])
    if all("index" in item for item in data):
        data.sort(key=lambda item: int(item["index"]))
    return [item["embedding"] for item in data]
