"""Limits on the size of packages, files and functions, and a check that the glossary matches the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "server" / "semlens"
SOURCES = sorted(PACKAGE.rglob("*.py"))

MAX_MODULES = 14
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_TERMS = 25


def test_no_folder_holds_too_many_modules():
    counts = {
        folder.relative_to(PACKAGE).as_posix(): sum(path.name != "__init__.py" for path in folder.glob("*.py"))
        for folder in {path.parent for path in SOURCES}
    }
    assert {folder: n for folder, n in counts.items() if n > MAX_MODULES} == {}


def test_no_file_is_too_long():
    lengths = {path.relative_to(PACKAGE).as_posix(): len(path.read_text().splitlines()) for path in SOURCES}
    assert {path: n for path, n in lengths.items() if n > MAX_FILE_LINES} == {}


def test_no_function_is_too_long():
    too_long = {}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                n_lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if n_lines > MAX_FUNCTION_LINES:
                    too_long[f"{path.relative_to(PACKAGE)}:{node.name}"] = n_lines
    assert too_long == {}


def test_messages_quote_commands_as_the_documents_do():
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.search(r"(?<![=(\w])'(?:semlens|git|uv|pip|ollama) [\w-]", node.value)
    ]
    assert found == [], "backticks, because commands may hold quotes"


def test_every_package_has_a_docstring():
    for init in PACKAGE.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(init.read_text())), init


def test_no_folder_has_a_name_that_tools_leave_out():
    """git, the linter and the builder of the wheel pass over folders of these names."""
    assert not {path.name for path in PACKAGE.rglob("*") if path.is_dir()} & {"build", "dist", "site", "venv"}


def test_every_package_is_marked():
    assert not {path.parent for path in SOURCES if not (path.parent / "__init__.py").exists()}


def test_the_glossary_is_short_and_its_names_are_in_the_code():
    architecture = (CHECKOUT / "ARCHITECTURE.md").read_text()
    section = architecture.split("## Glossary", 1)[1].split("\n## ", 1)[0]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("|")][2:]
    assert 0 < len(rows) <= MAX_TERMS
    source = "\n".join(path.read_text() for path in SOURCES)
    for row in rows:
        (name,) = re.findall(r"`([\w.]+)`", row[3])
        owner, _, attribute = name.partition(".")
        assert re.search(rf"\bclass {owner}\b|^{owner}\b", source, re.MULTILINE), name
        assert attribute in source, name


def test_every_path_that_the_map_names_exists():
    architecture = (CHECKOUT / "ARCHITECTURE.md").read_text()
    for path in re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", architecture):
        assert (PACKAGE / path).exists() or (CHECKOUT / path).exists(), path
