"""The content of the wheel and the source distribution."""

from __future__ import annotations

import hashlib
import re
import tarfile
import tomllib
import zipfile
from email.parser import Parser

from .conftest import CHECKOUT

PACKAGE = CHECKOUT / "server" / "semlens"
MODELS = sorted(path.parent for path in (CHECKOUT / "models").glob("*/model.toml"))


def _package(requirement: str) -> str:
    return re.split(r"[<>=;\s]", requirement)[0]


def shipped_sources() -> dict[str, bytes]:
    found = {
        f"semlens/{path.relative_to(PACKAGE).as_posix()}": path.read_bytes()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    for model in MODELS:
        for path in model.rglob("*"):
            if path.is_file():
                found[f"semlens/_models/{model.name}/{path.relative_to(model).as_posix()}"] = path.read_bytes()
    return found


def test_the_wheel_has_every_file_of_the_source_distribution_unchanged(distributions):
    expected = shipped_sources()
    with zipfile.ZipFile(distributions.wheel) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        assert names == set(expected)
        for name, content in expected.items():
            assert hashlib.sha256(wheel.read(name)).digest() == hashlib.sha256(content).digest(), name


def test_a_model_with_its_licence_and_the_queries_are_inside():
    names = shipped_sources()
    assert MODELS
    for model in MODELS:
        assert {f"semlens/_models/{model.name}/{file}" for file in ("model.toml", "LICENSE")} <= set(names)
    assert sum(name.endswith("/symbols.scm") for name in names) >= 9
    assert "semlens/py.typed" in names


def test_the_metadata_says_what_pyproject_says(distributions):
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    with zipfile.ZipFile(distributions.wheel) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(wheel.read(name).decode())
        scripts = wheel.read(name.replace("METADATA", "entry_points.txt")).decode()
        licence = wheel.read(name.replace("METADATA", "licenses/LICENSE")).decode()
    assert metadata["Name"] == "semlens"
    assert metadata["Requires-Python"] == project["requires-python"]
    assert metadata["License-Expression"] == "Apache-2.0"
    required = metadata.get_all("Requires-Dist")
    assert {_package(line) for line in required if "extra ==" not in line} == set(
        map(_package, project["dependencies"])
    )
    assert metadata.get_all("Provides-Extra") == sorted(project["optional-dependencies"])
    assert "semlens = semlens.cli:main" in scripts
    assert "Apache License" in licence


def test_the_source_distribution_holds_what_a_packager_needs(distributions):
    with tarfile.open(distributions.sdist) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    for name in ("README.md", "LICENSE", "pyproject.toml", "hatch_build.py", "Makefile", "requirements/dev.txt"):
        assert name in names
    assert "tests/packaging/test_distributions.py" in names
    assert not [name for name in names if name.startswith((".venv", "dist/", "build/")) or "node_modules" in name]


def test_the_locks_name_no_host_and_pin_every_package_by_hash():
    for lock in (CHECKOUT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text
        assert "--index" not in text
        entries = [entry for entry in text.replace("\\\n", "").splitlines() if entry and not entry.startswith("#")]
        assert entries, lock
        for entry in entries:
            assert "==" in entry.split()[0], entry
            assert "--hash=sha256:" in entry, entry


def test_the_locks_that_run_our_code_hold_what_it_needs():
    wanted = {
        _package(one) for one in tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["dependencies"]
    }
    for lock in ("runtime", "dev", "cluster"):
        pinned = set(re.findall(r"^([\w.-]+)==", (CHECKOUT / "requirements" / f"{lock}.txt").read_text(), re.MULTILINE))
        assert wanted <= pinned, lock
