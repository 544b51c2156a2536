"""Reading material for those who write questions: functions, types and files of downloaded packages, in shards.

    python models/scripts/sample_questions.py --sources DIR --out DIR [--asked models/questions --packages 40]

``--sources`` holds ``pypi/``, ``npm/``, ``debian/``, ``debian-binary/`` and ``git/`` as for ``mine.py``. Left out:
packages of ``never-train-on.txt`` and ``heldout.toml``, those without a permissive licence, tests, generated and
vendored files. The choice is seeded: the same sources give the same items.

Writes ``OUT/shards/NNN.md`` (what writers read, with the code), ``OUT/items.jsonl`` (provenance by id) and
``OUT/packages.tsv`` (registry, name, version, licence, language, split, number of items). A fifth of the packages of
each language validates and is never trained on. Packages that the shipped models were trained on (``DATA.md``,
``DATA-refine.md``) never validate. ``--asked`` adds to questions that there are: their packages are left out, and all
others are for training.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from archives import Package, is_permissive, licence_of, packages_in, sources_of
from exclusions import is_excluded, is_excluded_path, is_heldout, plain
from mine import REGISTRIES
from question_items import Item, Kind, Wish, chosen, items_of_file
from semlens.syntax.languages.registry import BY_NAME

SEED = 19
A_SHARD = 40
MAX_FILES = 500  # parsed of a package
VALIDATING = 0.2
# How many packages of a language are taken; fewer where there are fewer.
PACKAGES = {
    "python": 17, "typescript": 14, "javascript": 12, "go": 14, "rust": 14, "java": 12, "c": 13, "cpp": 10, "csharp": 9,
    "ruby": 12, "php": 10, "kotlin": 8, "scala": 7, "swift": 7, "lua": 7, "haskell": 9, "ocaml": 7, "elixir": 7,
    "perl": 8, "bash": 7, "r": 6, "clojure": 6, "zig": 4, "dart": 5, "sql": 2, "erlang": 3, "julia": 2, "objc": 2,
    "powershell": 2,
}  # fmt: skip
WISH = Wish(functions=14, types=3, files=3)
_FEW = 5  # a language of at most so many packages gives more of each
WISH_OF_FEW = Wish(functions=20, types=4, files=4)
WISH_OF_MORE = Wish(functions=24, types=5, files=4)  # with --asked
_LEAST = 8  # items; a package with fewer is not taken

_SKIPPED_PATH = re.compile(
    r"(^|/)([\w.]*tests?|testing|testdata|testlib|spec|specs|__tests__|vendor|vendored|_vendor|(third|3rd)[-_]?party|externs?"
    r"|externals?|contrib|deps|node_modules|([\w-]+-)?examples?([-_]\w+)?|samples?|demos?|benchmarks?|bench|benches|fuzz\w*|docs?|website"
    r"|debian|fixtures|mocks?|locales?|i18n|generated|dist|build|umd|bundles?|min|cjs|_?esm5?|_cjs|_types|es|es5|es6"
    r"|typings|\w+[Tt]est|[Tt]ests|site|playground|resources)(/|$)|(^|/)test_|_test\.|\.test\.|\.spec\.|_pb2|\.pb\."
    r"|[.-]min\.|\.bundle\.|zz_generated|Demo\.\w+$|conftest|\.d\.ts$|stories\.tsx?$",
    re.IGNORECASE,
)
_WHOLE_SOURCE = ("usr/share/gocode/src/", "usr/share/cargo/registry/")
SUFFIXES = frozenset({"", *(extension for name in PACKAGES for extension in BY_NAME[name].extensions)})  # scripts: ""


@dataclass(frozen=True, slots=True)
class Sampled:
    """A package with its items; its language is that of most of its functions."""

    package: Package
    licence: str
    language: str
    items: tuple[Item, ...]

    @property
    def label(self) -> str:
        return f"{self.package.registry}:{self.package.name}"


def sampled(package: Package, wish: Wish | None = None) -> Sampled | None:
    """The items of a package, or None where it must or can not be used. :param wish: None for that of its language."""
    if is_excluded(package.registry, package.name) or is_heldout(package.registry, package.name):
        return None
    licence = licence_of(package)
    if not is_permissive(licence):
        print(f"{package.registry}:{package.name}: licence {licence[:60]!r}", flush=True)
        return None
    files = [(path, source) for path, source in sources_of(package, SUFFIXES) if is_wanted(path, source)]
    if package.registry == "npm" and any(path.endswith((".ts", ".tsx")) for path, _ in files):
        files = [(path, source) for path, source in files if path.endswith((".ts", ".tsx"))]
    random = Random(f"{SEED}:{package.registry}:{package.name}")
    files.sort()
    random.shuffle(files)
    found = [item for path, source in files[:MAX_FILES] for item in items_of_file(path, source)]
    languages = Counter(item.language for item in found if item.kind is Kind.FUNCTION and item.language in PACKAGES)
    if not languages:
        return None
    language = languages.most_common(1)[0][0]
    mine = [item for item in found if item.language == language or {item.language, language} == {"c", "cpp"}]
    items = chosen(mine, wish or (WISH_OF_FEW if PACKAGES[language] <= _FEW else WISH), random)
    return Sampled(package, licence, language, tuple(items)) if len(items) >= _LEAST else None


def is_wanted(path: str, source: bytes) -> bool:
    inner = path
    for folder in _WHOLE_SOURCE:
        inner = inner.partition(folder)[2] or inner
    if _SKIPPED_PATH.search(inner) or is_excluded_path(inner):
        return False
    return b"\x00" not in source[:1000] and len(source) <= 200 * (source.count(b"\n") + 1)


def seen_before(models: Path) -> set[str]:
    """Plain names of the packages that the shipped models were trained on."""
    names = set()
    for card in ("DATA.md", "DATA-refine.md"):
        text = (models / card).read_text(encoding="utf-8")
        names |= {plain(name) for name in re.findall(r"^\| (\S+) \| \S+ \| .+ \| \d+ \|$", text, re.MULTILINE)}
    return names


def asked_before(folder: Path) -> Iterator[dict[str, str]]:
    """The items that have questions."""
    for path in sorted(folder.glob("*.jsonl")):
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def packages_of_languages(found: list[Sampled], most: Mapping[str, int]) -> list[Sampled]:
    """As many packages of each language as are wanted, chosen by the seed."""
    by_language: dict[str, list[Sampled]] = defaultdict(list)
    for package in sorted(found, key=lambda package: package.label):
        by_language[package.language].append(package)
    taken = []
    for language, packages in sorted(by_language.items()):
        Random(f"{SEED}:{language}").shuffle(packages)
        taken += packages[: most[language]]
    return taken


def validating(packages: list[Sampled], seen: set[str]) -> set[str]:
    """Labels of the packages that validate: a fifth of each language's, at least one, none that was trained on."""
    by_language: dict[str, list[Sampled]] = defaultdict(list)
    for package in packages:
        by_language[package.language].append(package)
    labels: set[str] = set()
    for language, group in sorted(by_language.items()):
        unseen = [package for package in group if plain(package.package.name) not in seen]
        Random(f"{SEED}:split:{language}").shuffle(unseen)
        wanted = max(1, round(VALIDATING * len(group))) if len(group) > 1 else 0
        labels |= {package.label for package in unseen[:wanted]}
    return labels


