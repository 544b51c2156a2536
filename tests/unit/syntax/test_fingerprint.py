"""Code fingerprints: equal after renaming, similar after small edits, different for other code."""

from __future__ import annotations

import numpy as np
import pytest

from semlens.syntax.fingerprint import CodeFingerprint, fingerprint_of

LOOP = "def total(items, factor):\n    result = 0\n    for item in items:\n        result += item * factor\n    return result\n"


def similarity_of(one: CodeFingerprint, other: CodeFingerprint) -> float:
    return float(np.mean(one.minima == other.minima))


@pytest.mark.parametrize(
    "copy",
    [
        LOOP.replace("items", "xs").replace("result", "acc").replace("factor", "by").replace("item", "x"),
        LOOP.replace("= 0", "= 17"),
        LOOP.replace("    result = 0", "    # start with nothing\n    result = 0"),
        LOOP.replace("    ", "\t"),
    ],
)
def test_names_values_comments_and_indentation_are_ignored(copy: str) -> None:
    assert fingerprint_of(copy).exact == fingerprint_of(LOOP).exact
    assert similarity_of(fingerprint_of(copy), fingerprint_of(LOOP)) == 1.0


def test_different_code_has_a_different_fingerprint() -> None:
    other = "class Window:\n    def open(self):\n        if self.closed:\n            raise ValueError('gone')\n        return [self.x]\n"
    assert fingerprint_of(other).exact != fingerprint_of(LOOP).exact
    assert similarity_of(fingerprint_of(other), fingerprint_of(LOOP)) < 0.4


def test_a_small_edit_keeps_most_of_the_fingerprint() -> None:
    long = "\n".join(
        f"    if a{i} > {i} and not flag:\n        call_{i}(x, y[{i}], key='v')" * (1 + i % 3) for i in range(30)
    )
    edited = long.replace("call_7(x, y[7], key='v')", "return None")
    assert 0.7 <= similarity_of(fingerprint_of(long), fingerprint_of(edited)) <= 1.0
    assert fingerprint_of(long).exact != fingerprint_of(edited).exact


def test_empty_code_has_no_tokens() -> None:
    assert fingerprint_of("").n_tokens == 0
    assert fingerprint_of("# only a comment\n").n_tokens == 0
