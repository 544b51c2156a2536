"""Writes the manifests that stores, editors and agents read, from one version and one description.

    python release/manifests.py           # write them
    python release/manifests.py --check   # exit code 1, and the names, if one is not current

The version comes from `server/semlens/__init__.py`, all else from `pyproject.toml` and from here.
`tests/unit/test_manifests.py` checks that the files are current. `docs/releasing.md` says who reads which.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "server"))

from semlens import __version__  # noqa: E402
from semlens.agents.instructions import SKILL  # noqa: E402

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Repository"]
OWNER = REPOSITORY.split("/")[3]
MCP_NAME = f"io.github.{OWNER}/semlens"
DESCRIPTION = "Finds code by meaning in a local checkout, offline. Read-only: search, context, symbols, index."
PLUGIN = "clients/agents/plugin"
START = {"command": "uvx", "args": ["semlens", "mcp"]}
AUTHOR = {"name": "The semlens developers", "url": REPOSITORY}


def plugin() -> dict[str, Any]:
    """What Claude Code and Codex both read."""
    return {
        "name": "semlens",
        "version": __version__,
        "description": DESCRIPTION,
        "author": AUTHOR,
        "homepage": REPOSITORY,
        "repository": REPOSITORY,
        "license": PROJECT["license"],
        "keywords": PROJECT["keywords"],
        "mcpServers": "./.mcp.json",
    }


def codex_plugin() -> dict[str, Any]:
    return {
        **plugin(),
        "skills": "./skills/",
        "interface": {
            "displayName": "semlens",
            "shortDescription": "Finds code by meaning, offline",
            "longDescription": DESCRIPTION,
            "developerName": AUTHOR["name"],
            "category": "Developer Tools",
            "capabilities": ["Read"],
            "websiteURL": REPOSITORY,
            "defaultPrompt": ["Find where a failed upload is tried again."],
        },
    }


def codex_marketplace() -> dict[str, Any]:
    return {
        "name": "semlens",
        "interface": {"displayName": "semlens"},
        "plugins": [
            {
                "name": "semlens",
                "source": {"source": "local", "path": f"./{PLUGIN}"},
                "policy": {"installation": "AVAILABLE", "authentication": "ON_INSTALL"},
                "category": "Developer Tools",
            }
        ],
    }


def claude_marketplace() -> dict[str, Any]:
    entry = {"name": "semlens", "source": f"./{PLUGIN}", "description": DESCRIPTION, "category": "development"}
    return {
        "name": "semlens",
        "description": "The plugin of semlens.",
        "owner": {"name": AUTHOR["name"]},
        "plugins": [entry],
    }


def mcp_registry() -> dict[str, Any]:
    return {
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": MCP_NAME,
        "title": "semlens",
        "description": DESCRIPTION,
        "repository": {"url": REPOSITORY, "source": "github"},
        "version": __version__,
        "packages": [
            {
                "registryType": "pypi",
                "identifier": "semlens",
                "version": __version__,
                "runtimeHint": "uvx",
                "transport": {"type": "stdio"},
                "packageArguments": [
                    {"type": "positional", "value": "mcp"},
                    {
                        "type": "named",
                        "name": "--root",
                        "description": "A folder that may be searched. Default: the git work tree.",
                        "format": "filepath",
                        "isRepeated": True,
                    },
                ],
            }
        ],
    }


def bundle() -> dict[str, Any]:
    """An MCPB for desktop programs, which have no working folder: the user names the folders."""
    return {
        "manifest_version": "0.4",
        "name": "semlens",
        "display_name": "semlens",
        "version": __version__,
        "description": DESCRIPTION,
        "author": AUTHOR,
        "repository": {"type": "git", "url": REPOSITORY},
        "license": PROJECT["license"],
        "keywords": PROJECT["keywords"],
        "server": {
            "type": "uv",
            "entry_point": "server.py",
            "mcp_config": {
                "command": "uv",
                "args": ["run", "--directory", "${__dirname}", "server.py", "${user_config.folders}"],
            },
        },
        "user_config": {
            "folders": {
                "type": "directory",
                "title": "Folders",
                "description": "The folders of code that may be searched.",
                "multiple": True,
                "required": True,
            }
        },
        "compatibility": {
            "platforms": ["darwin", "linux", "win32"],
            "runtimes": {"python": PROJECT["requires-python"]},
        },
        "tools": [
            {"name": "search_code", "description": "Ranked places for a question in your own words."},
            {"name": "get_context", "description": "The code that matters for a task, within a token budget."},
            {"name": "explore_symbol", "description": "Definition, callers, callees and tests of one symbol."},
            {"name": "index_status", "description": "How fresh and complete the index is."},
        ],
    }


def bundle_project() -> str:
    return (
        f'[project]\nname = "semlens-bundle"\nversion = "{__version__}"\n'
        f'requires-python = "{PROJECT["requires-python"]}"\ndependencies = ["semlens=={__version__}"]\n'
    )


def mason() -> str:
    return f"""\
