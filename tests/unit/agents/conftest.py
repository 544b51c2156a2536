"""A user's machine in a scratch folder, and an installer on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from semlens.agents.catalogue import AGENTS, Agent
from semlens.agents.installer import Installer, Outcome
from semlens.agents.machine import Machine

COMMAND = "/opt/semlens/bin/semlens"


@dataclass
class User:
    """:ivar project: a folder with a project."""

    home: Path
    project: Path
    config: Path

    @property
    def machine(self) -> Machine:
        return Machine(self.home, "linux", {})

    def installer(self, **options: bool) -> Installer:
        return Installer(self.config, **options)

    def install(self, name: str, *, command: str = COMMAND, project: bool = False, **options: bool) -> Outcome:
        agent = agent_named(name)
        targets = agent.project_targets(self.project) if project else agent.user_targets(self.machine, command)
        return self.installer(**options).install(name, targets, self.project if project else None)

    def uninstall(self, name: str, *, project: bool = False, **options: bool) -> Outcome:
        return self.installer(**options).uninstall(name, self.project if project else None)

    def file_of(self, name: str, *, project: bool = False) -> Path:
        agent = agent_named(name)
        targets = agent.project_targets(self.project) if project else agent.user_targets(self.machine, COMMAND)
        return targets[0].path

    def tree(self) -> dict[str, tuple[int, bytes | None]]:
        """Every path with its mode and content."""
        folder = self.home.parent
        return {
            str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else None)
            for path in sorted(folder.rglob("*"))
        }


def agent_named(name: str) -> Agent:
    return next(agent for agent in AGENTS if agent.name == name)


@pytest.fixture
def user(tmp_path) -> User:
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    return User(home, project, tmp_path / "home" / ".config" / "semlens")
