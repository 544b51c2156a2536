"""What the server and a parse worker say to each other: pickled values behind their length, over two pipes."""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from semlens.core.hashing import ContentHash
from semlens.core.symbol import Outline
from semlens.index.columns import Array
from semlens.index.store import FileStamp
from semlens.syntax.shapes import Shape

if TYPE_CHECKING:
    from semlens.embedding.embedder import TokenIds

_FRAME = struct.Struct("<Q")


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


@dataclass(frozen=True, slots=True)
class ShapesRequest:
    """Shapes of stretches of files.

    :ivar files: (path, content hash that the index knows, first and last line of each stretch); a file that differs by
        now is left out.
    """

    root: str
    files: tuple[tuple[str, ContentHash, tuple[tuple[int, int], ...]], ...]


Request: TypeAlias = FilesRequest | BufferRequest | TokensRequest | ShapesRequest


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
"""Reason of a file whose content is what the index has."""

KILLED = "killed the parser"
"""Reason of a file that the worker did not survive."""


@dataclass(frozen=True, slots=True)
class ParseResult:
    """:ivar segment: columns of a segment of the files without a reason, in their order; None when there are none.

    :ivar tokens: tokenised passages in the order of the segment's, or empty when no model was named.
    :ivar outline: of a buffer. :ivar seconds: of processor time that it took.
    """

    outcomes: tuple[FileOutcome, ...]
    segment: dict[str, Array] | None
    tokens: tuple[TokenIds, ...]
    outline: Outline | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TokensResult:
    """:ivar tokens: by content hash of the passage."""

    tokens: dict[ContentHash, TokenIds]


@dataclass(frozen=True, slots=True)
class ShapesResult:
    """:ivar shapes: of each file its stretches' in order, None for a file that differs or is gone."""

    shapes: tuple[tuple[Shape, ...] | None, ...]


Result: TypeAlias = ParseResult | TokensResult | ShapesResult


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
