"""Escaping of untrusted text, on a terminal and in an editor's messages."""

from __future__ import annotations

import logging

import pytest

from semlens.core.text.log_format import PrintableFormatter
from semlens.core.text.printable import message_text, printable, printable_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("src/a.py", "src/a.py"),
        ("caf\u00e9 \u4f60\u597d \u00a0\u3000 \U0001f469\u200d\U0001f4bb \ue0b0", None),
        ("\x1b]0;title\x07\x1b[2J", r"\x1b]0;title\x07\x1b[2J"),
        ("\x00\x08\x0b\x0c\x7f", r"\x00\x08\x0b\x0c\x7f"),
        ("\x85\x9b1m", r"\x85\x9b1m"),
        ("\u202eevil\u202c\u2066x\u2069\u200f\u061c", r"\u202eevil\u202c\u2066x\u2069\u200f\u061c"),
        ("\u2028\u2029\u200b\u2060\ufeff\xad", r"\u2028\u2029\u200b\u2060\ufeff\xad"),
        ("\U000e0041\U000e007f", r"\U000e0041\U000e007f"),
        ("\udcff \ud800", r"\xff \ud800"),
        ("one\ttab", "one\ttab"),
        ("one\r\ntwo\rthree", r"one\r\ntwo\rthree"),
    ],
)
def test_control_and_invisible_characters_are_escaped(text: str, shown: str | None) -> None:
    expected = text if shown is None else shown
    assert printable(text) == expected
    assert printable_lines(text) == expected.replace(r"\n", "\n")
    assert printable(printable(text)) == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`[x](command:a.b)` is no setting", "`[x] (command:a.b)` is no setting"),
        ("[x][y] and a[0](1)", "[x] [y] and a[0] (1)"),
        ("a\nb[0] c", r"a\nb[0] c"),
    ],
)
def test_a_message_holds_no_link(text: str, shown: str) -> None:
    assert message_text(text) == shown


def test_a_log_line_is_printable() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "read %s", ("a\x1b[2J\u202e.py",), None)
    assert PrintableFormatter("%(message)s").format(record) == r"read a\x1b[2J\u202e.py"
