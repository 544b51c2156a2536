"""Commands that the protocol names and that are not built yet."""

from __future__ import annotations

import argparse

from semlens.core.errors import NotAvailable


def run(options: argparse.Namespace) -> int:
    """:raises NotAvailable: always."""
    raise NotAvailable(f"'semlens {options.feature}' is not available yet: 'semlens search' finds code by a question.")
