"""Installing and uninstalling on a machine: exact restoration, shared files, and files that may not be changed."""

from __future__ import annotations

import errno
import json
import os
import stat

import pytest

from semlens.agents import files, installer
from semlens.agents.catalogue import AGENTS
from semlens.agents.changes import Action
from semlens.agents.errors import AgentFileError
from semlens.agents.files import FileState, write_file
from semlens.agents.formats import Format, entry_in, parse
from semlens.agents.installer import InstalledState, installed_state
from semlens.agents.instructions import BEGIN, SECTION, SKILL
from semlens.agents.record import RecordError, load_record

NAMES = [agent.name for agent in AGENTS]
BY_NAME = {agent.name: agent for agent in AGENTS}
OTHERS = {
    Format.JSON: '{\r\n\t"a": 1\r\n}',
    Format.COMMENTED_JSON: '{\n  // mine\n  "a": 1 // too\n}',
    Format.JSONC: '{\n  // mine\n  "a": 1, // too\n}\n',
    Format.TOML: "# mine\na = 1",
    Format.YAML: "# mine\na: 1\nextensions:\n  x:\n    cmd: y # too\n",
}
SCOPES = [(name, False) for name in NAMES] + [(name, True) for name in NAMES]


def actions(outcome):
    assert outcome.problem == ""
    return [change.action for change in outcome.changes]


def prepared(user, name, project):
    """The agent's configuration and rules file, as the user has them."""
    agent = BY_NAME[name]
    path = user.file_of(name, project=project)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(("\ufeff" + OTHERS[agent.format]).encode() if path.suffix != ".md" else b"# Mine\r\n")
    path.chmod(0o640)
    (user.project / "CLAUDE.md").write_text("# Rules without a last newline")
    return path


@pytest.mark.parametrize(("name", "project"), SCOPES)
def test_uninstalling_restores_every_byte_mode_and_folder(user, name, project):
    prepared(user, name, project)
    before = user.tree()
    outcome = user.install(name, project=project)
    assert set(actions(outcome)) <= {Action.CREATED, Action.CHANGED}
    assert user.tree() != before
    assert set(actions(user.uninstall(name, project=project))) <= {Action.DELETED, Action.CHANGED}
    after = user.tree()
    assert {path: after.get(path) for path in before} == before
    assert after.keys() - before.keys() <= {"home/.config"}


@pytest.mark.parametrize(("name", "project"), SCOPES)
def test_uninstalling_leaves_nothing_where_nothing_was(user, name, project):
    before = user.tree()
    assert set(actions(user.install(name, project=project))) == {Action.CREATED}
    user.uninstall(name, project=project)
    assert user.tree().keys() - before.keys() <= {"home/.config"}


@pytest.mark.parametrize(("name", "project"), SCOPES)
def test_installing_twice_changes_nothing(user, name, project):
    path = prepared(user, name, project)
    user.install(name, project=project)
    once = user.tree()
    assert set(actions(user.install(name, project=project))) == {Action.UNCHANGED}
    assert user.tree() == once
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(("name", "project"), SCOPES)
def test_a_dry_run_plans_the_same_and_writes_nothing(user, name, project):
    prepared(user, name, project)
    before = user.tree()
    planned = user.install(name, project=project, dry_run=True)
    assert user.tree() == before
    done = user.install(name, project=project)
    assert [(change.path, change.after) for change in planned.changes] == [
        (change.path, change.after) for change in done.changes
    ]
    installed = user.tree()
    user.uninstall(name, project=project, dry_run=True)
    assert user.tree() == installed


@pytest.mark.parametrize("name", NAMES)
def test_edits_of_others_stay_when_ours_goes(user, name):
    """The agent adds a key to our entry, and the user adds a line elsewhere."""
    path = prepared(user, name, project=False)
    user.install(name)
    agent = BY_NAME[name]
    text = path.read_bytes().decode().replace("mine", "edited")
    if agent.format in (Format.JSON, Format.COMMENTED_JSON, Format.JSONC):
        text = text.replace('"a": 1', '"a": 2').replace('"semlens": {', '"semlens": {"disabled": true,')
    elif agent.format is Format.TOML:
        text = text.replace("a = 1", "a = 2") + "disabled = true\n\n[later]\nb = 1\n"
    else:
        text = text.replace("a: 1", "a: 2").replace("    enabled: true\n", "    enabled: false\n")
    path.write_bytes(text.encode())
    assert actions(user.uninstall(name))[-1] is Action.CHANGED
    rest = path.read_bytes().decode().removeprefix("\ufeff")
    values = parse(agent.format, rest)
    assert entry_in(agent.format, rest, agent.container) is None
    assert values["a"] == 2
    assert agent.format is Format.JSON or "edited" in rest
    assert "later" in values or agent.format is not Format.TOML


