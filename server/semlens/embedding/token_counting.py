"""Counts tokens: with a tokenizer file, or by an estimate that errs on the safe side."""

from __future__ import annotations

import re
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

from semlens.core.errors import UsageError

_UNIT = re.compile(r"[A-Za-z]{1,4}|\d|[^\sA-Za-z\d]|\s{2,}|\n")
"""One match a token: four letters of a word, any other mark, a break or more than one space."""

_FAR = re.compile("[\u2000-\U0010ffff]")
_MORE_FOR_FAR = 2


class TokenCounter(Protocol):
    """:ivar name: what ``countedBy`` says."""

    @property
    def name(self) -> str: ...

    def count(self, text: str) -> int: ...


class FileCounter:
    """Any ``tokenizer.json``. Special tokens are not counted: the pack is a part of a prompt."""

    def __init__(self, path: Path) -> None:
        """:raises UsageError: when it is no tokenizer file."""
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise UsageError(f"{path} is not a tokenizer.json that can be read: {error}.") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.name = str(path)

    def count(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


class EstimatingCounter:
    """Words by their length, every digit and mark for itself, each run of white space at most one.

    Subword tokenizers join marks and split rare words; over code the estimate lies above what common ones count.
    """

    name = "estimate"

    def count(self, text: str) -> int:
        total = len(_UNIT.findall(text))
        return total if text.isascii() else total + _MORE_FOR_FAR * len(_FAR.findall(text))


_KEPT: OrderedDict[tuple[str, int], FileCounter] = OrderedDict()


def load_counter(tokenizer: str) -> TokenCounter:
    """:param tokenizer: path of a ``tokenizer.json``, or "" for the estimate.

    :raises UsageError: when the file cannot be read.
    """
    if not tokenizer:
        return EstimatingCounter()
    path = Path(tokenizer).expanduser()
    try:
        key = (str(path), path.stat().st_mtime_ns)
    except OSError as error:
        raise UsageError(f"There is no tokenizer file at {path}: name a tokenizer.json.") from error
    if key not in _KEPT:
        _KEPT[key] = FileCounter(path)
        while len(_KEPT) > 2:
            _KEPT.popitem(last=False)
    return _KEPT[key]
