"""Why the shared index cannot be used. The local index goes on in every case."""

from __future__ import annotations

from semlens.core.errors import SemlensError


class ShareError(SemlensError):
    """With a message that says what to do."""


class RejectedError(ShareError):
    """What was fetched is not what its author would have computed, or not signed by a trusted key."""
