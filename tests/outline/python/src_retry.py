# SPDX-License-Identifier: Apache-2.0
"""Retries with back-off."""
import contextlib
import functools
import random
import time
from dataclasses import dataclass, field

__all__ = ["RetryPolicy", "retrying"]

DEFAULT_ATTEMPTS = 5
_JITTER = 0.1


class GaveUp(Exception): ...


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long to wait.

    :ivar attempts: at least 1.
    """

    attempts: int = DEFAULT_ATTEMPTS
    delays: list[float] = field(default_factory=list)

    def delay(self, attempt: int) -> float:
        # exponential, with jitter
        return 2**attempt * (1 + random.uniform(-_JITTER, _JITTER))

    @classmethod
    def never(cls) -> "RetryPolicy":
        return cls(attempts=1)

    def __call__(self, function):
        return retrying(self)(function)


def retrying(policy=RetryPolicy()):
    """Decorates a function that may fail."""

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for attempt in range(policy.attempts):
                with contextlib.suppress(OSError):
                    return function(*args, **kwargs)
                time.sleep(policy.delay(attempt))
            raise GaveUp

        return wrapper

    return decorate


try:
    import trio
except ImportError:
    trio = None
else:

    async def sleep(seconds): await trio.sleep(seconds)
