"""Vectors from an embedding service: batches within limits, retries, and what of the answers is believed.

Speaks OpenAI's ``/v1/embeddings``, which most services have, and Ollama's ``/api/embed``.
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
"""Of one request: what the least of the common servers takes without being set up for more."""

FIRST_BATCH_TEXTS = 8
FAST_REQUEST_SECONDS, SLOW_REQUEST_SECONDS = 2.0, 10.0
"""A request of at most the one doubles the next batches, one of more than the other halves them."""

MAX_TRUNCATIONS = 2

MAX_ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 20.0
"""A service that wants to be left alone for longer is: the engine asks again when that time is over."""

_sleep = asyncio.sleep

OnVectors = Callable[[Sequence[int], Vectors], None]
OnSent = Callable[[int, int, int], None]
"""Gets numbers of texts, of their bytes, and of secrets masked in them, whenever some have left."""


class RemoteEmbedder:
    """One service. Thread-safe; opens its first connection with the first text.

    :ivar dimension: of its vectors; 0 until the first answer.
    """

    def __init__(self, service: Service, dimension: int = 0, on_sent: OnSent = lambda *_: None) -> None:
        """:param dimension: what it gave before, if it did: anything else is refused.

        :raises ServiceError: when its key or its certificates cannot be had.
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
        """Give up what is under way."""
        self._channel.close()

    def embed(self, tokens: Sequence[TokenIds]) -> Vectors:
        """All or nothing; `embed_each` loses nothing at a fault. :raises ServiceError: as it does."""
        rows: dict[int, npt.NDArray[np.float32]] = {}
        self.embed_each(
            [OutgoingText.unpack(one) for one in tokens],
            lambda indices, vectors: rows.update(zip(indices, vectors, strict=True)),
        )
        return (
            np.stack([rows[index] for index in range(len(tokens))])
            if tokens
            else np.zeros((0, self.dimension), np.float32)
        )

    def embed_query(self, query: str) -> npt.NDArray[np.float32]:
        """One attempt; blocks. :raises ServiceError: as `embed_each` does."""
        return self.submit_query(query).result()

    def embed_each(self, texts: Sequence[OutgoingText], on_vectors: OnVectors) -> None:
        """Embed all, handing vectors over as they come, in any order: what came before a fault is not lost.

        :param on_vectors: called on another thread with indices into the texts and their vectors, rows of length 1.
        :raises ServiceError: the first fault that trying again does not mend.
        """
        if not texts:
            return
        future = self._channel.submit(lambda: self._embed_each(texts, on_vectors))
        try:
            future.result()
        except concurrent.futures.CancelledError as error:
            raise unreachable(self.service, "semlens ends") from error

    def submit_query(self, query: str) -> concurrent.futures.Future[npt.NDArray[np.float32]]:
        """Vector of a question, one attempt; raises as `embed_each` does."""
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
        """One request, or two halves of it where a whole one is too large or too slow."""
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
        """Our count may be below the service's: a text that is too long for it is cut shorter, down to a quarter."""
        for _ in range(MAX_TRUNCATIONS):
            try:
                return await self._request_with_retries([text])
            except ServiceError as error:
                if error.fault is not Fault.TOO_LARGE:
                    raise
                text = text.first_half()
        return await self._request_with_retries([text])

    async def _request_with_retries(self, texts: Sequence[OutgoingText]) -> Vectors:
        """Try again what may pass, after growing pauses of random length, so that not all clients come at once."""
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
        """The vectors of an answer, rows of length 1.

        :raises ServiceError: when it is anything else than one sound vector a text, of the dimension known.
        """
        try:
            rows = _rows_of(answer, ollama=self.service.speaks_ollama)
            with np.errstate(over="ignore"):
                vectors = np.asarray(rows, dtype=np.float32)
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise invalid_answer(self.service, "something else") from error
        if vectors.ndim != 2 or not vectors.shape[1]:
            raise invalid_answer(self.service, "something else")
        if len(vectors) != n_texts:
            raise invalid_answer(self.service, f"{len(vectors)} vectors for {n_texts} texts")
        if self.service.dimensions and vectors.shape[1] != self.service.dimensions:
            raise unwanted_dimension(self.service, vectors.shape[1])
        if self.dimension and vectors.shape[1] != self.dimension:
            raise dimension_changed(self.service, vectors.shape[1], self.dimension)
        with np.errstate(over="ignore"):
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise invalid_answer(self.service, "numbers that are no direction")
        self.dimension = vectors.shape[1]
        directions: Vectors = vectors / lengths
        return directions


def _rows_of(answer: Any, *, ollama: bool) -> list[list[float]]:
    """:raises KeyError, TypeError, ValueError: when the answer is not of the API's form."""
    if ollama:
        return list(answer["embeddings"])
    data = list(answer["data"])
    if all("index" in item for item in data):
        data.sort(key=lambda item: int(item["index"]))
    return [item["embedding"] for item in data]
