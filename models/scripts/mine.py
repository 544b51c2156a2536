"""Symbols out of downloaded packages, as training material: one JSON line a symbol.

    python models/scripts/mine.py --sources DIR --out DIR [--heldout] [--workers 2]

``--sources`` holds ``pypi/``, ``npm/``, ``debian/`` and ``debian-binary/`` with the archives that ``download.py``
fetched. Files are parsed by the product's own ``semlens.syntax``, so that fields are cut exactly as at run time. Left
out: packages of ``never-train-on.txt`` and of ``heldout.toml`` (with ``--heldout`` only the latter are taken),
packages without a permissive licence, tests, generated and vendored files, and long-winded packages beyond a bound
each.

Writes ``OUT/<registry>.jsonl`` and ``OUT/packages.tsv`` (registry, name, version, licence, number of symbols).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from archives import Package, is_permissive, licence_of, packages_in, sources_of
from exclusions import is_excluded, is_excluded_path, is_heldout
from semlens.core.symbol import Role, SymbolKind
from semlens.syntax.parsing.parser import parse

REGISTRIES = ("pypi", "npm", "debian", "debian-binary", "git")
LANGUAGES = {
    ".py": "python", ".js": "javascript", ".mjs": "javascript", ".jsx": "javascript", ".ts": "typescript",
    ".tsx": "typescript", ".go": "go", ".rs": "rust", ".java": "java", ".c": "c", ".h": "c", ".cc": "cpp",
    ".cpp": "cpp", ".hpp": "cpp", ".rb": "ruby", ".php": "php", ".cs": "csharp",
}  # fmt: skip
MAX_DOCUMENTED = 4000  # a package
MAX_OTHERS = 1500
MAX_SECONDS = 60  # a package
_SKIPPED_PATH = re.compile(
    r"(^|/)(tests?|testing|testdata|spec|specs|__tests__|vendor|vendored|_vendor|third[-_]?party|extern|externals|deps"
    r"|node_modules|examples?|bower_components|debian|fixtures|locale|locales|i18n|lib2to3|idlelib)(/|$)"
    r"|(^|/)test_|_test\.|\.test\.|\.spec\.|_pb2|\.pb\.go|\.min\.js|\.bundle\.|zz_generated|conftest",
    re.IGNORECASE,
)
_SKIPPED_ROLES = Role.TEST | Role.VENDORED | Role.GENERATED | Role.DOCUMENTATION
_KINDS = frozenset({
    SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR, SymbolKind.CLASS, SymbolKind.STRUCT,
    SymbolKind.INTERFACE, SymbolKind.ENUM,
})  # fmt: skip
_BUILT = re.compile(r"(^|/)(dist|build|umd|bundles?|min|cjs|esm5?|fesm\d*|es5|lib-?es\w*)(/|$)", re.IGNORECASE)


def symbols_of_file(path: str, source: bytes) -> Iterator[dict[str, Any]]:
    """The symbols with a body of at least three lines, or with documentation; the first part of a long one."""
    outline = parse(path, source)
    if outline.role & _SKIPPED_ROLES:
        return
    seen: set[int] = set()
    for passage in outline.passages:
        if passage.symbol < 0 or passage.symbol in seen or passage.kind not in _KINDS:
            continue
        seen.add(passage.symbol)
        if passage.name.startswith("test") or passage.body.count("\n") < 2:
            continue
        yield {
            "l": outline.language,
            "k": int(passage.kind),
            "n": f"{passage.qualifier}.{passage.name}" if passage.qualifier else passage.name,
            "s": passage.signature,
            "d": passage.documentation,
            "b": passage.body[:4000],
        }


def mine_package(package: Package) -> tuple[Package, list[dict[str, Any]]]:
    """All usable symbols of a package, bounded, each body once."""
    documented: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    seen: set[bytes] = set()
    end = time.monotonic() + MAX_SECONDS
    for path, source in sources_of(package, frozenset(LANGUAGES)):
        if _SKIPPED_PATH.search(path) or is_excluded_path(path):
            continue
        if package.registry == "npm" and _BUILT.search(path):
            continue
        if b"\x00" in source[:1000] or len(source) > 400 * (source.count(b"\n") + 1):
            continue
        for record in symbols_of_file(path, source):
            key = hashlib.md5(
                re.sub(r"\s+", "", record["b"]).encode("utf-8", "replace"), usedforsecurity=False
            ).digest()
            if key in seen:
                continue
            seen.add(key)
            (documented if record["d"] else others).append(record)
        if time.monotonic() > end or len(documented) > 3 * MAX_DOCUMENTED:
            break
    return package, [*_sample(documented, MAX_DOCUMENTED), *_sample(others, MAX_OTHERS)]


def _sample(records: list[dict[str, Any]], n: int) -> list[dict[str, Any]]:
    """At most n records, evenly over the package, the same ones each time."""
    step = max(1.0, len(records) / n)
    return [records[int(i * step)] for i in range(min(n, len(records)))]


def records_of_folder(folder: Path) -> Iterator[dict[str, Any]]:
    """What ``mine`` wrote into a folder, file by file."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)


def wanted(package: Package, *, take_heldout: bool) -> str:
    """The package's licence when it may be mined, else an empty text."""
    if is_excluded(package.registry, package.name) or is_heldout(package.registry, package.name) != take_heldout:
        return ""
    licence = licence_of(package)
    return licence if is_permissive(licence) else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--registry", choices=REGISTRIES, action="append")
    parser.add_argument("--heldout", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for registry in arguments.registry or REGISTRIES:
        if not (arguments.sources / registry).is_dir():
            continue
        packages = packages_in(arguments.sources / registry, registry)
        licences = {p.name: licence for p in packages if (licence := wanted(p, take_heldout=arguments.heldout))}
        taken = [package for package in packages if package.name in licences]
        print(f"{registry}: {len(taken)} of {len(packages)} packages", flush=True)
        counts: Counter[str] = Counter()
        out = arguments.out / f"{registry}.jsonl"
        rows = []
        with out.open("w", encoding="utf-8") as file, ProcessPoolExecutor(arguments.workers) as pool:
            for package, records in pool.map(mine_package, taken, chunksize=1):
                for record in records:
                    file.write(json.dumps({"p": f"{registry}:{package.name}", **record}) + "\n")
                    counts[record["l"] + (" documented" if record["d"] else "")] += 1
                rows.append((registry, package.name, package.version, licences[package.name], len(records)))
        with (arguments.out / f"packages-{registry}.tsv").open("w", encoding="utf-8") as file:
            for row in rows:
                if row[-1]:
                    file.write("\t".join(map(str, row)) + "\n")
        print(registry, dict(counts), flush=True)


if __name__ == "__main__":
    main()
