"""Arbitrary settings files. The server and the command line keep working and report problems as messages."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chaos_batches import Batch
from chaos_server import DEADLINE_S, Lab, judge_text

from semlens.settings.specs import SPECS

COMMANDS = [
    ["search", "value", "--no-update"],
    ["status"],
    ["search", "value", "--json"],
    ["doctor"],
    ["index"],
    ["context", "value"],
]


@pytest.mark.chaos("settings", short=8, long=1_000, size=50)
def test_settings(batch: Batch, lab: Lab) -> None:
    """Half of the files are `.semlens.toml` under a running server, half the user's `config.toml` under a command."""
    lab.workspace.fill(batch.random("workspace"), 10)
    server = lab.start()
    server.wait_ready(300)
    file = lab.workspace.folder / ".semlens.toml"
    for number in range(batch.count):
        rng = batch.random(number)
        data = random_toml(rng)
        batch.done["settings files"] += 1
        if number % 4 == 3:
            user_file = lab.config / "config.toml"
            before = user_file.read_bytes()
            user_file.write_bytes(data)
            run(batch, lab, rng.choice(COMMANDS))
            user_file.write_bytes(before)
            continue
        file.write_bytes(data)
        lab.search(server, rng.choice(sorted(lab.workspace.names)))
        lab.judge_status(server)
        if not lab.judge_alive(server) or batch.faults:
            return
    file.unlink(missing_ok=True)
    server.call("semlens/reindex", {}, DEADLINE_S)
    lab.judge_rest(server, batch.random("end"))
    server.close()


def run(batch: Batch, lab: Lab, command: list[str]) -> None:
    ran = subprocess.run(
        ["bash", "-c", 'ulimit -v 6291456; exec "$@"', "bash", sys.executable, "-m", "semlens", *command],
        cwd=lab.workspace.folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(lab.folder), **lab.environment},
        capture_output=True,
        timeout=300,
        check=False,
    )
    output = (ran.stdout + ran.stderr).decode("utf-8", "replace")
    batch.done["commands"] += 1
    if ran.returncode not in (0, 1, 2):
        batch.fault(f"{command} ended with {ran.returncode}: {output[-1000:]}")
    if fault := judge_text(output):
        batch.fault(f"{command}: {fault}")
    if "--json" in command and ran.returncode == 0:
        json.loads(ran.stdout)


def random_toml(rng: random.Random) -> bytes:
    """Mostly TOML with known names and arbitrary values; sometimes arbitrary bytes."""
    if rng.random() < 0.1:
        return rng.randbytes(rng.randrange(200))
    sections: dict[str, list[str]] = {}
    for name in rng.sample(sorted(SPECS), rng.randrange(1, 6)):
        section, _, key = name.rpartition(".")
        sections.setdefault(section if rng.random() < 0.9 else f"{section}.{section}", []).append(
            f"{key_text(rng, key)} = {value_text(rng, 2)}"
        )
    text = "\n".join("\n".join([f"[{section}]", *lines]) for section, lines in sections.items())
    if rng.random() < 0.1:
        text = "".join(rng.sample(text, len(text)))
    if rng.random() < 0.05:
        text = "a = " + "[" * 5_000
    return text.encode("utf-8", "surrogatepass")


def key_text(rng: random.Random, key: str) -> str:
    return rng.choice([key, key, key, key, key.upper(), f'"{key}\\u001b[31m"', "x" * 300, '"\\u202e"', "unknown"])


def value_text(rng: random.Random, depth: int) -> str:
    plain: list[Any] = [
        0,
        1,
        -1,
        2**63 - 1,
        10**30,
        "true",
        "false",
        "inf",
        "nan",
        1.5,
        "1979-05-27",
        '""',
        '"none"',
        '"auto"',
        '"off"',
        '"*"',
    ]
    plain += [
        '"/nowhere"',
        '"~"',
        '"\\u0000"',
        '"\\u001b]0;x\\u0007"',
        f'"{"*a" * 40}"',
        f'"{"**/" * 30}x"',
        '"http://127.0.0.1:9"',
        '"[", "!"'[:3],
    ]
    if depth and rng.random() < 0.4:
        items = ", ".join(value_text(rng, depth - 1) for _ in range(rng.randrange(4)))
        return f"[{items}]" if rng.random() < 0.7 else f"{{a = [{items}]}}"
    return str(rng.choice(plain))


def test_the_fuzzer_can_fail(tmp_path: Path) -> None:
    assert judge_text("Traceback (most recent call last):\n")
    assert judge_text("red \x1b[31m")
    assert not judge_text("A sentence.\n")
