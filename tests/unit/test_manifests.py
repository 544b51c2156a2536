"""The manifests of stores, editors and agents: current, of one version, and within the rules of those who read them."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from semlens import __version__

CHECKOUT = Path(__file__).resolve().parents[2]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("manifests", CHECKOUT / "release" / "manifests.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MANIFESTS = _script()


def read(path: str) -> Any:
    text = (CHECKOUT / path).read_text(encoding="utf-8")
    return yaml.safe_load(text) if path.endswith(".yaml") else json.loads(text)


def test_every_manifest_is_current() -> None:
    assert MANIFESTS.stale() == [], "run `make manifests`"


@pytest.mark.parametrize(
    "path",
    [
        "server.json",
        "gemini-extension.json",
        "clients/agents/plugin/.claude-plugin/plugin.json",
        "clients/agents/plugin/.codex-plugin/plugin.json",
        "clients/agents/mcpb/manifest.json",
        "clients/vscode/package.json",
        "clients/vscode/package-lock.json",
    ],
)
def test_every_package_has_the_version_of_the_program(path: str) -> None:
    assert read(path)["version"] == __version__


def test_the_version_is_semantic() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(rc\d+)?", __version__)


def test_the_registry_of_mcp_accepts_the_server() -> None:
    """Its rules: a name of reverse DNS, at most 100 characters of description, and its name in the README."""
    server = read("server.json")
    assert re.fullmatch(r"io\.github\.[a-zA-Z0-9-]+/[a-zA-Z0-9._-]+", server["name"])
    assert 0 < len(server["description"]) <= 100
    assert [package["version"] for package in server["packages"]] == [__version__]
    assert f"mcp-name: {server['name']}" in (CHECKOUT / "README.md").read_text(encoding="utf-8")


def test_the_paths_of_the_plugins_exist() -> None:
    plugin = CHECKOUT / "clients" / "agents" / "plugin"
    for agent in ("claude", "codex"):
        manifest = read(f"clients/agents/plugin/.{agent}-plugin/plugin.json")
        for field in ("mcpServers", "skills"):
            path = manifest.get(field, "./skills/")
            assert path.startswith("./")
            assert (plugin / path).exists()
    assert (CHECKOUT / read(".claude-plugin/marketplace.json")["plugins"][0]["source"]).samefile(plugin)
    assert (CHECKOUT / read(".agents/plugins/marketplace.json")["plugins"][0]["source"]["path"]).samefile(plugin)


def test_the_bundle_passes_its_folders_as_roots(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("semlens.cli.main", lambda arguments: started.append(list(arguments)) or 0)
    monkeypatch.setattr("sys.argv", ["server.py", "/code/a", "/code/b"])
    source = (CHECKOUT / "clients" / "agents" / "mcpb" / "server.py").read_text(encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        exec(compile(source, "server.py", "exec"), {"__name__": "__main__"})
    assert left.value.code == 0
    assert started == [["mcp", "--root", "/code/a", "--root", "/code/b"]]


def test_mason_installs_this_version() -> None:
    package = read("release/mason/package.yaml")
    assert package["source"]["id"] == f"pkg:pypi/semlens@{__version__}"
    assert package["bin"] == {"semlens": "pypi:semlens"}
