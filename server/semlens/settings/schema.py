"""Defines all settings. `loading` reads them from files and editors, and `specs` lists them by their public names.

The type and default of a setting come from its field, the rest from the field's metadata.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from semlens.core.status import TierRole
from semlens.settings.choices import BatterySetting, KeySource, LogLevel, ServiceApi, VectorStoreSetting, WatchSetting
from semlens.settings.processors import n_available_cores
from semlens.settings.user_sources import cache_folder_of

SettingValue: TypeAlias = bool | int | str | tuple[str, ...]


class SettingScope(enum.Enum):
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
    scope: SettingScope = SettingScope.WORKSPACE,
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


_user_setting = partial(_setting, scope=SettingScope.USER)


@dataclass(frozen=True, slots=True)
class FilesSettings:
    """Which files are indexed."""

    include: tuple[str, ...] = _setting(
        (),
        "Patterns of the files to index. An empty list means all files. Patterns are written as in `.gitignore`, "
        "relative to the workspace root. Ignored files stay ignored. To index one, add a line that begins with `!` "
        "to `.semlensignore`.",
    )
    exclude: tuple[str, ...] = _setting(
        (), "Patterns of files and folders that are not indexed. Patterns are written as in `.gitignore`."
    )
    max_size_kb: int = _setting(1024, "Size limit of an indexed file, in KiB.", minimum=1, maximum=65_536)
    follow_ignore: bool = _setting(
        True,
        "Do not index what `.gitignore`, `.ignore`, `.git/info/exclude` and git's global excludes file ignore. "
        "`.semlensignore` is always followed.",
    )


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """Where the index is stored and what it may use."""

    cache_folder: str = _user_setting(
        "",
        "Folder of the index: an absolute path, `~` is allowed. When it is empty, the user's cache folder of the "
        "system is used. The environment variable `SEMLENS_CACHE_DIR` overrides it. Use a local disk. On a network "
        "file system, SQLite works without its write-ahead log. Where the file system has no locks, the index is "
        "lost when semlens ends. A folder that another user could change, or has changed, is refused.",
    )
    max_cache_mb: int = _user_setting(
        2048,
        "Size limit of the whole cache folder, in MiB. Above it, maps and the FAISS files of unused models are "
        "deleted first, then the indexes of folders that are not open, then the least recently used vectors. An "
        "index in use is kept, even if it is larger.",
        minimum=64,
        maximum=1_048_576,
    )
    processors: int = _setting(0, "Limit of cores for indexing. 0: all at first, later half.", minimum=0, maximum=1024)
    on_battery: BatterySetting = _setting(
        BatterySetting.PAUSE_REFINE,
        "What happens on battery: `pause-refine` postpones the vectors of the refining model, `full` changes nothing.",
    )


@dataclass(frozen=True, slots=True)
class ModelsSettings:
    """Which embedding models are used."""

    first: str = _user_setting(
        "auto",
        "Model of the first tier, by name. `auto` is the best one installed. With `none`, search uses names and "
        "words only.",
    )
    refine: str = _user_setting(
        "semlens-minilm-v1",
        "Model of the refining tier, by name. With `none`, hits are not refined.",
    )
    folders: tuple[str, ...] = _user_setting((), "More folders with models. Absolute paths, `~` is allowed.")


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """An embedding service that you name. Without `url` and `model`, no text leaves this machine.

    With both, the text of indexed files and of queries is sent to the service. Secrets of known forms are masked.
    `semlens status` shows how much was sent. A key is read from the environment variable `SEMLENS_REMOTE_KEY` or from
    the keyring, never from a setting.
    """

    url: str = _user_setting(
        "",
        "Address of the service, such as `http://localhost:11434` (Ollama) or `https://host/v1` (an API like "
        "OpenAI's `/v1/embeddings`). Use plain `http` only for this machine and networks that you trust.",
    )
    model: str = _user_setting("", "Name of the model at the service.")
    tier: TierRole = _user_setting(
        TierRole.REFINE,
        "The tier of the service. `refine` replaces `models.refine`. `first` replaces `models.first`; search by "
        "meaning then finds text only after the service has embedded it.",
    )
    api: ServiceApi = _user_setting(
        ServiceApi.AUTO,
        "API of the service. `auto` uses Ollama's own API for port 11434 without a path, and OpenAI's otherwise.",
    )
    key_from: KeySource = _user_setting(
        KeySource.ENVIRONMENT,
        "Where the key of the service is. `environment` reads the variable `SEMLENS_REMOTE_KEY`; when it is not set, "
        "no key is sent. `keyring` reads the system's keyring: run `pip install 'semlens[keyring]'`, then `keyring "
        "set semlens https://host` with the address without its path.",
    )
    unsaved: bool = _user_setting(
        False,
        "Send unsaved text to the service if it is the first tier. Otherwise text is sent after it is saved.",
    )
    max_tokens: int = _user_setting(
        512,
        "Limit of one text, in tokens. Longer texts are truncated. A request has at most 8,192 tokens and 32 texts.",
        minimum=16,
        maximum=8192,
    )
    tokenizer: str = _user_setting(
        "",
        "The model's `tokenizer.json`, used to count tokens: an absolute path, `~` is allowed. When it is empty, "
        "tokens are estimated on the safe side.",
    )
    dimensions: int = _user_setting(
        0,
        "Length of the vectors to request, for models that offer several. 0 means the model's own length.",
        minimum=0,
        maximum=16_384,
    )
    query_prefix: str = _user_setting(
        "auto",
        "Text that is put before each query. `auto` uses the prefix that is known for the model's name.",
    )
    document_prefix: str = _user_setting(
        "auto",
        "Text that is put before each passage. `auto` uses the prefix that is known for the model's name.",
    )
    concurrency: int = _user_setting(2, "Number of requests at the same time.", minimum=1, maximum=16)
    proxy: str = _user_setting(
        "",
        "Address of a proxy. When it is empty, the environment is used (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`). "
        "Services on this machine are reached without a proxy.",
    )
    ca_file: str = _user_setting(
        "",
        "File with certificates (PEM) of your own authority: an absolute path, `~` is allowed. It is added to the "
        "system's certificates, or to those in `SSL_CERT_FILE`.",
    )


@dataclass(frozen=True, slots=True)
class VectorsSettings:
    """Where the vectors of the refining tier are kept: in the index, or in a store for many long vectors."""

    store: VectorStoreSetting = _user_setting(
        VectorStoreSetting.INDEX,
        "`index` keeps the vectors beside the index. `faiss` keeps them in memory and in one file of the cache folder "
        "(`pip install 'semlens[faiss]'`). `qdrant` keeps them on a Qdrant server (`pip install 'semlens[qdrant]'`), "
        "which gets vectors and hashes of texts, but no text, name or path.",
    )
    url: str = _user_setting(
        "",
        "Address of the Qdrant server, such as `http://localhost:6333`. Its key is read from the environment variable "
        "`SEMLENS_QDRANT_KEY` of the server's process.",
    )
    faiss_kind: str = _user_setting(
        "SQfp16",
        "Kind of the FAISS index, as its index factory writes it. The default takes two bytes a component and compares "
        "all vectors.",
    )


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Defaults of searches. A request may override them."""

    limit: int = _setting(20, "Number of hits in an answer.", minimum=1, maximum=1000)
    per_file: int = _setting(
        2, "Limit of hits per file among the first ten. 0 means no limit.", minimum=0, maximum=1000
    )
    time_budget_ms: int = _setting(
        150,
        "Time limit of refining an answer, in milliseconds after the request. An answer does not wait longer for a "
        "service.",
        minimum=0,
        maximum=60_000,
    )


