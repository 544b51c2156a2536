"""What an agent reads, piece by piece: with semlens's tools, or with ripgrep and 40 lines around each match."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ranking_metrics import Result
from resident import SEMLENS

PAGE = 10
MAX_PAGES = 5
N_WORDS = 3
LINES_AROUND = 20
"""Before a match and after it."""

_LEFT_OUT = re.compile(r"\.\.\. lines \d+-(\d+)")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{2,}")
_FUNCTION_WORDS = frozenset(
    "the and for are how what where which who why when does with from into that this its can has have not was were "
    "use used uses using between all any each per over only also than then them they there their will would should "
    "via out you your get set".split()
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that the agent reads. :ivar places: the lines of code that it shows; none for a list of places."""

    text: str
    places: tuple[Result, ...] = ()


class Mcp:
    """One session of ``semlens mcp``."""

    def __init__(self, root: Path) -> None:
        self._process = subprocess.Popen(
            [*SEMLENS, "mcp", "--root", str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        client = {"name": "bench", "version": "1"}
        self._request("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client})
        self._send({"method": "notifications/initialized"})

    @property
    def process_id(self) -> int:
        return self._process.pid

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result: dict[str, Any] = self._request("tools/call", {"name": tool, "arguments": arguments})
        return result

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def _request(self, method: str, params: dict[str, Any]) -> Any:
        self._send({"id": 1, "method": method, "params": params})
        assert self._process.stdout is not None
        while True:
            line = self._process.stdout.readline()
            if not line:
                raise SystemExit("semlens mcp ended.")
            message = json.loads(line)
            if "error" in message:
                raise SystemExit(f"{method}: {message['error']['message']}")
            if message.get("id") == 1 and "result" in message:
                return message["result"]

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self._process.stdin.flush()


def read_by_semlens(question: str, root: Path) -> Iterator[Piece]:
    """Ten places, then their code in order; then the next ten. A session of its own, since none shows code twice."""
    session = Mcp(root)
    try:
        cursor: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            found = session.call("search_code", query=question, limit=PAGE, **cursor)
            yield Piece(_text(found))
            yield from _read_in_full(session, question, len(found["structuredContent"]["hits"]), cursor)
            following = found["structuredContent"].get("cursor")
            if not following:
                return
            cursor = {"cursor": following}
    finally:
        session.close()


def _read_in_full(session: Mcp, question: str, n_hits: int, cursor: dict[str, str]) -> Iterator[Piece]:
    """The code of so many hits, in as many answers of the usual budget as they need."""
    while n_hits > 0:
        answer = session.call("search_code", query=question, limit=n_hits, detail="full", **cursor)
        yield Piece(_text(answer).partition("\n")[0])
        hits = answer["structuredContent"]["hits"]
        for hit in hits:
            heading = f"{hit['path']}:{hit['startLine']}-{hit['endLine']}  {hit['name']}\n"
            yield Piece(f"{heading}```\n{hit['text']}\n```", tuple(_shown_lines(hit)))
        n_hits -= len(hits)
        if not hits or "cursor" not in answer["structuredContent"]:
            return
        cursor = {"cursor": answer["structuredContent"]["cursor"]}


def _shown_lines(hit: dict[str, Any]) -> Iterator[Result]:
    """The stretches of code that an answer really shows: long code is shortened."""
    first = number = hit["startLine"]
    for line in hit["text"].split("\n"):
        if (left_out := _LEFT_OUT.match(line)) is None:
            number += 1
            continue
        if number > first:
            yield Result(hit["path"], (first, number - 1))
        first = number = int(left_out[1]) + 1
    if number > first:
        yield Result(hit["path"], (first, number - 1))


def read_by_ripgrep(question: str, root: Path) -> Iterator[Piece]:
    """The three words of the question that match the fewest lines, and 40 lines around each match, by path and line.

    What `rg` itself prints is not counted: an agent may let it print the paths only.
    """
    words = rarest_words(question, root)
    if not words:
        return
    pattern = "|".join(map(re.escape, words))
    ran = _rg(root, "--sort", "path", "--line-number", "--no-heading", "--null", "--max-columns", "1", pattern)
    matches: dict[str, list[int]] = {}
    for row in ran.splitlines():
        path, _, rest = row.partition("\0")
        matches.setdefault(path.removeprefix("./"), []).append(int(rest.partition(":")[0]))
    for path, numbers in matches.items():
        lines = (root / path).read_text(encoding="utf-8", errors="replace").splitlines()
        for first, last in _windows(numbers, len(lines)):
            yield Piece("\n".join([f"{path}:{first}-{last}", *lines[first - 1 : last]]), (Result(path, (first, last)),))


def rarest_words(question: str, root: Path) -> list[str]:
    """At most three, each with a match."""
    words = {word.lower() for word in _WORD.findall(question)} - _FUNCTION_WORDS
    counts = {}
    for word in words:
        rows = _rg(root, "--count", "--no-filename", re.escape(word)).split()
        counts[word] = sum(map(int, rows))
    return sorted((word for word in words if counts[word]), key=lambda word: (counts[word], word))[:N_WORDS]


def _windows(numbers: list[int], n_lines: int) -> Iterator[tuple[int, int]]:
    """First and last line of each stretch to read. What was read is not read again."""
    read = 0
    for number in numbers:
        first, last = max(read + 1, number - LINES_AROUND), min(n_lines, number + LINES_AROUND)
        if first <= last:
            yield first, last
            read = last


def _rg(root: Path, *arguments: str) -> str:
    command = ["rg", "--no-config", "--ignore-case", *arguments, "."]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, errors="replace", check=False).stdout


def _text(result: dict[str, Any]) -> str:
    return "\n".join(part.get("text", "") for part in result.get("content", []))
