"""Measures a cluster on this machine: builds with 1, 2 and 4 workers, by the pool and by Ray; searches over shards.

Needs the extra `semlens[cluster]`: `PYTHONPATH=$PWD/server .venv-cluster/bin/python bench/cluster.py [--files N]`.
The default is Python's own library. Processor time is of all processes of a build, so it holds on a busy machine too.
Results: bench/results/cluster.json.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import ray

os.environ.setdefault("OMP_NUM_THREADS", "1")

from semlens.cluster.catalogue import Repository, all_entries, write_entry
from semlens.cluster.commands import recipe_of
from semlens.cluster.indexing import batches as batches_module
from semlens.cluster.indexing.batches import Batch, Plan, batches_of
from semlens.cluster.indexing.building import BuildJob, build
from semlens.cluster.indexing.building import _write as write_objects
from semlens.cluster.indexing.computing import Computed
from semlens.cluster.indexing.local_executor import LocalExecutor
from semlens.cluster.indexing.ray_executor import RayExecutor
from semlens.cluster.indexing.spool import Executor
from semlens.cluster.ray_connection import connected
from semlens.cluster.serve.coordinator import Shards, search_shards
from semlens.cluster.serve.placing import place_segments
from semlens.cluster.serve.ray_shards import RayShards
from semlens.cluster.serve.shard import PlacedSegment, Shard, fetch
from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.engine.embedding.tiers import choose_tiers
from semlens.engine.query.hit_builder import make_hit
from semlens.engine.query.masking import mask_hit
from semlens.files.discovery import Discovery
from semlens.files.git_origin import repository_name
from semlens.index.snapshot import IndexSnapshot
from semlens.index.storage.root_store import RootStore
from semlens.index.storage.seeding import committed_rows
from semlens.search.query.query import Query, parse_query
from semlens.search.ranking.rank import RankedHit, rank_answer
from semlens.search.signals.text_evidence import QueryVector
from semlens.settings.schema import ModelsSettings, Settings, cache_folder
from semlens.share import publishing
from semlens.share.object_store import ObjectStore
from semlens.share.publishing import upload
from semlens.share.signing import make_key
from semlens.share.work_tree import work_tree_of
from semlens.syntax.parsing.decode import split_lines

RESULT = Path(__file__).parent / "results" / "cluster.json"
QUERIES = (
    "parse command line arguments", "read a zip file", "retry a connection", "JSONDecoder", "run_until_complete",
    "escape html characters", "temporary directory", "walk a syntax tree", "compile a regular expression", "parse_http",
)  # fmt: skip
_LEAST_PASSAGES = 100_000
"""Of a smaller index, one shard answers before several."""

_REPEATS = 5
_IDLE_SECONDS = 15.0
_RAY_ITSELF = re.compile(r"gcs_server|raylet|log_monitor|dashboard|runtime_env|/agent\.py")


def processor_seconds() -> tuple[float, float]:
    """Of this process and all below it, those that have ended included: those that compute, and Ray's own."""
    own = of_ray = 0.0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            times, words = process.cpu_times(), process.cmdline()
        except psutil.NoSuchProcess:
            continue
        total = times.user + times.system
        if _RAY_ITSELF.search(" ".join(words)):
            of_ray += total
        else:
            own += total + times.children_user + times.children_system
    return own, of_ray


def repository(source: Path, n_files: int, suffix: str, folder: Path) -> Path:
    paths = [path for path in sorted(source.rglob(suffix)) if "test" not in str(path.relative_to(source))]
    paths = [path for path in paths if path.is_file()][:n_files]
    for path in paths:
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "corpus"]):
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)
    return folder


def measure(executor: Executor, batches: list[Batch]) -> dict[str, float]:
    """Warm: the workers and models are loaded before, by as many batches as there may be workers."""
    list(executor.run(enumerate(batches[:4]), CancelToken()))
    (own, of_ray), started = processor_seconds(), time.monotonic()
    n_bytes = sum(len(data) for _, data in executor.run(enumerate(batches), CancelToken()))
    seconds = time.monotonic() - started
    own_after, of_ray_after = processor_seconds()
    return {
        "seconds": round(seconds, 2),
        "processorSeconds": round(own_after - own, 2),
        "rayProcessesSeconds": round(of_ray_after - of_ray, 2),
        "resultBytes": n_bytes,
    }


def idle() -> dict[str, float]:
    """What the processes take when nothing is to be done. On a busy machine a build waits long, and this adds up."""
    before, started = processor_seconds(), time.monotonic()
    time.sleep(_IDLE_SECONDS)
    seconds = time.monotonic() - started
    return {
        f"{name}PerIdleSecond": round((after - earlier) / seconds, 4)
        for name, earlier, after in zip(
            ("processorSeconds", "rayProcessesSeconds"), before, processor_seconds(), strict=True
        )
    }


