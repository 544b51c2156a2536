"""Where each agent's files lie on each system, and what goes into them."""

from __future__ import annotations

from pathlib import Path

import pytest

from semlens.agents.catalogue import AGENTS
from semlens.agents.formats import Format
from semlens.agents.machine import Machine

COMMAND = "/bin/semlens"
HOME = Path("/home/ada")
MCP = {"command": COMMAND, "args": ["mcp"]}
TYPED = {"type": "stdio", **MCP}
BY_NAME = {agent.name: agent for agent in AGENTS}
SUPPORT = "Library/Application Support"
ROAMING = "AppData/Roaming"

USER_FILES = {  # Linux, macOS, Windows; the container; the entry; the folder of skills
    "claude": (".claude.json", ".claude.json", ".claude.json", "mcpServers", TYPED, ".claude/skills"),
    "codex": (".codex/config.toml", ".codex/config.toml", ".codex/config.toml", "mcp_servers", MCP, ".agents/skills"),
    "gemini": (".gemini/settings.json",) * 3 + ("mcpServers", MCP, ".agents/skills"),
    "opencode": (".config/opencode/opencode.jsonc",) * 3
    + ("mcp", {"type": "local", "command": [COMMAND, "mcp"], "enabled": True}, ".agents/skills"),
    "cursor": (".cursor/mcp.json",) * 3 + ("mcpServers", MCP, ".agents/skills"),
    "vscode": (
        ".config/Code/User/mcp.json",
        f"{SUPPORT}/Code/User/mcp.json",
        f"{ROAMING}/Code/User/mcp.json",
        "servers",
        TYPED,
        ".agents/skills",
    ),
    "zed": (
        ".config/zed/settings.json",
        ".config/zed/settings.json",
        f"{ROAMING}/Zed/settings.json",
        "context_servers",
        MCP,
        ".agents/skills",
    ),
    "windsurf": (".codeium/windsurf/mcp_config.json",) * 3 + ("mcpServers", MCP, ".codeium/windsurf/skills"),
    "cline": (".cline/data/settings/cline_mcp_settings.json",) * 3 + ("mcpServers", MCP, ".cline/skills"),
    "goose": (
        ".config/goose/config.yaml",
        ".config/goose/config.yaml",
        f"{ROAMING}/Block/goose/config/config.yaml",
        "extensions",
        {
            "enabled": True,
            "type": "stdio",
            "name": "semlens",
            "description": "Finds code by meaning",
            "cmd": COMMAND,
            "args": ["mcp"],
            "timeout": 300,
        },
        ".agents/skills",
    ),
}
PROJECT_FILES = {
    "claude": [".mcp.json", "CLAUDE.md"],
    "codex": [".codex/config.toml", "AGENTS.md"],
    "gemini": [".gemini/settings.json", "GEMINI.md"],
    "opencode": ["opencode.json", "AGENTS.md"],
    "cursor": [".cursor/mcp.json", "AGENTS.md"],
    "vscode": [".vscode/mcp.json", "AGENTS.md"],
    "zed": [".zed/settings.json", "AGENTS.md"],
    "windsurf": ["AGENTS.md"],
    "cline": ["AGENTS.md"],
    "goose": ["AGENTS.md"],
}


@pytest.mark.parametrize("name", USER_FILES)
@pytest.mark.parametrize(("system", "platform"), [(0, "linux"), (1, "darwin"), (2, "win32")])
def test_the_user_files(name, system, platform):
    *paths, container, entry, skills = USER_FILES[name]
    config, skill = BY_NAME[name].user_targets(Machine(HOME, platform, {}), COMMAND)
    assert (config.path, config.container, config.content) == (HOME / paths[system], container, entry)
    assert (skill.path, skill.format) == (HOME / skills / "semlens" / "SKILL.md", Format.WHOLE)


@pytest.mark.parametrize("name", PROJECT_FILES)
def test_the_project_files_name_no_path_of_this_machine(name):
    targets = BY_NAME[name].project_targets(Path("/p"))
    assert [str(target.path) for target in targets] == [f"/p/{path}" for path in PROJECT_FILES[name]]
    assert all(COMMAND not in str(target.content) for target in targets)


def test_every_agent_is_in_the_tables():
    assert USER_FILES.keys() == PROJECT_FILES.keys() == BY_NAME.keys()


@pytest.mark.parametrize(
    ("name", "variable", "path"),
    [
        ("claude", "CLAUDE_CONFIG_DIR", "/x/.claude.json"),
        ("codex", "CODEX_HOME", "/x/config.toml"),
        ("gemini", "GEMINI_CLI_HOME", "/x/.gemini/settings.json"),
        ("opencode", "XDG_CONFIG_HOME", "/x/opencode/opencode.jsonc"),
        ("vscode", "XDG_CONFIG_HOME", "/x/Code/User/mcp.json"),
        ("zed", "XDG_CONFIG_HOME", "/x/zed/settings.json"),
        ("goose", "XDG_CONFIG_HOME", "/x/goose/config.yaml"),
    ],
)
def test_the_environment_moves_files(name, variable, path):
    machine = Machine(HOME, "linux", {variable: "/x"})
    assert str(BY_NAME[name].user_targets(machine, COMMAND)[0].path) == path


def test_an_agent_is_found_by_its_folder_or_its_program(tmp_path):
    machine = Machine(tmp_path, "linux", {"PATH": str(tmp_path / "bin")})
    assert not any(agent.is_found(machine) for agent in AGENTS)
    (tmp_path / ".cursor").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "codex").touch(mode=0o755)
    assert [agent.name for agent in AGENTS if agent.is_found(machine)] == ["codex", "cursor"]


def test_every_variant_of_a_program_is_written_to(tmp_path):
    machine = Machine(tmp_path, "linux", {})
    for variant in ("Code", "VSCodium"):
        (tmp_path / ".config" / variant / "User").mkdir(parents=True)
    paths = [target.path for target in BY_NAME["vscode"].user_targets(machine, COMMAND)[:-1]]
    assert paths == [tmp_path / ".config" / variant / "User" / "mcp.json" for variant in ("Code", "VSCodium")]


def test_the_file_that_exists_is_used(tmp_path):
    (tmp_path / ".config" / "opencode").mkdir(parents=True)
    (tmp_path / ".config" / "opencode" / "opencode.json").touch()
    target = BY_NAME["opencode"].user_targets(Machine(tmp_path, "linux", {}), COMMAND)[0]
    assert target.path.name == "opencode.json"


def test_the_documentation_lists_every_agent_and_its_files():
    text = (Path(__file__).parents[3] / "docs" / "agents.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    for agent in AGENTS:
        (row,) = [row for row in rows if f"| `{agent.name}` |" in row]
        path = agent.user_targets(Machine(HOME, "linux", {}), COMMAND)[0].path.relative_to(HOME)
        assert f"`~/{path}`" in row, row
        assert f"`{agent.project_file}`" in row or agent.project_file is None, row
        assert f"`{agent.container}`" in row, row
        assert f"`{agent.rules}`" in row, row
