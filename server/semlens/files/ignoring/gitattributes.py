"""Reads roles of files from ``.gitattributes``: generated, vendored, documentation.

The attributes are those of GitHub's linguist. The patterns are those of git.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from semlens.core.guarded_reader import is_transient, read_below
from semlens.core.hashing import content_hash
from semlens.core.symbol import Role
from semlens.files.ignoring.ignore_file import IgnoreRules, byte_text

ATTRIBUTES_FILE = ".gitattributes"
_ROLES = {
    "linguist-generated": Role.GENERATED,
    "linguist-vendored": Role.VENDORED,
    "linguist-documentation": Role.DOCUMENTATION,
}
_FIELD = re.compile(r"[^ \t\r]+")
_MAX_BYTES = 256 * 1024
"""The file is read for each batch of files that a worker parses."""


class FileAttributes:
    """The roles that the lines of one ``.gitattributes`` set and unset."""

    def __init__(self, data: bytes) -> None:
        lines: Mapping[str, list[str]] = {name: [] for name in _ROLES}
        # bytes of UTF-8 are characters here, and some would count as white space or as the end of a line
        for line in data.removeprefix(b"\xef\xbb\xbf").decode("latin-1").split("\n"):
            pattern, *attributes = _FIELD.findall(line)[:20] or [""]
            if not pattern or pattern.startswith(("#", "[", "!")):
                continue
            for attribute in attributes:
                name, _, value = attribute.lstrip("-!").partition("=")
                if name in lines:
                    unset = attribute[0] in "-!" or value == "false"
                    lines[name].append(f"!{pattern}" if unset else pattern)
        self._rules = {_ROLES[name]: IgnoreRules(patterns) for name, patterns in lines.items() if patterns}

    def role_of(self, path: str, role: Role) -> Role:
        """The role of a file. Attributes override the role found by path and content."""
        name, path_bytes = byte_text(path.rpartition("/")[2]), byte_text(path)
        for attribute_role, rules in self._rules.items():
            is_set = rules.match(name, path_bytes, is_folder=False)
            if is_set is not None:
                role = role | attribute_role if is_set else role & ~attribute_role
        return role


class RootAttributes:
    """The attributes of a root. The ``.gitattributes`` of a folder overrides those of the folders above.

    Each file is read once, when it is first needed.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._of_folder: dict[str, FileAttributes | None] = {}

    def role_of(self, path: str, role: Role) -> Role:
        """:param path: of a file, relative to the root, with forward slashes."""
        end = 0
        while end >= 0:
            folder = path[:end]
            if folder not in self._of_folder:
                self._of_folder[folder] = _attributes_in(self._root, folder)
            attributes = self._of_folder[folder]
            if attributes is not None:
                role = attributes.role_of(path[end:].lstrip("/"), role)
            end = path.find("/", end + 1)
        return role


def attributes_path(folder: str) -> str:
    """The path of the file with the attributes of a folder, "" for the root."""
    return f"{folder}/{ATTRIBUTES_FILE}".lstrip("/")


def read_attributes(root: str, folder: str) -> bytes | None:
    """The file with the attributes of a folder; None if it is missing, unreadable or too large."""
    try:
        data = read_below(root, attributes_path(folder), _MAX_BYTES + 1)
    except OSError:
        return None
    return data if len(data) <= _MAX_BYTES else None


def roles_key(root: str, folder: str) -> str:
    """The hash of the lines that set roles in a folder; "" for none. The files below are parsed again when it changes.

    :raises OSError: when the file cannot be read for a transient cause.
    """
    try:
        data = read_below(root, attributes_path(folder), _MAX_BYTES + 1)
    except OSError as error:
        if is_transient(error):
            raise
        return ""
    lines = [line for line in data.split(b"\n") if b"linguist-" in line] if len(data) <= _MAX_BYTES else []
    return content_hash(b"\n".join(lines)).hex() if lines else ""


def _attributes_in(root: str, folder: str) -> FileAttributes | None:
    data = read_attributes(root, folder)
    return None if data is None else _parsed(data)


@lru_cache(maxsize=32)
def _parsed(data: bytes) -> FileAttributes:
    """Cached, because each batch of a root needs the same files."""
    return FileAttributes(data)
