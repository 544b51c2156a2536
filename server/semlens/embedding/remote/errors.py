"""The errors of embedding services. Each message says what happened and what to do.

A message never quotes the service, because its answer may repeat the key or the text that was sent.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping

from semlens.core.errors import ModelError
from semlens.embedding.remote.service import Service
from semlens.settings.user_sources import REMOTE_KEY_VARIABLE

MAX_RETRY_AFTER_S = 3_600.0


class Fault(enum.Enum):
    """A kind of failure.

    :ivar permanent: a retry does not help until the user fixes the cause.
    :ivar splittable: a request with fewer texts may succeed.
    """

    UNREACHABLE = ("unreachable", False, False)
    SLOW = ("slow", False, True)
    BAD_CERTIFICATE = ("bad certificate", True, False)
    NO_KEY = ("no key", True, False)
    KEY_REFUSED = ("key refused", True, False)
    NOT_FOUND = ("not found", True, False)
    TOO_LARGE = ("too large", True, True)
    BUSY = ("busy", False, False)
    FAILING = ("failing", False, False)
    INVALID_ANSWER = ("invalid answer", True, False)
    MODEL_CHANGED = ("model changed", True, False)

    def __init__(self, label: str, permanent: bool, splittable: bool) -> None:
        self.label = label
        self.permanent = permanent
        self.splittable = splittable


class ServiceError(ModelError):
    """A request to a service failed. Local tiers are not affected.

    :ivar retry_after_s: the pause that the service asked for, in seconds; 0 if it asked for none.
    :ivar dimension: for `Fault.MODEL_CHANGED`, the dimension of the new vectors; else 0.
    """

    def __init__(self, fault: Fault, sentence: str, *, retry_after_s: float = 0.0, dimension: int = 0) -> None:
        super().__init__(sentence)
        self.fault = fault
        self.retry_after_s = retry_after_s
        self.dimension = dimension


def status_error(service: Service, status: int, headers: Mapping[str, str]) -> ServiceError:
    """Return the error for an HTTP status that is not a success."""
    name, model = service.name, service.model
    retry_after_s = parse_retry_after(headers.get("retry-after", ""))
    match status:
        case 401 | 403:
            return ServiceError(
                Fault.KEY_REFUSED,
                f"The embedding service at {name} refuses the key ({status}). Put a valid key into the environment"
                f" variable {REMOTE_KEY_VARIABLE} or into the system's keyring (setting semlens.remote.keyFrom).",
            )
        case 404 | 405 if service.speaks_ollama:
            return ServiceError(
                Fault.NOT_FOUND,
                f"Ollama at {name} has no model {model} (404). Run `ollama pull {model}`, or correct"
                " semlens.remote.model.",
            )
        case 404 | 405:
            return ServiceError(
                Fault.NOT_FOUND,
                f"The service at {name} has no embeddings of a model {model} at this address ({status}). Correct"
                " semlens.remote.url or semlens.remote.model.",
            )
        case 413:
            return ServiceError(
                Fault.TOO_LARGE,
                f"The embedding service at {name} says that one text of {service.max_tokens} tokens is too long (413)."
                " Lower semlens.remote.maxTokens.",
            )
        case 400 | 422:
            return ServiceError(
                Fault.TOO_LARGE,
                f"The embedding service at {name} rejects the request for {model} ({status}). Lower"
                " semlens.remote.maxTokens, or correct semlens.remote.model or semlens.remote.dimensions.",
            )
        case 429:
            return ServiceError(
                Fault.BUSY,
                f"The embedding service at {name} asks for fewer requests (429). It is retried after a pause. A lower"
                " semlens.remote.concurrency may help.",
                retry_after_s=retry_after_s,
            )
        case _ if status >= 500:
            return ServiceError(
                Fault.FAILING,
                f"The embedding service at {name} fails ({status}). It is retried automatically. Check the log of the"
                " service.",
                retry_after_s=retry_after_s,
            )
    return ServiceError(
        Fault.INVALID_ANSWER, f"The service at {name} answers {status} instead of vectors. Correct semlens.remote.url."
    )


def unreachable(service: Service, reason: str) -> ServiceError:
    return ServiceError(
        Fault.UNREACHABLE,
        f"The embedding service at {service.name} cannot be reached ({reason}). Start it, or correct"
        " semlens.remote.url. It is retried automatically.",
    )


def proxy_failed(service: Service, reason: str) -> ServiceError:
    return ServiceError(
        Fault.UNREACHABLE,
        f"The embedding service at {service.name} cannot be reached through the proxy ({reason}). Correct"
        " semlens.remote.proxy or the environment's HTTPS_PROXY and NO_PROXY.",
    )


def timed_out(service: Service, seconds: float) -> ServiceError:
    return ServiceError(
        Fault.SLOW,
        f"The embedding service at {service.name} did not answer within {seconds:g} s. It is retried automatically."
        " If this happens often, use a smaller model or a faster machine.",
    )


def bad_certificate(service: Service, reason: str) -> ServiceError:
    return ServiceError(
        Fault.BAD_CERTIFICATE,
        f"The certificate of {service.name} is not valid ({reason}). Renew it, or name your certificate authority in"
        " semlens.remote.caFile.",
    )


def invalid_answer(service: Service, description: str) -> ServiceError:
    return ServiceError(
        Fault.INVALID_ANSWER,
        f"The service at {service.name} answered {description} instead of vectors. Check that semlens.remote.url is"
        " the address of an embedding service, and that semlens.remote.api is its API.",
    )


def dimension_changed(service: Service, actual: int, expected: int) -> ServiceError:
    return ServiceError(
        Fault.MODEL_CHANGED,
        f"The embedding service at {service.name} returns vectors of dimension {actual}, but {service.model} returned"
        f" {expected} before. The model was replaced. Restart semlens to embed with the new one.",
        dimension=actual,
    )


def unwanted_dimension(service: Service, actual: int) -> ServiceError:
    return ServiceError(
        Fault.INVALID_ANSWER,
        f"The embedding service at {service.name} returns vectors of dimension {actual}, but semlens.remote.dimensions"
        f" is {service.dimensions}. Set it to 0 or {actual}.",
    )


def parse_retry_after(header: str) -> float:
    """Convert a ``Retry-After`` header (seconds or a date) to seconds from now; 0 when it is invalid."""
    import email.utils  # slow to import and rarely needed

    header = header.strip()
    if header.isdigit():
        return min(float(header), MAX_RETRY_AFTER_S)
    try:
        when = email.utils.parsedate_to_datetime(header).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(0.0, when - time.time()), MAX_RETRY_AFTER_S)
