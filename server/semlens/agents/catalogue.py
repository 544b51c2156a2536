"""The coding agents: how each is recognised, where its files are, and what goes into them.

The places and formats are those of the agents' documentation, and for Claude Code, Codex, Gemini CLI and OpenCode of
the programs themselves (`docs/agents.md` lists them).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from semlens.agents.formats import Format
from semlens.agents.instructions import SECTION, SKILL
from semlens.agents.machine import Machine

_ARGUMENTS = ["mcp"]
_SKILL_FILE = Path("semlens", "SKILL.md")


class Target(NamedTuple):
    """A file to write to.

    :ivar container: the table that holds the entry.
    :ivar content: the entry, or the text.
    """

    path: Path
    format: Format
    container: str
    content: Mapping[str, Any] | str


class Place(NamedTuple):
    """A configuration folder of an agent. :ivar files: names of its file; the first that exists is used."""

    folder: Path
    files: tuple[str, ...]

    @property
    def file(self) -> Path:
        paths = [self.folder / name for name in self.files]
        return next((path for path in paths if path.exists() or path.is_symlink()), paths[0])


_MakeEntry = Callable[[str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Agent:
    """A coding agent.

    :ivar name: what the user types.
    :ivar programs: names of its executables.
    :ivar container: the table of its MCP servers.
    :ivar entry: makes the entry of a command.
    :ivar places: its configuration folders; there are several where variants of a program are installed.
    :ivar traces: folders that exist where the agent is used; those of `places` count too.
    :ivar skills: the folder of the user's skills.
    :ivar project_file: the configuration of a project, if the agent has one.
    :ivar rules: the rules file of a project.
    """

    name: str
    title: str
    programs: tuple[str, ...]
    format: Format
    container: str
    entry: _MakeEntry
    places: Callable[[Machine], list[Place]]
    traces: Callable[[Machine], list[Path]]
    skills: Callable[[Machine], Path]
    project_file: str | None
    rules: str = "AGENTS.md"

    def is_found(self, machine: Machine) -> bool:
        folders = [*self.traces(machine), *(place.folder for place in self.places(machine))]
        return any(folder.is_dir() and folder != machine.home for folder in folders) or any(
            machine.has_program(program) for program in self.programs
        )

    def user_targets(self, machine: Machine, command: str) -> list[Target]:
        """Every configuration folder that exists, else the first; and the skill."""
        places = self.places(machine)
        used = [place for place in places if place.folder.is_dir()] or places[:1]
        entry = self.entry(command)
        targets = [Target(place.file, self.format, self.container, entry) for place in used]
        return [*targets, Target(self.skills(machine) / _SKILL_FILE, Format.WHOLE, "", SKILL)]

    def project_targets(self, project: Path) -> list[Target]:
        """The command has no path: a team shares these files."""
        rules = Target(project / self.rules, Format.SECTION, "", SECTION)
        if self.project_file is None:
            return [rules]
        return [Target(project / self.project_file, self.format, self.container, self.entry("semlens")), rules]


def _entry(command: str) -> dict[str, Any]:
    return {"command": command, "args": _ARGUMENTS}


def _typed_entry(command: str) -> dict[str, Any]:
    return {"type": "stdio", **_entry(command)}


def _opencode_entry(command: str) -> dict[str, Any]:
    return {"type": "local", "command": [command, *_ARGUMENTS], "enabled": True}


def _goose_entry(command: str) -> dict[str, Any]:
    return {
        "enabled": True,
        "type": "stdio",
        "name": "semlens",
        "description": "Finds code by meaning",
        "cmd": command,
        "args": _ARGUMENTS,
        "timeout": 300,
    }


def _claude_home(machine: Machine) -> Path:
    return machine.folder_from("CLAUDE_CONFIG_DIR") or machine.home / ".claude"


def _claude_places(machine: Machine) -> list[Place]:
    return [Place(machine.folder_from("CLAUDE_CONFIG_DIR") or machine.home, (".claude.json",))]


def _codex_home(machine: Machine) -> Path:
    return machine.folder_from("CODEX_HOME") or machine.home / ".codex"


def _gemini_home(machine: Machine) -> Path:
    return (machine.folder_from("GEMINI_CLI_HOME") or machine.home) / ".gemini"


def _code_places(machine: Machine) -> list[Place]:
    variants = ("Code", "Code - Insiders", "VSCodium")
    return [Place(machine.app_data / variant / "User", ("mcp.json",)) for variant in variants]


def _zed_folder(machine: Machine) -> Path:
    if machine.platform == "darwin":
        return machine.home / ".config" / "zed"
    return machine.app_data / ("Zed" if machine.platform == "win32" else "zed")


def _cline_places(machine: Machine) -> list[Place]:
    """Present versions keep the file in ``~/.cline``, older ones in the storage of the extension."""
    storage = Path("globalStorage", "saoudrizwan.claude-dev", "settings")
    folders = [
        machine.home / ".cline" / "data" / "settings",
        *(code.folder / storage for code in _code_places(machine)),
    ]
    return [Place(folder, ("cline_mcp_settings.json",)) for folder in folders]


def _goose_folder(machine: Machine) -> Path:
    if machine.platform == "win32":
        return machine.app_data / "Block" / "goose" / "config"
    return machine.config / "goose"


def _shared_skills(machine: Machine) -> Path:
    """The folder of skills that most agents read."""
    return machine.home / ".agents" / "skills"


AGENTS = (
    Agent(
        "claude", "Claude Code", ("claude",), Format.JSON, "mcpServers", _typed_entry,
        places=_claude_places,
        traces=lambda machine: [_claude_home(machine)],
        skills=lambda machine: _claude_home(machine) / "skills",
        project_file=".mcp.json",
        rules="CLAUDE.md",
    ),
    Agent(
        "codex", "Codex", ("codex",), Format.TOML, "mcp_servers", _entry,
        places=lambda machine: [Place(_codex_home(machine), ("config.toml",))],
        traces=lambda _: [],
        skills=_shared_skills,
        project_file=".codex/config.toml",
    ),
    Agent(
        "gemini", "Gemini CLI", ("gemini",), Format.COMMENTED_JSON, "mcpServers", _entry,
        places=lambda machine: [Place(_gemini_home(machine), ("settings.json",))],
        traces=lambda _: [],
        skills=_shared_skills,
        project_file=".gemini/settings.json",
        rules="GEMINI.md",
    ),
    Agent(
        "opencode", "OpenCode", ("opencode",), Format.JSONC, "mcp", _opencode_entry,
        places=lambda machine: [Place(machine.config / "opencode", ("opencode.jsonc", "opencode.json", "config.json"))],
        traces=lambda _: [],
        skills=_shared_skills,
        project_file="opencode.json",
    ),
    Agent(
        "cursor", "Cursor", ("cursor", "cursor-agent"), Format.JSONC, "mcpServers", _entry,
        places=lambda machine: [Place(machine.home / ".cursor", ("mcp.json",))],
        traces=lambda _: [],
        skills=_shared_skills,
        project_file=".cursor/mcp.json",
    ),
    Agent(
        "vscode", "VS Code", ("code", "code-insiders", "codium"), Format.JSONC, "servers", _typed_entry,
        places=_code_places,
        traces=lambda _: [],
        skills=_shared_skills,
        project_file=".vscode/mcp.json",
    ),
    Agent(
        "zed", "Zed", ("zed", "zeditor"), Format.JSONC, "context_servers", _entry,
        places=lambda machine: [Place(_zed_folder(machine), ("settings.json",))],
        traces=lambda _: [],
        skills=_shared_skills,
        project_file=".zed/settings.json",
    ),
    Agent(
        "windsurf", "Windsurf", ("windsurf",), Format.JSON, "mcpServers", _entry,
        places=lambda machine: [Place(machine.home / ".codeium" / "windsurf", ("mcp_config.json",))],
        traces=lambda _: [],
        skills=lambda machine: machine.home / ".codeium" / "windsurf" / "skills",
        project_file=None,
    ),
    Agent(
        "cline", "Cline", ("cline",), Format.JSON, "mcpServers", _entry,
        places=_cline_places,
        traces=lambda machine: [machine.home / ".cline"],
        skills=lambda machine: machine.home / ".cline" / "skills",
        project_file=None,
    ),
    Agent(
        "goose", "Goose", ("goose",), Format.YAML, "extensions", _goose_entry,
        places=lambda machine: [Place(_goose_folder(machine), ("config.yaml",))],
        traces=lambda _: [],
        skills=_shared_skills,
        project_file=None,
    ),
)  # fmt: skip
