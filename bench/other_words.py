"""Measures which symbols the whole ranking finds for questions in other words than those of the code.

    python bench/other_words.py --sources DIR [--first MODEL] [--refine MODEL] [--out FILE]

The questions are in ``bench/paraphrases/*.json``. Their packages lie in DIR as archives, as for ``bench/embedding.py
paraphrases``, which ranks only functions and types by their cosines alone. Here all files of the packages of a language
are searched together, with two hits a file, as the command line does. A hit is correct if its symbol is one of the
answers. Reports the reciprocal rank within ten, and that of the correct file.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from quality import LIMIT
from ranking_corpus import Tier, default_cache, make_snapshot
from semlens.core.cancel import CancelToken
from semlens.core.hashing import content_hash
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.index.segment.builder import ParsedFile
from semlens.index.snapshot import IndexSnapshot
from semlens.search.query.query import parse_query
from semlens.search.ranking.rank import rank
from semlens.syntax.parsing.parser import parse

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "models" / "scripts"))

from archives import packages_in, sources_of  # noqa: E402
from sample_questions import SUFFIXES  # noqa: E402


def parsed_packages(corpus: list[dict[str, str]], sources: Path) -> list[ParsedFile]:
    """All source files of the named packages. :raises StopIteration: if a package is not there."""
    parsed = []
    for wanted in corpus:
        packages = packages_in(sources / wanted["registry"], wanted["registry"])
        package = next(package for package in packages if package.name == wanted["package"])
        for path, data in sources_of(package, SUFFIXES):
            name = f"{package.name}/{path.removeprefix('./')}"
            parsed.append(ParsedFile(name, content_hash(data), parse(name, data)))
    return parsed


def is_answer(qualified_name: str, answers: list[str]) -> bool:
    parts = re.split(r"\.|::|#", qualified_name)
    return any(parts[-len(wanted) :] == wanted for wanted in (answer.split(".") for answer in answers))


FILES = sorted((HERE / "paraphrases").glob("*.json"))
"""The questions, a file for each language."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about the packages of its language.

    :ivar answers: names of symbols that answer it, each with some of the names around it.
    """

    language: str
    text: str
    answers: tuple[str, ...]
    snapshot: IndexSnapshot


Ranks = list[tuple[float, float]]
"""Reciprocal ranks of the symbol and of its file, for each question."""


def prepare(path: Path, tiers: list[Tier], sources: Path, cache: Path) -> list[Asked]:
    """The questions of one file, with what they are asked of."""
    data = json.loads(path.read_text(encoding="utf-8"))
    snapshot = make_snapshot(parsed_packages(data["corpus"], sources), tiers, cache)
    return [Asked(data["language"], item["question"], tuple(item["answers"]), snapshot) for item in data["questions"]]


def rank_of(asked: Asked, tiers: list[Tier]) -> tuple[float, float]:
    """Reciprocal rank of the symbol and of its file."""
    segment = asked.snapshot.views[0].segment
    names, answers = segment.symbols.qualified_names, list(asked.answers)
    files = {int(segment.symbols.files[row]) for row, name in enumerate(names.tolist()) if is_answer(name, answers)}
    query = parse_query(asked.text)
    vectors = [vector for tier in tiers for vector in tier.ask(query.text)]
    hits = rank(asked.snapshot, SearchRequest(asked.text, limit=LIMIT), query, vectors, CancelToken())
    right = [hit.symbol >= 0 and is_answer(names[hit.symbol], answers) for hit in hits]
    return _reciprocal(right), _reciprocal([hit.file in files for hit in hits])


def _reciprocal(right: list[bool]) -> float:
    return 1.0 / (right.index(True) + 1) if True in right else 0.0


def figures(ranks: Ranks) -> dict[str, float]:
    n = max(1, len(ranks))
    return {
        "n": len(ranks),
        "mrr10": round(sum(symbol for symbol, _ in ranks) / n, 4),
        "file_mrr10": round(sum(file for _, file in ranks) / n, 4),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=[], help="only these languages")
    parser.add_argument("--first", default="")
    parser.add_argument("--refine", default="")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    tiers = [Tier(role, name) for role, name in zip(TierRole, (arguments.first, arguments.refine), strict=True) if name]
    result: dict[str, object] = {"first": arguments.first, "refine": arguments.refine}
    together: Ranks = []
    for path in FILES:
        if not arguments.only or path.stem in arguments.only:
            ranks = [rank_of(asked, tiers) for asked in prepare(path, tiers, arguments.sources, arguments.cache)]
            result[path.stem] = figures(ranks)
            together += ranks
            print(path.stem, result[path.stem], flush=True)
    result["all"] = figures(together)
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
