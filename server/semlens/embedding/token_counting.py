"""Counts tokens with a tokenizer file, or with an estimate that is rather too high than too low."""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from typing import Protocol

from semlens.core.errors import UsageError
from semlens.core.guarded_reader import GuardedFile, NotRegularError, open_regular

_ESTIMATED_TOKEN = re.compile(r"[A-Za-z]{1,4}|\d|[^\sA-Za-z\d]|\s{2,}|\n")
"""Each match counts as one token: up to four letters, a digit, another character, a line break or a run of spaces."""

MAX_FILE_BYTES = 64 << 20
"""Twice the largest tokenizer in use. A client names the file, so it can be any file."""

_NON_LATIN = re.compile("[\u2000-\U0010ffff]")
_EXTRA_TOKENS_PER_NON_LATIN = 2


class TokenCounter(Protocol):
    """:ivar name: the value of ``countedBy`` in answers."""

    @property
    def name(self) -> str: ...

    def count(self, text: str) -> int: ...


class FileCounter:
    """Counts with any ``tokenizer.json``. Special tokens do not count, because a pack is only part of a prompt."""

    def __init__(self, path: str, data: bytes) -> None:
        """:raises UsageError: when the data is not a tokenizer."""
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_buffer(data)
        except Exception as error:  # the library raises bare Exception
            raise UsageError(f"{path} is not a readable tokenizer.json ({error}). Name another file.") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.name = path

    def count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


class EstimatingCounter:
    """Estimates the count: words by their length, and one token for each other character or run of spaces.

    Subword tokenizers join punctuation and split rare words. For code, the estimate is above what common ones count
    (see ``bench/token_estimate.py``).
    """

    name = "estimate"

    def count(self, text: str) -> int:
        total = len(_ESTIMATED_TOKEN.findall(text))
        return total if text.isascii() else total + _EXTRA_TOKENS_PER_NON_LATIN * len(_NON_LATIN.findall(text))


_COUNTERS: OrderedDict[tuple[str, int, int], FileCounter] = OrderedDict()
"""Loaded counters by path, modification time and size."""


def load_counter(tokenizer: str) -> TokenCounter:
    """Return a counter.

    :param tokenizer: path of a ``tokenizer.json``, or "" for the estimate.

    :raises UsageError: when the file cannot be read.
    """
    if not tokenizer:
        return EstimatingCounter()
    path = os.path.expanduser(tokenizer)  # noqa: PTH111 - pathlib raises for an unknown user
    try:
        with open_regular(path, follow_link=True) as file:  # model caches use symbolic links
            return _load_cached(path, file)
    except FileNotFoundError as error:
        raise UsageError(f"There is no tokenizer file at {path}. Name a tokenizer.json.") from error
    except NotRegularError as error:
        raise UsageError(f"{path} is not a regular file. Name a tokenizer.json.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise UsageError(f"{path!r} cannot be read ({reason}). Name a tokenizer.json.") from error


def _load_cached(path: str, file: GuardedFile) -> FileCounter:
    key = (path, file.status.st_mtime_ns, file.status.st_size)
    counter = _COUNTERS.get(key)
    if counter is None:
        data = file.read(MAX_FILE_BYTES + 1) if file.status.st_size <= MAX_FILE_BYTES else None
        if data is None or len(data) > MAX_FILE_BYTES:  # the file may have grown
            limit_mb = MAX_FILE_BYTES >> 20
            raise UsageError(f"{path} is larger than {limit_mb} MiB, more than any tokenizer. Name a tokenizer.json.")
        counter = _COUNTERS[key] = FileCounter(path, data)
        while len(_COUNTERS) > 2:
            _COUNTERS.popitem(last=False)
    return counter
