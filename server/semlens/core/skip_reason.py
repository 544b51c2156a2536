"""Why a file is not searchable. The values appear in the protocol's status and in the index on disk."""

from __future__ import annotations

import enum


class SkipReason(enum.StrEnum):
    """Why a file is not searchable."""

    NONE = ""
    """The file is searchable."""

    NOT_CODE = "not code"
    LOCKFILE = "lockfile"
    MINIFIED = "minified"
    GENERATED = "generated"
    BINARY = "binary"
    TOO_LARGE = "too large"
    IGNORED = "ignored"
    LINK = "link"
    """A link to a file of the same root, which is indexed under its own path."""
    LINK_LOOP = "link loop"
    OUTSIDE_ROOT = "outside root"
    UNREADABLE = "unreadable"
    NOT_READABLE_NOW = "not readable now"
    """Reading failed for a transient cause, so the index keeps what it knows about the file."""
    GONE = "gone"
    MISSING = "missing"
    """No regular file is at the path. Used for single paths only and never counted."""
    FOLDER = "folder"
    """A folder is at the path. Used for single paths only and never counted."""
    UNCHANGED = "same"
    """The content is what the index already has."""
    CRASHED_PARSER = "killed the parser"
    """The parse worker died on the file."""
    FAILED_PARSER = "failed in the parser"
    """The parse worker met an error of its own on the file, and went on."""


UNPARSABLE = frozenset((SkipReason.CRASHED_PARSER, SkipReason.FAILED_PARSER))
"""Reasons that name the parser as the cause. Such a file is not tried again until it changes."""
