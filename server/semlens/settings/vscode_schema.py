"""Describes the settings for VS Code. `clients/vscode/scripts/settings.py` writes the result to ``package.json``."""

from __future__ import annotations

from typing import Any

from semlens.settings.schema import SettingScope
from semlens.settings.specs import SPECS


def vscode_properties() -> dict[str, dict[str, Any]]:
    """Return the settings as ``contributes.configuration.properties`` of a VS Code extension's ``package.json``.

    A user-scoped setting gets the scope ``machine``, so VS Code ignores it in the settings of a workspace or folder.
    """
    properties: dict[str, dict[str, Any]] = {}
    for spec in SPECS.values():
        schema: dict[str, Any] = {"type": spec.kind}
        if spec.kind == "array":
            schema["items"] = {"type": "string"}
        schema["default"] = list(spec.default) if isinstance(spec.default, tuple) else spec.default
        if spec.choices:
            schema["enum"] = list(spec.choices)
        if spec.minimum is not None:
            schema["minimum"] = spec.minimum
        if spec.maximum is not None:
            schema["maximum"] = spec.maximum
        schema["scope"] = "machine" if spec.scope is SettingScope.USER else "resource"
        schema["markdownDescription"] = spec.documentation
        properties[spec.full_name] = schema
    return properties
