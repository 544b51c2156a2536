"""Grouping of symbols by fingerprint."""

from __future__ import annotations

from semlens.core.cancel import CancelToken
from semlens.search.similarity.duplicates import DuplicateGroup, FingerprintedSymbol, group_duplicates
from semlens.syntax.fingerprint import fingerprint_of

BODY = "\n".join(
    f"    if a{i} and b[{i}]:\n        send(a{i}, key='v')\n    while c{i} < {i}: yield c{i}" for i in range(6)
)
OTHER = "\n".join(f"    x = [y for y in z({i}) if not y]\n    del x[{i}], q\n    print(x ** 2, -x)" for i in range(6))


def symbol(key: int, text: str, *, file: int | None = None, first: int = 0) -> FingerprintedSymbol:
    fingerprint = fingerprint_of(text)
    last = first + text.count("\n")
    return FingerprintedSymbol(
        key, key if file is None else file, first, last, fingerprint.n_tokens, fingerprint.exact, fingerprint.minima
    )


def groups(*symbols: FingerprintedSymbol) -> list[DuplicateGroup]:
    return group_duplicates(symbols, 10, CancelToken())


def test_equal_fingerprints_form_one_group() -> None:
    (group,) = groups(symbol(0, BODY), symbol(1, BODY.replace("send", "push").replace("key", "name")), symbol(2, OTHER))
    assert sorted(s.key for s in group.symbols) == [0, 1]
    assert (group.similarity, group.saved_lines) == (1.0, 18)


def test_an_edited_copy_joins_the_group_with_its_similarity() -> None:
    (group,) = groups(symbol(0, BODY), symbol(1, BODY + "\n    return None"))
    assert 0.8 <= group.similarity < 1.0


def test_the_largest_saving_comes_first() -> None:
    long = BODY + "\n" + OTHER + "\n" + BODY
    found = groups(symbol(0, BODY), symbol(1, BODY), symbol(2, long), symbol(3, long))
    assert [sorted(s.key for s in group.symbols) for group in found] == [[2, 3], [0, 1]]


def test_symbols_inside_a_member_are_not_listed_again() -> None:
    outer = "class A:\n" + BODY
    found = groups(
        symbol(0, outer, file=1), symbol(1, outer, file=2),
        symbol(2, BODY, file=1, first=1), symbol(3, BODY, file=2, first=1),
    )  # fmt: skip
    assert [sorted(s.key for s in group.symbols) for group in found] == [[0, 1]]


def test_a_wrapper_is_no_duplicate_of_its_content() -> None:
    assert groups(symbol(0, "def f():\n" + BODY, file=1), symbol(1, BODY, file=1, first=1)) == []


def test_small_symbols_are_no_duplicates() -> None:
    getter = "def get(self):\n    return self.x\n"
    assert groups(symbol(0, getter), symbol(1, getter)) == []
