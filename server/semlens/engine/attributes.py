"""What a repository says of its own files in ``.gitattributes``: generated, vendored, documentation.

The attributes are those of GitHub's linguist. Only the file at the root counts; patterns are git's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from semlens.core.symbol import Role
from semlens.engine.gitignore import IgnoreRules, byte_text

_ROLES = {
    "linguist-generated": Role.GENERATED,
    "linguist-vendored": Role.VENDORED,
    "linguist-documentation": Role.DOCUMENTATION,
}
_MAX_BYTES = 1_000_000


class FileAttributes:
    """Roles that the lines of one ``.gitattributes`` give and take."""

    def __init__(self, data: bytes) -> None:
        lines: Mapping[str, list[str]] = {name: [] for name in _ROLES}
        for line in data.removeprefix(b"\xef\xbb\xbf").decode("latin-1").splitlines():
            pattern, *attributes = line.split()[:20] or [""]
            if not pattern or pattern.startswith(("#", "[", "!")):
                continue
            for attribute in attributes:
                name, _, value = attribute.lstrip("-!").partition("=")
                if name in lines:
                    unset = attribute[0] in "-!" or value == "false"
                    lines[name].append(f"!{pattern}" if unset else pattern)
        self._rules = {_ROLES[name]: IgnoreRules(patterns) for name, patterns in lines.items() if patterns}

    def role_of(self, path: str, found: Role) -> Role:
        """The role of a file, given what its path and content say; the repository knows better."""
        name, whole = byte_text(path.rpartition("/")[2]), byte_text(path)
        for role, rules in self._rules.items():
            said = rules.match(name, whole, is_folder=False)
            if said is not None:
                found = found | role if said else found & ~role
        return found


def read_attributes(root: str) -> FileAttributes:
    """Those of a root; none where there is no such file or it cannot be read."""
    path = Path(root, ".gitattributes")
    try:
        if not path.is_file() or os.path.islink(path) or path.stat().st_size > _MAX_BYTES:
            return FileAttributes(b"")
        return FileAttributes(path.read_bytes())
    except OSError:
        return FileAttributes(b"")
