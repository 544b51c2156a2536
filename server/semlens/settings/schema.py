"""Defines all settings. `loading` reads them from files and editors.

The public name of a setting is ``<section>.<camelCase field>`` under ``semlens.``; its type and default come
from the field, the rest from its metadata. Documentation, the schemas of editors and the checks derive from here.
"""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeAlias, cast

from semlens.core.status import TierRole
from semlens.settings.choices import BatterySetting, KeySource, LogLevel, ServiceApi, WatchSetting
from semlens.settings.user_sources import NAMESPACE, cache_folder_of

SettingValue: TypeAlias = bool | int | str | tuple[str, ...]


class Scope(enum.Enum):
    """Which sources may set a setting.

    A cloned repository must not set a user-scoped setting. Such a setting names a program, a model, a service or a path
    outside the workspace, or it uses resources of the user.
    """

    WORKSPACE = "workspace"
    USER = "user"


def _setting(
    default: SettingValue,
    documentation: str,
    *,
    scope: Scope = Scope.WORKSPACE,
    minimum: int | None = None,
    maximum: int | None = None,
) -> Any:
    return field(
        default=default,
        metadata={
            "documentation": documentation,
            "scope": scope,
            "minimum": minimum,
            "maximum": maximum,
        },
    )


@dataclass(frozen=True, slots=True)
class FilesSettings:
    """Which files are indexed."""

    include: tuple[str, ...] = _setting(
        (),
        "Only files that match one of these patterns are indexed; empty: all. Patterns are written as in `.gitignore`, "
        "relative to the workspace root. Ignored files stay ignored: to index them, name them with `!` in "
        "`.semlensignore`.",
    )
    exclude: tuple[str, ...] = _setting(
        (), "Files and folders that match one of these patterns are left out. Written as in `.gitignore`."
    )
    max_size_kb: int = _setting(1024, "Larger files are left out, in KiB.", minimum=1, maximum=65_536)
    follow_ignore: bool = _setting(
        True,
        "Leave out what `.gitignore`, `.ignore`, `.git/info/exclude` and git's global excludes name. `.semlensignore` "
        "always counts.",
    )


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """Where the index is kept and what it may cost."""

    cache_folder: str = _setting(
        "",
        "Folder of the index; empty: the system's cache folder for the user. An absolute path, `~` allowed. The "
        "environment variable `SEMLENS_CACHE_DIR` overrides it. A local disk is best: on a network file system SQLite "
        "works without its write-ahead log, and where there are no locks the index is lost at the end.",
        scope=Scope.USER,
    )
    max_cache_mb: int = _setting(
        2048,
        "Bound of the cache folder as a whole, in MiB. Indexes of folders that are not open are deleted first, then "
        "vectors, those used least recently first. An index in use is kept even if it is larger.",
        scope=Scope.USER,
        minimum=64,
        maximum=1_048_576,
    )
    processors: int = _setting(0, "Processor cores that indexing may use; 0: half of them.", minimum=0, maximum=1024)
    on_battery: BatterySetting = _setting(
        BatterySetting.PAUSE_REFINE,
        "On battery, put off the refinement of meaning (`pause-refine`) or go on as usual (`full`).",
    )


