"""Build hook: the models of the checkout become part of the wheel, as ``semlens/_models/<name>/``.

A model is a folder ``models/<name>/`` with a ``model.toml``; everything in it ships. Scripts and work folders do not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ModelsBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the files of every model; an editable installation reads them where they are."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        for manifest in sorted(Path(self.root, "models").glob("*/model.toml")):
            folder = manifest.parent
            for path in sorted(folder.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    target = Path("semlens", "_models", folder.name, path.relative_to(folder))
                    build_data["force_include"][str(path)] = target.as_posix()
