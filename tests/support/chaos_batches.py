"""Seeds, counts and outcomes of the chaos tests. A script runs in batches; each batch has its own seed.

`make test` runs one short batch of every script. `make chaos` and `make test-long` run the batches marked `chaos_long`.
Environment: CHAOS_SEED (default 1), CHAOS_SCALE (of the long counts, default 1), CHAOS_<NAME> (the count of one script),
CHAOS_PART=1/3 (one third of the batches, to run three at a time), CHAOS_RESUME=1 (skip batches that passed with this code).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
OUTCOMES = REPOSITORY / "bench" / "work" / "chaos.jsonl"


@dataclass(slots=True)
class Batch:
    """Some repetitions of one script.

    :ivar count: repetitions. :ivar done: counts of what was done, by name, as docs/reliability.md shows them.
    :ivar faults: messages about broken guarantees.
    """

    name: str
    seed: str
    count: int
    done: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def random(self, *more: object) -> random.Random:
        """The random numbers of one repetition. They do not depend on earlier repetitions."""
        return random.Random("-".join(map(str, (self.name, self.seed, *more))))

    def fault(self, sentence: str) -> None:
        self.faults.append(sentence)

    def outcome(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "seed": self.seed,
            "count": self.count,
            "done": dict(self.done),
            "faults": self.faults,
            "seconds": round(time.monotonic() - self.started, 1),
            "code": code_hash(),
        }


def batches(name: str, *, short: int, long: int, size: int) -> list[tuple[Batch, bool]]:
    """The short batch, then those of the long round. True: the batch belongs to the long round."""
    base = os.environ.get("CHAOS_SEED", "1")
    scale = float(os.environ.get("CHAOS_SCALE", "1"))
    total = int(os.environ.get(f"CHAOS_{name.upper()}", max(1, round(long * scale))))
    part, _, n_parts = os.environ.get("CHAOS_PART", "1/1").partition("/")
    found = [(Batch(name, f"{base}-short", short), False)]
    for number in range(-(-total // size)):
        if number % int(n_parts) == int(part) - 1:
            found.append((Batch(name, f"{base}-{number}", min(size, total - number * size)), True))
    return found


@cache
def code_hash() -> str:
    """Hash of the product and the chaos tests. An outcome is valid only for the same code."""
    digest = hashlib.sha256()
    for folder, pattern in (("server/semlens", "**/*"), ("tests/chaos", "*.py"), ("tests/support", "*.py")):
        for path in sorted((REPOSITORY / folder).glob(pattern)):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def passed_before(batch: Batch) -> bool:
    return any(
        (one["name"], one["seed"], one["count"], one["code"]) == (batch.name, batch.seed, batch.count, code_hash())
        and not one["faults"]
        for one in outcomes()
    )


def outcomes() -> list[dict[str, Any]]:
    if not OUTCOMES.exists():
        return []
    return [json.loads(line) for line in OUTCOMES.read_text(encoding="utf-8").splitlines()]


def record(batch: Batch) -> None:
    """Append the outcome under a lock, because several rounds may run at a time."""
    OUTCOMES.parent.mkdir(parents=True, exist_ok=True)
    with OUTCOMES.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(batch.outcome()) + "\n")
