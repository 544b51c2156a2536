"""The request for a search, and its filters."""

from __future__ import annotations

import enum
from typing import NamedTuple, Self

from semlens.core.errors import UsageError
from semlens.core.symbol import SymbolKind

MAX_GLOB_CHARS = 1_000
"""No path that is meant needs a longer pattern; matching takes time in proportion to it."""

MAX_GLOBS = 32
"""Patterns of one question."""


class TestFilter(enum.Enum):
    """Whether tests may be among the hits."""

    __test__ = False  # keeps pytest from collecting the class

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ONLY = "only"


class ContentFilter(enum.StrEnum):
    """Which files are searched. The values are the protocol's."""

    CODE = "code"
    DOCS = "docs"
    CONFIG = "config"
    ALL = "all"


class SearchFilter(NamedTuple):
    """Restricts the hits. An empty collection does not restrict.

    :ivar paths: globs over workspace-relative paths, ``**`` across folders.
    :ivar folders: absolute paths; hits lie below one of them.
    :ivar content: None where the asker did not say: code, unless the query names a language or a file that is none.
    """

    languages: frozenset[str] = frozenset()
    kinds: frozenset[SymbolKind] = frozenset()
    paths: tuple[str, ...] = ()
    exclude_paths: tuple[str, ...] = ()
    tests: TestFilter = TestFilter.INCLUDE
    folders: tuple[str, ...] = ()
    content: ContentFilter | None = ContentFilter.ALL

    def checked(self) -> Self:
        """The same filter.

        :raises UsageError: when matching could take too long.
        """
        globs = (*self.paths, *self.exclude_paths)
        if len(globs) > MAX_GLOBS or any(len(glob) > MAX_GLOB_CHARS for glob in globs):
            raise UsageError(
                f"The path filters are too many or too long: give at most {MAX_GLOBS}, "
                f"of at most {MAX_GLOB_CHARS} characters each."
            )
        return self

    @property
    def is_empty(self) -> bool:
        return self == SearchFilter()


class SearchRequest(NamedTuple):
    """The request for one search.

    :ivar per_file: hits that one file may take of the first page, 0 for no bound. :ivar first_page: its length.
    :ivar near_uri: the document that the user edits, or "".
    :ivar time_budget_ms: refinement stops this long after the request began.
    :ivar mask: mask secrets in snippets and signatures, because an assistant reads the hits.
    """

    query: str
    limit: int = 20
    filter: SearchFilter = SearchFilter()
    per_file: int = 2
    near_uri: str = ""
    time_budget_ms: int = 150
    first_page: int = 10
    mask: bool = False
