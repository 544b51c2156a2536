"""The dependency rule, as import-linter contracts in pyproject.toml, and the imports of one-shot commands."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SERVER = CHECKOUT / "server"

HEAVY = (
    "pygls",
    "lsprotocol",
    "tree_sitter",
    "tree_sitter_language_pack",
    "onnxruntime",
    "httpx2",
    "rich",
    "watchdog",
    "asyncio",
    "mcp",
    "pydantic",
)


def test_contracts_hold(tmp_path):
    """Layers, and which package may import which library."""
    program = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    ran = subprocess.run(
        [sys.executable, "-c", program, "--config", str(CHECKOUT / "pyproject.toml"), "--no-cache"],
        cwd=SERVER,
        env={"PYTHONPATH": str(SERVER), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 broken" in ran.stdout


def test_every_package_is_in_a_contract():
    """An unlisted package would have no rule."""
    contracts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["type"] == "layers")["layers"]
    listed = {name.strip() for layer in layers for name in layer.split("|")}
    packages = {f"semlens.{init.parent.name}" for init in (SERVER / "semlens").glob("*/__init__.py")}
    assert packages == listed
    for library, owner in (
        ("pygls", "semlens.lsp"),
        ("tree_sitter", "semlens.syntax"),
        ("onnxruntime", "semlens.embedding"),
        ("httpx2", "semlens.embedding semlens.team"),
        ("usearch", "semlens.index"),
        ("mcp", "semlens.mcp"),
        ("ray", "semlens.cluster"),
    ):
        contract = next(contract for contract in contracts if library in contract.get("forbidden_modules", ()))
        assert {*contract["source_modules"], *owner.split()} == packages


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import semlens.cli", ()),
        ("import semlens.cli.arguments", ()),
        ("import semlens.daemon.bridge", ()),
        ("import semlens.daemon.mcp_bridge", ()),
        ("import semlens.cli.commands.daemon", ()),
        ("import semlens.cli.commands.search, semlens.engine.engine, semlens.cli.output.hits", ()),
        ("import semlens.cli.commands.status, semlens.service.codec", ()),
        ("import semlens.cli.commands.agents.configuration", ()),
        (
            "import semlens.cli.commands.outline, semlens.syntax.parsing.parser",
            ("tree_sitter", "tree_sitter_language_pack"),
        ),
    ],
)
def test_one_shot_commands_import_only_what_they_use(statement, allowed):
    program = f"{statement}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", program], cwd=SERVER, capture_output=True, text=True, check=True)
    assert set(ran.stdout.split()) <= set(allowed)


def test_a_search_through_the_server_loads_little():
    """Each of these takes longer to load than the search itself."""
    program = "import semlens.cli.runner, semlens.cli.arguments, semlens.cli.commands.search, semlens.cli.output.hits"
    ran = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"],
        cwd=SERVER,
        capture_output=True,
        text=True,
        check=True,
    )
    packages = ("engine", "search", "syntax", "embedding", "workers", "lsp", "daemon", "core.context")
    unwanted = {*HEAVY, "numpy", "psutil", "dataclasses", "shutil", "subprocess", "tomllib"}
    unwanted |= {f"semlens.{name}" for name in packages}
    assert not unwanted & set(ran.stdout.split())


def test_the_resident_server_loads_the_sdk_of_agents_only_when_it_serves_one():
    program = (
        "import semlens.daemon.host, sys\nprint([name for name in ('mcp', 'pydantic', 'anyio') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=SERVER, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
