"""Where the resident server of this user, cache folder and version listens, and whether that place is private.

The server listens in ``<cache folder>/server/``. Where that path is too long for a socket, or lies on a network file
system, it listens in a private folder of the running system. Another version of semlens listens elsewhere: its name
has the versions of the program and of the index. `connection` connects.

Bridges and one-shot commands import this module, so it imports little.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import NamedTuple

from semlens import __version__
from semlens.core.errors import SemlensError
from semlens.core.paths import BlockedFolderError, cannot_create, check_not_blocked, make_private_folders
from semlens.files.network_file_systems import remote_file_system
from semlens.index.versions import FORMAT_VERSION, STORE_VERSION

MAX_SOCKET_PATH_BYTES = 100
"""Linux allows 107 bytes, macOS 103."""

_FOLDER_NAME = "server"


class EndpointError(SemlensError):
    """The place of the resident server cannot be used or is not private. The message says what to do."""


class BlockedCacheError(EndpointError):
    """A file or a link to nothing is where the cache folder should be."""


class Endpoint(NamedTuple):
    r"""The place of one resident server.

    :ivar address: the path of its socket; on Windows the name of its pipe.
    :ivar folder: the private folder of its lock and its log. It need not exist.
    :ivar name: the stem of its file names.
    :ivar cache_folder: the cache that it works on.
    """

    address: str
    folder: Path
    name: str
    cache_folder: Path

    @property
    def lock_path(self) -> Path:
        """The server holds a lock on this file for its whole life."""
        return self.folder / f"{self.name}.lock"

    @property
    def key_path(self) -> Path:
        """Windows: both ends of the pipe must know the key in this file."""
        return self.folder / f"{self.name}.key"

    @property
    def process_path(self) -> Path:
        """The server writes its process id here as soon as it has the lock, so that clients can see how it starts."""
        return self.folder / f"{self.name}.pid"

    @property
    def log_path(self) -> Path:
        return self.folder / f"{self.name}.log"


def endpoint_of(cache_folder: Path) -> Endpoint:
    """The place of the server for a cache folder. It depends on what environment and files say, not on a server.

    :raises EndpointError: when every possible path is too long for a socket.
    :raises BlockedCacheError: when the cache folder cannot be there.
    """
    try:
        check_not_blocked(cache_folder)
    except BlockedFolderError as error:
        raise BlockedCacheError(cannot_create(f"the cache folder {cache_folder}", error)) from error
    cache_folder = Path(os.path.realpath(cache_folder))
    name = f"{__version__}-{STORE_VERSION}.{FORMAT_VERSION}"
    if sys.platform == "win32":
        address = rf"\\.\pipe\semlens-{_user_name()}-{_digest(cache_folder, name)}"
        return Endpoint(address, cache_folder / _FOLDER_NAME, name, cache_folder)
    folder = cache_folder / _FOLDER_NAME
    if _fits(folder, name) and remote_file_system(str(cache_folder)) is None:
        return Endpoint(str(folder / f"{name}.sock"), folder, name, cache_folder)
    name = _digest(cache_folder, name)
    for folder in _run_time_folders():
        if _fits(folder, name):
            return Endpoint(str(folder / f"{name}.sock"), folder, name, cache_folder)
    raise EndpointError(
        "Every path for the server's socket is too long. Set XDG_RUNTIME_DIR or TMPDIR to a short path."
    )


def create_private_folder(folder: Path) -> None:
    """Create the folder of an endpoint with its missing parents, all of them private.

    :raises EndpointError: when it cannot be created, or is not a private folder of this user.
    """
    try:
        make_private_folders(folder)
    except OSError as error:
        raise EndpointError(cannot_create(f"the folder {folder}", error)) from error
    check_private_folder(folder)


def check_private_folder(folder: Path) -> None:
    """Check that nobody else can put a socket into the folder.

    :raises FileNotFoundError: when it does not exist.
    :raises EndpointError: when it is a link, belongs to another user, or others may use it.
    """
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise EndpointError(f"{folder} is not a folder but a link or a file. Delete it.")
    if sys.platform == "win32":
        return  # the folder of a user's profile is private, and its mode says nothing
    if status.st_uid != os.geteuid():
        raise EndpointError(f"The folder {folder} belongs to another user. Set SEMLENS_CACHE_DIR to a folder of yours.")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise EndpointError(f"The folder {folder} is open to other users. Run: chmod 700 '{folder}'")


def check_own_socket(path: str) -> None:
    """Check that the path is a socket of this user.

    :raises FileNotFoundError: when it does not exist.
    :raises EndpointError: when it is something else.
    """
    if sys.platform == "win32":  # tells the type checker that only others come here
        raise NotImplementedError
    status = os.lstat(path)
    if not stat.S_ISSOCK(status.st_mode):
        raise EndpointError(f"{path} is not a socket. Delete it.")
    if status.st_uid != os.geteuid():
        raise EndpointError(f"The socket {path} belongs to another user. Delete it or set SEMLENS_CACHE_DIR.")


def _fits(folder: Path, name: str) -> bool:
    return len(os.fsencode(folder / f"{name}.sock")) <= MAX_SOCKET_PATH_BYTES


def _run_time_folders() -> list[Path]:
    """Private folders with short paths on this machine. The first one that fits is used."""
    import tempfile  # slow to load and rarely needed

    if sys.platform == "win32":  # tells the type checker that only others come here
        raise NotImplementedError

    folders = []
    run_time = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if run_time.is_absolute():
        folders.append(run_time / "semlens")
    folders.append(Path(tempfile.gettempdir(), f"semlens-{os.geteuid()}"))
    return folders


def _digest(cache_folder: Path, name: str) -> str:
    import hashlib  # slow to load and rarely needed

    return hashlib.sha256(os.fsencode(cache_folder) + b"\0" + name.encode()).hexdigest()[:20]


def _user_name() -> str:
    import getpass

    return "".join(letter if letter.isalnum() else "_" for letter in getpass.getuser())
