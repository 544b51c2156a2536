"""Signatures of manifests (Ed25519). Whoever holds a trusted key may write what its readers search.

The private key is a file that only the user may read, or a variable of the environment in CI.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from semlens.core.private_file import write_private
from semlens.settings.user_sources import SHARE_KEY_VARIABLE
from semlens.share.errors import RejectedError, ShareError

KEY_NAME = "share-key"
SIGNATURE_BYTES = 64
_KEY_BYTES = 32


class SigningKey:
    """A private key. :ivar public: the public key as 64 hexadecimal digits."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public = self._key.public_key().public_bytes_raw().hex()

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


def read_key(config_folder: Path) -> SigningKey | None:
    """The user's key, or None when there is none.

    :raises ShareError: when it cannot be read.
    """
    text = os.environ.get(SHARE_KEY_VARIABLE, "")
    source = SHARE_KEY_VARIABLE
    if not text:
        source = str(config_folder / KEY_NAME)
        try:
            text = Path(source).read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise ShareError(f"The key {source} cannot be read: {error}.") from error
        if not text.strip():  # as a full disk may leave it
            return None
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != _KEY_BYTES:
        raise ShareError(f"{source} is no key: it must be 64 hexadecimal digits. `semlens share key` makes one.")
    return SigningKey(secret)


def make_key(config_folder: Path) -> SigningKey:
    """The user's key; a new one when there is none.

    :raises ShareError: when it cannot be read or written.
    """
    known = read_key(config_folder)
    if known is not None:
        return known
    path = config_folder / KEY_NAME
    secret = Ed25519PrivateKey.generate().private_bytes_raw()
    try:
        write_private(path, secret.hex() + "\n")
    except OSError as error:
        raise ShareError(f"The key {path} cannot be written: {error.strerror or error}.") from error
    return SigningKey(secret)


def check_signature(data: bytes, signature: bytes, public: str, trusted: Iterable[str]) -> None:
    """:param public: the key that the manifest names.

    :raises RejectedError: when the key is not trusted or has not signed the data.
    """
    if public not in {key.strip().lower() for key in trusted}:
        raise RejectedError(
            f"The shared index is signed by the key {public}, which is not in `share.trustedKeys` of your config.toml. "
            "Add it if you trust whoever pushes there."
        )
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, data)
    except (InvalidSignature, ValueError) as error:
        raise RejectedError("The signature of the shared index is wrong. Ask whoever pushes there.") from error
