"""What can be wrong with an embedding service: one sentence each, with the mend.

The sentences hold nothing that the service said: it may repeat the key, or the text that it was sent.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Mapping

from semlens.core.errors import ModelError
from semlens.embedding.remote.service import KEY_VARIABLE, Service

MAX_RETRY_AFTER_S = 3_600.0


class Fault(enum.Enum):
    """:ivar permanent: trying again does not help before somebody mends it. :ivar splittable: fewer texts may do."""

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
    """A service does not answer as it should; the local tiers go on.

    :ivar retry_after_s: how long it asked to be left alone, 0 when it did not say.
    :ivar dimension: of the vectors of another model than before, else 0.
    """

    def __init__(self, fault: Fault, sentence: str, *, retry_after_s: float = 0.0, dimension: int = 0) -> None:
        super().__init__(sentence)
        self.fault = fault
        self.retry_after_s = retry_after_s
        self.dimension = dimension


def status_error(service: Service, status: int, headers: Mapping[str, str]) -> ServiceError:
    """The sentence for an answer that is no success."""
    name, model = service.name, service.model
    retry_after_s = parse_retry_after(headers.get("retry-after", ""))
    match status:
        case 401 | 403:
            return ServiceError(
                Fault.KEY_REFUSED,
                f"The embedding service at {name} refuses the key ({status}): put a valid one into the environment"
                f" variable {KEY_VARIABLE} or the system's keyring (setting semlens.remote.keyFrom).",
            )
        case 404 | 405 if service.speaks_ollama:
            return ServiceError(
                Fault.NOT_FOUND,
                f"Ollama at {name} has no model {model} (404): 'ollama pull {model}' gets it, or mend"
                " semlens.remote.model.",
            )
        case 404 | 405:
            return ServiceError(
                Fault.NOT_FOUND,
                f"The service at {name} has no embeddings of a model {model} at that address ({status}): mend"
                " semlens.remote.url or semlens.remote.model.",
            )
        case 413:
            return ServiceError(
                Fault.TOO_LARGE,
                f"The embedding service at {name} says that one text of {service.max_tokens} tokens is too long (413):"
                " lower semlens.remote.maxTokens.",
            )
        case 400 | 422:
            return ServiceError(
                Fault.TOO_LARGE,
                f"The embedding service at {name} does not take our request for {model} ({status}): lower"
                " semlens.remote.maxTokens, or mend semlens.remote.model or dimensions.",
            )
        case 429:
            return ServiceError(
                Fault.BUSY,
                f"The embedding service at {name} asks for fewer requests (429): it is left alone for a while, then"
                " asked again; a lower semlens.remote.concurrency may help.",
                retry_after_s=retry_after_s,
            )
        case _ if status >= 500:
            return ServiceError(
                Fault.FAILING,
                f"The embedding service at {name} fails ({status}): it is asked again by and by; its own log may say"
                " why.",
                retry_after_s=retry_after_s,
            )
    return ServiceError(
        Fault.INVALID_ANSWER, f"The service at {name} answers {status} instead of vectors: mend semlens.remote.url."
    )


def unreachable(service: Service, reason: str) -> ServiceError:
    return ServiceError(
        Fault.UNREACHABLE,
        f"The embedding service at {service.name} cannot be reached ({reason}): start it, or mend semlens.remote.url;"
        " it is tried again by and by.",
    )


def proxy_failed(service: Service, reason: str) -> ServiceError:
    return ServiceError(
        Fault.UNREACHABLE,
        f"The embedding service at {service.name} cannot be reached through the proxy ({reason}): mend"
        " semlens.remote.proxy or the environment's HTTPS_PROXY and NO_PROXY.",
    )


def timed_out(service: Service, seconds: float) -> ServiceError:
    return ServiceError(
        Fault.SLOW,
        f"The embedding service at {service.name} did not answer within {seconds:g} s: it is overloaded, or its model"
        " is too large for its machine; it is tried again by and by.",
    )


def bad_certificate(service: Service, reason: str) -> ServiceError:
    return ServiceError(
        Fault.BAD_CERTIFICATE,
        f"The certificate of {service.name} is not valid ({reason}): have it renewed, or name your own authority in"
        " semlens.remote.caFile.",
    )


def invalid_answer(service: Service, what: str) -> ServiceError:
    return ServiceError(
        Fault.INVALID_ANSWER,
        f"The service at {service.name} answered {what} instead of vectors: is semlens.remote.url the address of an"
        " embedding service, and semlens.remote.api its kind?",
    )


def dimension_changed(service: Service, found: int, expected: int) -> ServiceError:
    return ServiceError(
        Fault.MODEL_CHANGED,
        f"The embedding service at {service.name} gives vectors of {found} numbers where {service.model} gave"
        f" {expected}: another model stands behind the name; restart semlens to embed anew with it.",
        dimension=found,
    )


def unwanted_dimension(service: Service, found: int) -> ServiceError:
    return ServiceError(
        Fault.INVALID_ANSWER,
        f"The embedding service at {service.name} gives vectors of {found} numbers where semlens.remote.dimensions"
        f" asks for {service.dimensions}: set it to 0 or {found}.",
    )


def parse_retry_after(header: str) -> float:
    """``Retry-After`` as seconds from now, given as seconds or as a date; 0 when it says nothing of use."""
    import email.utils  # slow to load, seldom needed

    header = header.strip()
    if header.isdigit():
        return min(float(header), MAX_RETRY_AFTER_S)
    try:
        when = email.utils.parsedate_to_datetime(header).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(0.0, when - time.time()), MAX_RETRY_AFTER_S)
