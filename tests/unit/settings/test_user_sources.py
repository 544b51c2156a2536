"""The user's settings as a client of the resident server reads and sends them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from semlens.settings.loading import cache_folder, load_settings
from semlens.settings.user_sources import cache_folder_of, config_folder, read_user_settings


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.setenv("SEMLENS_CONFIG_DIR", str(tmp_path))
    monkeypatch.delenv("SEMLENS_CACHE_DIR", raising=False)

    def write(toml: str, environment: str = "") -> None:
        (tmp_path / "config.toml").write_text(toml)
        monkeypatch.setenv("SEMLENS_USER_SETTINGS", environment)

    return write


@pytest.mark.parametrize(
    ("toml", "environment", "expected"),
    [
        ("", "", {}),
        ("[search]\nlimit = 3\n", "", {"search.limit": 3}),
        ("[semlens.search]\nlimit = 3\n", '{"search.limit": 4}', {"search.limit": 4}),
        ("[files]\nexclude = ['a']\n", '{"search": {"perFile": 1}}', {"files.exclude": ["a"], "search.perFile": 1}),
        ("[unknown]\nname = 1\n", "", {"unknown.name": 1}),
    ],
)
def test_values_are_flat_and_the_environment_wins(write, toml, environment, expected):
    write(toml, environment)
    assert read_user_settings() == (expected, [])
    assert load_settings(user=read_user_settings())[0] == load_settings()[0]


@pytest.mark.parametrize(
    ("toml", "environment", "message"),
    [("[search", "", "not valid TOML"), ("", "{", "not valid JSON"), ("", "[1]", "must be a table")],
)
def test_a_broken_source_is_reported_once(write, toml, environment, message):
    write(toml, environment)
    values, problems = read_user_settings()
    assert values == {}
    assert [message in problem.message for problem in problems] == [True]
    assert [message in problem.message for problem in load_settings(user=read_user_settings())[1]] == [True]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("/elsewhere", "/elsewhere"), ("~/x", str(Path.home() / "x")), ("relative", None), (7, None), ("", None)],
)
def test_the_cache_folder_is_the_one_that_the_checked_settings_name(write, value, expected):
    write("[index]\ncacheFolder = " + json.dumps(value))
    assert cache_folder_of(value) == cache_folder(load_settings()[0])
    assert expected is None or cache_folder_of(value) == Path(expected)


@pytest.mark.parametrize("value", [None, "", "  ", "/elsewhere", "/elsewhere/", "relative", "~/x"])
def test_the_systems_folders_are_those_of_platformdirs(monkeypatch, value):
    for variable in ("SEMLENS_CACHE_DIR", "SEMLENS_CONFIG_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
        if value is not None and variable.startswith("XDG"):
            monkeypatch.setenv(variable, value)
    assert cache_folder_of("") == Path(platformdirs.user_cache_dir("semlens", appauthor=False))
    assert config_folder() == Path(platformdirs.user_config_dir("semlens", appauthor=False))


def test_reading_imports_little(write, tmp_path):
    write("[search]\nlimit = 3\n")
    program = """
import sys
from semlens.settings.user_sources import read_user_settings
assert read_user_settings().values == {"search.limit": 3}
print(*[name for name in ("asyncio", "semlens.settings.schema", "argparse", "logging") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
