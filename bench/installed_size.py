"""Measures the disk space of an installation by package: semlens, its models, and all dependencies.

    python bench/installed_size.py

Run it with the interpreter of an environment that has the dependencies (.venv of the checkout). Prints a table and
writes bench/results/installed_size.json. Includes compiled bytecode, because pip writes it.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "bench" / "results"


def closure(requirements: list[str]) -> list[str]:
    """Names of all required distributions, in the order found."""
    found: dict[str, set[str]] = {}
    todo = [Requirement(text) for text in requirements]  # each with the extras that are asked for
    while todo:
        requirement = todo.pop()
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        extras = {"", *requirement.extras}
        if extras <= found.setdefault(name, set()):
            continue
        found[name] |= extras
        for text in importlib.metadata.requires(name) or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                todo.append(needed)
    return list(found)


def size_of_distribution(name: str) -> int:
    files = importlib.metadata.files(name) or ()
    return sum(path.stat().st_size for file in files if (path := Path(str(file.locate()))).is_file())


def size_of_folder(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")


def main() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    sizes = {name: size_of_distribution(name) for name in closure(project["dependencies"])}
    sizes["semlens (code)"] = size_of_folder(REPOSITORY / "server" / "semlens")
    for manifest in (REPOSITORY / "models").glob("*/model.toml"):
        sizes[f"semlens (model {manifest.parent.name})"] = size_of_folder(manifest.parent)
    rows = [
        {"package": name, "mb": round(size / 1e6, 1)} for name, size in sorted(sizes.items(), key=lambda item: -item[1])
    ]
    total = round(sum(sizes.values()) / 1e6, 1)
    for row in rows:
        print(f"{row['mb']:>8.1f} MB  {row['package']}")
    print(f"{total:>8.1f} MB  in total")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "installed_size.json").write_text(json.dumps({"packages": rows, "total_mb": total}, indent=2) + "\n")


if __name__ == "__main__":
    main()
