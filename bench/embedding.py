"""Measures quality and speed of the embedding models.

    python bench/embedding.py docstrings --test test2000.json [--mined DIR] [--models NAME ...]
    python bench/embedding.py paraphrases --sources DIR
    python bench/embedding.py questions --sources DIR
    python bench/embedding.py speed [--files DIR]

``docstrings``: finds the symbol of the first sentence of a documentation, out of 2,000 symbols with the documentation
removed. ``--test`` is the output of ``docstrings.py`` of the shared benchmark; ``--mined`` is the output of
``models/scripts/mine.py --heldout`` for the other languages. ``paraphrases``: questions in other words
(``bench/paraphrases/*.json``) over whole packages, whose archives are in ``--sources``. ``questions``: the questions of
``models/questions`` over the packages that validate, each among the symbols of its own package, by register, and those
in other languages beside their English twins. All packages are held out of training (``models/scripts/heldout.toml``,
``split`` of the questions). Every score is MRR@10, with ties counted against the answer. Intervals are 95 % paired
bootstraps. ``--json FILE`` puts the result under the command's name into FILE, beside what FILE has.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import psutil

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "models" / "scripts"), str(HERE.parent / "server")]

from archives import packages_in  # noqa: E402
from mine import mine_package, records_of_folder  # noqa: E402
from pairs import documented_pair, passage_of  # noqa: E402
from question_symbols import AskedPackage, asked_packages, read_items  # noqa: E402
from semlens.core.symbol import Passage, SymbolKind  # noqa: E402
from semlens.core.text.identifiers import identifiers_in, terms_of_identifier  # noqa: E402
from semlens.embedding.embedder import Embedder, TokenIds  # noqa: E402
from semlens.embedding.registry import find_model, load_embedder  # noqa: E402

Scores = npt.NDArray[np.float32]  # (questions, passages)
STATIC, REFINE = "semlens-static-v1", "semlens-minilm-v1"
STATIC_SHARE = 0.25
"""Weight of the static model's z-scores beside the transformer's, chosen on the packages that validate."""
_CALLABLES = {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR}
_LANGUAGES = {"javascript": "js/ts", "typescript": "js/ts", "go": "go", "rust": "rust", "java": "java"}


@dataclass(frozen=True)
class Case:
    """A test set: any of the passages ``answers[i]`` answers question i."""

    name: str
    questions: list[str]
    answers: list[list[int]]
    passages: list[Passage]


def terms(text: str) -> list[str]:
    return [term for identifier in identifiers_in(text) for term in terms_of_identifier(identifier)]


def bm25(case: Case, k1: float = 1.2, b: float = 0.75) -> Scores:
    """BM25 over the stems of name, signature, documentation and body."""
    texts = [f"{p.qualifier} {p.name}\n{p.signature}\n{p.documentation}\n{p.body}" for p in case.passages]
    counts = [Counter(terms(text)) for text in texts]
    lengths = np.array([sum(count.values()) for count in counts], dtype=np.float32)
    postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row, count in enumerate(counts):
        for term, n in count.items():
            postings[term].append((row, n))
    norm = k1 * (1 - b + b * lengths / max(1.0, float(lengths.mean())))
    scores = np.zeros((len(case.questions), len(texts)), dtype=np.float32)
    for at, question in enumerate(case.questions):
        for term in set(terms(question)):
            found = postings.get(term)
            if found:
                rows, n = np.array(found).T
                idf = math.log(1 + (len(texts) - len(rows) + 0.5) / (len(rows) + 0.5))
                scores[at, rows] += idf * n * (k1 + 1) / (n + norm[rows])
    return scores


def passage_vectors(embedder: Embedder, case: Case) -> npt.NDArray[np.float32]:
    """Vectors, cached by model and content, because a transformer takes minutes."""
    digest = hashlib.sha256(b"".join(passage.content_hash for passage in case.passages)).hexdigest()[:16]
    kept = HERE / "work" / "vectors" / f"{embedder.manifest.fingerprint}-{digest}.npy"
    if kept.exists():
        vectors: npt.NDArray[np.float32] = np.load(kept)
        return vectors
    vectors = embedder.embed(embedder.tokenizer.tokenize(case.passages))
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.save(kept, vectors)
    return vectors


def cosine(embedder: Embedder, case: Case) -> Scores:
    vectors = passage_vectors(embedder, case)
    questions = np.stack([embedder.embed_query(question) for question in case.questions])
    scores: Scores = questions @ vectors.T
    return scores


def z(scores: Scores) -> Scores:
    """The scores of each question, scaled to mean 0 and standard deviation 1."""
    return (scores - scores.mean(axis=1, keepdims=True)) / (scores.std(axis=1, keepdims=True) + 1e-9)


def reciprocal_ranks(case: Case, scores: Scores) -> npt.NDArray[np.float64]:
    """Reciprocal rank of the best ranked answer; 0 beyond rank ten."""
    values = []
    for row, answers in zip(scores, case.answers, strict=True):
        best = row[answers].max()
        others = np.delete(row, answers)
        rank = 1 + int((others >= best).sum())
        values.append(1 / rank if rank <= 10 else 0.0)
    return np.array(values)


def interval(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean of ``first - second`` with its 95 % interval, by paired bootstrap."""
    difference = first - second
    rng = np.random.default_rng(0)
    means = difference[rng.integers(0, len(difference), (4000, len(difference)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(difference.mean()), float(low), float(high)


def compare(
    case: Case, models: Sequence[str], *, threads: int
) -> tuple[dict[str, Any], dict[str, npt.NDArray[np.float64]]]:
    """Scores of every ranking method on one test set."""
    scores: dict[str, Scores] = {"bm25": bm25(case)}
    names = []
    for model in models:
        manifest = find_model(model)
        names.append(manifest.name)
        scores[manifest.name] = cosine(load_embedder(manifest, threads=threads), case)
    static = next((name for name in names if "static" in name), None)
    refine = next((name for name in names if "static" not in name), None)
    if static:
        scores[f"{static} + bm25"] = z(scores[static]) * 0.7 + z(scores["bm25"]) * 0.3
    if static and refine:
        first, second = z(scores[static]), z(scores[refine])
        scores["static + refine"] = first * STATIC_SHARE + second * (1 - STATIC_SHARE)
        scores["static + refine, equal shares"] = first + second
    ranks = {name: reciprocal_ranks(case, some) for name, some in scores.items()}
    result: dict[str, Any] = {"questions": len(case.questions), "passages": len(case.passages)}
    for name, values in ranks.items():
        result[name] = round(float(values.mean()), 4)
    print(f"{case.name:14s} {len(case.questions):5d} questions {len(case.passages):6d} passages", end="")
    print("".join(f"  {name} {values.mean():.3f}" for name, values in ranks.items()), flush=True)
    return result, ranks


def python_case(path: Path) -> Case:
    cases = json.loads(path.read_text(encoding="utf-8"))
    passages = [
        Passage(0, 0, 0, SymbolKind.FUNCTION, "", case["qual"], case["sig"], "", case["body"]) for case in cases
    ]
    return Case("python", [case["query"] for case in cases], [[row] for row in range(len(cases))], passages)


def mined_cases(folder: Path, pool: int) -> list[Case]:
    """The same test over mined packages. Drops the symbol's name at the start of a sentence, as in Go."""
    found: dict[str, dict[str, Passage]] = defaultdict(dict)
    bodies: set[str] = set()
    for record in records_of_folder(folder):
        group = _LANGUAGES.get(record["l"])
        if group is None or SymbolKind(record["k"]) not in _CALLABLES:
            continue
        pair = documented_pair(record)
        body = "".join(pair.passage.body.split()) if pair else ""
        if pair and pair.query.lower() not in found[group] and body not in bodies:
            bodies.add(body)
            found[group][pair.query.lower()] = pair.passage
    cases = []
    for group in sorted(found):
        items = sorted(found[group].items())
        order = np.random.default_rng(7).permutation(len(items))[:pool]
        items = [items[row] for row in order]
        cases.append(
            Case(group, [query for query, _ in items], [[row] for row in range(len(items))], [p for _, p in items])
        )
    return cases


def paraphrase_case(path: Path, sources: Path) -> Case:
    """All symbols of the named packages, with their documentation."""
    data = json.loads(path.read_text(encoding="utf-8"))
    passages: list[Passage] = []
    for wanted in data["corpus"]:
        package = next(
            p for p in packages_in(sources / wanted["registry"], wanted["registry"]) if p.name == wanted["package"]
        )
        if package.version != wanted["version"]:
            print(f"{package.name}: {package.version} is not the version of the questions, {wanted['version']}")
        passages += [passage_of(record) for record in mine_package(package)[1]]
    rows: dict[str, list[int]] = defaultdict(list)
    for row, passage in enumerate(passages):
        rows[passage.name].append(row)
    questions = [question for question in data["questions"] if any(name in rows for name in question["answers"])]
    answers = [[row for name in question["answers"] for row in rows[name]] for question in questions]
    return Case(data["language"], [question["question"] for question in questions], answers, passages)


def docstrings(arguments: argparse.Namespace) -> dict[str, Any]:
    cases = [python_case(arguments.test)] if arguments.test else []
    if arguments.mined:
        cases += mined_cases(arguments.mined, arguments.pool)
    return {case.name: compare(case, arguments.models, threads=arguments.threads)[0] for case in cases}


def paraphrases(arguments: argparse.Namespace) -> dict[str, Any]:
    results: dict[str, Any] = {}
    pooled: dict[str, list[npt.NDArray[np.float64]]] = defaultdict(list)
    for path in sorted((HERE / "paraphrases").glob("*.json")):
        case = paraphrase_case(path, arguments.sources)
        results[case.name], ranks = compare(case, arguments.models, threads=arguments.threads)
        for name, values in ranks.items():
            pooled[name].append(values)
    together = {name: np.concatenate(values) for name, values in pooled.items()}
    results["all"] = {name: round(float(values.mean()), 4) for name, values in together.items()}
    print("all", results["all"])
    transformers = [find_model(model).name for model in arguments.models if "static" not in str(model)]
    wanted = [("static + refine", name) for name in transformers]
    wanted += [(transformers[0], name) for name in transformers[1:]]
    for better, worse in wanted:
        if better in together:
            results[f"{better} against {worse}"] = interval(together[better], together[worse])
            print(f"{better} against {worse}, paired:", results[f"{better} against {worse}"])
    return results


def questions_case(package: AskedPackage) -> tuple[Case, list[str]]:
    """All questions of a package, and what each counts to: its register, its language, or ``twin``."""
    rows: list[tuple[str, str, list[int]]] = []
    for item in package.asked:
        answers = list(item.rows)
        rows += [(register, text, answers) for register, text in item.questions]
        for other in item.other:
            rows += [(other["language"], other["question"], answers), ("twin", other["english"], answers)]
    passages = [passage_of(record) for record in package.records]
    case = Case(package.label, [text for _, text, _ in rows], [answers for *_, answers in rows], passages)
    return case, [group for group, *_ in rows]


def questions(arguments: argparse.Namespace) -> dict[str, Any]:
    """MRR@10 of every way to rank, by group of questions: ``all`` is English, ``other`` the eight other languages."""
    items = read_items(sorted((HERE.parent / "models" / "questions").glob("*.jsonl")), split="validate")
    groups: list[str] = []
    pooled: dict[str, list[npt.NDArray[np.float64]]] = defaultdict(list)
    items = dict(sorted(items.items())[:: arguments.one_in])
    for package in asked_packages([arguments.sources], items, most=arguments.most):
        case, its_groups = questions_case(package)
        groups += its_groups
        for name, values in compare(case, arguments.models, threads=arguments.threads)[1].items():
            pooled[name].append(values)
    together = {name: np.concatenate(values) for name, values in pooled.items()}
    registers = sorted(set(groups) & {"words", "need", "keywords", "error", "where"})
    languages = sorted(set(groups) - {*registers, "twin"})
    wanted = {"all": registers, "other": languages, **{group: [group] for group in [*registers, "twin", *languages]}}
    results: dict[str, Any] = {}
    for name, some in wanted.items():
        mask = np.isin(groups, some)
        results[name] = {"questions": int(mask.sum())}
        results[name] |= {way: round(float(values[mask].mean()), 4) for way, values in together.items() if mask.any()}
        print(name, results[name])
    return results


def speed(arguments: argparse.Namespace) -> dict[str, Any]:
    """Passages per second from text to vectors, and milliseconds per query, median and 95th percentile."""
    from semlens.syntax.parsing.parser import parse

    passages: list[Passage] = []
    for path in sorted(arguments.files.rglob("*.py"))[:400]:
        passages += parse(path.name, path.read_bytes()).passages
    results: dict[str, Any] = {}
    for name in arguments.models:
        some = passages if "static" in name else passages[:: max(1, len(passages) // 400)]
        before_mb = _resident_mb()
        embedder = load_embedder(find_model(name), threads=arguments.threads)
        embedder.embed(embedder.tokenizer.tokenize(some[:20]))
        tokenizing, tokens = _timed(lambda some=some, e=embedder: e.tokenizer.tokenize(some))
        embedding, _ = _timed(lambda tokens=tokens, e=embedder: e.embed(tokens))
        times = []
        for at in range(300):
            seconds, _ = _timed(lambda at=at, e=embedder: e.embed_query(f"where is the retry delay computed {at}"))
            times.append(seconds * 1000)
        results[name] = {
            "passages": len(some),
            "tokenize_per_s": round(len(some) / tokenizing),
            "embed_per_s": round(len(some) / embedding),
            # measures one core, though parse workers tokenise on all
            "together_per_s": round(len(some) / (tokenizing / arguments.threads + embedding)),
            "query_ms": round(statistics.median(times), 3),
            "query_ms_p95": round(float(np.quantile(times, 0.95)), 3),
            "memory_mb": round(_resident_mb() - before_mb),
            "megabytes": round(sum(file.size for file in embedder.manifest.files) / 1e6, 1),
        }
        if "static" not in name:
            results[name]["of_the_reference"] = _of_the_reference(embedder, tokens, arguments.threads)
        print(name, results[name], flush=True)
    return results


def _of_the_reference(embedder: Embedder, tokens: Sequence[TokenIds], threads: int) -> float:
    """Throughput compared with the plain ONNX session on as many threads, one passage a run; median of five rounds."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(embedder.manifest.path("model.onnx")), options)
    rows = [np.frombuffer(one, "<i4").astype(np.int64)[None] for one in tokens]
    feeds = [{"input_ids": ids, "attention_mask": np.ones_like(ids)} for ids in rows]
    ratios = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(5):
            bare, _ = _timed(lambda: list(pool.map(lambda feed: session.run(None, feed), feeds)))
            ours, _ = _timed(lambda: embedder.embed(tokens))
            ratios.append(bare / ours)
    return round(statistics.median(ratios), 3)


def _resident_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    value = call()
    return time.perf_counter() - start, value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("docstrings", "paraphrases", "questions", "speed"))
    parser.add_argument("--models", nargs="*", default=[STATIC, REFINE], help="names, or folders by path")
    parser.add_argument("--test", type=Path)
    parser.add_argument("--mined", type=Path)
    parser.add_argument("--pool", type=int, default=2000)
    parser.add_argument("--sources", type=Path)
    parser.add_argument("--most", type=int, default=300, help="passages of a package, beyond the files asked about")
    parser.add_argument("--one-in", type=int, default=1, help="take one package of so many: for slow machines")
    parser.add_argument("--files", type=Path, default=Path(json.__file__).parent.parent)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    run = {"docstrings": docstrings, "paraphrases": paraphrases, "questions": questions, "speed": speed}[arguments.what]
    result = run(arguments)
    if arguments.json:
        kept = json.loads(arguments.json.read_text(encoding="utf-8")) if arguments.json.exists() else {}
        arguments.json.write_text(json.dumps(kept | {arguments.what: result}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
