"""Hostile sources in the real server: random bytes, mutated code, deep nesting of every grammar's own tokens."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pytest
from chaos_batches import REPOSITORY, Batch
from chaos_server import ChaosServer, Lab
from grammar_shapes import LANGUAGES, fingerprints_of, sample_path

from semlens.syntax.languages.registry import BY_NAME

STEP = 100
EXTENSIONS = sorted(
    {extension for language in BY_NAME.values() for extension in language.extensions[:2]} | {".txt", ".vb", ".env", ""}
)


@pytest.mark.chaos("sources", short=60, long=20_000, size=500)
def test_sources(batch: Batch, lab: Lab) -> None:
    write_and_judge(batch, lab, hostile_source)


@pytest.mark.chaos("nested", short=52, long=2_080, size=260)
def test_nested_shapes_of_every_grammar(batch: Batch, lab: Lab) -> None:
    write_and_judge(batch, lab, nested_source)


def write_and_judge(batch: Batch, lab: Lab, make: object) -> None:
    """Hostile files are created, indexed or rejected, and deleted. The server keeps running and finds the harmless files."""
    lab.workspace.fill(batch.random("workspace"), 20)
    server = lab.start()
    server.wait_ready(300)
    for first in range(0, batch.count, STEP):
        folder = lab.workspace.folder / "hostile" / str(first)
        folder.mkdir(parents=True)
        for number in range(first, min(first + STEP, batch.count)):
            name, data = make(batch.random(number), number)  # type: ignore[operator]
            (folder / f"{number}_{name}").write_bytes(data)
        settle(batch, lab, server, folder)
        if not lab.judge_alive(server) or batch.faults:
            return
        batch.done[batch.name] += len(list(folder.iterdir()))
        for path in folder.iterdir():
            path.unlink()
    server.close()


def settle(batch: Batch, lab: Lab, server: ChaosServer, folder: Path) -> None:
    marker = lab.workspace.create(batch.random("marker", folder.name))  # written last, so indexed last
    name = next(iter(lab.workspace.defined_of(marker)))
    server.until(
        "the last file", lambda: [hit["name"] for hit in server.search(name)["hits"]], lambda names: name in names, 900
    )
    status = server.wait_status("rest", lambda status: status["state"] in ("ready", "degraded"), 900)
    batch.done["files named as problems"] += len(status["problems"])
    lab.judge_status(server)
    for query in ("value", "parse a file", name):
        lab.search(server, query, limit=100)
    lab.judge_rest(server, batch.random("rest", folder.name), hostile=True)


# --- random bytes and mutated code ---------------------------------------------------------------------------------------


@cache
def samples() -> list[Path]:
    """The sources of the outline tests."""
    folder = REPOSITORY / "tests" / "outline"
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".py", ".tsv", ".json", ".pyc")
    )


def hostile_source(rng: random.Random, _number: int) -> tuple[str, bytes]:
    kind = rng.choice(["bytes", "text", "mutated", "mutated", "mutated", "repeated", "line", "mixed"])
    if kind in ("mutated", "repeated", "mixed"):
        path = rng.choice(samples())
        data = path.read_bytes()[:20_000]
        if kind == "repeated":
            data = rng.choice(data.splitlines() or [b"x"]) * rng.choice([10, 300, 2_000])
        elif kind == "mixed":
            other = rng.choice(samples()).read_bytes()[:20_000]
            data = data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]
        else:
            data = mutate(rng, data)
        suffix = path.suffix if rng.random() < 0.8 else rng.choice(EXTENSIONS)
        return f"{kind}{suffix}", data[:400_000]
    if kind == "bytes":
        data = rng.randbytes(rng.choice([1, 10, 1000, 20_000]))
    elif kind == "text":
        data = "".join(
            rng.choices("(){}[]<>\"'`;:,.\\/*#@$%^&|!?=+-~ \n\t\0ab1é\u2028", k=rng.choice([10, 500, 8000]))
        ).encode()
    else:
        data = rng.choice(
            [b"(", b"[1,", b"a.", b"-", b"x ", b"'", b"\\", b"if a: ", b"<a>", b"\xff", b"\xe2\x80"]
        ) * rng.choice([1000, 60_000])
    if rng.random() < 0.1:
        data = rng.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"#!/usr/bin/env python\n"]) + data
    return f"{kind}{rng.choice(EXTENSIONS)}", data


def mutate(rng: random.Random, data: bytes) -> bytes:
    """The source with bytes changed, and pieces removed, doubled and moved."""
    for _ in range(rng.choice([1, 1, 3, 20])):
        start = rng.randrange(len(data) + 1)
        end = min(len(data), start + rng.choice([1, 1, 4, 40, 1000]))
        piece = data[start:end]
        kind = rng.randrange(5)
        if kind == 0:
            data = data[:start] + rng.randbytes(len(piece)) + data[end:]
        elif kind == 1:
            data = data[:start] + data[end:]
        elif kind == 2:
            data = data[:start] + piece * rng.choice([2, 5, 50]) + data[end:]
        elif kind == 3:
            data = (
                data[:start]
                + bytes([rng.choice(b"(){}[]<>\"'`\\\n\t\0;:#/*")]) * rng.choice([1, 3, 500])
                + data[start:]
            )
        else:
            place = rng.randrange(len(data) + 1)
            data = data[:place] + piece + data[place:]
    return data


# --- nested shapes ---------------------------------------------------------------------------------------------------


def nested_source(rng: random.Random, number: int) -> tuple[str, bytes]:
    """Deeply nested code of one language after the other."""
    language = LANGUAGES[number % len(LANGUAGES)]
    shape = fingerprints_of(language, rng.randrange(10**6), 12)[rng.randrange(12)]
    return sample_path(language), shape.text()
