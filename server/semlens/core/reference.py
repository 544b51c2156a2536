"""How code refers to a name: what it does with it, and what the text says about which definition is meant."""

from __future__ import annotations

import enum
from typing import NamedTuple


class ReferenceKind(enum.IntEnum):
    """What is done with a name."""

    USE = 0
    """A value, a type or a decorator."""
    CALL = 1
    BASE = 2
    """A class inherits from it or implements it."""
    IMPORT = 3


class Scope(enum.IntEnum):
    """What the text says about where a name is defined. `Reference.hint` has the details."""

    UNKNOWN = 0
    """A name alone that the file neither defines nor imports."""
    FILE = 1
    """The file defines the name."""
    MODULE = 2
    """Imported from a module or written behind one. The hint is the module's path, such as ``net/retry``."""
    TYPE = 3
    """A member of an object whose type is written in the file, or of a type. The hint is the type's name."""
    SELF = 4
    """A member of the object itself."""
    SUPER = 5
    """A member of a base class."""
    RECEIVER = 6
    """A member of an object of unknown type. The hint is the name of the object, in lower case, or ""."""
    RESULT = 7
    """A member of what a function returns. The hint is the name of the function."""


class Reference(NamedTuple):
    """One use of a name by a symbol. A symbol has several of one name where the scope differs.

    :ivar symbol: index of the innermost symbol around, or -1 for code outside all.
    """

    symbol: int
    name: str
    kind: ReferenceKind = ReferenceKind.USE
    scope: Scope = Scope.UNKNOWN
    hint: str = ""
