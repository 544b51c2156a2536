#!/usr/bin/env python3
"""Module docstring."""

from __future__ import annotations

import os
from typing import overload

LIMIT: int = 10
_TABLE = {
    "a": 1,
    "b": 2,
    "c": 3,
}
double = lambda x: 2 * x


@decorator
@other(
    1,
)
def decorated(a, *args, b: int = 1, **kwargs) -> dict[str, int]:
    """Summary line.

        indented detail
    """

    def nested():
        return [inner for inner in range(3)]

    return nested
    # trailing comment, no part of it


async def fetch_with_retry(
    url,  # where
    attempts=3,
):
    r'''Raw docstring.'''
    async with session.get(url) as response:
        return await response.json()


# A comment above.
# On two lines.
class Client(Base, metaclass=Meta):
    """Talks."""

    RETRIES = 3
    name: str

    class Inner:
        pass

    def __init__(self, name):
        self.name = name

    @property
    def upper(self) -> str:
        return self.name.upper()

    @upper.setter
    def upper(self, value): self.name = value

    @overload
    def get(self, key: str) -> int: ...
    @overload
    def get(self, key: int) -> str: ...
    def get(self, key):
        if key:
            def deep(): pass
        else:
            def deep(): return 1
        return deep

    @staticmethod
    def make(): "one line docstring"; return Client("x")


if __name__ == "__main__":
    def only_as_script():
        Client.make()

    only_as_script()

type Pair[T] = tuple[T, T]


def generic[T: int](x: T) -> T:
    match x:
        case 1:
            return x
