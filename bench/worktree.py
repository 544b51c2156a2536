"""The first index of a git worktree, next to that of the repository it belongs to.

    python bench/worktree.py [S|M|L]

Commits the corpus to a new repository, indexes that, adds a worktree and indexes it with the same cache. Both are whole
`semlens index` processes. Writes bench/results/worktree_<corpus>.json. Fails when the worktree computes a vector, or
takes a third of the time of the repository or more.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from command_line import RESULTS, environment, machine, semlens
from corpora import corpus

MAX_SHARE = 1 / 3
"""Of the time of the first index."""

_IDENTITY = {f"GIT_{who}_{what}": "bench" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
_OWN_CONFIGURATION = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(folder: Path, *arguments: str) -> None:
    env = {**os.environ, **_IDENTITY, **_OWN_CONFIGURATION}
    subprocess.run(["git", *arguments], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)


def commit(folder: Path) -> None:
    """Commit everything as it is, whatever the attributes and ignore files of the packages say."""
    git(folder, "init", "--quiet")
    (folder / ".git" / "info" / "attributes").write_text("* -text -filter -ident -working-tree-encoding\n")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", "corpus")


def index(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    ran = semlens("index", str(folder), "--json", env=env, watched=True)
    status = json.loads(ran.stdout)
    return {
        "files": sum(root["files"] for root in status["roots"]),
        "symbols": sum(root["symbols"] for root in status["roots"]),
        "parsed": status["counters"]["parsed"],
        "vectors_computed": status["counters"].get("computed.first", 0),
        "complete_s": round(ran.seconds, 2),
        "processor_s": round(ran.processor_seconds, 1),
        "peak_pss_mb": round(ran.peak_bytes / 1e6),
    }


def measure(folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="semlens-bench-") as scratch:
        repository, worktree = Path(scratch, "repository"), Path(scratch, "worktree")
        shutil.copytree(folder, repository, symlinks=True)
        commit(repository)
        env = environment(Path(scratch, "cache"), words_only=False)
        first = index(repository, env)
        git(repository, "worktree", "add", "--quiet", str(worktree))
        second = index(worktree, env)
    return {"indexes": {"repository": first, "worktree": second}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="M", choices=("S", "M", "L"))
    options = parser.parse_args()
    where = machine()
    figures = measure(corpus(options.corpus))
    first, second = figures["indexes"]["repository"], figures["indexes"]["worktree"]
    share = round(second["complete_s"] / first["complete_s"], 3)
    text = json.dumps({**figures, "share_of_time": share, "largest_share_allowed": 0.333, "machine": where}, indent=2)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"worktree_{options.corpus}.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 1 if second["vectors_computed"] or second["files"] != first["files"] or share >= MAX_SHARE else 0


if __name__ == "__main__":
    sys.exit(main())
