"""Loads the settings of one root from files, the environment and the editor, and checks them.

Later sources win: default, the user's ``config.toml``, the environment, the editor, ``.semlens.toml`` at the root. A
repository may have written the last two, so they cannot set what only the user may set. A broken source has no effect,
and neither has a setting that is unknown, ill-typed or not allowed in its source. Each is reported once by its name.
`schema` defines the settings.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from semlens.settings.schema import (
    FilesSettings,
    IndexSettings,
    LogSettings,
    ModelsSettings,
    RemoteSettings,
    SearchSettings,
    ServerSettings,
    Settings,
    SettingScope,
    SettingValue,
    SymbolsSettings,
    VectorsSettings,
    WatchSettings,
    cache_folder,
)
from semlens.settings.specs import SPECS, SettingSpec
from semlens.settings.user_sources import (
    NAMESPACE,
    USER_FILE,
    USER_VARIABLE,
    SettingProblem,
    UserSettings,
    config_folder,
    flatten,
    read_environment,
    read_toml,
)

__all__ = [
    "WORKSPACE_FILE",
    "FilesSettings",
    "IndexSettings",
    "LogSettings",
    "ModelsSettings",
    "RemoteSettings",
    "SearchSettings",
    "ServerSettings",
    "SettingProblem",
    "Settings",
    "SymbolsSettings",
    "VectorsSettings",
    "WatchSettings",
    "cache_folder",
    "config_folder",
    "load_settings",
]

WORKSPACE_FILE = ".semlens.toml"
_CLIENT_SETTINGS = ("trace.", "server.path", "server.command", "server.arguments", "server.environment")
"""Settings of the same namespace that only clients use. Clients send them too."""

_MAX_REPORTED = 10  # settings of one source
_MAX_NAME_CHARS = 200  # characters of a name in a message
_PATH_SETTINGS = frozenset({"agents.roots", "index.cacheFolder", "models.folders", "remote.caFile", "remote.tokenizer"})


class _Rejected(Exception):  # noqa: N818 - never leaves this module
    """Carries the end of the sentence "<name> in <source> ..."."""


def load_settings(
    root: Path | None = None,
    editor: Mapping[str, Any] | None = None,
    *,
    user: UserSettings | None = None,
    user_file: Path | None = None,
) -> tuple[Settings, list[SettingProblem]]:
    """The settings for one root, and what is wrong with their sources.

    :param root: the workspace root whose ``.semlens.toml`` counts, if there is one.
    :param editor: initialization options or a configuration as the editor sent it, nested or with dotted names, with
        or without the namespace; ``None`` values are not set. Trusted as little as ``.semlens.toml``: many editors
        fill it from files of the workspace (docs/privacy.md).
    :param user: the user's own settings as they were read, instead of those in the user's file and the environment.
    :param user_file: the user's file, instead of ``config.toml`` in `config_folder`.
    """
    problems = list(user.problems) if user is not None else []
    values: dict[str, SettingValue] = {}
    if user is not None:
        values |= _read_source(user.values, "your settings", problems)
    else:
        user_file = user_file if user_file is not None else config_folder() / USER_FILE
        values |= _read_source(read_toml(user_file, problems, may_be_link=True), f"`{user_file}`", problems)
        values |= _read_source(read_environment(problems), f"`{USER_VARIABLE}`", problems)
    user_values = dict(values)
    values |= _read_source(editor or {}, "the editor's settings", problems, user_values=user_values, editor=True)
    if root is not None:
        content = read_toml(root / WORKSPACE_FILE, problems, may_be_link=False)
        values |= _read_source(content, f"`{WORKSPACE_FILE}`", problems, user_values=user_values)
    return _settings_of(values), problems


def _settings_of(values: Mapping[str, SettingValue]) -> Settings:
    settings = Settings()
    by_section: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        by_section.setdefault(SPECS[name].section, {})[SPECS[name].attribute] = value
    return replace(
        settings,
        **{section: replace(getattr(settings, section), **changes) for section, changes in by_section.items()},
    )


def _read_source(
    content: object,
    source: str,
    problems: list[SettingProblem],
    *,
    user_values: Mapping[str, SettingValue] | None = None,
    editor: bool = False,
) -> dict[str, SettingValue]:
    """The valid settings of one source by name. The others are added to `problems`, once for each name.

    :param user_values: values from the user's own sources; None where this source is one of them.
    """
    if not isinstance(content, Mapping):
        problems.append(SettingProblem(NAMESPACE, f"{source} must be a table of settings, so they are ignored."))
        return {}
    values: dict[str, SettingValue] = {}
    rejected: dict[str, str] = {}
    for name, raw in flatten(content, leaves=SPECS):
        if raw is None or (editor and name.startswith(_CLIENT_SETTINGS)):
            continue
        try:
            value = _validated(name, raw, hint=len(rejected) < _MAX_REPORTED)
            if user_values is None or SPECS[name].scope is not SettingScope.USER:
                values[name] = value
            elif value != user_values.get(name, SPECS[name].default):  # editors send defaults too
                rejected.setdefault(name, f"is ignored: only you can set it, in `{config_folder() / USER_FILE}`")
        except _Rejected as reason:
            rejected.setdefault(name, str(reason))
    for name, reason_text in itertools.islice(rejected.items(), _MAX_REPORTED):
        full_name = f"{NAMESPACE}.{name}"[:_MAX_NAME_CHARS]
        problems.append(SettingProblem(full_name, f"`{full_name}` in {source} {reason_text}."))
    if (more := len(rejected) - _MAX_REPORTED) > 0:
        problems.append(SettingProblem(NAMESPACE, f"{more} more settings in {source} are ignored."))
    return values


def _validated(name: str, raw: object, *, hint: bool) -> SettingValue:
    """:param hint: name a similar setting.

    :raises _Rejected: when the setting is unknown, or the value is not of its type.
    """
    spec = SPECS.get(name)
    if spec is None:
        raise _Rejected(f"is not a setting, so it is ignored{_similar(name) if hint else ''}")
    value = _with_type(spec, raw)
    if name in _PATH_SETTINGS:
        return tuple(map(_absolute, value)) if isinstance(value, tuple) else _absolute(str(value))
    if name == "remote.url" and value:
        _check_address(str(value))
    return value


def _similar(name: str) -> str:
    import difflib  # slow to load and rarely needed

    similar_names = difflib.get_close_matches(name, SPECS, n=1, cutoff=0.7)
    return f" (perhaps `{NAMESPACE}.{similar_names[0]}` is meant)" if similar_names else ""


def _with_type(spec: SettingSpec, raw: object) -> SettingValue:
    if spec.kind == "boolean" and isinstance(raw, bool):
        return raw
    if spec.kind == "integer" and isinstance(raw, int | float) and not isinstance(raw, bool) and raw == raw // 1:
        # Lua has only one type of number, so 20 may arrive as 20.0.
        low, high = spec.minimum, spec.maximum
        if (low is not None and raw < low) or (high is not None and raw > high):
            raise _Rejected(f"must be from {low} to {high}, so its default {spec.default} is used")
        return int(raw)
    if spec.kind == "string" and isinstance(raw, str):
        if spec.choices and raw not in spec.choices:
            allowed = ", ".join(f'"{choice}"' for choice in spec.choices)
            raise _Rejected(f'must be one of {allowed}, so its default "{spec.default}" is used')
        return type(spec.default)(raw) if isinstance(spec.default, enum.StrEnum) else raw
    if spec.kind == "array" and isinstance(raw, list | tuple) and all(isinstance(item, str) for item in raw):
        return tuple(raw)
    expected = {
        "boolean": "true or false",
        "integer": "a whole number",
        "string": "a string",
        "array": "a list of strings",
    }
    raise _Rejected(f"must be {expected[spec.kind]}, so its default is used")


def _check_address(text: str) -> None:
    """:raises _Rejected: when it is no http or https address, or holds what must not be in a file."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and text.isprintable()
    except ValueError:
        usable = False
    if not usable or " " in text:
        raise _Rejected("must be an address like http://localhost:11434, so no service is used")
    if parts.username is not None or parts.query or parts.fragment:
        raise _Rejected(
            "must hold no name, password, ? or #, so no service is used: a key belongs into SEMLENS_REMOTE_KEY"
        )


def _absolute(text: str) -> str:
    """The path with ``~`` expanded.

    :raises _Rejected: when it is not absolute.
    """
    try:
        path = Path(text).expanduser() if text else None
    except RuntimeError:
        raise _Rejected("names a home folder that is not known, so its default is used") from None
    if path is not None and not path.is_absolute():
        raise _Rejected("must be an absolute path, so its default is used")
    return str(path or "")
