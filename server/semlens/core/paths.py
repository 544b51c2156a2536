"""Paths and URIs, for POSIX and for Windows: conversions, which touch no file, folders for one user, programs in PATH.

A workspace-relative path has forward slashes everywhere. Bytes of a POSIX name that are not UTF-8 are surrogates
(PEP 383) in a path and percent-encoded bytes in a URI, so that every name survives the way there and back.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

_IS_WINDOWS = os.name == "nt"
_DRIVE = re.compile(r"/?([A-Za-z])[:|](?=/|$)")
_SAFE = "/-._~"  # RFC 3986's unreserved characters and the separator: what editors leave as it is


def path_to_uri(path: str, *, windows: bool = _IS_WINDOWS) -> str:
    r"""The ``file:`` URI of an absolute path.

    ``C:\a b`` gives ``file:///c%3A/a%20b``, as VS Code writes it; ``\\host\share`` gives ``file://host/share``.

    :raises ValueError: for a relative path.
    """
    authority = ""
    if windows:
        path = path.replace("\\", "/")
        path = _without_long_prefix(path)
        drive = _DRIVE.match(path)
        if drive is not None:
            path = f"/{drive[1].lower()}:{path[drive.end() :] or '/'}"
        elif path.startswith("//"):
            authority, slash, path = path[2:].partition("/")
            path = slash + path
        else:
            raise ValueError(f"{path} is no absolute path")
    elif not path.startswith("/"):
        raise ValueError(f"{path} is no absolute path")
    return f"file://{authority}{quote_from_bytes(path.encode('utf-8', _errors(windows)), safe=_SAFE)}"


def uri_to_path(uri: str, *, windows: bool = _IS_WINDOWS) -> str | None:
    """The path that a ``file:`` URI names; None for any other URI, and where no path can be meant.

    On Windows the drive letter is upper case, whatever the editor wrote, and the separators are backslashes.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme.lower() != "file":
        return None
    rest = rest.partition("#")[0].partition("?")[0]
    authority = ""
    if rest.startswith("//"):
        authority, slash, rest = rest[2:].partition("/")
        rest = slash + rest
    if authority.lower() == "localhost":
        authority = ""
    try:
        path = unquote_to_bytes(rest).decode("utf-8", _errors(windows))
    except UnicodeDecodeError:
        return None
    if "\0" in path or not path.startswith("/"):
        return None
    if not windows:
        return None if authority else path
    if authority:
        return f"\\\\{authority}{path}".replace("/", "\\")
    drive = _DRIVE.match(path)
    if drive is None:
        return path.replace("/", "\\")
    return f"{drive[1].upper()}:{path[drive.end() :] or '/'}".replace("/", "\\")


def relative_path(root: str, path: str, *, windows: bool = _IS_WINDOWS) -> str | None:
    """The path relative to a root, with forward slashes; "" for the root itself, None for what is not below it.

    Both must be absolute. Dots are resolved by their names alone. On Windows, case does not tell folders apart, and the
    answer keeps the case of `path`.
    """
    root = normal_path(root, windows=windows)
    path = normal_path(path, windows=windows)
    if _fold(root, windows) == _fold(path, windows):
        return ""
    base = root if root.endswith("/") else root + "/"
    return path[len(base) :] if _fold(path[: len(base)], windows) == _fold(base, windows) else None


def normal_path(path: str, *, windows: bool = _IS_WINDOWS) -> str:
    """The path with forward slashes, without ``.``, ``..``, doubled and closing slashes; drive letters upper case."""
    head = ""
    if windows:
        path = _without_long_prefix(path.replace("\\", "/"))
        drive = _DRIVE.match(path)
        if drive is not None and not path.startswith("/"):
            head, path = f"{drive[1].upper()}:", path[drive.end() :]
        elif path.startswith("//"):
            head, path = "/", path[1:]
    is_absolute = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", ".") and not (part == ".." and is_absolute):
            parts.append(part)
    return head + ("/" if is_absolute else "") + "/".join(parts)


def _without_long_prefix(path: str) -> str:
    """Without the prefix of Windows paths of any length, slashes turned forward already."""
    if path[:8].upper() == "//?/UNC/":
        return "//" + path[8:]
    return path.removeprefix("//?/")


def _fold(path: str, windows: bool) -> str:
    return path.casefold() if windows else path


def _errors(windows: bool) -> str:
    """How names that are no valid Unicode are kept: bytes on POSIX, lone UTF-16 surrogates on Windows."""
    return "surrogatepass" if windows else "surrogateescape"


class BlockedFolderError(OSError):
    """A file or a link to nothing is on the way to a folder. :ivar fix: what to do, as the beginning of a sentence."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(errno.ENOTDIR, reason)
        self.fix = fix


def check_not_blocked(folder: Path) -> None:
    """Check that a folder exists or can be created. What a link names is not created: its disk may not be mounted.

    :raises BlockedFolderError: when a file, or a link to nothing, is on the way.
    """
    for path in (folder, *folder.parents):
        if path.is_symlink() and not path.exists():
            target = path.parent / path.readlink()
            raise BlockedFolderError(f"{path} is a link to {target}, which does not exist", f"Create {target}")
        if path.exists():
            if not path.is_dir():
                raise BlockedFolderError(f"{path} is not a folder", f"Move {path} away")
            return


def cannot_create(what: str, error: OSError) -> str:
    """Sentences for a folder that `make_private_folders` could not create. :param what: such as ``the folder /x``."""
    fix = error.fix if isinstance(error, BlockedFolderError) else "Make it writable"
    return f"Cannot create {what}: {error.strerror or error}. {fix} or set SEMLENS_CACHE_DIR."


def make_private_folders(folder: Path) -> None:
    """Create a folder and its missing parents, readable by their user only. `Path.mkdir` gives parents no mode.

    :raises OSError: when one cannot be created, see also `check_not_blocked`.
    """
    check_not_blocked(folder)
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def find_program(name: str, search_path: str | None = None) -> str | None:
    """The absolute path of a program, or None.

    Only absolute folders of the search path count. Windows, and so `shutil.which` and `subprocess`, look in the current
    folder first, and that may be a repository that others wrote.

    :param search_path: instead of ``PATH``.
    """
    endings = [""]
    if _IS_WINDOWS:
        known = os.environ.get("PATHEXT", ".COM;.EXE;.BAT;.CMD").split(";")
        if os.path.splitext(name)[1].upper() not in known:
            endings = known
    search_path = os.environ.get("PATH", os.defpath) if search_path is None else search_path
    for folder in search_path.split(os.pathsep):
        for ending in endings if os.path.isabs(folder) else ():
            path = os.path.join(folder, name + ending)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
    return None


def program_path(name: str) -> str:
    """As `find_program`. :raises FileNotFoundError: when there is none."""
    if (found := find_program(name)) is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
    return found
