"""Settings: every source, invalid values, and the generated page."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from semlens.cli.settings_docs import document
from semlens.settings.loading import (
    SettingProblem,
    Settings,
    cache_folder,
    config_folder,
    load_settings,
)
from semlens.settings.schema import SettingScope
from semlens.settings.specs import SPECS
from semlens.settings.vscode_schema import vscode_properties

PROJECT = Path(__file__).parents[3]
LoadOwn: TypeAlias = Callable[[Any], tuple[Settings, list[SettingProblem]]]


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("SEMLENS_CONFIG_DIR", str(folder))
    monkeypatch.delenv("SEMLENS_CACHE_DIR", raising=False)
    monkeypatch.delenv("SEMLENS_USER_SETTINGS", raising=False)
    return folder


@pytest.fixture
def load_own(monkeypatch: pytest.MonkeyPatch) -> LoadOwn:
    """Loads user-only settings from the environment."""

    def load(content: Any) -> tuple[Settings, list[SettingProblem]]:
        monkeypatch.setenv("SEMLENS_USER_SETTINGS", content if isinstance(content, str) else json.dumps(content))
        return load_settings()

    return load


def workspace(tmp_path: Path, toml: str | bytes) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / ".semlens.toml").write_bytes(toml if isinstance(toml, bytes) else toml.encode())
    return root


def test_defaults_apply_without_any_source(tmp_path: Path) -> None:
    assert load_settings() == (Settings(), [])
    assert load_settings(tmp_path, {}) == (Settings(), [])
    settings = Settings()
    assert (settings.files.max_size_kb, settings.index.max_cache_mb, settings.watch.mode) == (1024, 2048, "auto")
    assert (settings.search.limit, settings.search.per_file, settings.search.time_budget_ms) == (20, 2, 150)
    assert settings.models.refine == "semlens-minilm-v1"


@pytest.mark.parametrize(
    "sent",
    [
        {"files": {"maxSizeKb": 7}},
        {"files.maxSizeKb": 7},
        {"semlens": {"files": {"maxSizeKb": 7}}},
        {"semlens.files.maxSizeKb": 7},
        {"semlens": {"files.maxSizeKb": 7}},
        {"semlens.files": {"maxSizeKb": 7.0}},
        {"files": {"maxSizeKb": 7, "exclude": None}, "trace": {"server": "off"}, "server": {"path": "/x"}},
    ],
)
def test_editor_settings_may_be_nested_or_dotted(sent: dict[str, Any]) -> None:
    settings, problems = load_settings(None, sent)
    assert settings.files.max_size_kb == 7
    assert problems == []


def test_later_sources_win(tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (config / "config.toml").write_text(
        "[search]\nlimit = 1\nperFile = 1\ntimeBudgetMs = 1\n[files]\nmaxSizeKb = 1\n[models]\nfirst = 'none'\n"
    )
    environment = {"search": {"limit": 2, "perFile": 2, "timeBudgetMs": 2}, "models.refine": "none"}
    monkeypatch.setenv("SEMLENS_USER_SETTINGS", json.dumps(environment))
    root = workspace(tmp_path, "[search]\nlimit = 4\n")
    settings, problems = load_settings(root, {"search": {"limit": 3, "perFile": 3}})
    assert problems == []
    assert settings.search.limit == 4  # .semlens.toml
    assert settings.search.per_file == 3  # editor
    assert settings.search.time_budget_ms == 2  # environment
    assert settings.files.max_size_kb == 1  # user's file
    assert (settings.models.first, settings.models.refine) == ("none", "none")


@pytest.mark.parametrize(
    ("sent", "name", "words"),
    [
        ({"search": {"limit": "20"}}, "semlens.search.limit", "whole number"),
        ({"search": {"limit": True}}, "semlens.search.limit", "whole number"),
        ({"search": {"limit": 2.5}}, "semlens.search.limit", "whole number"),
        ({"search": {"limit": float("nan")}}, "semlens.search.limit", "whole number"),
        ({"search": {"limit": float("inf")}}, "semlens.search.limit", ""),
        ({"search": {"limit": 0}}, "semlens.search.limit", "from 1 to 1000"),
        ({"search": {"limit": 10**30}}, "semlens.search.limit", "from 1 to 1000"),
        ({"search": {"limit": {"a": 1}}}, "semlens.search.limit", "whole number"),
        ({"search": 5}, "semlens.search", "not a setting"),
        ({"serach": {"limit": 5}}, "semlens.serach.limit", "perhaps `semlens.search.limit` is meant"),
        ({"colour": "red"}, "semlens.colour", "not a setting"),
        ({"symbols": {"workspaceSymbol": 1}}, "semlens.symbols.workspaceSymbol", "true or false"),
        ({"files": {"exclude": "a"}}, "semlens.files.exclude", "list of strings"),
        ({"files": {"exclude": [1]}}, "semlens.files.exclude", "list of strings"),
        ({"watch": {"mode": "sometimes"}}, "semlens.watch.mode", '"polling"'),
        ({"models": {"first": 1}}, "semlens.models.first", "a string"),
        ({"index": {"cacheFolder": "relative/folder"}}, "semlens.index.cacheFolder", "absolute"),
        ({"models": {"folders": ["/a", "b"]}}, "semlens.models.folders", "absolute"),
        ({"remote": {"url": "localhost:11434"}}, "semlens.remote.url", "address like http://"),
        ({"remote": {"url": "file:///etc"}}, "semlens.remote.url", "address like http://"),
        ({"remote": {"url": "http://[::1"}}, "semlens.remote.url", "address like http://"),
        ({"remote": {"url": "http://a:99999"}}, "semlens.remote.url", "address like http://"),
        ({"remote": {"url": "http://exa\u2100mple"}}, "semlens.remote.url", "address like http://"),
        ({"remote": {"url": "http://me:word@host"}}, "semlens.remote.url", "SEMLENS_REMOTE_KEY"),
        ({"remote": {"url": "http://host/v1?key=1"}}, "semlens.remote.url", "SEMLENS_REMOTE_KEY"),
        ({"remote": {"key": "abc"}}, "semlens.remote.key", "not a setting"),
        ({"remote": {"caFile": "ca.pem"}}, "semlens.remote.caFile", "absolute"),
        ({"remote": {"concurrency": 17}}, "semlens.remote.concurrency", "from 1 to 16"),
    ],
)
def test_an_invalid_setting_is_reported_once_and_ignored(
    load_own: LoadOwn, sent: dict[str, Any], name: str, words: str
) -> None:
    settings, problems = load_own(sent)
    assert settings == Settings()
    assert [problem.name for problem in problems] == [name]
    assert words in problems[0].message
    assert name in problems[0].message
    assert problems[0].message.endswith(".")


def test_an_invalid_setting_does_not_affect_others(tmp_path: Path) -> None:
    root = workspace(tmp_path, '[search]\nlimit = "many"\nperFile = 7\n')
    settings, problems = load_settings(root)
    assert (settings.search.limit, settings.search.per_file) == (20, 7)
    assert [problem.name for problem in problems] == ["semlens.search.limit"]
    assert ".semlens.toml" in problems[0].message


@pytest.mark.parametrize("name", [spec.name for spec in SPECS.values() if spec.scope is SettingScope.USER])
def test_neither_a_workspace_nor_an_editor_can_change_user_only_settings(
    tmp_path: Path, load_own: LoadOwn, name: str
) -> None:
    section, key = name.split(".")
    spec = SPECS[name]
    text = "http://localhost:1" if name == "remote.url" else "/tmp/x"
    text = next((choice for choice in spec.choices if choice != spec.default), text)
    value: Any = {"boolean": not spec.default, "integer": spec.maximum, "string": text, "array": ["/tmp/x"]}[spec.kind]
    root = workspace(tmp_path, f"[{section}]\n{key} = {json.dumps(value)}\n")
    for sources in ((root,), (None, {section: {key: value}})):
        settings, problems = load_settings(*sources)
        assert settings == Settings()
        assert [problem.name for problem in problems] == [f"semlens.{name}"]
        assert "only you can set it" in problems[0].message
    settings, problems = load_own({section: {key: value}})
    assert settings != Settings()
    assert problems == []
    assert load_settings(root, {section: {key: value}}) == (settings, []), "who says what holds anyway is not told"


@pytest.mark.parametrize("content", ["{", "[]", "5", "[" * 5000, '"remote"'])
def test_a_broken_environment_is_reported_and_ignored(load_own: LoadOwn, content: str) -> None:
    settings, problems = load_own(content)
    assert settings == Settings()
    assert len(problems) == 1
    assert "SEMLENS_USER_SETTINGS" in problems[0].message


@pytest.mark.parametrize("content", [b"[files", b"\xff\xfe\x00", b"a = 1\na = 2\n", b"[" * 5000, b"x" * 1_100_000])
def test_a_broken_file_is_reported_and_ignored(tmp_path: Path, content: bytes) -> None:
    settings, problems = load_settings(workspace(tmp_path, content))
    assert settings == Settings()
    assert len(problems) == 1
    assert ".semlens.toml" in problems[0].message


def test_a_folder_in_place_of_the_settings_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".semlens.toml").mkdir()
    settings, problems = load_settings(tmp_path)
    assert settings == Settings()
    assert len(problems) == 1


def test_deeply_nested_settings_are_reported() -> None:
    sent: dict[str, Any] = {"x": 1}
    for _ in range(5000):
        sent = {"x": sent}
    settings, problems = load_settings(None, sent)
    assert settings == Settings()
    assert len(problems) == 1


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    settings, problems = load_settings(workspace(tmp_path, b"\xef\xbb\xbf[search]\nlimit = 9\n"))
    assert (settings.search.limit, problems) == (9, [])


def test_cache_folder_from_setting_and_environment(
    load_own: LoadOwn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert cache_folder(Settings()).is_absolute()
    settings, _ = load_own({"index": {"cacheFolder": "~/elsewhere"}})
    assert cache_folder(settings) == Path.home() / "elsewhere"
    monkeypatch.setenv("SEMLENS_CACHE_DIR", str(tmp_path))
    assert cache_folder(settings) == tmp_path
    assert config_folder() == tmp_path / "config"


def test_the_default_is_half_of_the_cores() -> None:
    assert Settings().n_processors >= 1
    settings, _ = load_settings(None, {"index": {"processors": 1}})
    assert settings.n_processors == 1


@pytest.mark.parametrize(("setting", "n_processors"), [(0, 3), (2, 2), (64, 6)])
def test_processors_are_at_most_those_that_the_process_may_use(
    monkeypatch: pytest.MonkeyPatch, setting: int, n_processors: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(6)), raising=False)
    settings, _ = load_settings(None, {"index": {"processors": setting}})
    assert settings.n_processors == n_processors


def test_the_generated_page_is_current() -> None:
    page = PROJECT / "docs" / "configuration.md"
    assert page.read_text(encoding="utf-8") == document(), (
        "run: PYTHONPATH=server python -m semlens.cli.settings_docs > docs/configuration.md"
    )


def test_the_editor_schema_matches_the_settings() -> None:
    properties = vscode_properties()
    assert list(properties) == [f"semlens.{name}" for name in SPECS]
    assert properties["semlens.index.cacheFolder"]["scope"] == "machine"
    assert properties["semlens.files.exclude"] == {
        "type": "array",
        "items": {"type": "string"},
        "default": [],
        "scope": "resource",
        "markdownDescription": SPECS["files.exclude"].documentation,
    }
    assert properties["semlens.watch.mode"]["enum"] == ["auto", "native", "polling", "off"]
    defaults = {name: schema["default"] for name, schema in properties.items()}
    assert load_settings(None, defaults) == (Settings(), [])


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[files]\nmaxSizeKb = " + "9" * 5_000, "not valid TOML"),
        (".".join("a" * 20_000) + " = 1", "has a line with more than 100 dots"),
        ("[" + ".".join("a" * 20_000) + "]", "has a line with more than 100 dots"),
    ],
)
def test_a_file_that_would_cost_much_is_reported_and_ignored(tmp_path: Path, toml: str, said: str) -> None:
    settings, problems = load_settings(workspace(tmp_path, toml))
    assert settings == Settings()
    assert [said in problem.message for problem in problems] == [True]


def test_many_unknown_settings_are_counted(tmp_path: Path) -> None:
    names = "".join(f"unknown_{n} = 1\n" for n in range(200))
    settings, problems = load_settings(workspace(tmp_path, f"{names}[files]\nmaxSizeKb = 7\n"))
    assert settings.files.max_size_kb == 7
    assert len(problems) == 11
    assert "190 more settings in `.semlens.toml` are ignored." in problems[-1].message
