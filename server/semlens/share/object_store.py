"""The store of shared objects: a folder, S3, Google Cloud Storage or Azure, by obstore.

Objects are named by the hash of their bytes and never change. A write creates: what exists is left as it is, unless it
cannot be used, so that those who push at the same time need no lock. Credentials come from the environment, as the
clouds' own tools take them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PermissionDeniedError
from obstore.store import from_url

from semlens.core.cancel import CancelToken
from semlens.core.text.printable import printable
from semlens.index.segment.columns import make_read_only
from semlens.share.errors import RejectedError, ShareError
from semlens.share.manifest import SharedObject
from semlens.share.packing import Unpacker

T = TypeVar("T")

SCHEMES = ("s3", "gs", "az", "abfs", "file")
_HTTP_VARIABLE = "AWS_ALLOW_HTTP"
"""As the libraries of obstore name it. Without it, an endpoint must have TLS."""

_NO_STORE = ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist")
"""What S3, Azure and Google Cloud Storage answer where there is no such bucket."""

_CODE = re.compile(r"<Code>(\w{1,64})</Code>")
_ADVICE = {
    "ExpiredToken": "The credentials have expired: renew them.",
    "RequestTimeTooSkewed": "The clock of this machine differs from that of the store: set it.",
    "AccessDenied": "The credentials do not allow this: ask for the right, or use others.",
    "InvalidAccessKeyId": "The store does not know these credentials: check them.",
    "SignatureDoesNotMatch": "The credentials are wrong: check them.",
}
"""What to do about what S3 refuses. It is at the end of a long text."""

READ_SECONDS = 15.0
"""How long a store may be silent while it is read. After two such silences it is given up."""

WRITE_SECONDS = 60.0
"""How long a store may take for one part of what is written."""

N_PARTS = 4
"""Of one object that are written at once. Each has the time above, so more would need a faster network."""

_CANCEL_SECONDS = 0.1
"""How often a transfer looks whether it is cancelled, whatever the store does."""

_WHOLE_SECONDS = 86_400.0
"""For one object. It may be large and the network slow, so only a silence ends a request."""

_FORBIDDEN = "Permission denied"
"""What the system says of a file in a folder. obstore has no error of its own for it."""

_PREFIX = "semlens/1"
_READ_BYTES = 8 << 20


class DeniedError(ShareError):
    """The store answers, and does not give what was asked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """:ivar path: the name in the store. :ivar changed: when it was written."""

    path: str
    size: int
    changed: datetime