def ids() -> Iterator[str]:
    """Distinct short ids such as ``a17k``, in an order that says nothing."""
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    n = 26 * 36**3
    value = 7919
    while True:
        value = (value * 5 + 104_729) % n
        first, rest = divmod(value, 36**3)
        yield digits[10 + first] + "".join(digits[rest // 36**power % 36] for power in (2, 1, 0))


def record(identifier: str, package: Sampled, item: Item, split: str) -> dict[str, str | None]:
    return {
        "id": identifier,
        "registry": package.package.registry,
        "package": package.package.name,
        "version": package.package.version,
        "path": item.path,
        "language": item.language,
        "qualifiedName": item.qualified_name,
        "kind": item.kind.value,
        "bodySha256": item.body_hash,
        "split": split,
    }


def entry(identifier: str, package: Sampled, item: Item) -> str:
    """An item as its writer reads it."""
    name = f" `{item.qualified_name}`" if item.qualified_name else ""
    fence = "~~~~"
    head = f"### {identifier} | {item.language} | {package.package.name} | {item.kind} | {item.path}{name}"
    return f"{head}\n{fence}\n{item.shown}\n{fence}\n"


def write(packages: list[Sampled], validates: set[str], taken: set[str], out: Path) -> None:
    """:param taken: ids of earlier items."""
    shards = out / "shards"
    shards.mkdir(parents=True, exist_ok=True)
    packages = sorted(packages, key=lambda package: hashlib.sha256(package.label.encode()).digest())
    names = (identifier for identifier in ids() if identifier not in taken)
    entries: list[str] = []
    with (out / "items.jsonl").open("w", encoding="utf-8") as file:
        for package in packages:
            split = "validate" if package.label in validates else "train"
            for item in package.items:
                identifier = next(names)
                file.write(json.dumps(record(identifier, package, item, split), ensure_ascii=False) + "\n")
                entries.append(entry(identifier, package, item))
    for number, start in enumerate(range(0, len(entries), A_SHARD), 1):
        (shards / f"{number:03}.md").write_text("\n".join(entries[start : start + A_SHARD]), encoding="utf-8")
    with (out / "packages.tsv").open("w", encoding="utf-8") as file:
        for package in sorted(packages, key=lambda package: (package.language, package.label)):
            split = "validate" if package.label in validates else "train"
            p = package.package
            row = (p.registry, p.name, p.version, package.licence, package.language, split, len(package.items))
            file.write("\t".join(map(str, row)) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--asked", type=Path, help="folder of questions that there are")
    parser.add_argument("--packages", type=int, help="of each language, in place of our own numbers")
    parser.add_argument(
        "--each",
        type=int,
        nargs=3,
        metavar=("FUNCTIONS", "TYPES", "FILES"),
        help="of a package, in place of our own numbers",
    )
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    earlier = list(asked_before(arguments.asked)) if arguments.asked else []
    known = {(item["registry"], item["package"]) for item in earlier}
    packages = [
        package
        for registry in REGISTRIES
        if (arguments.sources / registry).is_dir()
        for package in packages_in(arguments.sources / registry, registry)
        if (registry, package.name) not in known
    ]
    with ProcessPoolExecutor(arguments.workers) as pool:
        wish = Wish(*arguments.each) if arguments.each else WISH_OF_MORE if earlier else None
        items_of = partial(sampled, wish=wish)
        found = [package for package in pool.map(items_of, packages, chunksize=1) if package is not None]
    most = dict.fromkeys(PACKAGES, arguments.packages) if arguments.packages else PACKAGES
    taken = packages_of_languages(found, most)
    validates = set() if earlier else validating(taken, seen_before(Path(__file__).resolve().parents[1]))
    write(taken, validates, {item["id"] for item in earlier}, arguments.out)
    items = Counter(item.language for package in taken for item in package.items)
    print(f"{len(packages)} packages, {len(found)} usable, {len(taken)} taken, {len(validates)} of them validate")
    for language, n in items.most_common():
        mine = [package for package in taken if package.language == language]
        print(f"{language:12} {len(mine):3} packages {n:5} items")
    print(f"{'all':12} {len(taken):3} packages {items.total():5} items")


if __name__ == "__main__":
    main()
