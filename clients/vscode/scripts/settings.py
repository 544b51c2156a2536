"""Writes the server's settings into package.json; with --check, says whether they are current."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from semlens.engine.settings import vscode_properties

OWN = {
    "semlens.server.path": {
        "type": "string",
        "default": "",
        "scope": "machine",
        "markdownDescription": "Absolute path of the `semlens` program; `~` is allowed. Empty: it is looked for "
        "beside the selected Python interpreter (in trusted workspaces), in `PATH`, and in `~/.local/bin`.",
    },
    "semlens.server.arguments": {
        "type": "array",
        "items": {"type": "string"},
        "default": [],
        "scope": "machine",
        "markdownDescription": "Arguments for `#semlens.server.path#`; empty: `serve`.",
    },
}


def main() -> int:
    path = Path(__file__).parent.parent / "package.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    wanted = OWN | vscode_properties()
    configuration = package["contributes"]["configuration"]
    if "--check" in sys.argv:
        if configuration["properties"] != wanted:
            print("The settings in package.json are not the server's: run scripts/settings.py.", file=sys.stderr)
            return 1
        return 0
    configuration["properties"] = wanted
    path.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
