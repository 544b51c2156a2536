"""The process that computes a map: a minute of processor time and some hundred megabytes, apart from the server.

It reads one file, writes another, and prints the share that is done.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np

from semlens.engine.mapping.area_labels import area_labels
from semlens.engine.mapping.projection import project

_NICENESS = 10


def main(source: Path, target: Path) -> None:
    """:param source: the vectors, hashes and names of the points. :param target: gets their positions and labels."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    with np.load(source) as data:
        vectors, hashes, names = data["vectors"], data["hashes"], data["names"].tobytes().decode("utf-8", "replace")
    positions = project(vectors, hashes, lambda share: print(f"{share:.3f}", flush=True))  # noqa: T201 - its output
    labels = area_labels(positions, names.split("\n"))
    encoded = np.frombuffer(json.dumps([label._asdict() for label in labels]).encode(), np.uint8)
    part = target.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, positions=positions, labels=encoded)
    part.replace(target)


if __name__ == "__main__":
    os.umask(0o077)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
