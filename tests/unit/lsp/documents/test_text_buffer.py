"""Text synchronization compared with a plain oracle, for any edits, line ends, characters and encodings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semlens.lsp.documents.text_buffer import TextBuffer, split_lines
from semlens.service.positions import PositionEncoding, choose_encoding, index_of_units, units_of, units_of_byte_column

ENCODINGS: list[PositionEncoding] = ["utf-8", "utf-16", "utf-32"]
CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
PIECES = st.sampled_from(
    [
        "a",
        "bc",
        "é",
        "世",
        "\U0001d4b3",
        "\U0001f469\u200d\U0001f4bb",
        "\r",
        "\n",
        "\r\n",
        "\f",
        "\x1c",
        "\x85",
        "\u2028",
        "\t",
    ]
)
TEXTS = st.lists(PIECES, max_size=14).map("".join)


def lines_of(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", text)


def length_in(text: str, encoding: str) -> int:
    codec, width = CODECS[encoding]
    return len(text.encode(codec)) // width


def place_of(text: str, offset: int, encoding: str) -> tuple[int, int]:
    lines = lines_of(text[:offset])
    return len(lines) - 1, length_in(lines[-1], encoding)


@given(text=TEXTS, encoding=st.sampled_from(ENCODINGS), data=st.data())
def test_edits_match_a_plain_string(text: str, encoding: PositionEncoding, data: st.DataObject) -> None:
    document = TextBuffer(text)
    for _ in range(3):
        offsets = [at for at in range(len(text) + 1) if text[at - 1 : at + 1] != "\r\n"]
        start, end = sorted(data.draw(st.tuples(st.sampled_from(offsets), st.sampled_from(offsets))))
        fresh = data.draw(TEXTS)
        document.replace(place_of(text, start, encoding), place_of(text, end, encoding), fresh, encoding)
        text = text[:start] + fresh + text[end:]
        assert document.text == text
        assert [document.line(number) for number in range(document.n_lines)] == lines_of(text)


@given(text=TEXTS)
def test_lines_join_to_the_text(text: str) -> None:
    assert "".join(split_lines(text)) == text


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((0, 99), (0, 99), "one!\ntwo\n"),
        ((9, 0), (9, 9), "one\ntwo\n!"),
        ((0, 1), (9, 9), "o!"),
        ((1, 2), (1, 0), "one\ntw!o\n"),
        ((-1, -1), (0, -5), "!one\ntwo\n"),
    ],
)
def test_positions_outside_the_text_are_clamped(start: tuple[int, int], end: tuple[int, int], expected: str) -> None:
    document = TextBuffer("one\ntwo\n")
    document.replace(start, end, "!", "utf-16")
    assert document.text == expected


@pytest.mark.parametrize(
    ("encoding", "units", "index"), [("utf-16", 2, 1), ("utf-8", 2, 1), ("utf-8", 4, 1), ("utf-16", 3, 2)]
)
def test_a_column_inside_a_character_is_moved_to_its_start(encoding: PositionEncoding, units: int, index: int) -> None:
    assert index_of_units("a\U0001d4b3b", units, encoding) == index


def test_a_lone_surrogate_is_accepted() -> None:
    document = TextBuffer("a\ud835b")
    assert document.text == "a\ufffdb"
    document.replace((0, 2), (0, 2), "\udcb3", "utf-16")
    assert document.text == "a\ufffd\ufffdb"


@given(text=TEXTS.filter(lambda text: len(lines_of(text)) == 1), encoding=st.sampled_from(ENCODINGS), data=st.data())
def test_byte_columns_are_converted_to_code_units(text: str, encoding: PositionEncoding, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(text)))
    column = len(text[:index].encode())
    assert units_of_byte_column(text, column, encoding) == length_in(text[:index], encoding)
    assert index_of_units(text, length_in(text[:index], encoding), encoding) == index
    assert units_of(text, encoding) == length_in(text, encoding)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, "utf-16"),
        ([], "utf-16"),
        (["utf-7"], "utf-16"),
        (["utf-7", "utf-8", "utf-16"], "utf-8"),
        (("utf-32", "utf-8"), "utf-32"),
    ],
)
def test_the_first_known_encoding_is_chosen(offered: object, chosen: str) -> None:
    assert choose_encoding(offered) == chosen
