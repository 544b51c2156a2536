"""``semlens agents`` and ``semlens uninstall`` on a home folder of their own."""

from __future__ import annotations

import json
import subprocess

import pytest

from semlens.index.storage.root_store import RootStore


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    for variable in ("XDG_CONFIG_HOME", "CODEX_HOME", "CLAUDE_CONFIG_DIR", "GEMINI_CLI_HOME"):
        monkeypatch.delenv(variable, raising=False)
    return folder


@pytest.fixture
def cursor(home):
    """Cursor is used on this machine. :returns: its file."""
    (home / ".cursor").mkdir()
    return home / ".cursor" / "mcp.json"


def rows(out):
    return {row["name"]: row for row in json.loads(out)["agents"]}


def test_list_says_what_is_found_and_installed(semlens, cursor, workspace):
    code, out, _ = semlens("agents", "list", "--json")
    assert code == 0
    assert {name for name, row in rows(out).items() if row["found"]} == {"cursor"}
    assert rows(out)["cursor"]["user"] == {"state": "no", "path": str(cursor)}
    semlens("agents", "install")
    assert rows(semlens("agents", "list", "--json")[1])["cursor"]["user"]["state"] == "yes"
    cursor.write_text('{"mcpServers": {"semlens": {"command": "other"}}}')
    assert "semlens did not write" in semlens("agents", "list")[1]
    cursor.write_text("{")
    assert rows(semlens("agents", "list", "--json")[1])["cursor"]["user"]["state"] == "broken"


def test_install_writes_to_the_agents_that_are_found(semlens, cursor, home):
    code, out, err = semlens("agents", "install")
    assert (code, err) == (0, "")
    assert f"created    {cursor}" in out
    assert "Restart the agents" in out
    entry = json.loads(cursor.read_text())["mcpServers"]["semlens"]
    assert entry["args"] == ["mcp"]
    assert entry["command"].endswith("semlens")
    assert "unchanged" in semlens("agents", "install")[1]
    assert "deleted" in semlens("agents", "uninstall")[1]
    assert [path.name for path in home.rglob("*")] == [".cursor"]
    assert "wrote nothing" in semlens("agents", "uninstall")[1]


def test_an_environment_of_a_package_cache_is_not_installed_for_good(semlens, cursor, tmp_path, monkeypatch):
    environment = tmp_path / "uv" / "archive-v0" / "x"
    environment.mkdir(parents=True)
    monkeypatch.setattr("sys.prefix", str(environment))
    (environment / "CACHEDIR.TAG").touch()
    assert semlens("agents", "install", "--dry-run")[0] == 0, "an environment of 'uv venv' has a mark of its own"
    (tmp_path / "uv" / "CACHEDIR.TAG").touch()
    code, out, err = semlens("agents", "install")
    assert (code, out) == (1, "")
    assert "uv tool install semlens" in err
    assert not cursor.exists()
    assert semlens("agents", "list")[0] == 0


def test_list_tells_an_entry_for_another_installation(semlens, cursor, monkeypatch):
    semlens("agents", "install")
    monkeypatch.setattr("semlens.cli.commands.agents.configuration.semlens_command", lambda: "/new/semlens")
    assert "agents install` updates it" in semlens("agents", "list")[1]


def test_a_dry_run_prints_a_diff_without_secrets(semlens, cursor, tmp_path):
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2
    cursor.write_text(json.dumps({"mcpServers": {"x": {"env": {"GITHUB_TOKEN": token}}}}, indent=2))
    before = sorted(tmp_path.rglob("*"))
    code, out, _ = semlens("agents", "install", "--dry-run")
    assert code == 0
    assert f"--- {cursor}" in out
    assert '+    "semlens": {' in out
    assert token not in out
    content = json.loads(semlens("agents", "install", "--dry-run", "--json")[1])
    assert content["dryRun"] is True
    assert "+++ " in content["agents"][0]["changes"][0]["diff"]
    assert sorted(tmp_path.rglob("*")) == before