@dataclass(frozen=True, slots=True)
class SymbolsSettings:
    """Which of the editor's standard requests are answered."""

    workspace_symbol: bool = _setting(True, "Answer the editor's search for workspace symbols.")
    document_symbol: bool = _setting(
        False, "Answer the editor's request for the outline of a document. Other language servers usually answer it."
    )
    call_hierarchy: bool = _setting(
        False, "Answer the editor's request for callers and callees. A language's own server does it better."
    )


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How changes on disk are noticed."""

    mode: WatchSetting = _setting(
        WatchSetting.AUTO,
        "How changes are noticed. `auto` uses file events of the editor or the system, and polling on network file "
        "systems. `native` uses file events of the system. `polling` compares the files at intervals. With `off`, "
        "files are compared only on request.",
    )
    poll_seconds: int = _setting(5, "Interval of polling, in seconds.", minimum=1, maximum=3600)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The language server, and the resident server that several clients share."""

    model_idle_minutes: int = _setting(
        10, "Unload models that were not used for this time, in minutes. 0 means never.", minimum=0, maximum=10_080
    )
    shared: bool = _user_setting(
        False,
        "Use the resident server for this editor. Editors and commands share it. This setting is for VS Code and "
        "Neovim; in other editors, start `semlens serve --shared`.",
    )
    autostart: bool = _user_setting(
        True,
        "Let commands on a terminal start the resident server, so that the next command answers sooner.",
    )
    idle_minutes: int = _user_setting(
        15,
        "Stop the resident server when it had no client for this time, in minutes.",
        minimum=1,
        maximum=10_080,
    )
    root_idle_minutes: int = _user_setting(
        5,
        "Close a folder in the resident server when no client used it for this time, in minutes.",
        minimum=0,
        maximum=10_080,
    )


