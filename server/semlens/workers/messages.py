"""The messages between the server and a parse worker: pickled values with a length prefix, over two pipes.

A worker that hostile source damaged may write anything. So only the classes named here and arrays are unpickled.
Anything else counts as the end of the worker.
"""

from __future__ import annotations

import enum
import io
import pickle
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from semlens.core.hashing import ContentHash
from semlens.core.reference import Reference, ReferenceKind, Scope
from semlens.core.span import Span
from semlens.core.status import SkipReason
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
    :ivar plain: paths of files that crash their grammar. They are read as plain text.
    """

    root: str
    files: tuple[tuple[str, ContentHash], ...]
    max_bytes: int
    model: str
    plain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BufferRequest:
    """Parse the text of one open buffer."""

    path: str
    text: bytes
    model: str
    plain: bool = False


@dataclass(frozen=True, slots=True)
class TokensRequest:
    """Tokenise passages of files again, for a model that has not seen them.

    :ivar files: (path, content hash that the index knows); a file that has changed since is left out.
    :ivar plain: as in `FilesRequest`.
    """

    root: str
    files: tuple[tuple[str, ContentHash], ...]
    model: str
    plain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FingerprintsRequest:
    """Compute the code fingerprints of line ranges of files.

    :ivar files: (path, content hash that the index knows, first and last line of each range); a file that has
        changed since is left out.
    """

    root: str
    files: tuple[tuple[str, ContentHash, tuple[tuple[int, int], ...]], ...]


@dataclass(frozen=True, slots=True)
class GrammarsRequest:
    """Load every grammar. ``semlens doctor`` finds broken grammars this way."""


Request: TypeAlias = FilesRequest | BufferRequest | TokensRequest | FingerprintsRequest | GrammarsRequest


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """The result of reading and parsing one file.

    :ivar stamp: None when the file is gone.
    :ivar reason: why it is not searchable; `SkipReason.NONE` when it is.
    :ivar cause: why the parser failed, in a few words; "" unless the reason is in `UNPARSABLE`.
    """

    path: str
    stamp: FileStamp | None
    hash: ContentHash
    reason: SkipReason
    cause: str = ""


NO_FILE = -1
"""Announced in place of a file number: the worker works on the whole batch, not on one file."""


@dataclass(frozen=True, slots=True)
class ParseResult:
    """:ivar segment: columns of a segment of the files whose reason is in `SEARCHABLE`, in their order. None when there
    are none.

    :ivar tokens: tokenised passages in the order of the segment's, or empty when no model was named.
    :ivar outline: outline of a buffer, None for files. :ivar seconds: processor time that parsing took.
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
    """:ivar fingerprints: one entry a file: its fingerprints in order, or None if the file changed or is gone."""

    fingerprints: tuple[tuple[CodeFingerprint, ...] | None, ...]


@dataclass(frozen=True, slots=True)
class GrammarsResult:
    """:ivar n_usable: number of grammars that load and fit their query. :ivar faults: errors of the others."""

    n_usable: int
    faults: tuple[str, ...]


Result: TypeAlias = ParseResult | TokensResult | FingerprintsResult | GrammarsResult


def send(pipe: BinaryIO, message: object) -> None:
    data = pickled(message)
    pipe.write(_FRAME.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def pickled(message: object) -> bytes:
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _ENUMS
    pickler.dump(message)
    return buffer.getvalue()


def receive(pipe: BinaryIO) -> object:
    """:raises EOFError: when the other side has ended or wrote something that is no message."""
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
        Reference, ReferenceKind, Scope,
    )
}  # fmt: skip
_ENUMS = {
    kind: lambda member: (type(member), (member.value,)) for kind in _CLASSES.values() if issubclass(kind, enum.Enum)
}
"""How members are pickled: by value. Python 3.11.0 to 3.11.3 would call `getattr`, which `_Unpickler` refuses."""
_NUMPY_NAMES = frozenset(("dtype", "ndarray", "_frombuffer", "_reconstruct", "scalar"))


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (message_class := _CLASSES.get((module, name))) is not None:
            return message_class
        if module.partition(".")[0] == "numpy" and name in _NUMPY_NAMES:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"a message holds {module}.{name}")
