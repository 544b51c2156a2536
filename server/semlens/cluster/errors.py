"""Why the cluster cannot build or serve."""

from __future__ import annotations

from semlens.core.errors import SemlensError


class ClusterError(SemlensError):
    """With a message that says what to do."""
