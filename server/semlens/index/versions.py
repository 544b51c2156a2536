"""The versions of what an index keeps on disk, and why a kept index may not be usable.

Each number has its history and the oldest number that this program still reads. `segment/build_hash.py` combines the
feature version with the constants of BM25F. The modules that read and write the files check the numbers.
"""

from __future__ import annotations

import enum

STORE_VERSION = 1
"""The layout of a root's folder and the tables of its database. Only this version is read.

1: the first.
"""

FORMAT_VERSION = 2
"""The layout of a column file.

1: the first. 2: the checksum covers the header too.
"""

OLDEST_FORMAT_VERSION = 2
"""In format 1 a damaged header passes the checksum."""

FEATURE_VERSION = 11
"""What is taken out of a file. Raise it when symbols, passages or words change. Every file is then parsed again.
Vectors come from the vector cache where the text of a passage stayed. Every version is read: an older index answers
searches until its files were parsed again.

1: the first. 2: the ranking reads whole columns. 3: raised with the repair of the live index. 4: SQL procedures and
nested .gitattributes. 5: Rust items within macros. 6: passages of files that a parser refuses. 7: what
a reference does with a name, and where the name is defined as far as the text says. 8: references behind a comment mark
in a string, and variables of Go. 9: references in chains of calls over several lines, and behind a comment mark in a
string of several lines. 10: a range ends at its last token, before a comment on that line. 11: imports of npm packages
and of Node's own modules, and what Kotlin's extensions extend.
"""

ROOTS_PREFIX = "roots"
"""Every folder of indexes in the cache folder begins so, whichever version of semlens made it."""


def roots_folder_name() -> str:
    """The folder of indexes in the cache folder. An older and a newer semlens do not touch each other's indexes."""
    return f"{ROOTS_PREFIX}-{STORE_VERSION}.{FORMAT_VERSION}"


class IndexProblem(enum.StrEnum):
    """Why a kept index, or one of its files, cannot be used as it is."""

    MISSING = "it is missing"
    DAMAGED = "it is damaged"
    STORE_VERSION = "its store has another version"
    FORMAT_VERSION = "its format has another version"
    FEATURE_VERSION = "it was built with another feature version"
    BM25F_CONSTANTS = "it was built with other BM25F constants"
    UNFINISHED = "its rebuild was not finished"
