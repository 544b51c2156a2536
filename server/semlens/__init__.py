"""semlens finds code by meaning, inside the editor, on the user's own machine."""

__version__ = "0.1.0"
"""The only place of the version. `scripts/manifests.py` writes it into the packages of editors and agents."""

PROTOCOL_VERSION = "1.0"
"""The version of what docs/protocol.md describes, see docs/versioning.md.

1.0: the first.
"""
