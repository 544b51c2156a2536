"""What the server and a parse worker say to each other: pickled values behind their length, over two pipes.

A worker that hostile source damaged may write anything. So a message holds nothing but the classes named here and
arrays, and what does not read as one counts as the end of the worker.
"""

from __future__ import annotations

import io
import pickle
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from semlens.core.hashing import ContentHash
from semlens.core.skip_reason import SkipReason
from semlens.core.span import Span
from semlens.core.symbol import Outline, Passage, Role, Symbol, SymbolKind
from semlens.files.file_stamp import FileStamp
from semlens.index.segment.columns import Array
from semlens.syntax.fingerprint import CodeFingerprint

if TYPE_CHECKING:
    from semlens.embedding.embedder import TokenIds

_FRAME = struct.Struct("<Q")
_MAX_MESSAGE_BYTES = 1 << 30


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
class FingerprintsRequest:
    """Shapes of stretches of files.

    :ivar files: (path, content hash that the index knows, first and last line of each stretch); a file that differs by
        now is left out.
    """

    root: str
    files: tuple[tuple[str, ContentHash, tuple[tuple[int, int], ...]], ...]


@dataclass(frozen=True, slots=True)
class GrammarsRequest:
    """Load every grammar: how ``semlens doctor`` learns which are broken."""


Request: TypeAlias = FilesRequest | BufferRequest | TokensRequest | FingerprintsRequest | GrammarsRequest


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file.

    :ivar stamp: None when the file is gone.
    :ivar reason: why it is not searchable; `SkipReason.NONE` when it is.
    :ivar cause: of a reason in `UNPARSABLE`, in a few words.
    """

    path: str
    stamp: FileStamp | None
    hash: ContentHash
    reason: SkipReason
    cause: str = ""


NO_FILE = -1
"""Announced in place of a file's number: what comes concerns the whole batch."""


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
class FingerprintsResult:
    """:ivar fingerprints: of each file its stretches' in order, None for a file that differs or is gone."""

    fingerprints: tuple[tuple[CodeFingerprint, ...] | None, ...]


@dataclass(frozen=True, slots=True)
class GrammarsResult:
    """:ivar n_usable: grammars that load and fit their query. :ivar faults: what is wrong with the others."""

    n_usable: int
    faults: tuple[str, ...]


Result: TypeAlias = ParseResult | TokensResult | FingerprintsResult | GrammarsResult


def send(pipe: BinaryIO, message: object) -> None:
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(_FRAME.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: BinaryIO) -> object:
    """:raises EOFError: when the other side is gone or writes no messages any more."""
    head = pipe.read(_FRAME.size)
    if len(head) < _FRAME.size:
        raise EOFError
    (size,) = _FRAME.unpack(head)
    if size > _MAX_MESSAGE_BYTES:
        raise EOFError
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    try:
        return _Unpickler(io.BytesIO(data)).load()
    except MemoryError:
        raise
    except Exception as error:
        raise EOFError from error


_CLASSES: dict[tuple[str, str], Any] = {
    (kind.__module__, kind.__qualname__): kind
    for kind in (
        FilesRequest, BufferRequest, TokensRequest, FingerprintsRequest, GrammarsRequest,
        ParseResult, TokensResult, FingerprintsResult, GrammarsResult,
        FileOutcome, SkipReason, FileStamp, Outline, Symbol, Passage, Span, Role, SymbolKind, CodeFingerprint,
    )
}  # fmt: skip
_NUMPY_NAMES = frozenset(("dtype", "ndarray", "_frombuffer", "_reconstruct", "scalar"))


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (message_class := _CLASSES.get((module, name))) is not None:
            return message_class
        if module.partition(".")[0] == "numpy" and name in _NUMPY_NAMES:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a message holds {module}.{name}")