@dataclass(frozen=True, slots=True)
class ModelsSettings:
    """Which embedding models are used."""

    first: str = _setting(
        "auto",
        "Model of the first tier, by name; `auto`: the best one installed; `none`: search by names and words alone.",
        scope=Scope.USER,
    )
    refine: str = _setting(
        "semlens-minilm-v1",
        "Model of the refining tier, by name; `none`: no refinement.",
        scope=Scope.USER,
    )
    folders: tuple[str, ...] = _setting(
        (), "Further folders to look for models in. Absolute paths, `~` allowed.", scope=Scope.USER
    )


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """An embedding service of your own: without `url` and `model` there is none, and nothing leaves this machine.

    With both, the text of indexed files and of questions is sent there, known forms of secrets masked; `semlens status`
    says how much. A key comes from the environment variable `SEMLENS_REMOTE_KEY` or the keyring, never from a setting.
    """

    url: str = _setting(
        "",
        "Address of the service, e.g. `http://localhost:11434` (Ollama) or `https://host/v1` (whatever speaks OpenAI's "
        "`/v1/embeddings`). Plain `http` is for this machine and networks you trust.",
        scope=Scope.USER,
    )
    model: str = _setting("", "Name of the model, as the service has it.", scope=Scope.USER)
    tier: TierRole = _setting(
        TierRole.REFINE,
        "The tier it serves: `refine`, in the place of `models.refine`; or `first`, in the place of `models.first`, so "
        "that meaning is found only once the service has seen the text.",
        scope=Scope.USER,
    )
    api: ServiceApi = _setting(
        ServiceApi.AUTO,
        "How it is spoken to; `auto`: by its address, Ollama's own API at port 11434 without a path, else OpenAI's.",
        scope=Scope.USER,
    )
    key_from: KeySource = _setting(
        KeySource.ENVIRONMENT,
        "Where its key is: the environment variable `SEMLENS_REMOTE_KEY` (none when it is not set), or the system's "
        "keyring under `semlens` and the address without its path (`pip install 'semlens[keyring]'`, then "
        "`keyring set semlens https://host`).",
        scope=Scope.USER,
    )
    unsaved: bool = _setting(
        False,
        "Unsaved text may be sent too, where the service is the first tier. Without it, text is sent once it is saved.",
        scope=Scope.USER,
    )
    max_tokens: int = _setting(
        512,
        "Tokens of one text that are sent; the rest is cut. No request has more than 8,192 tokens or 32 texts.",
        scope=Scope.USER,
        minimum=16,
        maximum=8192,
    )
    tokenizer: str = _setting(
        "",
        "The model's `tokenizer.json`, to count tokens as it does; empty: an estimate on the safe side. An absolute "
        "path, `~` allowed.",
        scope=Scope.USER,
    )
    dimensions: int = _setting(
        0,
        "Length of vectors to ask for, where the model offers several; 0: its own.",
        scope=Scope.USER,
        minimum=0,
        maximum=16_384,
    )
    query_prefix: str = _setting(
        "auto", "Put before a question; `auto`: what the model is known to want, by its name.", scope=Scope.USER
    )
    document_prefix: str = _setting(
        "auto", "Put before a text; `auto`: what the model is known to want, by its name.", scope=Scope.USER
    )
    concurrency: int = _setting(2, "Requests at a time.", scope=Scope.USER, minimum=1, maximum=16)
    proxy: str = _setting(
        "",
        "Address of a proxy; empty: that of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), and none for "
        "this machine.",
        scope=Scope.USER,
    )
    ca_file: str = _setting(
        "",
        "Certificates (PEM) of your own authority, on top of the system's or those that `SSL_CERT_FILE` names. An "
        "absolute path, `~` allowed.",
        scope=Scope.USER,
    )


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How questions are answered where the request does not say."""

    limit: int = _setting(20, "Hits of one answer.", minimum=1, maximum=1000)
    per_file: int = _setting(2, "Hits that one file takes of the first ten; 0: no bound.", minimum=0, maximum=1000)
    time_budget_ms: int = _setting(
        150,
        "Age of a request, in milliseconds, at which refining its answer stops: no answer waits longer for a service.",
        minimum=0,
        maximum=60_000,
    )


@dataclass(frozen=True, slots=True)
class SymbolsSettings:
    """Which of the editor's own requests are answered."""

    workspace_symbol: bool = _setting(True, "Answer the editor's workspace symbol search.")
    document_symbol: bool = _setting(
        False, "Answer the editor's outline of a document; other language servers usually do."
    )


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How changes on disk are noticed."""

    mode: WatchSetting = _setting(
        WatchSetting.AUTO,
        "`auto`: the editor's or the system's file events, polling on network file systems; `native`: the system's "
        "file events; `polling`: compare the files again and again; `off`: look only when asked.",
    )
    poll_seconds: int = _setting(5, "Pause between two looks when polling, in seconds.", minimum=1, maximum=3600)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The language server, and the resident server that several clients share."""

    model_idle_minutes: int = _setting(
        10, "Unload the models after this time without use, in minutes; 0: never.", minimum=0, maximum=10_080
    )
    shared: bool = _setting(
        False,
        "Let the resident server, which editors and commands share, serve the editor. For the clients of VS Code and "
        "Neovim; other editors start `semlens serve --shared`.",
        scope=Scope.USER,
    )
    autostart: bool = _setting(
        True,
        "Let commands on a terminal start the resident server, so that the next command answers sooner.",
        scope=Scope.USER,
    )
    idle_minutes: int = _setting(
        15,
        "End the resident server after this time without a client, in minutes.",
        scope=Scope.USER,
        minimum=1,
        maximum=10_080,
    )
    root_idle_minutes: int = _setting(
        5,
        "Let the resident server release a folder after this time without a client that uses it, in minutes.",
        scope=Scope.USER,
        minimum=0,
        maximum=10_080,
    )


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged."""

    level: LogLevel = _setting(LogLevel.INFO, "Least severity that is logged.")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked. A setting that no source sets has its default."""

    files: FilesSettings = field(default_factory=FilesSettings)
    index: IndexSettings = field(default_factory=IndexSettings)
    models: ModelsSettings = field(default_factory=ModelsSettings)
    remote: RemoteSettings = field(default_factory=RemoteSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    symbols: SymbolsSettings = field(default_factory=SymbolsSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    log: LogSettings = field(default_factory=LogSettings)

    @property
    def n_processors(self) -> int:
        """Cores that indexing may use, at least one: the setting, or half of those this process may run on."""
        n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        return min(self.index.processors, n_cores) if self.index.processors else max(1, n_cores // 2)


SECTIONS: Mapping[str, type[Any]] = {
    "files": FilesSettings,
    "index": IndexSettings,
    "models": ModelsSettings,
    "remote": RemoteSettings,
    "search": SearchSettings,
    "symbols": SymbolsSettings,
    "watch": WatchSettings,
    "server": ServerSettings,
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
    scope: Scope
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


def cache_folder(settings: Settings) -> Path:
    """Folder of the index: ``SEMLENS_CACHE_DIR``, the setting, or the system's place for it. It need not exist."""
    return cache_folder_of(settings.index.cache_folder)


def vscode_properties() -> dict[str, dict[str, Any]]:
    """The settings as ``contributes.configuration.properties`` of a VS Code extension's ``package.json``.

    A user-scoped setting gets the scope ``machine``: VS Code then takes it from no workspace or folder settings.
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
        schema["scope"] = "machine" if spec.scope is Scope.USER else "resource"
        schema["markdownDescription"] = spec.documentation
        properties[spec.full_name] = schema
    return properties
