"""Which files are seldom the answer by their path alone: build products, manifests and workflows, data.

`semlens.syntax.symbols.roles` detects roles that are stored in the index. These need no stored text, so a change of a
rule needs no new index.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from semlens.index.arrays import Floats

_PRODUCT_FOLDERS = frozenset("dist build bundle bundles single_include single-include amalgamation".split())
_SOURCE_FOLDERS = frozenset("src lib source sources app internal pkg".split())
_PRODUCT_PARTS = frozenset("min bundle bundled amalgamated amalgamation umd iife prod production".split())
_PRODUCT_STARTS = ("amalgam", "single_header", "single-header")
_PROJECT_FOLDERS = frozenset(".github .gitlab .circleci .azure-pipelines .buildkite .husky .changeset".split())
_MANIFESTS = frozenset(
    """cargo.toml go.mod go.sum go.work package.json composer.json tsconfig.json renovate.json bower.json lerna.json
    nx.json deno.json pom.xml pyproject.toml setup.cfg tox.ini build.gradle build.gradle.kts settings.gradle
    settings.gradle.kts gemfile rakefile package.swift pubspec.yaml description namespace makefile meson.build
    cmakelists.txt build.sbt
    rebar.config dune-project build.zig.zon podfile cartfile dockerfile issue_template.md
    pull_request_template.md""".split()
)
_MANIFEST_ENDS = (
    *(".gemspec", ".csproj", ".fsproj", ".vbproj", ".sln", ".props", ".targets", ".cabal", ".opam", ".podspec"),
    *(".nuspec", ".lock", "-lock.json", "-lock.yaml", ".rockspec"),
)
_DATA_ENDS = (
    *(".json", ".json5", ".jsonc", ".yaml", ".yml", ".toml", ".xml", ".csv", ".tsv", ".ini", ".properties", ".plist"),
    *(".svg", ".po", ".strings", ".resx", ".geojson"),
)


def path_roles(paths: Sequence[str]) -> dict[str, Floats]:
    """Columns over files by name of the role, 1 where it fits, each of shape (f,).

    :param paths: in lower case.
    """
    return {name: np.array([rule(path) for path in paths], np.float32) for name, rule in PATH_ROLES.items()}


def _is_product(path: str) -> bool:
    """Built from other files of the repository. A folder ``build`` within the sources is none."""
    *folders, base = path.split("/")
    for folder in folders:
        if folder in _SOURCE_FOLDERS:
            break
        if folder in _PRODUCT_FOLDERS:
            return True
    return base.startswith(_PRODUCT_STARTS) or not _PRODUCT_PARTS.isdisjoint(re.split(r"[-._]", base)[1:-1])


def _is_manifest(path: str) -> bool:
    *folders, base = path.split("/")
    return base in _MANIFESTS or base.endswith(_MANIFEST_ENDS) or not _PROJECT_FOLDERS.isdisjoint(folders)


def _is_data(path: str) -> bool:
    return path.endswith(_DATA_ENDS) and not _is_manifest(path)


PATH_ROLES: Mapping[str, Callable[[str], bool]] = {"product": _is_product, "manifest": _is_manifest, "data": _is_data}
"""Each role, with what tells from a path in lower case whether it fits."""
