"""Writes the settings into package.json: the client's own, and the server's from their definition.

With --check it writes nothing, and says whether they are current.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from semlens.settings.vscode_schema import vscode_properties

OWN: dict[str, dict[str, Any]] = {
    "semlens.server.path": {
        "type": "string",
        "default": "",
        "scope": "machine",
        "markdownDescription": "Absolute path of the `semlens` program; `~` is allowed. Empty: it is looked for beside "
        "the selected Python interpreter, in `PATH` and in `~/.local/bin` (all in trusted workspaces only), then in an "
        "environment of this extension's own.",
    },
    "semlens.server.arguments": {
        "type": "array",
        "items": {"type": "string"},
        "default": [],
        "scope": "machine",
        "markdownDescription": "Arguments for `#semlens.server.path#`; empty: `serve`.",
    },
    "semlens.server.package": {
        "type": "string",
        "default": "",
        "scope": "machine",
        "markdownDescription": "What *Set Up Server* installs: the path of a wheel, or a requirement as pip takes it. "
        "Empty: `semlens` from the package index that pip is set to.",
    },
    "semlens.picker.preview": {
        "type": "boolean",
        "default": True,
        "scope": "window",
        "markdownDescription": "Show a hit in the editor while moving through the list.",
    },
    "semlens.context.budget": {
        "type": "integer",
        "default": 4000,
        "minimum": 0,
        "maximum": 10000000,
        "scope": "window",
        "markdownDescription": "Tokens that a pack of context takes at most; 0: ask each time.",
    },
}


def wanted() -> tuple[list[dict[str, Any]], list[str]]:
    """``contributes.configuration``, and the settings that an untrusted workspace does not set."""
    server = vscode_properties()
    sections = [
        {"title": "Semantic Search", "properties": OWN},
        {"title": "Server", "properties": server},
    ]
    return sections, [name for name, schema in (OWN | server).items() if schema["scope"] != "machine"]


def main() -> int:
    path = Path(__file__).parent.parent / "package.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    trust = package["capabilities"]["untrustedWorkspaces"]
    sections, restricted = wanted()
    if "--check" in sys.argv:
        if package["contributes"]["configuration"] != sections or trust["restrictedConfigurations"] != restricted:
            print("The settings in package.json are not the server's: run scripts/settings.py.", file=sys.stderr)
            return 1
        return 0
    package["contributes"]["configuration"] = sections
    trust["restrictedConfigurations"] = restricted
    path.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
