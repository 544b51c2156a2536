"""Writes the settings into package.json: those of the extension, and those of the server from their definition.

With --check it writes nothing, and fails if package.json is out of date.
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
        "markdownDescription": "Absolute path of the `semlens` program; `~` is allowed. Empty: search beside the "
        "selected Python interpreter, in `PATH` and in `~/.local/bin` (all in trusted workspaces only), then in the "
        "virtual environment of this extension.",
    },
    "semlens.server.arguments": {
        "type": "array",
        "items": {"type": "string"},
        "default": [],
        "scope": "machine",
        "markdownDescription": "Arguments of `#semlens.server.path#`. Empty: `serve`.",
    },
    "semlens.server.package": {
        "type": "string",
        "default": "",
        "scope": "machine",
        "markdownDescription": "The package that *Set Up Server* installs: the path of a wheel, or a requirement for "
        "pip. Empty: *Set Up Server* asks for the wheel.",
    },
    "semlens.picker.preview": {
        "type": "boolean",
        "default": True,
        "scope": "window",
        "markdownDescription": "Show the selected hit in the editor while the list is open.",
    },
    "semlens.context.budget": {
        "type": "integer",
        "default": 4000,
        "minimum": 0,
        "maximum": 10000000,
        "scope": "window",
        "markdownDescription": "Maximum number of tokens in a context. 0: ask each time.",
    },
}


SECTIONS = {
    "Search": ("search", "symbols", "picker", "context"),
    "Files": ("files", "watch", "index"),
    "Models": ("models", "vectors"),
    "Remote service": ("remote",),
    "Agents": ("agents",),
    "Shared index and team": ("share", "team"),
    "Server": ("server", "log"),
}
"""The groups of the settings editor, by the second part of the names."""


def expected_settings() -> tuple[list[dict[str, Any]], list[str]]:
    """``contributes.configuration``, and the names of the settings that an untrusted workspace cannot set."""
    properties = OWN | vscode_properties()
    sections = [
        {"title": title, "properties": {name: one for name, one in properties.items() if name.split(".")[1] in groups}}
        for title, groups in SECTIONS.items()
    ]
    n_shown = sum(len(section["properties"]) for section in sections)
    assert n_shown == len(properties), "a setting is in no section, or in two"
    return sections, [name for name, schema in properties.items() if schema["scope"] != "machine"]


def main() -> int:
    path = Path(__file__).parent.parent / "package.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    trust = package["capabilities"]["untrustedWorkspaces"]
    sections, restricted = expected_settings()
    if "--check" in sys.argv:
        if package["contributes"]["configuration"] != sections or trust["restrictedConfigurations"] != restricted:
            print("The settings in package.json are out of date. Run scripts/settings.py.", file=sys.stderr)
            return 1
        return 0
    package["contributes"]["configuration"] = sections
    trust["restrictedConfigurations"] = restricted
    path.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