@pytest.mark.parametrize(("project", "mode"), [(False, 0o600), (True, 0o644)])
def test_a_new_file_is_private_but_in_a_project(user, project, mode):
    user.install("cursor", project=project)
    assert stat.S_IMODE(user.file_of("cursor", project=project).stat().st_mode) == mode


def test_a_second_installation_keeps_the_record(user):
    user.install("cursor")
    before = (user.config / "agents.json").stat()
    user.install("cursor")
    assert (user.config / "agents.json").stat().st_mtime_ns == before.st_mtime_ns


def test_a_new_file_that_others_wrote_to_stays(user):
    user.install("cursor")
    path = user.file_of("cursor")
    content = json.loads(path.read_text())
    content["mcpServers"]["x"] = {}
    path.write_text(json.dumps(content))
    user.uninstall("cursor")
    assert json.loads(path.read_text()) == {"mcpServers": {"x": {}}}


def test_a_file_of_several_agents_goes_with_the_last(user):
    skill = user.home / ".agents" / "skills" / "semlens" / "SKILL.md"
    for name in ("codex", "zed"):
        user.install(name)
    user.uninstall("codex")
    assert skill.read_text() == SKILL
    user.uninstall("zed")
    assert not (user.home / ".agents").exists()


def test_the_section_of_several_agents_is_written_once(user):
    for name in NAMES:
        assert user.install(name, project=True).problem == ""
    assert (user.project / "AGENTS.md").read_text() == SECTION
    for name in NAMES:
        user.uninstall(name, project=True)
    assert list(user.project.iterdir()) == []


def test_text_around_the_section_stays(user):
    rules = user.project / "AGENTS.md"
    rules.write_bytes(b"# Mine\r\n\r\ntext")
    user.install("codex", project=True)
    rules.write_bytes(rules.read_bytes().replace(b"# Mine", b"# Ours") + b"\r\n# More\r\n")
    user.uninstall("codex", project=True)
    assert rules.read_bytes() == b"# Ours\r\n\r\ntext\r\n\r\n# More\r\n"


def test_another_path_of_semlens_replaces_the_entry(user):
    path = prepared(user, "codex", project=False)
    before = path.read_bytes()
    user.install("codex", command="/old/semlens")
    assert actions(user.install("codex", command="/new/semlens"))[0] is Action.CHANGED
    assert b"/old/" not in path.read_bytes()
    user.uninstall("codex")
    assert path.read_bytes() == before


def test_a_backup_lies_beside_the_file_until_it_is_restored(user):
    path = prepared(user, "cursor", project=False)
    before = path.read_bytes()
    user.install("cursor")
    backup = path.with_name("mcp.json.semlens-backup")
    assert backup.read_bytes() == before
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    user.uninstall("cursor")
    assert not backup.exists()


def test_an_entry_that_the_user_changed_stays(user):
    user.install("cursor")
    path = user.file_of("cursor")
    path.write_text(path.read_text().replace('"mcp"', '"mcp", "--root", "/x"'))
    (skill, entry) = user.uninstall("cursor").changes
    assert skill.action is Action.DELETED
    assert (entry.action, entry.note) == (Action.UNCHANGED, "was changed after semlens wrote it, so it stays")


def test_what_a_colleague_committed_is_left_alone(user):
    user.install("claude", project=True)
    files = {path: path.read_bytes() for path in user.project.iterdir()}
    (user.config / "agents.json").unlink()
    assert set(actions(user.install("claude", project=True))) == {Action.UNCHANGED}
    assert user.uninstall("claude", project=True).changes == ()
    assert {path: path.read_bytes() for path in user.project.iterdir()} == files


