"""The parse worker: a process that reads, parses and takes apart files, and dies rather than hangs.

Started as ``python -m semlens.engine.worker`` with pipes of its own; it never touches the server's. It answers one
request at a time and exits when its input ends, so that no worker outlives its server. Bytes in, symbols out: it sees
neither the index nor the editor.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from semlens.core.errors import ModelError
from semlens.core.hashing import ContentHash, content_hash
from semlens.core.symbol import Outline, Passage
from semlens.embedding.registry import find_model, load_tokenizer
from semlens.engine.attributes import RootAttributes
from semlens.engine.discovery import content_skip_reason
from semlens.engine.file_reading import read_file
from semlens.engine.parse_messages import (
    SAME,
    BufferRequest,
    FileOutcome,
    FilesRequest,
    ParseResult,
    Request,
    Result,
    ShapesRequest,
    ShapesResult,
    TokensRequest,
    TokensResult,
    receive,
    send,
)
from semlens.engine.priority import lower_priority
from semlens.index.builder import ParsedFile, build_segment
from semlens.index.segment import segment_arrays
from semlens.syntax.decode import decode, split_lines
from semlens.syntax.parser import parse
from semlens.syntax.shapes import Shape, shapes_of

if TYPE_CHECKING:
    from semlens.embedding.embedder import PassageTokenizer, TokenIds

MAX_SECONDS_A_FILE = 8
"""Of processor time, so that a busy machine is no file's fault. A file that takes longer costs itself: the kernel ends
the worker, even inside a C function."""

MAX_MEMORY_BYTES = 2 << 30
"""Address space of a worker."""


class _Worker:
    """Answers requests; ``announce`` tells the parent which file is being worked on, in case it kills us."""

    def __init__(self, announce: Callable[[int], None]) -> None:
        self._announce = announce
        self._tokenizers: dict[str, PassageTokenizer | None] = {}

    def answer(self, request: Request) -> Result:
        match request:
            case FilesRequest():
                return self._parse_files(request)
            case BufferRequest():
                return self._parse_buffer(request)
            case TokensRequest():
                return self._tokenize_files(request)
            case ShapesRequest():
                return self._shape_files(request)

    def _tokenize(self, model: str, passages: list[Passage]) -> tuple[TokenIds, ...]:
        if not model:
            return ()
        if model not in self._tokenizers:
            try:
                self._tokenizers[model] = load_tokenizer(find_model(model))
            except ModelError:  # the files are not at fault; the server meets the same error and says it
                self._tokenizers[model] = None
        tokenizer = self._tokenizers[model]
        return tuple(tokenizer.tokenize(passages)) if tokenizer is not None else ()

    def _parse_files(self, request: FilesRequest) -> ParseResult:
        outcomes: list[FileOutcome] = []
        parsed: list[ParsedFile] = []
        attributes = RootAttributes(request.root)
        for number, (path, known) in enumerate(request.files):
            self._announce(number)
            stamp, data, reason = read_file(request.root, path, request.max_bytes)
            digest = content_hash(data) if not reason else b""
            if not reason and digest == known:
                reason = SAME
            reason = reason or content_skip_reason(path, data) or ""
            if not reason:
                with _alarm():
                    outline = parse(path, data)
                role = attributes.role_of(path, outline.role)
                parsed.append(ParsedFile(path, digest, replace(outline, role=role)))
            outcomes.append(FileOutcome(path, stamp, digest, reason))
        return self._result(outcomes, parsed, request.model)

    def _parse_buffer(self, request: BufferRequest) -> ParseResult:
        self._announce(0)
        started = time.process_time()
        with _alarm():
            outline = parse(request.path, request.text)
        file = ParsedFile(request.path, content_hash(request.text), outline)
        result = self._result([], [file], request.model, outline)
        return replace(result, seconds=time.process_time() - started)

    def _result(
        self, outcomes: list[FileOutcome], parsed: list[ParsedFile], model: str, outline: Outline | None = None
    ) -> ParseResult:
        if not parsed:
            return ParseResult(tuple(outcomes), None, (), outline)
        passages = [passage for file in parsed for passage in file.outline.passages]
        return ParseResult(
            tuple(outcomes), segment_arrays(build_segment(parsed)), self._tokenize(model, passages), outline
        )

    def _tokenize_files(self, request: TokensRequest) -> TokensResult:
        passages: dict[ContentHash, Passage] = {}
        for number, (path, known) in enumerate(request.files):
            self._announce(number)
            _, data, reason = read_file(request.root, path, MAX_MEMORY_BYTES)
            if not reason and content_hash(data) == known:
                with _alarm():
                    passages |= {passage.content_hash: passage for passage in parse(path, data).passages}
        tokens = self._tokenize(request.model, list(passages.values()))
        return TokensResult(dict(zip(passages, tokens, strict=True)) if tokens else {})

    def _shape_files(self, request: ShapesRequest) -> ShapesResult:
        found: list[tuple[Shape, ...] | None] = []
        for number, (path, known, stretches) in enumerate(request.files):
            self._announce(number)
            _, data, reason = read_file(request.root, path, MAX_MEMORY_BYTES)
            text = decode(data) if not reason and content_hash(data) == known else None
            if text is None:
                found.append(None)
                continue
            with _alarm():
                found.append(shapes_of(split_lines(text), stretches))
        return ShapesResult(tuple(found))


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    """SIGPROF's default action ends the process; Python need not get a turn for that."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS_A_FILE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _limit_memory() -> None:
    if sys.platform != "linux":  # macOS does not enforce it, Windows has no such call
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not end up between the frames
    if "--interactive" not in sys.argv:
        lower_priority()
    _limit_memory()
    worker = _Worker(lambda number: send(replies, number))
    while True:
        try:
            request = receive(requests)
        except EOFError:
            return
        try:
            send(replies, worker.answer(request))  # type: ignore[arg-type]
        except BrokenPipeError:
            return


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