def test_a_project_is_the_top_of_its_repository(semlens, home, workspace, monkeypatch):
    subprocess.run(["git", "init", "-q", str(workspace)], check=True)
    (workspace / "inner").mkdir()
    monkeypatch.chdir(workspace / "inner")
    code, out, _ = semlens("agents", "install", "claude", "windsurf", "--project")
    assert code == 0
    assert json.loads((workspace / ".mcp.json").read_text())["mcpServers"]["semlens"]["command"] == "semlens"
    assert "Windsurf has no MCP setting for projects" in out
    assert semlens("agents", "uninstall", "--project")[0] == 0
    assert sorted(path.name for path in workspace.iterdir()) == [".git", "inner"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("install",), 1, "No coding agent was found on this machine. Name one: claude, codex"),
        (("install", "cursr"), 2, "There is no agent named cursr. Did you mean cursor?"),
        (("uninstall", "zzz"), 2, "There is no agent named zzz. `semlens agents list` shows the names."),
        (("list", "zed", "zzz"), 2, "There is no agent named zzz."),
        ((), 2, "ACTION"),
    ],
)
def test_bad_input(semlens, home, arguments, code, message):
    done, _, err = semlens("agents", *arguments)
    assert done == code
    assert message in err


def test_the_home_folder_is_no_project(semlens, home, monkeypatch):
    monkeypatch.chdir(home)
    assert "is not a project" in semlens("agents", "install", "claude", "--project")[2]


def test_list_shows_the_agents_that_are_named(semlens, home):
    listed = json.loads(semlens("agents", "list", "Zed", "codex", "--json")[1])
    assert [agent["name"] for agent in listed["agents"]] == ["zed", "codex"]


def test_titles_are_names_too(semlens, home):
    assert semlens("agents", "install", "Claude-Code", "VS Code", "claude")[0] == 0


def test_one_broken_file_does_not_stop_the_others(semlens, cursor, home):
    cursor.write_text("{")
    code, out, err = semlens("agents", "install", "cursor", "codex")
    assert code == 1
    assert "is not valid JSON" in err
    assert str(home / ".codex" / "config.toml") in out


def test_uninstall_deletes_everything_but_the_settings(semlens, cursor, home, workspace, tmp_path):
    cursor.write_text("{}")
    semlens("agents", "install")
    semlens("agents", "install", "claude", "--project")
    RootStore(tmp_path / "cache", workspace).close()
    (tmp_path / "cache" / "mine.txt").touch()
    settings = tmp_path / "config" / "config.toml"
    settings.touch()
    before = sorted(tmp_path.rglob("*"))
    code, out, _ = semlens("uninstall", "--dry-run")
    assert code == 0
    assert sorted(tmp_path.rglob("*")) == before
    assert f"change     {cursor}" in out
    for path in (workspace / ".mcp.json", tmp_path / "config" / "agents.json"):
        assert f"delete     {path}" in out
    assert f"kept       {settings}" in out
    assert semlens("uninstall")[0] == 0
    assert cursor.read_text() == "{}"
    assert list(workspace.iterdir()) == []
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["mine.txt"]
    assert list((tmp_path / "config").iterdir()) == [settings]
    (tmp_path / "cache" / "mine.txt").unlink()
    assert semlens("uninstall", "--config")[0] == 0
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "config").exists()


def test_nothing_is_left_for_a_second_uninstall(semlens, tmp_path):
    (tmp_path / "cache").mkdir()  # of another program too, or named by the user
    (tmp_path / "cache" / "mine.txt").touch()
    code, out, _ = semlens("uninstall")
    assert (code, out) == (0, "Nothing is left to delete: semlens wrote nothing here.\n")
    assert semlens("forget", "--all")[0] == 0
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["mine.txt"]


def test_uninstall_says_which_agent_it_could_not_change(semlens, cursor, tmp_path):
    cursor.write_text("{}")
    semlens("agents", "install")
    cursor.write_text("{")
    code, _, err = semlens("uninstall")
    assert code == 1
    assert f"{cursor} is not valid JSON" in err
    assert (tmp_path / "config" / "agents.json").exists()
