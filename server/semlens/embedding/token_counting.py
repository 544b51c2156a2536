"""Counts tokens: with a tokenizer file, or by an estimate that errs on the safe side."""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from typing import Protocol

from semlens.core.errors import UsageError
from semlens.core.guarded_reader import GuardedFile, NotRegularError, open_regular

_ESTIMATED_TOKEN = re.compile(r"[A-Za-z]{1,4}|\d|[^\sA-Za-z\d]|\s{2,}|\n")
"""One match a token: four letters of a word, any other mark, a break or more than one space."""

MAX_FILE_BYTES = 64 << 20
"""Twice the largest that is in use; a client names the file, so that it may be anything."""

_NON_LATIN = re.compile("[\u2000-\U0010ffff]")
_EXTRA_TOKENS_PER_NON_LATIN = 2


class TokenCounter(Protocol):
    """:ivar name: what ``countedBy`` says."""

    @property
    def name(self) -> str: ...

    def count(self, text: str) -> int: ...


class FileCounter:
    """Any ``tokenizer.json``. Special tokens are not counted: the pack is a part of a prompt."""

    def __init__(self, path: str, data: bytes) -> None:
        """:raises UsageError: when it is no tokenizer file."""
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_buffer(data)
        except Exception as error:  # the library raises bare Exception
            raise UsageError(f"{path} is not a tokenizer.json that can be read: {error}.") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.name = path

    def count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


class EstimatingCounter:
    """Words by their length, every digit and mark for itself, each run of white space at most one.

    Subword tokenizers join marks and split rare words; over code the estimate lies above what common ones count.
    """

    name = "estimate"

    def count(self, text: str) -> int:
        total = len(_ESTIMATED_TOKEN.findall(text))
        return total if text.isascii() else total + _EXTRA_TOKENS_PER_NON_LATIN * len(_NON_LATIN.findall(text))


_COUNTERS: OrderedDict[tuple[str, int, int], FileCounter] = OrderedDict()
"""By path, time and size."""


def load_counter(tokenizer: str) -> TokenCounter:
    """:param tokenizer: path of a ``tokenizer.json``, or "" for the estimate.

    :raises UsageError: when the file cannot be read.
    """
    if not tokenizer:
        return EstimatingCounter()
    path = os.path.expanduser(tokenizer)  # noqa: PTH111 - pathlib raises for a user that is not known
    try:
        with open_regular(path, follow_link=True) as file:  # a model's cache links its files
            return _load_cached(path, file)
    except FileNotFoundError as error:
        raise UsageError(f"There is no tokenizer file at {path}: name a tokenizer.json.") from error
    except NotRegularError as error:
        raise UsageError(f"{path} is not a regular file: name a tokenizer.json.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise UsageError(f"{path!r} cannot be read ({reason}): name a tokenizer.json.") from error


def _load_cached(path: str, file: GuardedFile) -> FileCounter:
    key = (path, file.status.st_mtime_ns, file.status.st_size)
    counter = _COUNTERS.get(key)
    if counter is None:
        data = file.read(MAX_FILE_BYTES + 1) if file.status.st_size <= MAX_FILE_BYTES else None
        if data is None or len(data) > MAX_FILE_BYTES:  # it may have grown
            limit_mb = MAX_FILE_BYTES >> 20
            raise UsageError(f"{path} is larger than {limit_mb} MiB, more than any tokenizer: name a tokenizer.json.")
        counter = _COUNTERS[key] = FileCounter(path, data)
        while len(_COUNTERS) > 2:
            _COUNTERS.popitem(last=False)
    return counter
