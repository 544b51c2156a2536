"""Reads the key of an embedding service from the environment or the system's keyring, never from a file."""

from __future__ import annotations

import os

from semlens.embedding.remote.errors import Fault, ServiceError
from semlens.embedding.remote.service import Service
from semlens.settings.choices import KeySource
from semlens.settings.user_sources import REMOTE_KEY_VARIABLE

KEYRING_SERVICE = "semlens"


def read_key(service: Service) -> str:
    """Return the key, or "" when there is none in the environment.

    :raises ServiceError: when the keyring cannot be read or has no key, or the key cannot be sent safely.
    """
    if service.key_from == KeySource.KEYRING:
        key = _key_from_keyring(service)
    else:
        key = (os.environ.get(REMOTE_KEY_VARIABLE, "") if service.key is None else service.key).strip()
    if not key:
        return ""
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise ServiceError(
            Fault.NO_KEY, f"The key for {service.name} contains invalid characters. Copy the whole key again."
        )
    if not service.is_local and not service.url.lower().startswith("https:"):
        raise ServiceError(
            Fault.NO_KEY,
            f"The key for {service.name} would be sent unencrypted. Use an https address in semlens.remote.url.",
        )
    return key


def _key_from_keyring(service: Service) -> str:
    try:
        import keyring
        import keyring.errors
    except ImportError as error:
        raise ServiceError(
            Fault.NO_KEY,
            "The setting semlens.remote.keyFrom says keyring, but the keyring library is not installed."
            " Run pip install 'semlens[keyring]'.",
        ) from error
    try:
        key: str | None = keyring.get_password(KEYRING_SERVICE, service.name)
    except keyring.errors.KeyringError as error:
        raise ServiceError(
            Fault.NO_KEY,
            f"The system's keyring cannot be read ({type(error).__name__}). Unlock it, or set semlens.remote.keyFrom to"
            f" environment and {REMOTE_KEY_VARIABLE} to the key.",
        ) from error
    if not key:
        raise ServiceError(
            Fault.NO_KEY,
            f"The system's keyring has no key for {service.name}."
            f" Run 'keyring set {KEYRING_SERVICE} {service.name}' to add one.",
        )
    return key.strip()
