"""Random incremental changes, valid and invalid, compared with a second implementation of LSP's changes."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from chaos_batches import Batch
from chaos_server import ChaosServer, Lab
from lsp_client import edit

ENDS = re.compile(r"\r\n|\r|\n")
PIECES = [
    "",
    "x",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "é",
    "\U0001f600",
    "\u2028",
    "\x0c",
    "\x00",
    "\t",
    "def f(",
    '"""',
    "#",
    "(",
    "\ufeff",
    "a" * 300,
]
UNITS = {
    "utf-8": lambda char: len(char.encode()),
    "utf-16": lambda char: 2 if char > "\uffff" else 1,
    "utf-32": lambda _: 1,
}


@pytest.mark.chaos("edits", short=200, long=50_000, size=2_000)
def test_edits(batch: Batch, lab: Lab) -> None:
    encoding = batch.random().choice(list(UNITS))
    lab.workspace.fill(batch.random("workspace"), 4)
    server = lab.start(initialize=False)
    result = server.initialize(root=lab.workspace.folder, encodings=[encoding])
    assert result["capabilities"]["positionEncoding"] == encoding
    server.wait_ready(300)
    uri = (lab.workspace.folder / "typed.py").as_uri()
    text, version = "", 0
    for number in range(-(-batch.count // 10)):
        rng = batch.random(number)
        if version == 0 or len(text) > 20_000 or rng.random() < 0.05:
            if version:
                server.close_document(uri)
            text, version = lab.workspace.text(rng, ".py"), 1
            server.open(uri, text)
        for _ in range(min(10, batch.count - number * 10)):
            changes = [random_change(rng, text, encoding) for _ in range(rng.choice([1, 1, 1, 2, 5]))]
            version += 1
            server.change(uri, version, *changes)
            for change in changes:
                text = apply(text, change, encoding)
            batch.done["edits"] += 1
        text, version = add_marker(lab, server, uri, text, version, rng, encoding)
        if batch.faults or not lab.judge_alive(server):
            return
    lab.judge_status(server)
    server.close()


def add_marker(
    lab: Lab, server: ChaosServer, uri: str, text: str, version: int, rng: random.Random, encoding: str
) -> tuple[str, int]:
    """Type a function at the end. Its position shows whether server and oracle have the same text before it.

    The text around it is arbitrary, so the parser may miss it. Then the hit is the passage with its line.
    """
    function = lab.workspace.function(rng, ".py")
    name = function[4:].partition("(")[0]
    lines = lines_of(text)
    change = edit(
        len(lines) - 1, units(lines[-1], encoding), len(lines) - 1, units(lines[-1], encoding), f"\n\n{function}"
    )
    server.change(uri, version + 1, change)
    text = apply(text, change, encoding)
    lines = lines_of(text)
    for query in (name, "value", "chaosword return def"):
        for hit in server.search(query, limit=100, perFile=0)["hits"]:
            if hit["location"]["uri"] == uri:
                judge(lab.batch, hit, lines, encoding, name)
    return text, version + 1


def judge(batch: Batch, hit: dict[str, Any], lines: list[str], encoding: str, wanted: str) -> None:
    """Check that the snippet equals the oracle's text, and that the name is at the hit's position."""
    batch.done["answers compared"] += 1
    start = hit["snippet"]["range"]["start"]["line"]
    shown = hit["snippet"]["text"].split("\n")
    there = [line[:400] for line in lines[start : start + len(shown)]]
    if shown != there:
        batch.fault(f"the server's text differs from line {start} on ({encoding}): {shown!r} instead of {there!r}")
    place = hit["selectionRange"]
    if hit["name"] == wanted and place["start"]["line"] < len(lines):
        line = lines[place["start"]["line"]]
        columns = (place["start"]["character"], place["end"]["character"])
        if (
            hit["kind"] != 1
            and line[index_of(line, columns[0], encoding) : index_of(line, columns[1], encoding)] != wanted
        ):
            batch.fault(f"{wanted} does not stand at {place} ({encoding}) in {line!r}")
        batch.done["markers found"] += 1


# --- the oracle: one string and its line ends --------------------------------------------------------------------------


def lines_of(text: str) -> list[str]:
    return ENDS.split(text)


def units(line: str, encoding: str) -> int:
    return sum(map(UNITS[encoding], line))


def index_of(line: str, column: int, encoding: str) -> int:
    """The number of characters before a column. A column inside a character counts as its start."""
    used = 0
    for index, char in enumerate(line):
        used += UNITS[encoding](char)
        if used > column:
            return index
    return len(line)


def offset_of(text: str, place: dict[str, int], encoding: str) -> int:
    """The offset of a position. Positions beyond a line or the text are clamped to its end."""
    starts = [0, *(end.end() for end in ENDS.finditer(text))]
    if place["line"] >= len(starts):
        return len(text)
    return starts[place["line"]] + index_of(lines_of(text)[place["line"]], place["character"], encoding)


def apply(text: str, change: dict[str, Any], encoding: str) -> str:
    if "range" not in change:
        return str(change["text"])
    start, end = (offset_of(text, change["range"][name], encoding) for name in ("start", "end"))
    return text[:start] + change["text"] + text[max(start, end) :]


def random_change(rng: random.Random, text: str, encoding: str) -> dict[str, Any]:
    piece = "".join(rng.choices(PIECES, k=rng.choice([0, 1, 1, 2, 4])))
    if rng.random() < 0.02:
        return {"text": piece + text[: rng.randrange(len(text) + 1)]}
    lines = lines_of(text)

    def place(near: int) -> tuple[int, int]:
        line = max(0, min(near + rng.randrange(-2, 3), len(lines) + 2))
        if rng.random() < 0.05:
            line = rng.choice([len(lines), len(lines) + 1000, 2**31 - 1])
        width = units(lines[line], encoding) if line < len(lines) else 0
        return line, rng.choice([0, width, rng.randrange(width + 1), width + 1, 2**31 - 1])

    first = place(rng.randrange(len(lines)))
    last = place(first[0]) if rng.random() < 0.8 else first  # may lie before the first
    return edit(*first, *last, piece)
