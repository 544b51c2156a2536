"""Arbitrary queries and filters: globs that could backtrack, megabytes, control characters, lone surrogates."""

from __future__ import annotations

import random
from typing import Any

import pytest
from chaos_batches import Batch
from chaos_server import DEADLINE_S, Lab
from lsp_client import ResponseError

GLOBS = [
    "*a",
    "**/",
    "?",
    "[a-z]",
    "[!a]",
    "{a,b}",
    "\\",
    "[",
    "]",
    "{",
    "!",
    "a",
    "b",
    "/",
    ".py",
    "*",
    "**",
    "é",
    "\n",
    " ",
]
WORDS = [
    "parse",
    "value",
    "path:",
    "lang:",
    "kind:",
    "-path:",
    "file:",
    "test:",
    "python",
    "function",
    '"',
    "'",
    "(",
    ":",
    "-",
    "is:dirty",
    "Foo::bar",
    "a.b.c",
]
TEXTS = [
    "\x00",
    "\x1b[31m",
    "\ud800",
    "\U0001f600",
    "\u202e",
    "é" * 50,
    "a" * 5_000,
    "\n" * 200,
    'Traceback (most recent call last):\n  File "a.py", line 3, in f\n',
]


@pytest.mark.chaos("questions", short=150, long=20_000, size=1_000)
def test_questions(batch: Batch, lab: Lab) -> None:
    lab.workspace.fill(batch.random("workspace"), 30)
    server = lab.start()
    server.wait_ready(300)
    for number in range(batch.count):
        rng = batch.random(number)
        params: dict[str, Any] = {}
        if rng.random() < 0.6:
            names = rng.sample(["paths", "excludePaths", "languages"], rng.randrange(1, 3))
            params["filter"] = {name: [glob(rng) for _ in range(rng.choice([1, 1, 3, 200]))] for name in names}
        params["limit"] = rng.choice([1, 20, 1000])
        try:
            lab.search(server, question(rng), **params)
        except ResponseError as error:
            if error.code != -32602:  # rejected with a message
                batch.fault(f"{error} for {params}")
        except TimeoutError:
            batch.fault(f"no answer within {DEADLINE_S} s for {params}")
        batch.done["questions"] += 1
        if batch.faults or not lab.judge_alive(server):
            return
    lab.judge_rest(server, batch.random("end"))
    server.close()


def glob(rng: random.Random) -> str:
    parts = rng.choices(GLOBS, k=rng.choice([1, 3, 8]))
    return "".join(parts) * rng.choice([1, 1, 10, 60])


def question(rng: random.Random) -> str:
    parts = []
    for _ in range(rng.choice([0, 1, 2, 6])):
        kind = rng.randrange(4)
        parts.append(
            [rng.choice(WORDS), rng.choice(TEXTS), f"path:{glob(rng)}", rng.choice(WORDS) + rng.choice(WORDS)][kind]
        )
    text = rng.choice([" ", ""]).join(parts)
    return text * (2_000 if rng.random() < 0.02 else 1)
