"""semlens finds code by meaning, inside the editor, on the user's own machine."""

import os

# ONNX Runtime would report its use to its makers, and keep an identifier of the machine in the user's cache folder. It
# reads this variable when it loads; to ask it later comes too late.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"
"""The only place of the version. `scripts/manifests.py` writes it into the packages of editors and agents."""

PROTOCOL_VERSION = "1.0"
"""The version of what docs/protocol.md describes, see docs/versioning.md.

1.0: the first.
"""
