"""A clone that pulls its index from S3, next to one that is indexed without.

    SEAWEEDFS=.venv-store/bin/weed python bench/shared_index.py [S|M|L] [--first-tier] [--keep FOLDER]

Commits the corpus to a new repository, indexes it, pushes the index to a bucket of SeaweedFS (master, two volume
servers, filer and S3 on this machine) and pulls it into a clone whose cache is empty. Each step is a whole process.
Writes bench/results/shared_index_<corpus>.json. A pull computes only vectors of passages with a secret: they stay out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from command_line import RESULTS, Ran, environment, machine, semlens
from corpora import corpus
from worktree import commit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from seaweed import BUCKET, Seaweed

MAX_SECONDS = 8
"""Of a pull of M with both tiers on a machine that does nothing else."""


def configure(env: dict[str, str], *, has_refine: bool) -> None:
    key = json.loads(semlens("share", "key", "--json", env=env).stdout)["key"]
    share = f'[share]\nurl = "s3://{BUCKET}/semlens"\ntrustedKeys = ["{key}"]\n'
    models = "" if has_refine else '[models]\nrefine = "none"\n'
    Path(env["SEMLENS_CONFIG_DIR"], "config.toml").write_text(share + models, encoding="utf-8")


def timed(ran: Ran) -> dict[str, float]:
    return {"seconds": round(ran.seconds, 2), "processor_s": round(ran.processor_seconds, 1)}


def measure(folder: Path, keep: Path, *, has_refine: bool, n_pulls: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="semlens-bench-") as name:
        scratch, origin = Path(name), keep / "origin"
        clone = scratch / "clone"
        was_kept = origin.exists()
        if not was_kept:
            shutil.copytree(folder, origin, symlinks=True)
            commit(origin)
        subprocess.run(["git", "clone", "--quiet", str(origin), str(clone)], check=True)
        store = Seaweed(scratch / "store")
        try:
            env = environment(keep / "cache", words_only=False) | store.variables
            configure(env, has_refine=has_refine)
            indexed = semlens("index", str(origin), "--wait", "--no-daemon", "--json", env=env)
            pushed = semlens("share", "push", str(origin), "--no-daemon", "--json", env=env)
            pulls = [pull(clone, env | {"SEMLENS_CACHE_DIR": str(scratch / f"cache{n}")}) for n in range(n_pulls)]
        finally:
            store.close()
        status, shared = json.loads(indexed.stdout), json.loads(pushed.stdout)
        return {
            "tiers": 2 if has_refine else 1,
            "files": sum(root["files"] for root in status["roots"]),
            "symbols": sum(root["symbols"] for root in status["roots"]),
            "files_with_secrets_left_out": shared["leftOut"],
            "steps": {
                "index, known before" if was_kept else "index": timed(indexed),
                "push": timed(pushed) | {"bytes": shared["uploadedBytes"]},
                **{f"pull {number}": one for number, one in enumerate(pulls, start=1)},
            },
            "pull_median_s": round(statistics.median(one["seconds"] for one in pulls), 2),
            "pull_median_processor_s": round(statistics.median(one["processor_s"] for one in pulls), 2),
            "bar_s": MAX_SECONDS,
        }


def pull(clone: Path, env: dict[str, str]) -> dict[str, Any]:
    ran = semlens("share", "pull", str(clone), "--no-daemon", "--json", env=env)
    answer = json.loads(ran.stdout)
    if not answer["used"] or not answer["complete"]:
        sys.exit(f"The pull was not whole: {answer}")
    shutil.rmtree(env["SEMLENS_CACHE_DIR"])
    return timed(ran) | {name: answer[name] for name in ("bytes", "compared", "computed")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="M", choices=("S", "M", "L"))
    parser.add_argument(
        "--first-tier", action="store_true", help="without the refine tier, which takes long to compute"
    )
    parser.add_argument("--keep", type=Path, help="a folder for the repository and its index, for the next run")
    parser.add_argument("--pulls", type=int, default=5)
    options = parser.parse_args()
    where = machine()
    has_refine = not options.first_tier
    with tempfile.TemporaryDirectory(prefix="semlens-bench-") as name:
        keep = (options.keep or Path(name)).resolve()
        keep.mkdir(exist_ok=True)
        figures = measure(corpus(options.corpus), keep, has_refine=has_refine, n_pulls=options.pulls)
    text = json.dumps({"corpus": options.corpus, **figures, "machine": where}, indent=2)
    name = f"shared_index_{options.corpus}{'' if has_refine else '_first'}.json"
    (RESULTS / name).write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
