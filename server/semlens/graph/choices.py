"""Chooses among definitions that fit a reference equally well."""

from __future__ import annotations

from collections.abc import Sequence

from semlens.graph.candidates import Definition

LEAST_SHARE = 0.005
"""A smaller confidence is left out."""

Targets = tuple[tuple[Definition, float], ...]
"""Definitions with a confidence each."""


def shared(definitions: Sequence[Definition], confidence: float, *, by_symbol: bool = False) -> Targets:
    """The definitions with a confidence that is shared among them; overloads count as one unless told otherwise."""
    if not definitions:
        return ()
    share = confidence / (len(definitions) if by_symbol else len({(*one.key, one.owner) for one in definitions}))
    return tuple((one, share) for one in definitions) if share >= LEAST_SHARE else ()


def shared_by_file(definitions: Sequence[Definition], confidence: float) -> Targets:
    """As `shared`; definitions of one file are overloads or variants of one."""
    files = len({one.key for one in definitions})
    return tuple((one, confidence / files) for one in definitions) if definitions else ()


def nearest(definitions: Sequence[Definition], path: str) -> Sequence[Definition]:
    """Those whose file has the most folders in common with a path."""
    if len(definitions) < 2:
        return definitions
    parts = path.split("/")[:-1]

    def shared_folders(one: Definition) -> int:
        pairs = zip(parts, one.path.split("/")[:-1], strict=False)
        return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(parts), one.path.count("/")))

    most = max(map(shared_folders, definitions))
    return [one for one in definitions if shared_folders(one) == most]