---
name: semlens
description: |
  semlens finds code by what it does, offline, on the text as you type it. A language server for every language.
homepage: {REPOSITORY}
licenses:
  - {PROJECT["license"]}
languages: []
categories:
  - LSP

source:
  id: pkg:pypi/semlens@{__version__}

bin:
  semlens: pypi:semlens

neovim:
  lspconfig: semlens
"""


def vscode() -> dict[str, Any]:
    path = CHECKOUT / "clients/vscode/package.json"
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return manifest | {
        "version": __version__,
        "repository": {"type": "git", "url": REPOSITORY, "directory": "clients/vscode"},
        "homepage": PROJECT["urls"]["Documentation"],
        "bugs": {"url": PROJECT["urls"]["Issues"]},
    }


def vscode_lock() -> dict[str, Any]:
    lock: dict[str, Any] = json.loads((CHECKOUT / "clients/vscode/package-lock.json").read_text(encoding="utf-8"))
    lock["version"] = lock["packages"][""]["version"] = __version__
    return lock


def readme() -> str:
    """The registry of MCP looks for its name in the description that the package index shows."""
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    return re.sub(r"mcp-name: \S+", f"mcp-name: {MCP_NAME}", text)


def manifests() -> dict[str, str]:
    """The text of each file, by its path in the checkout."""
    gemini = {"name": "semlens", "version": __version__, "description": DESCRIPTION, "mcpServers": {"semlens": START}}
    objects = {
        "server.json": mcp_registry(),
        "gemini-extension.json": gemini,
        ".claude-plugin/marketplace.json": claude_marketplace(),
        ".agents/plugins/marketplace.json": codex_marketplace(),
        f"{PLUGIN}/.claude-plugin/plugin.json": plugin(),
        f"{PLUGIN}/.codex-plugin/plugin.json": codex_plugin(),
        f"{PLUGIN}/.mcp.json": {"mcpServers": {"semlens": START}},
        "clients/agents/mcpb/manifest.json": bundle(),
        "clients/vscode/package.json": vscode(),
        "clients/vscode/package-lock.json": vscode_lock(),
    }
    texts = {
        f"{PLUGIN}/skills/semlens/SKILL.md": SKILL,
        "clients/agents/mcpb/pyproject.toml": bundle_project(),
        "release/mason/package.yaml": mason(),
        "README.md": readme(),
        "clients/nvim/LICENSE": _text_of("LICENSE"),  # the folder becomes a repository of its own
    }
    return {path: json.dumps(value, indent=2, ensure_ascii=False) + "\n" for path, value in objects.items()} | texts


def stale() -> list[str]:
    """The paths of the files that are not current."""
    return [path for path, text in manifests().items() if _text_of(path) != text]


def _text_of(path: str) -> str:
    full = CHECKOUT / path
    return full.read_text(encoding="utf-8") if full.exists() else ""


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the manifests of stores, editors and agents.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if one is not current")
    if parser.parse_args().check:
        for path in (paths := stale()):
            print(f"{path} is not current: run 'make manifests'.", file=sys.stderr)
        return 1 if paths else 0
    for path, text in manifests().items():
        (CHECKOUT / path).parent.mkdir(parents=True, exist_ok=True)
        (CHECKOUT / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
