"""The definitions of one name, arranged so that a reference finds those in its scope at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from semlens.graph.language_traits import INDEX_STEMS
from semlens.index.segment.reference_table import hint_hash

FileKey = tuple[int, int]
"""Number of the view, row of the file."""


class Definition(NamedTuple):
    """A symbol that a name may mean.

    :ivar path: of the file, with the name of the root before it, so that imports by the root's own name are found.
    :ivar owner: hint hash of the name of its type, or 0. :ivar owner_name: the same in lower case.
    """

    view: int
    symbol: int
    file: int
    path: str
    owner: int
    owner_name: int
    is_member: bool

    @property
    def key(self) -> FileKey:
        return self.view, self.file


class Candidates:
    """:ivar others: definitions outside of types.

    :ivar of_unknown_receiver: what the resolver found for receivers of unknown type, by the hint of their name;
        ``of_any_member``: for references that may mean any member, by their confidence.
    """

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self.definitions = definitions
        self.members = [one for one in definitions if one.is_member]
        self.others = [one for one in definitions if not one.is_member]
        self.by_owner = _grouped((one.owner, one) for one in self.members)
        self.by_file = _grouped((one.key, one) for one in self.others)
        self.by_owner_name = _grouped((one.owner_name, one) for one in self.members)
        self.of_unknown_receiver: dict[int, tuple[tuple[Definition, float], ...]] = {}
        self.of_any_member: dict[float, tuple[tuple[Definition, float], ...]] = {}
        self._by_module: dict[int, list[Definition]] | None = None
        self._by_folder: dict[int, list[Definition]] | None = None

    def of_module(self, module: int) -> list[Definition]:
        """Those in the file that a module's path names."""
        if self._by_module is None:
            self._by_module = _grouped((suffix, one) for one in self.others for suffix in module_suffixes(one.path))
        return self._by_module.get(module, [])

    def below_module(self, module: int) -> list[Definition]:
        """Those in a file below the folder that a module's path names: a package gives away what its modules define."""
        if self._by_folder is None:
            self._by_folder = _grouped((suffix, one) for one in self.others for suffix in folder_suffixes(one.path))
        return self._by_folder.get(module, [])


def _grouped(pairs: Iterable[tuple[object, Definition]]) -> dict:  # type: ignore[type-arg]
    groups: dict[object, list[Definition]] = {}
    for key, definition in pairs:
        groups.setdefault(key, []).append(definition)
    return groups


def module_paths(path: str) -> list[str]:
    """All paths by which a file may be imported, longest first."""
    parts = path.split("/")
    parts[-1] = parts[-1].partition(".")[0]
    if parts[-1] in INDEX_STEMS and len(parts) > 1:
        parts.pop()
    return ["/".join(parts[start:]) for start in range(len(parts))]


@lru_cache(maxsize=8192)
def module_suffixes(path: str) -> frozenset[int]:
    """The hint hashes of `module_paths`."""
    return frozenset(map(hint_hash, module_paths(path)))


@lru_cache(maxsize=8192)
def package_suffixes(path: str) -> frozenset[int]:
    """The hint hashes of all paths of the folder of a file."""
    parts = path.split("/")[:-1]
    return frozenset(hint_hash("/".join(parts[start:])) for start in range(len(parts)))


@lru_cache(maxsize=8192)
def folder_suffixes(path: str) -> frozenset[int]:
    """The hint hashes of all paths of the folders around a file."""
    parts = path.split("/")[:-1]
    return frozenset(hint_hash("/".join(parts[start:end])) for end in range(1, len(parts) + 1) for start in range(end))
