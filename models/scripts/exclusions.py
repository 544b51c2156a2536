"""What must not be trained on: the projects of public benchmarks, whatever the form, and our own held-out packages.

``never-train-on.txt`` lists repositories as owner/name; a package, a vendored copy or a path named like one is left out
too. ``heldout.toml`` names the packages that our own tests are made of.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# names too common in paths to mean the project; the packages themselves are still matched by their whole name
_COMMON = frozenset(
    {"core", "json", "git", "regex", "cats", "brew", "vapor", "black", "click", "rack", "spark", "express"}
)
_DEBIAN_WRAPPING = re.compile(
    r"^(golang-|librust-|rust-|ruby-|php-|node-|lib|python-|haskell-)(github-|golang-|gopkg-)?|-(java|dev)$"
)


def plain(name: str) -> str:
    """A package's name for comparison: lower case, ``-`` for ``_`` and ``.``, no npm scope sign."""
    return re.sub(r"[_.]+", "-", name.lower().lstrip("@"))


@cache
def never_train_on() -> frozenset[tuple[str, str]]:
    """Pairs (owner, name) in lower case."""
    text = (_HERE / "never-train-on.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return frozenset((owner, name) for owner, _, name in map(plain_pair, lines))


def plain_pair(line: str) -> tuple[str, str, str]:
    owner, slash, name = line.partition("/")
    return plain(owner), slash, plain(name)


@cache
def heldout() -> dict[str, frozenset[str]]:
    """Names of held-out packages by registry."""
    data = tomllib.loads((_HERE / "heldout.toml").read_text(encoding="utf-8"))
    return {registry: frozenset(map(plain, names)) for registry, names in data.items()}


def is_heldout(registry: str, package: str) -> bool:
    name = plain(package)
    if registry != "debian-binary":
        return name in heldout().get(registry, frozenset())
    # librust-image-dev is rust-image, golang-github-miekg-dns-dev is golang-github-miekg-dns
    bare = re.sub(r"-dev$", "", re.sub(r"^librust-", "rust-", name))
    return bare in heldout()["debian"] or any(bare.startswith(f"{held}-") for held in heldout()["debian"])


def is_excluded(registry: str, package: str) -> bool:
    """Whether a package is one of the projects of ``never-train-on.txt``."""
    name = plain(package)
    if registry == "git":
        return any(name == f"{owner}/{project}" or name.endswith(f"/{project}") for owner, project in never_train_on())
    bare = _DEBIAN_WRAPPING.sub("", name)
    scope = name.split("/")[0] if "/" in name else ""
    for owner, project in never_train_on():
        if name in {project, f"{owner}-{project}", f"python-{project}"} or bare in {project, f"{owner}-{project}"}:
            return True
        if scope and scope in {project, owner}:
            return True
        # crates, gems and modules of one project: tokio-util, actix-http, serde-derive, symfony-console
        if bare.startswith(f"{project}-") and project not in _COMMON and len(project) > 3:
            return True
        if bare.startswith(f"{owner}-{project}-"):
            return True
    return False


@cache
def _path_names() -> frozenset[str]:
    return frozenset(name for _, name in never_train_on() if name not in _COMMON and len(name) > 3)


def is_excluded_path(path: str) -> bool:
    """Whether a file lies in a folder named like one of the projects: a vendored copy."""
    return any(plain(part) in _path_names() for part in path.split("/")[:-1])
