"""The manifest of a shared index: which files of a tree it has, and the objects that hold their segments and vectors.

A manifest is a line of JSON with the key and the signature, then the signed content: JSON, packed by zlib. It is read
as what a stranger may have written: every size has a bound, and no path leads out of the root.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from semlens.index.segment.segment import segment_path
from semlens.index.storage.root_store import vectors_path
from semlens.share.errors import RejectedError
from semlens.share.signing import SIGNATURE_BYTES, SigningKey, check_signature

FORMAT = 3
"""2: objects are packed. 3: vectors of no segment."""

LOOSE = "0" * 32
"""In place of the segment: vectors of passages whose file is in no segment. See `withheld`."""

MAX_BYTES = 64 << 20
"""Of a manifest in the store. A million files need 60 MB."""

_MAX_UNPACKED_BYTES = 256 << 20
_MAX_LINE_BYTES = 1_000
_MAX_OBJECTS = 10_000
_MAX_OBJECT_BYTES = 4 << 30
_MAX_PATH_CHARS = 4_096
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{32}")
"""Of a segment; a content hash has the same form."""
_FINGERPRINT = re.compile(r"[0-9A-Za-z._-]{1,128}")


@dataclass(frozen=True, slots=True)
class SharedObject:
    """:ivar sha256: of its bytes in the store, which is its name there. :ivar size: of these bytes.

    :ivar segment: id of the segment, or `LOOSE`.
    :ivar model: fingerprint of the model of vectors, "" for the segment itself.
    :ivar unpacked_size: 0 when it is stored as it is, else it is packed by zlib.
    """

    sha256: str
    size: int
    segment: str
    model: str = ""
    unpacked_size: int = 0

    def path_in(self, folder: Path) -> Path:
        """Where the object lies in a folder, under the name that the readers of the index look for."""
        return vectors_path(folder, self.segment, self.model) if self.model else segment_path(folder, self.segment)


@dataclass(frozen=True, slots=True)
class SharedFile:
    """A searchable file. :ivar hash: of its content, hexadecimal. :ivar segment: id of its segment."""

    path: str
    hash: str
    segment: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """:ivar recipe: what the segments were built with. :ivar tree: hash of the git tree.

    :ivar attributes: for each folder with attributes the hash of what sets the roles of its files, hexadecimal.
    """

    recipe: str
    tree: str
    files: tuple[SharedFile, ...]
    objects: tuple[SharedObject, ...]
    attributes: Mapping[str, str]

    @property
    def n_bytes(self) -> int:
        return sum(one.size for one in self.objects)


def encode(manifest: Manifest, key: SigningKey) -> bytes:
    return encode_signed({"format": FORMAT, **asdict(manifest)}, key)


def encode_signed(value: Mapping[str, Any], key: SigningKey) -> bytes:
    content = zlib.compress(json.dumps(value, separators=(",", ":")).encode())
    head = {"key": key.public, "signature": key.sign(content).hex()}
    return json.dumps(head).encode() + b"\n" + content


def decode_signed(data: bytes, trusted: Iterable[str]) -> Any:
    """:raises RejectedError: when it is not signed by a trusted key."""
    line, _, content = data[:_MAX_LINE_BYTES].partition(b"\n")
    content = data[len(line) + 1 :]
    try:
        head = json.loads(line)
        public, signature = str(head["key"]), bytes.fromhex(head["signature"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RejectedError("The shared index is damaged: it has no signature.") from error
    if not _SHA256.fullmatch(public) or len(signature) != SIGNATURE_BYTES:
        raise RejectedError("The shared index is damaged: its signature has a wrong form.")
    check_signature(content, signature, public, trusted)
    return _unpacked(content)


def decode(data: bytes, trusted: Iterable[str], *, recipe: str, tree: str) -> Manifest:
    """:param recipe: the one of this program. :param tree: the tree that was asked for.

    :raises RejectedError: when it is not signed by a trusted key, or is not a manifest of this tree and recipe.
    """
    manifest = _manifest_of(decode_signed(data, trusted))
    if (manifest.recipe, manifest.tree) != (recipe, tree):
        raise RejectedError("The shared index lies at the place of another one. Ask whoever pushes there.")
    return manifest


def object_names(data: bytes) -> set[str]:
    """The names of the objects of any manifest, for deleting those that none names.

    :raises RejectedError: when it cannot be read.
    """
    value = _unpacked(data.partition(b"\n")[2])
    try:
        return {str(one["sha256"]) for one in value["objects"]}
    except (KeyError, TypeError) as error:
        raise RejectedError("It is no manifest.") from error


def _unpacked(content: bytes) -> Any:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(content, _MAX_UNPACKED_BYTES)
        if not unpacker.eof:
            raise RejectedError("The shared index is damaged: its manifest is too large or not whole.")
        return json.loads(text)
    except (zlib.error, ValueError, RecursionError) as error:
        raise RejectedError("The shared index is damaged: its manifest cannot be read.") from error


def _manifest_of(value: Any) -> Manifest:
    """:raises RejectedError: for values that `encode` does not write."""
    if isinstance(value, dict) and value.get("format") != FORMAT:
        raise RejectedError("The shared index was pushed by another version of semlens. Use the same version.")
    try:
        manifest = Manifest(
            recipe=str(value["recipe"]),
            tree=str(value["tree"]),
            files=tuple(SharedFile(**one) for one in value["files"]),
            objects=tuple(SharedObject(**one) for one in value["objects"]),
            attributes=dict(value["attributes"]),
        )
        _check(manifest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RejectedError(f"The shared index has values that semlens does not write: {error}.") from error
    return manifest


def check_objects(objects: Sequence[SharedObject]) -> set[str]:
    """:returns: the ids of the segments. :raises ValueError, TypeError: when an object has a wrong form."""
    if len(objects) > _MAX_OBJECTS:
        raise ValueError("too many objects")
    segments = {one.segment for one in objects if not one.model}
    places = [(one.segment, one.model) for one in objects]
    if len(set(places)) < len(places):
        raise ValueError("an object twice")
    if LOOSE in segments:
        raise ValueError("a segment without an id")
    for one in objects:
        sizes = (one.size, one.unpacked_size)
        is_size = all(type(size) is int and 0 <= size <= _MAX_OBJECT_BYTES for size in sizes) and one.size > 0
        is_model = not one.model or _FINGERPRINT.fullmatch(one.model)
        if not (is_size and is_model and _SHA256.fullmatch(one.sha256) and _ID.fullmatch(one.segment)):
            raise ValueError("an object of a wrong form")
        if one.segment not in segments and one.segment != LOOSE:
            raise ValueError("vectors without a segment")
    return segments


def _check(manifest: Manifest) -> None:
    """:raises ValueError, TypeError: when a value has a wrong form."""
    segments = check_objects(manifest.objects)
    paths = set()
    for file in manifest.files:
        _check_path(file.path)
        paths.add(file.path)
        if not _ID.fullmatch(file.hash) or file.segment not in segments:
            raise ValueError("a file of a wrong form")
    if len(paths) < len(manifest.files):
        raise ValueError("a path twice")
    for folder, digest in manifest.attributes.items():
        if folder:
            _check_path(folder)
        if not _ID.fullmatch(digest):
            raise ValueError("attributes of a wrong form")


def _check_path(path: str) -> None:
    parts = path.split("/")
    if not 0 < len(path) <= _MAX_PATH_CHARS or "\0" in path or "\\" in path or {"", ".", ".."} & set(parts):
        raise ValueError("a path that leads out of the root")
