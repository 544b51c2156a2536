"""The errors that a user may see. Each message says what happened, then what to do.

SemlensError
├── UsageError          the command or request was malformed (exit code 2)
├── WorkspaceError      the requested folder cannot be indexed
├── NotReadyError       the index cannot answer yet; the same request works later
├── CacheError          the cache folder cannot be used
├── ResourceLimitError  the shell allows too little memory or too few files
├── ModelError          a model cannot be loaded or a service fails; search continues without it
└── Cancelled           the caller cancelled the request; never shown
"""

from __future__ import annotations


class SemlensError(Exception):
    """Base of all errors that carry a message for the user."""


class UsageError(SemlensError):
    """The command line or a request's parameters were malformed."""


class WorkspaceError(SemlensError):
    """The workspace is missing, is a file, or may not be taken as a root."""


class NotReadyError(SemlensError):
    """The index cannot answer this request yet."""


class CacheError(SemlensError):
    """The cache folder cannot be read or written."""


class ResourceLimitError(SemlensError):
    """The limits of the process are too low."""


class ModelError(SemlensError):
    """A model's files are missing, altered or do not fit each other, or its service fails."""


class Cancelled(SemlensError):  # noqa: N818 - a state, not a fault
    """The caller withdrew the request."""