@dataclass(frozen=True, slots=True)
class AgentsSettings:
    """What coding agents may ask of `semlens mcp`."""

    roots: tuple[str, ...] = _user_setting(
        (),
        "Folders that a coding agent may search by naming them, besides those that it was started in: absolute "
        "paths, `~` is allowed.",
    )
    unsaved_text: bool = _user_setting(
        False,
        "Coding agents also find what is typed and not saved yet, in the editor that was typed in last. The editor "
        "must use the resident server. Secrets are masked, ignored files are left out, and hits are marked.",
    )


@dataclass(frozen=True, slots=True)
class ShareSettings:
    """An index that clones, colleagues and CI share (extra `semlens[share]`)."""

    url: str = _user_setting(
        "",
        "The store of the shared index: `s3://`, `gs://`, `az://` or `file://`. Empty: none. Whoever may write there "
        "with a trusted key decides what your searches find.",
    )
    trusted_keys: tuple[str, ...] = _user_setting(
        (),
        "Public keys of those whose shared index is used. `semlens share key` prints the key of a machine.",
    )
    pull: bool = _user_setting(True, "Begin the index of a new clone with the shared one, when `share.url` is set.")
    push: bool = _user_setting(
        False,
        "After `semlens index`, share the index of the newest commit, when `share.url` is set. A folder that differs "
        "from its commit is not shared.",
    )


@dataclass(frozen=True, slots=True)
class TeamSettings:
    """A team's server, whose answers come beside the local ones."""

    url: str = _user_setting(
        "",
        "Address of the team's server, e.g. `https://code.example.org`. Empty: none. Each search is sent there, "
        "secrets masked, with its filters and no other text. `semlens team join` checks it and keeps your token.",
    )


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is logged."""

    level: LogLevel = _setting(LogLevel.INFO, "Least severity of messages in the log.")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, after validation. A setting that no source sets has its default."""

    files: FilesSettings = field(default_factory=FilesSettings)
    index: IndexSettings = field(default_factory=IndexSettings)
    models: ModelsSettings = field(default_factory=ModelsSettings)
    remote: RemoteSettings = field(default_factory=RemoteSettings)
    vectors: VectorsSettings = field(default_factory=VectorsSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    symbols: SymbolsSettings = field(default_factory=SymbolsSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    server: ServerSettings = field(default_factory=ServerSettings)
    agents: AgentsSettings = field(default_factory=AgentsSettings)
    share: ShareSettings = field(default_factory=ShareSettings)
    team: TeamSettings = field(default_factory=TeamSettings)
    log: LogSettings = field(default_factory=LogSettings)

    @property
    def n_processors(self) -> int:
        """Cores that indexing may use, at least one: the setting, or half of those this process may run on."""
        return min(self.index.processors or max(1, n_available_cores() // 2), n_available_cores())


def cache_folder(settings: Settings) -> Path:
    """Folder of the index: ``SEMLENS_CACHE_DIR``, the setting, or the system's place for it. It need not exist."""
    return cache_folder_of(settings.index.cache_folder)
