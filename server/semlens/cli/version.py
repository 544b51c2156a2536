"""``semlens --version --json``: the versions of the program, of its protocol and of its index."""

from __future__ import annotations

import json
import platform

from semlens import PROTOCOL_VERSION, __version__
from semlens.index.versions import FEATURE_VERSION, FORMAT_VERSION, STORE_VERSION


def print_versions() -> int:
    """Print one JSON object. `semlens --version` alone is answered by the parser of arguments."""
    versions = {
        "version": __version__,
        "protocol": PROTOCOL_VERSION,
        "index": {"store": STORE_VERSION, "format": FORMAT_VERSION, "features": FEATURE_VERSION},
        "python": platform.python_version(),
    }
    print(json.dumps(versions))
    return 0
