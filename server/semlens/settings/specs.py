"""Lists all settings by their public names. Documentation, the schemas of editors and the checks are made from it.

The public name of a setting is ``semlens.<section>.<camelCase field>``.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from semlens.settings.schema import (
    AgentsSettings,
    FilesSettings,
    IndexSettings,
    LogSettings,
    ModelsSettings,
    RemoteSettings,
    SearchSettings,
    ServerSettings,
    SettingScope,
    SettingValue,
    ShareSettings,
    SymbolsSettings,
    TeamSettings,
    VectorsSettings,
    WatchSettings,
)
from semlens.settings.user_sources import NAMESPACE

SECTIONS: Mapping[str, type[Any]] = {
    "files": FilesSettings,
    "index": IndexSettings,
    "models": ModelsSettings,
    "remote": RemoteSettings,
    "vectors": VectorsSettings,
    "search": SearchSettings,
    "symbols": SymbolsSettings,
    "watch": WatchSettings,
    "server": ServerSettings,
    "agents": AgentsSettings,
    "share": ShareSettings,
    "team": TeamSettings,
    "log": LogSettings,
}


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """One setting with its public name.

    :ivar name: without the namespace, e.g. ``files.maxSizeKb``.
    :ivar section: attribute of `Settings`.
    :ivar attribute: attribute of the section.
    """

    name: str
    section: str
    attribute: str
    default: SettingValue
    scope: SettingScope
    documentation: str
    minimum: int | None
    maximum: int | None

    @property
    def full_name(self) -> str:
        return f"{NAMESPACE}.{self.name}"

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed values; empty when every value of the type is allowed."""
        return tuple(type(self.default)) if isinstance(self.default, enum.StrEnum) else ()

    @property
    def kind(self) -> str:
        """``boolean``, ``integer``, ``string`` or ``array`` (of strings), as JSON schema names them."""
        if isinstance(self.default, bool):
            return "boolean"
        if isinstance(self.default, int):
            return "integer"
        return "string" if isinstance(self.default, str) else "array"


def camel_case(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def _specs() -> Iterator[SettingSpec]:
    for section, section_type in SECTIONS.items():
        for item in fields(section_type):
            yield SettingSpec(
                name=f"{section}.{camel_case(item.name)}",
                section=section,
                attribute=item.name,
                default=cast("SettingValue", item.default),
                **item.metadata,
            )


SPECS: Mapping[str, SettingSpec] = {spec.name: spec for spec in _specs()}
"""Every setting by its name without the namespace, in the order of the documentation."""
