"""The parse worker: a process that reads, parses and takes apart files, and dies rather than hangs.

Started as ``python -m semlens.engine.worker`` with pipes of its own; it never touches the server's. It answers one
request at a time and exits when its input ends, so that no worker outlives its server. Bytes in, symbols out: it sees
neither the index nor the editor.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import stat
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from semlens.core.hashing import ContentHash, content_hash
from semlens.core.symbol import Outline, Passage
from semlens.embedding.registry import find_model, load_tokenizer
from semlens.index.builder import ParsedFile, build_segment
from semlens.index.columns import Array
from semlens.index.segment import segment_arrays
from semlens.index.store import FileStamp
from semlens.syntax.parser import parse

if TYPE_CHECKING:
    from semlens.embedding.embedder import PassageTokenizer, TokenIds

MAX_SECONDS_A_FILE = 8
"""A file that takes longer costs itself: the kernel ends the worker, even inside a C function."""

MAX_MEMORY_BYTES = 2 << 30
"""Address space of a worker."""

_FRAME = struct.Struct("<Q")
_INODE_BITS = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class FilesRequest:
    """Read and parse files of one root.

    :ivar files: (path relative to the root, content hash already indexed or b"").
    :ivar model: name or folder of the model to tokenise for, "" for none.
    """

    root: str
    files: tuple[tuple[str, ContentHash], ...]
    max_bytes: int
    model: str


@dataclass(frozen=True, slots=True)
class BufferRequest:
    """Parse one text that the editor holds."""

    path: str
    text: bytes
    model: str


@dataclass(frozen=True, slots=True)
class TokensRequest:
    """Tokenise passages of files again, for a model that has not seen them.

    :ivar files: (path, content hash that the index knows); a file that differs by now is left out.
    """

    root: str
    files: tuple[tuple[str, ContentHash], ...]
    model: str


Request: TypeAlias = FilesRequest | BufferRequest | TokensRequest


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file.

    :ivar stamp: None when the file is gone.
    :ivar reason: why it is not searchable; "" when it is, ``same`` when its content is what the index has.
    """

    path: str
    stamp: FileStamp | None
    hash: ContentHash
    reason: str


SAME = "same"


@dataclass(frozen=True, slots=True)
class ParseResult:
    """:ivar segment: columns of a segment of the files without a reason, in their order; None when there are none.

    :ivar tokens: tokenised passages in the order of the segment's, or empty when no model was named.
    :ivar outline: of a buffer.
    """

    outcomes: tuple[FileOutcome, ...]
    segment: dict[str, Array] | None
    tokens: tuple[TokenIds, ...]
    outline: Outline | None = None


@dataclass(frozen=True, slots=True)
class TokensResult:
    """:ivar tokens: by content hash of the passage."""

    tokens: dict[ContentHash, TokenIds]


def stamp_of(status: os.stat_result) -> FileStamp:
    return FileStamp(
        status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino & _INODE_BITS, time.time_ns()
    )


def read_file(root: str, path: str, max_bytes: int) -> tuple[FileStamp | None, bytes, str]:
    """Stamp, content and the reason why the content is not wanted. Never blocks on a pipe that a file became."""
    try:
        descriptor = os.open(
            os.path.join(root, path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
    except FileNotFoundError:
        return None, b"", "gone"
    except OSError:
        return None, b"", "unreadable"
    with open(descriptor, "rb") as file:
        try:
            status = os.fstat(descriptor)
            stamp = stamp_of(status)
            if not stat.S_ISREG(status.st_mode):
                return stamp, b"", "not code"
            if status.st_size > max_bytes:
                return stamp, b"", "too large"
            data = file.read(max_bytes + 1)
        except OSError:
            return None, b"", "unreadable"
    return stamp, data, "too large" if len(data) > max_bytes else ""


class _Worker:
    """Answers requests; ``announce`` tells the parent which file is being worked on, in case it kills us."""

    def __init__(self, announce: Callable[[int], None]) -> None:
        self._announce = announce
        self._tokenizers: dict[str, PassageTokenizer] = {}

    def answer(self, request: Request) -> ParseResult | TokensResult:
        match request:
            case FilesRequest():
                return self._parse_files(request)
            case BufferRequest():
                return self._parse_buffer(request)
            case TokensRequest():
                return self._tokenize_files(request)

    def _tokenize(self, model: str, passages: list[Passage]) -> tuple[TokenIds, ...]:
        if not model:
            return ()
        if model not in self._tokenizers:
            self._tokenizers[model] = load_tokenizer(find_model(model))
        return tuple(self._tokenizers[model].tokenize(passages))

    def _parse_files(self, request: FilesRequest) -> ParseResult:
        from semlens.engine.discovery import content_skip_reason

        outcomes: list[FileOutcome] = []
        parsed: list[ParsedFile] = []
        for number, (path, known) in enumerate(request.files):
            self._announce(number)
            stamp, data, reason = read_file(request.root, path, request.max_bytes)
            digest = content_hash(data) if not reason else b""
            if not reason and digest == known:
                reason = SAME
            reason = reason or content_skip_reason(path, data) or ""
            if not reason:
                with _alarm():
                    parsed.append(ParsedFile(path, digest, parse(path, data)))
            outcomes.append(FileOutcome(path, stamp, digest, reason))
        return self._result(outcomes, parsed, request.model)

    def _parse_buffer(self, request: BufferRequest) -> ParseResult:
        self._announce(0)
        with _alarm():
            outline = parse(request.path, request.text)
        file = ParsedFile(request.path, content_hash(request.text), outline)
        return self._result([], [file], request.model, outline)

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
        return TokensResult(dict(zip(passages, tokens, strict=True)))


@contextlib.contextmanager
def _alarm():  # type: ignore[no-untyped-def]
    """SIGALRM's default action ends the process; Python need not get a turn for that."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS_A_FILE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit_memory() -> None:
    if sys.platform != "linux":  # macOS does not enforce it, Windows has no such call
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def send(pipe: BinaryIO, message: object) -> None:
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_FRAME.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: BinaryIO) -> object:
    """:raises EOFError: when the other side is gone."""
    head = pipe.read(_FRAME.size)
    if len(head) < _FRAME.size:
        raise EOFError
    (size,) = _FRAME.unpack(head)
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return pickle.loads(data)  # noqa: S301 - from our own process, over a pipe of our own


def main() -> None:
    from semlens.engine.priority import lower_priority

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
