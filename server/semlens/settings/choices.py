"""The values of settings that allow only a few. `schema` says which setting has which values."""

from __future__ import annotations

import enum


class WatchSetting(enum.StrEnum):
    """How changes on disk are noticed (``watch.mode``)."""

    AUTO = "auto"
    NATIVE = "native"
    POLLING = "polling"
    OFF = "off"


class BatterySetting(enum.StrEnum):
    """What happens on battery (``index.onBattery``)."""

    PAUSE_REFINE = "pause-refine"
    FULL = "full"


class ServiceApi(enum.StrEnum):
    """The API of an embedding service (``remote.api``)."""

    AUTO = "auto"
    OPENAI = "openai"
    OLLAMA = "ollama"


class KeySource(enum.StrEnum):
    """Where the key of an embedding service is (``remote.keyFrom``)."""

    ENVIRONMENT = "environment"
    KEYRING = "keyring"


class VectorStoreSetting(enum.StrEnum):
    """Where the vectors of the refining tier are (``vectors.store``)."""

    INDEX = "index"
    FAISS = "faiss"
    QDRANT = "qdrant"


class LogLevel(enum.StrEnum):
    """The least severity that is logged (``log.level``)."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"
