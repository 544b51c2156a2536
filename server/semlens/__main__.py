"""``python -m semlens``: the same as the command ``semlens``."""

from __future__ import annotations

import sys

from semlens.cli import main

if __name__ == "__main__":
    sys.exit(main())