def builds(settings: Settings, folder: Path, n_rounds: int) -> dict[str, object]:
    """Pool and Ray take turns, so that both meet the same load. Medians of the rounds."""
    recipe = recipe_of(settings)
    paths = [file.path for file in Discovery(folder, settings).walk()]
    batches = list(batches_of(folder, paths, settings, Plan({}), CancelToken()))
    n_bytes = sum(len(data) for batch in batches for _, data in batch.files)
    n_lines = sum(data.count(b"\n") for batch in batches for _, data in batch.files)
    found: dict[str, object] = {"batches": len(batches), "bytes": n_bytes, "lines": n_lines, "rounds": n_rounds}
    measured: dict[str, list[dict[str, float]]] = {}
    for n_workers in (1, 2, 4):
        for _ in range(n_rounds):
            pool = LocalExecutor(recipe, n_workers)
            measured.setdefault(f"pool.{n_workers}", []).append(measure(pool, batches))
            pool.close()
            ray.init(num_cpus=n_workers, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
            measured.setdefault(f"ray.{n_workers}", []).append(measure(RayExecutor(recipe), batches) | idle())
            ray.shutdown()
        for name in (f"pool.{n_workers}", f"ray.{n_workers}"):
            found[name] = {key: statistics.median(one[key] for one in measured[name]) for key in measured[name][0]}
            print(name, found[name], flush=True)
        ray_seconds = [
            one["processorSeconds"] - one["seconds"] * one["processorSecondsPerIdleSecond"]
            for one in measured[f"ray.{n_workers}"]
        ]
        pool_seconds = [one["processorSeconds"] for one in measured[f"pool.{n_workers}"]]
        found[f"overhead.{n_workers}"] = round(statistics.median(ray_seconds) / statistics.median(pool_seconds) - 1, 3)
    if len({one["resultBytes"] for of_kind in measured.values() for one in of_kind}) != 1:
        sys.exit("The results differ in size: some batch was not computed whole.")
    return found


class LocalShards:
    """Shards in this process."""

    def __init__(self, shards: list[Shard], placed: list[list[PlacedSegment]]) -> None:
        self.shards = shards
        self.n_shards = len(shards)
        self._of_view = {one.number: at for at, of_shard in enumerate(placed) for one in of_shard}

    def ask(self, method: str, *arguments: Any, **named: Any) -> list[Any]:
        return [getattr(shard, method)(*arguments, **named) for shard in self.shards]

    def ask_each(self, method: str, arguments: Mapping[int, tuple[Any, ...]], **named: Any) -> list[Any]:
        return [getattr(self.shards[shard], method)(*own, **named) for shard, own in arguments.items()]

    def shard_of(self, view: int) -> int:
        return self._of_view[view]


def median_ms(search: Callable[[str], object]) -> float:
    times = []
    for text in QUERIES:  # what is loaded once is not measured
        search(text)
    for _ in range(_REPEATS):
        for text in QUERIES:
            started = time.perf_counter()
            search(text)
            times.append((time.perf_counter() - started) * 1000)
    return round(statistics.median(times), 1)


def build_of_index(root: Path, job: BuildJob, scratch: Path) -> None:
    """What `build` would store, from the index that this machine has of a root."""
    index = RootStore(cache_folder(job.settings), root)
    parts = []
    for segment_id in committed_rows(index.folder).segments:
        segment = index.read_segment(segment_id)
        if segment is None:
            sys.exit(f"The index of {root} is damaged.")
        hashes = [row.tobytes() for row in segment.passages.hashes]
        vectors = {}
        for fingerprint in job.recipe.fingerprints:
            block = index.read_vectors(segment_id, fingerprint)
            if block is not None:
                rows = zip(block.rows.tolist(), block.matrix, strict=True)
                vectors[fingerprint] = {hashes[row]: vector.tobytes() for row, vector in rows}
        parts.append(Computed([segment], vectors))
    index.close()
    folder = scratch / "built"
    folder.mkdir()
    segments, objects = write_objects(root, parts, job.recipe, folder, CancelToken())
    upload(job.store, folder, objects, CancelToken(), lambda *_: None)
    ids = tuple(segment.id for segment in segments)
    tree = work_tree_of(root).trees()[0]
    write_entry(
        job.store, Repository(repository_name(str(root)), job.recipe.segments, tree, ids, tuple(objects)), job.key
    )


def searches(settings: Settings, folder: Path, scratch: Path, max_passages: int, *, is_indexed: bool) -> dict[str, Any]:
    publishing.MAX_PASSAGES = max_passages  # else the corpus is one segment, which one shard has
    recipe = recipe_of(settings)
    store, key = ObjectStore((scratch / "store").as_uri()), make_key(scratch / "key")
    job = BuildJob(settings, recipe, store, key, scratch / "spool")
    if is_indexed:
        build_of_index(folder, job, scratch)
    else:
        pool = LocalExecutor(recipe, 2)
        build(work_tree_of(folder), job, pool, cancel=CancelToken(), progress=lambda *_: None)
        pool.close()
    entries, _ = all_entries(store, recipe.segments, [key.public])
    n_stored = sum(one.size for entry in entries for one in entry.objects)
    models = settings.models
    tiers, _ = choose_tiers(models.first, models.refine, (), None)
    objects = scratch / "objects"
    objects.mkdir()
    fetch([one for of in place_segments(entries, 1) for one in of], store, recipe.fingerprints, objects)

    def vectors(query: Query) -> list[QueryVector]:
        return [vector for tier in tiers if (vector := tier.query_vector(query.text)) is not None]

    whole = Shard(place_segments(entries, 1)[0], sum(len(one.segments) for one in entries), objects)
    views = tuple(view for _, view in sorted(whole._views.items()))  # noqa: SLF001 - the same segments
    snapshot = IndexSnapshot(1, views, complete=True)

    def ranked(text: str) -> list[RankedHit]:
        query = parse_query(text)
        return rank_answer(snapshot, SearchRequest(text, limit=10), query, vectors(query), CancelToken()).hits

    numbers = {id(view): number for number, view in whole._views.items()}  # noqa: SLF001 - as above

    def one_process(text: str) -> object:
        """With the text of the hits, masked, as the shards give it."""
        query, shown = parse_query(text), []
        for hit in ranked(text):
            lines = split_lines(whole._texts[numbers[id(hit.view)]].texts[hit.file])  # noqa: SLF001 - as above
            made = make_hit(hit, query, lines, display_root=hit.view.root, uri="", dirty=False, explain=False)
            shown.append(None if made is None else mask_hit(made, lines))
        return shown

    def over(shards: Callable[[], Shards]) -> Callable[[str], object]:
        def search(text: str) -> object:
            query = parse_query(text)
            request = SearchRequest(text, limit=10)
            return search_shards(shards(), None, request, query, vectors(query), CancelToken(), explain=False)

        return search

    found: dict[str, Any] = {"segments": len(views), "passages": snapshot.n_passages, "storedBytes": n_stored}

    def ratio(name: str, before: str, after: str) -> float:
        """How many times as long as one process, which was measured before it and after."""
        return round(found[name] / statistics.mean((found[before], found[after])), 2)

    found["oneProcess.rankingMs"] = median_ms(ranked)
    found["oneProcessMs"] = median_ms(one_process)
    for n_shards in (1, 4):
        placed = place_segments(entries, n_shards)
        local = LocalShards([Shard(of, len(views), objects) for of in placed], placed)
        found[f"shards.{n_shards}.inProcessMs"] = median_ms(over(lambda local=local: local))
    with connected("local"):
        shards = RayShards(store.url, place_segments(entries, 4), list(recipe.fingerprints), 1)
        shards.start()
        found["shards.4.rayMs"] = median_ms(over(shards.lease))
        found["oneProcessAgainMs"] = median_ms(one_process)
        found["ratio"] = ratio("shards.4.rayMs", "oneProcessMs", "oneProcessAgainMs")
        pids = [process for process in psutil.Process().children(recursive=True) if "ShardActor" in process.name()]
        found["shardRssBytes"] = sum(process.memory_info().rss for process in pids)
        shards.close()
        alone = RayShards(store.url, place_segments(entries, 1), list(recipe.fingerprints), 1)
        alone.start()

        def search_alone(text: str) -> object:
            query = parse_query(text)
            asked = (None, SearchRequest(text, limit=10), query, vectors(query), 1)
            return alone.lease().ask_each("search", {0: asked}, explain=False)

        found["shards.1.rayMs"] = median_ms(search_alone)
        found["oneProcessThirdMs"] = median_ms(one_process)
        found["ratioOfOneShard"] = ratio("shards.1.rayMs", "oneProcessAgainMs", "oneProcessThirdMs")
        alone.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(sysconfig.get_paths()["stdlib"]))
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--batch-bytes", type=int, default=batches_module.MAX_BYTES, help="of text in a batch")
    parser.add_argument("--rounds", type=int, default=3, help="of builds")
    parser.add_argument("--max-passages", type=int, default=2_000, help="of a segment, so that shards have several")
    parser.add_argument("--only", choices=("builds", "searches"))
    parser.add_argument("--indexed", action="store_true", help="serve the index of the folder, as it is in the cache")
    parser.add_argument("--suffix", default="*.py", help="of the files")
    options = parser.parse_args()
    batches_module.MAX_BYTES = options.batch_bytes
    settings = Settings(models=ModelsSettings(refine="none"))
    result: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    with tempfile.TemporaryDirectory(prefix="semlens-bench-") as scratch:
        folder = options.folder.resolve()
        if not options.indexed:
            folder = repository(folder, options.files, options.suffix, Path(scratch, "corpus"))
        machine = {"processors": psutil.cpu_count(), "load": os.getloadavg()}
        if options.only != "searches":
            result["builds"] = machine | builds(settings, folder, options.rounds)
        if options.only != "builds":
            of_searches = machine | searches(
                settings, folder, Path(scratch), options.max_passages, is_indexed=options.indexed
            )
            result["searches" if of_searches["passages"] > _LEAST_PASSAGES else "smallSearches"] = of_searches
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
