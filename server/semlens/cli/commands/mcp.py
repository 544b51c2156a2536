"""``semlens mcp``: the bridge between a coding agent and the resident server."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    return run_bridge(options.roots)


def run_bridge(roots: Sequence[str]) -> int:
    """The bridge is imported by name: no package may depend on the composition root."""
    return int(importlib.import_module("semlens.daemon.mcp_bridge").run(roots))
