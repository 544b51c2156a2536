"""A workspace that changes at random, and its oracle: a plain scan of the disk for definitions."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

VERBS = "fetch parse render merge split encode decode rotate compress validate schedule throttle".split()
NOUNS = "invoice colour packet vector ticket window cursor ledger socket buffer record picture".split()
WORD = "chaosword"
"""A word in every function, so that one query finds all of them."""

TEMPLATES = {
    ".py": 'def {name}(value):\n    """{words}."""\n    return value + {number}\n',
    ".ts": "/** {words}. */\nexport function {name}(value: number): number {{\n  return value + {number};\n}}\n",
    ".go": "// {words}.\nfunc {name}(value int) int {{\n\treturn value + {number}\n}}\n",
    ".rs": "/// {words}.\npub fn {name}(value: i64) -> i64 {{\n    value + {number}\n}}\n",
}
DEFINITION = re.compile(r"^(?:def|export function|func|pub fn) (\w+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a function is defined; ``line`` counts from 0."""

    path: str
    line: int


@dataclass(slots=True)
class ChaosWorkspace:
    """:ivar names: all names that were ever written."""

    folder: Path
    names: set[str] = field(default_factory=set)

    def fill(self, rng: random.Random, n_files: int) -> None:
        for _ in range(n_files):
            self.create(rng)

    def function(self, rng: random.Random, suffix: str) -> str:
        number = rng.randrange(16**6)
        name = f"{rng.choice(VERBS)}_{rng.choice(NOUNS)}_{number:06x}"
        self.names.add(name)
        words = " ".join([WORD, *rng.choices(VERBS + NOUNS, k=4)])
        return TEMPLATES[suffix].format(name=name, words=words, number=number)

    def text(self, rng: random.Random, suffix: str, n_functions: int = 3) -> str:
        return "\n".join(self.function(rng, suffix) for _ in range(n_functions))

    def files(self) -> list[Path]:
        """The files that this workspace wrote. Leaves out the folder "hostile", which tests fill."""
        found = (path for path in self.folder.rglob("*") if path.suffix in TEMPLATES and path.is_file())
        return sorted(path for path in found if "hostile" not in path.parts)

    def create(self, rng: random.Random) -> Path:
        suffix = rng.choice(list(TEMPLATES))
        path = self.folder / rng.choice("abcd") / f"{rng.choice(NOUNS)}_{rng.randrange(10**6)}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text(rng, suffix, rng.randrange(1, 5)))
        return path

    def change(self, rng: random.Random) -> str:
        """Make one random change on disk. Returns its kind."""
        files = self.files()
        if len(files) < 4:
            self.create(rng)
            return "create"
        path = rng.choice(files)
        kind = rng.choice(
            ["create", "write", "write", "write", "delete", "rename", "empty", "touch", "same times", "swap"]
        )
        if kind == "create":
            self.create(rng)
        elif kind == "write":
            path.write_text(self.text(rng, path.suffix, rng.randrange(1, 5)))
        elif kind == "delete":
            path.unlink()
        elif kind == "rename":
            path.rename(path.with_name(f"moved_{rng.randrange(10**6)}{path.suffix}"))
        elif kind == "empty":
            path.write_text("")
        elif kind == "touch":
            path.touch()
        elif kind == "same times":
            self._write_with_same_times(path, rng)
        else:  # as editors save: replaces the file by a new one
            fresh = path.with_name(f".{path.name}.new")
            fresh.write_text(self.text(rng, path.suffix))
            fresh.replace(path)
        return kind

    def _write_with_same_times(self, path: Path, rng: random.Random) -> None:
        """Write other names of the same length, with the old modification time."""
        status = path.stat()
        text = path.read_text()
        for name in set(defined_in(text)):
            other = f"{name[:-6]}{rng.randrange(16**6):06x}"
            self.names.add(other)
            text = text.replace(name, other)
        path.write_text(text)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def move_folder(self, rng: random.Random) -> None:
        folders = sorted(path for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        if folders:
            folder = rng.choice(folders)
            if rng.random() < 0.5:
                folder.rename(folder.with_name(f"{folder.name[:1]}_{rng.randrange(10**6)}"))
            else:
                shutil.rmtree(folder)

    def defined_of(self, path: Path) -> dict[str, Place]:
        return scan(self.folder, [path])

    def defined(self) -> dict[str, Place]:
        """All definitions on disk."""
        return scan(self.folder, self.files())


def defined_in(text: str) -> dict[str, int]:
    """The defined names and their 0-based lines."""
    found = ((DEFINITION.match(line), number) for number, line in enumerate(text.split("\n")))
    return {match[1]: number for match, number in found if match}


def scan(folder: Path, files: Iterable[Path]) -> dict[str, Place]:
    found = {}
    for path in files:
        for name, line in defined_in(path.read_text()).items():
            found[name] = Place(path.relative_to(folder).as_posix(), line)
    return found
