"""``semlens serve``: runs the language server."""

from __future__ import annotations

import argparse


def run(options: argparse.Namespace) -> int:
    from semlens.lsp.server import serve

    del options
    return serve()