REFUSED = {
    "broken": (b'{"a": ', "is not valid JSON (line 1 column 7"),
    "not UTF-8": ('{"a": "ä"}'.encode("latin-1"), "is not UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "is not UTF-8"),
    "foreign entry": (b'{"mcpServers": {"semlens": {"command": "x"}}}', "named semlens that semlens did not write"),
    "odd container": (b'{"mcpServers": 1}', "`mcpServers` is not a table"),
}


@pytest.mark.parametrize(("data", "fault"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_changed_is_named_and_untouched(user, data, fault):
    path = user.file_of("claude")
    path.write_bytes(data)
    before = user.tree()
    problem = user.install("claude").problem
    assert str(path) in problem
    assert fault in problem
    assert "so it was not changed" in problem
    assert user.tree() == before


def test_no_link_is_followed(user, tmp_path):
    path = user.file_of("claude")
    target = tmp_path / "dotfiles.json"
    target.write_text("{}")
    path.symlink_to(target)
    assert f"is a link to {target}" in user.install("claude").problem
    assert target.read_text() == "{}"


def test_no_link_of_a_repository_leads_out_of_it(user, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (user.project / ".vscode").symlink_to(tmp_path / "elsewhere")
    assert "is a link to" in user.install("vscode", project=True).problem
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("outside", [False, True])
def test_rules_may_link_to_other_rules_of_the_project(user, tmp_path, outside):
    rules = (tmp_path if outside else user.project) / "AGENTS.md"
    rules.write_text("# Mine\n")
    (user.project / "CLAUDE.md").symlink_to(rules)
    problem = user.install("claude", project=True).problem
    assert ("is a link" in problem, BEGIN in rules.read_text()) == (outside, not outside)


def test_a_read_only_file_stays(user):
    path = user.file_of("claude")
    path.write_text("{}")
    path.chmod(0o444)
    assert "is read-only" in user.install("claude").problem
    assert path.read_text() == "{}"


def test_a_folder_or_pipe_is_no_file(user):
    os.mkfifo(user.file_of("claude"))
    assert "is not a file" in user.install("claude").problem


def test_a_file_that_changes_meanwhile_is_not_overwritten(user, monkeypatch):
    path = prepared(user, "cursor", project=False)

    def backup_after_an_edit(*arguments):
        path.write_text("{}")
        return write_backup(*arguments)

    write_backup = installer.write_backup
    monkeypatch.setattr(installer, "write_backup", backup_after_an_edit)
    assert "changed by another program" in user.install("cursor").problem
    assert path.read_text() == "{}"
    monkeypatch.undo()
    assert user.install("cursor").problem == ""
    assert path.with_name("mcp.json.semlens-backup").read_text() == "{}"
    user.uninstall("cursor")
    assert path.read_text() == "{}"


@pytest.mark.parametrize("project", [False, True])
def test_an_entry_for_another_installation_is_outdated_and_not_foreign(user, project):
    def state(command):
        targets = agent.project_targets(user.project) if project else agent.user_targets(user.machine, command)
        target = targets[0] if not project else targets[0]._replace(content={"command": command})
        return installed_state(target, user.project if project else None, load_record(user.config))

    agent = BY_NAME["cursor"]
    assert state("/new/semlens") is InstalledState.NO
    user.install("cursor", project=project)
    assert state("/new/semlens") is InstalledState.OUTDATED
    path = user.file_of("cursor", project=project)
    path.write_text('{"mcpServers": {"semlens": {"command": "by hand"}}}')
    assert state("/new/semlens") is InstalledState.FOREIGN


def test_files_that_were_changed_before_one_failed_are_told(user, monkeypatch):
    def write_all_but_skills(path, before, data):
        if path.name == "SKILL.md" and data is not None:
            raise AgentFileError(path, "cannot be written", "Check its permissions.")
        return write_file(path, before, data)

    monkeypatch.setattr(installer, "write_file", write_all_but_skills)
    outcome = user.install("claude")
    assert [(change.path, change.action) for change in outcome.changes] == [(user.file_of("claude"), Action.CREATED)]
    assert "SKILL.md cannot be written" in outcome.problem
    user.uninstall("claude")
    assert not user.file_of("claude").exists()


def test_no_folder_stays_for_a_file_that_cannot_be_written(user, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "_replace", fail)
    path = user.home / "outer" / "inner" / "file.json"
    with pytest.raises(AgentFileError, match="No space left"):
        write_file(path, FileState(None), b"{}")
    assert not (user.home / "outer").exists()


def test_a_damaged_record_is_named(user):
    user.install("cursor")
    (user.config / "agents.json").write_text("{")
    with pytest.raises(RecordError, match=r"agents\.json is damaged"):
        user.installer()
