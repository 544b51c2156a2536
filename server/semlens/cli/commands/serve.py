"""``semlens serve``: runs the language server, or the bridge to the resident server."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    if options.shared:
        return run_shared()
    from semlens.lsp.server import serve

    return serve()


def run_shared() -> int:
    """The bridge is imported by name: no package may depend on the composition root."""
    return int(importlib.import_module("semlens.daemon.bridge").run())