class ObjectStore:
    """Thread-safe. :ivar url: as the user wrote it."""

    def __init__(self, url: str) -> None:
        """:raises ShareError: when the URL has an unknown form."""
        self.url = url
        scheme = urlsplit(url).scheme
        if scheme not in SCHEMES:
            known = ", ".join(f"{name}://" for name in SCHEMES)
            raise ShareError(f"{printable(url)} is not the URL of a store. Known are {known}.")
        self._folder: Path | None = None
        try:
            if scheme == "file":
                self._folder = Path(urlsplit(url).path)
                self._folder.mkdir(parents=True, exist_ok=True)
                self._store: Any = from_url(url)
                self._written: Any = self._store
            else:
                self._store = from_url(url, **_options(READ_SECONDS))
                self._written = from_url(url, **_options(WRITE_SECONDS))
        except (BaseError, OSError, ValueError) as error:
            raise self._problem(error) from error

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """A small object, or None when there is none.

        :raises ShareError: when the store does not answer. :raises RejectedError: when it is too large.
        """
        self._check_no_pipe(name)
        try:
            result = _answered(lambda: obstore.get(self._store, f"{_PREFIX}/{name}"))
            if result.meta["size"] > max_bytes:
                raise RejectedError(f"An object of {printable(self.url)} is too large: {printable(name)}.")
            return bytes(_answered(result.bytes))
        except FileNotFoundError as error:
            if any(code in str(error) for code in _NO_STORE):
                raise ShareError(
                    f"{printable(self.url)} does not exist. Create the bucket, or check the URL."
                ) from error
            return None
        except BaseError as error:
            raise self._problem(error) from error

    def download(self, one: SharedObject, target: Path, cancel: CancelToken) -> None:
        """Write an object into a new file, unpacked. It is read-only, because it will be mapped.

        :raises RejectedError: when it is missing or its bytes are others than its name says.
        :raises ShareError: when the store does not answer. :raises OSError: when the disk is full.
        """
        self._check_no_pipe(_object_name(one.sha256))
        try:
            is_whole = _answered(partial(self._transfer, one, target, cancel), cancel)
        except FileNotFoundError:
            raise RejectedError(f"{printable(self.url)} lacks an object of its index. Push it again.") from None
        except BaseError as error:
            raise self._problem(error) from error
        except zlib.error:
            is_whole = False
        if not is_whole:
            raise RejectedError(f"An object of {printable(self.url)} is damaged. Push it again.")
        make_read_only(target)

    def _transfer(self, one: SharedObject, target: Path, cancel: CancelToken) -> bool:
        """Whether the bytes that came are those of the object's name."""
        digest, n_read = hashlib.sha256(), 0
        unpacker = Unpacker(one.unpacked_size) if one.unpacked_size else None
        result = obstore.get(self._store, f"{_PREFIX}/{_object_name(one.sha256)}")
        with open(target, "xb", opener=_open_private) as file:
            for chunk in result.stream(min_chunk_size=_READ_BYTES):
                cancel.check()
                n_read += len(chunk)
                if n_read > one.size:
                    return False
                digest.update(chunk)
                file.write(chunk if unpacker is None else unpacker.unpack(chunk))
        is_unpacked = unpacker is None or unpacker.is_whole
        return is_unpacked and n_read == one.size and digest.hexdigest() == one.sha256

    def _check_no_pipe(self, name: str) -> None:
        """Others may write into a folder. Opening a pipe waits for its other end, for ever, and obstore has no timeout.

        :raises RejectedError: when the object is neither a file nor a folder.
        """
        if self._folder is None:
            return
        with contextlib.suppress(OSError):  # obstore says what is wrong
            mode = (self._folder / _PREFIX / name).stat().st_mode
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise RejectedError(f"An object of {printable(self.url)} is not a file: {printable(name)}. Delete it.")

    def has(self, sha256: str, size: int) -> bool:
        """Whether an object is there, whole. A cloud checks its bytes itself, those of a folder are read.

        :raises ShareError: when the store does not answer.
        """
        if self._folder is not None:
            return _is_whole(self._folder / _PREFIX / _object_name(sha256), sha256, size)
        try:
            head = _answered(lambda: obstore.head(self._store, f"{_PREFIX}/{_object_name(sha256)}"))
            return bool(head["size"] == size)
        except FileNotFoundError:
            return False
        except BaseError as error:
            raise self._problem(error) from error

    def upload(self, path: Path, sha256: str) -> None:
        """:raises ShareError: when the store does not take it."""
        self._put(_object_name(sha256), path, replace=True)  # its bytes are those of its name, so nothing is lost

    def write(self, name: str, data: bytes, *, replace: bool = False) -> bool:
        """Create a small object. False: it exists.

        :raises ShareError: when the store does not take it.
        """
        return self._put(name, data, replace=replace)

    def _put(self, name: str, data: Path | bytes, *, replace: bool) -> bool:
        try:
            mode: Any = "overwrite" if replace else "create"
            put = partial(obstore.put, self._written, f"{_PREFIX}/{name}", data, mode=mode, max_concurrency=N_PARTS)
            _answered(put)
        except AlreadyExistsError:
            return False
        except (BaseError, OSError) as error:
            raise self._problem(error) from error
        return True

    def entries(self, folder: str) -> Iterator[Entry]:
        """:raises ShareError: when the store does not answer."""
        try:
            pages = iter(obstore.list(self._store, f"{_PREFIX}/{folder}"))
            while page := _answered(lambda: next(pages, None)):
                for one in page:
                    yield Entry(one["path"].removeprefix(f"{_PREFIX}/"), one["size"], one["last_modified"])
        except BaseError as error:
            raise self._problem(error) from error

    def delete(self, names: list[str]) -> None:
        """:raises ShareError: when the store does not answer."""
        try:
            _answered(partial(obstore.delete, self._store, [f"{_PREFIX}/{name}" for name in names]))
        except FileNotFoundError:
            return
        except BaseError as error:
            raise self._problem(error) from error

    def _problem(self, error: Exception) -> ShareError:
        text = str(error).strip()
        code = _CODE.search(text)
        if code is not None and code[1] in _ADVICE:
            said, advice = code[1], _ADVICE[code[1]]
        else:
            said, advice = text.partition("\n")[0][:300], "Check the URL, the network and the credentials."
        is_denied = isinstance(error, PermissionDeniedError) or (self._folder is not None and _FORBIDDEN in text)
        kind = DeniedError if is_denied else ShareError
        return kind(f"The store {printable(self.url)} cannot be used: {printable(said)}. {advice}")


def _is_whole(path: Path, sha256: str, size: int) -> bool:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size != size:  # to open a pipe would wait
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _answered(call: Callable[[], T], cancel: CancelToken | None = None) -> T:
    """Let another thread wait for the store, because nothing interrupts obstore.

    :raises Cancelled: when the token is cancelled. The other thread ends when the store says something.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - the calling thread raises it
            future.set_exception(error)

    threading.Thread(target=run, name="semlens-store", daemon=True).start()
    while cancel is not None and not wait([future], _CANCEL_SECONDS).done:
        cancel.check()
    return future.result()


def _options(silent_s: float) -> dict[str, Any]:
    """:param silent_s: after which a request ends; it is tried again once."""
    allows_http = os.environ.get(_HTTP_VARIABLE, "").lower() in ("1", "true")
    return {
        "client_options": {
            "timeout": timedelta(seconds=_WHOLE_SECONDS),
            "read_timeout": timedelta(seconds=silent_s),
            "connect_timeout": "10s",
            "allow_http": allows_http,
        },
        "retry_config": {"max_retries": 3, "retry_timeout": timedelta(seconds=2 * silent_s)},
    }


def _object_name(sha256: str) -> str:
    return f"objects/{sha256[:2]}/{sha256}"


def manifest_name(recipe: str, tree: str) -> str:
    return f"trees/{recipe}/{tree}"
