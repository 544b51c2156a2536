"""Errors of the page's API, which loads no web framework. `answers` gives each its status."""

from __future__ import annotations

from semlens.core.errors import SemlensError


class RefusedError(SemlensError):
    """The request names something that is not served."""


class NotBuiltError(SemlensError):
    """This version or installation lacks the part that was asked for."""
