"""Code fingerprints: MinHash of the tokens of code without names and values. They find duplicates.

Two pieces of code that differ only in identifiers, numbers and strings have equal fingerprints. Small edits leave them
similar. One lexical rule serves all languages, so no grammar is loaded.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

N_MINIMA = 16
"""Minima of each fingerprint. The share of equal minima estimates Jaccard similarity within about 0.1 (Broder 1997)."""

_SHINGLE_TOKENS = 5
_TOKEN = re.compile(
    r"""(?:\#(?!include|define|if|end|else)[^\n]*|//[^\n]*|/\*.*?\*/|--\ [^\n]*)      # comments, dropped
    |("{3}.*?"{3}|'{3}.*?'{3}|(?<!\\)(?:"(?:\\.|[^"\\\n])*+"|'(?:\\.|[^'\\\n])*+'|`(?:\\.|[^`\\])*+`))  # 1: strings
    |(\d[\w.]*)                                                                     # 2: numbers
    |([^\W\d]\w*)                                                                   # 3: words
    |([^\w\s])                                                                      # 4: marks""",
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = frozenset(
    """if else elif for while do switch case default break continue return yield await async try except catch finally
    raise throw throws with match when loop in is not and or new delete def fn func function fun class struct enum trait
    impl interface extends implements lambda let const var static public private protected void true false null none nil
    self this super import from as use package namespace goto defer go select chan map range begin end then unless until
    rescue ensure module""".split()
)
_GENERATOR = np.random.default_rng(20_261_122)
_FACTORS = _GENERATOR.integers(1, 1 << 62, N_MINIMA, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _GENERATOR.integers(0, 1 << 62, N_MINIMA, dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class CodeFingerprint:
    """:ivar n_tokens: tokens without comments. :ivar exact: equal for equal token sequences.

    :ivar minima: MinHash of its shingles of five tokens, shape (16,).
    """

    n_tokens: int
    exact: int
    minima: npt.NDArray[np.uint32]


@lru_cache(maxsize=1024)
def _token_hash(token: str) -> int:
    return zlib.crc32(token.encode("utf-8", "surrogatepass"))


def tokens_of(text: str) -> list[str]:
    """Tokens with names, numbers and strings each replaced by one placeholder."""
    tokens: list[str] = []
    closed = text.rfind("*/") + 1  # what nothing closes begins no comment, and is not searched for its end
    text = text[:closed] + text[closed:].replace("/*", "/ *")
    for string, number, word, mark in _TOKEN.findall(text):
        if word:
            tokens.append(word if word in _KEYWORDS else "n")
        elif mark:
            tokens.append(mark)
        elif string:
            tokens.append("s")
        elif number:
            tokens.append("0")
    return tokens


def fingerprint_of(text: str) -> CodeFingerprint:
    """The fingerprint of a text. An empty text has no tokens."""
    token_hashes = np.array([_token_hash(token) for token in tokens_of(text)], np.uint64)
    n_tokens = len(token_hashes)
    if not n_tokens:
        return CodeFingerprint(0, 0, np.zeros(N_MINIMA, np.uint32))
    exact = zlib.crc32(token_hashes.tobytes()) | (zlib.adler32(token_hashes.tobytes()) << 32)
    if n_tokens < _SHINGLE_TOKENS:
        token_hashes = np.pad(token_hashes, (0, _SHINGLE_TOKENS - n_tokens))
    with np.errstate(over="ignore"):
        shingles = np.zeros(len(token_hashes) - _SHINGLE_TOKENS + 1, np.uint64)
        for i in range(_SHINGLE_TOKENS):
            shingles = (
                shingles * np.uint64(0x9E3779B97F4A7C15) + token_hashes[i : len(token_hashes) - _SHINGLE_TOKENS + 1 + i]
            )
        shingles ^= shingles >> np.uint64(29)
        shingles = np.unique(shingles)
        hashes = shingles[None, :] * _FACTORS[:, None] + _OFFSETS[:, None]
    return CodeFingerprint(n_tokens, int(exact), (hashes.min(axis=1) >> np.uint64(32)).astype(np.uint32))


def fingerprints_of(lines: Sequence[str], line_ranges: Iterable[tuple[int, int]]) -> tuple[CodeFingerprint, ...]:
    """The fingerprints of line ranges. :param line_ranges: first and last line of each, inclusive."""
    return tuple(fingerprint_of("\n".join(lines[first : last + 1])) for first, last in line_ranges)
