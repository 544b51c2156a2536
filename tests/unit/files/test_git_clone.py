"""Clones by a real git, over an ssh that runs the other side on this machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from engine_cases import DEADLINE_S
from git_cases import git

from semlens.core.cancel import CancelToken
from semlens.core.errors import CacheError, Cancelled, UsageError, WorkspaceError
from semlens.files import git_process
from semlens.files.git_clone import Clone, clone, clones, remove_clone
from semlens.files.git_process import explain, safe_environment

SSH = """#!/bin/sh
for last; do :; done
echo "$@" >> "{folder}/calls"
env > "{folder}/environment"
{script}
"""
SERVE = 'exec sh -c "$last"'
HANG = 'echo $$ > "{folder}/pid.new"; mv "{folder}/pid.new" "{folder}/pid"; exec sleep 600'


class Remote:
    """A repository and the ssh that leads to it. :ivar url: of the repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "tool"
        self.cache = folder / "cache"
        self.url = f"ssh://host.example{self.source}"
        self.source.mkdir()
        git(self.source, "init", "-q")
        self.commit("a.py", "first = 1\n")
        self.commit("b.py", "second = 2\n")
        self.answer(SERVE)

    def answer(self, script: str) -> None:
        ssh = self.folder / "ssh"
        ssh.write_text(SSH.format(folder=self.folder, script=script.format(folder=self.folder)))
        ssh.chmod(0o700)

    def commit(self, path: str, content: str | bytes | None) -> None:
        file = self.source / path
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        git(self.source, "add", "-A")
        git(self.source, "commit", "-q", "-m", path)

    def clone(self, *, max_mb: int = 100, refresh: bool = False, cancel: CancelToken | None = None) -> Path:
        return clone(self.url, self.cache, max_mb=max_mb, refresh=refresh, cancel=cancel)

    @property
    def n_connections(self) -> int:
        calls = self.folder / "calls"
        return len(calls.read_text().splitlines()) if calls.exists() else 0

    def wait_for_process(self) -> int:
        """The process of an ssh that hangs."""
        pid = self.folder / "pid"
        wait_until(pid.exists)
        return int(pid.read_text())

    @property
    def left(self) -> list[str]:
        """What is in the folder of clones, but for locks."""
        return [path.name for path in (self.cache / "clones").rglob("*") if path.is_file() and path.suffix != ".lock"]


def wait_until(condition: object) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def is_gone(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").exists() and " Z " in Path(f"/proc/{pid}/stat").read_text()
    return True


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    made = Remote(tmp_path)
    config = tmp_path / "gitconfig"
    config.write_text("")
    for name in [name for name in os.environ if name.startswith(("GIT_", "SSH_ASKPASS"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(tmp_path / "ssh"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return made


def test_a_cache_folder_that_is_a_link_to_nothing(tmp_path):
    (tmp_path / "cache").symlink_to(tmp_path / "missing")
    with pytest.raises(CacheError, match=r"cache is a link to .*/missing, which does not exist"):
        clone("ssh://host.example/tool", tmp_path / "cache", max_mb=100)


def test_a_clone_is_shallow_private_and_made_once(remote):
    place = remote.clone()
    assert place.name == "tool"
    assert sorted(path.name for path in place.iterdir()) == [".git", "a.py", "b.py"]
    assert git(place, "rev-list", "--count", "HEAD").strip() == "1"
    folders = (remote.cache, place.parent.parent, place.parent)
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 3
    assert (place.parent / "url.txt").read_text() == remote.url
    assert sorted(path.name for path in place.parent.iterdir()) == ["tool", "url.txt"]
    assert remote.clone() == place
    assert remote.n_connections == 1
    assert clones(remote.cache) == [Clone(remote.url, place)]


def test_a_refresh_brings_what_is_new(remote):
    place = remote.clone()
    remote.commit("c.py", "third = 3\n")
    remote.commit("b.py", None)
    assert not (remote.clone() / "c.py").exists()
    (place / "a.py").write_text("changed here\n")
    assert remote.clone(refresh=True) == place
    assert sorted(path.name for path in place.iterdir()) == [".git", "a.py", "c.py"]
    assert (place / "a.py").read_text() == "first = 1\n"
    assert git(place, "rev-list", "--count", "HEAD").strip() == "1"


def test_refreshes_do_not_pile_up(remote, monkeypatch):
    monkeypatch.setattr("semlens.files.git_clone._MANY_PACKS", 2)
    place = remote.clone()
    for number in range(5):
        remote.commit("big.bin", os.urandom(200_000 + number))
        remote.clone(refresh=True)
    assert len(list((place / ".git" / "objects" / "pack").glob("*.pack"))) <= 3


def test_what_a_repository_names_is_not_run(remote, monkeypatch):
    ran = remote.folder / "ran"
    template = remote.folder / "template"
    (template / "hooks").mkdir(parents=True)
    for folder in (template / "hooks", remote.folder / "hooks"):
        folder.mkdir(exist_ok=True)
        for hook in ("post-checkout", "reference-transaction", "post-index-change"):
            (folder / hook).write_text(f"#!/bin/sh\ntouch {ran}\n")
            (folder / hook).chmod(0o700)
    (remote.folder / "gitconfig").write_text(
        f'[filter "evil"]\n smudge = touch {ran}; cat\n process = touch {ran}\n required = true\n'
        f"[init]\n templateDir = {template}\n[core]\n hooksPath = {remote.folder / 'hooks'}\n"
        f" fsmonitor = touch {ran}\n[submodule]\n recurse = true\n"
    )
    remote.commit(".gitattributes", "*.py filter=evil\n")
    remote.commit(".gitmodules", '[submodule "x"]\n path = x\n url = ext::touch /tmp/x\n')
    place = remote.clone()
    remote.commit("a.py", "first = 11\n")
    remote.clone(refresh=True)
    assert (place / "a.py").read_text() == "first = 11\n"
    assert not ran.exists()


def test_git_asks_nobody_and_speaks_https_and_ssh_alone(remote, monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_ASKPASS", "ask")
    monkeypatch.setenv("SSH_ASKPASS", "ask")
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "file:ext")
    monkeypatch.setenv("GIT_SSL_CAINFO", "/certificates")
    remote.clone()
    environment = dict(line.partition("=")[::2] for line in (remote.folder / "environment").read_text().splitlines())
    expected = {
        "GIT_ALLOW_PROTOCOL": "https:ssh",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_SSL_CAINFO": "/certificates",
        "GIT_CONFIG_GLOBAL": str(remote.folder / "gitconfig"),
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert "/elsewhere" not in environment.values()
    assert (remote.folder / "calls").read_text().startswith("-o BatchMode=yes")


@pytest.mark.parametrize(
    ("variables", "config", "command"),
    [
        ({}, "", "ssh -o BatchMode=yes"),
        ({"GIT_SSH_COMMAND": "ssh -i key"}, "", "ssh -i key -o BatchMode=yes"),
        ({}, "[core]\n sshCommand = ssh -F own\n", "ssh -F own -o BatchMode=yes"),
        ({"GIT_SSH": "/my programs/ssh"}, "", "'/my programs/ssh' -o BatchMode=yes"),
        ({"GIT_SSH": "plink.exe"}, "", "plink.exe -batch"),
        ({"GIT_SSH": "own", "GIT_SSH_VARIANT": "simple"}, "", "own"),
    ],
)
def test_the_users_own_ssh_is_kept_and_told_not_to_ask(remote, monkeypatch, variables, config, command):
    monkeypatch.delenv("GIT_SSH_COMMAND")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (remote.folder / "gitconfig").write_text(config)
    assert safe_environment(remote.folder)["GIT_SSH_COMMAND"] == command


def test_a_repository_that_is_too_large_leaves_nothing(remote):
    remote.commit("big.bin", os.urandom(3 << 20))
    with pytest.raises(WorkspaceError, match="larger than 1 MiB"):
        remote.clone(max_mb=1)
    assert remote.left == []
    assert clones(remote.cache) == []


def test_a_refresh_that_is_too_large_leaves_the_clone_as_it_was(remote):
    place = remote.clone(max_mb=1)
    remote.commit("big.bin", os.urandom(3 << 20))
    with pytest.raises(WorkspaceError, match="larger than 1 MiB"):
        remote.clone(max_mb=1, refresh=True)
    assert sorted(path.name for path in remote.clone(max_mb=1).iterdir()) == [".git", "a.py", "b.py"]
    assert not list(place.rglob("tmp_*"))


def test_a_connection_that_hangs_ends_with_all_its_processes(remote, monkeypatch):
    remote.answer(HANG)
    with ThreadPoolExecutor(1) as thread:
        cloning = thread.submit(remote.clone)
        pid = remote.wait_for_process()
        monkeypatch.setattr(git_process, "STALL_SECONDS", 0.0)
        with pytest.raises(WorkspaceError, match="sent nothing"):
            cloning.result(DEADLINE_S)
    wait_until(lambda: is_gone(pid))
    assert remote.left == []


def test_cancelling_ends_all_processes(remote):
    remote.answer(HANG)
    cancel = CancelToken()
    with ThreadPoolExecutor(1) as thread:
        cloning = thread.submit(remote.clone, cancel=cancel)
        pid = remote.wait_for_process()
        cancel.cancel()
        with pytest.raises(Cancelled):
            cloning.result(DEADLINE_S)
    wait_until(lambda: is_gone(pid))
    assert remote.left == []


def test_two_clones_at_once_are_one(remote):
    with ThreadPoolExecutor(3) as threads:
        places = {cloning.result(DEADLINE_S) for cloning in [threads.submit(remote.clone) for _ in range(3)]}
    assert len(places) == 1
    assert remote.n_connections == 1


def test_half_a_clone_is_never_used(remote):
    place = remote.clone()
    (place.parent / "url.txt").unlink()
    (place / "a.py").unlink()
    (place.parent / ".partial-killed" / "tool").mkdir(parents=True)
    assert clones(remote.cache) == []
    assert remote.clone() == place
    assert sorted(path.name for path in place.iterdir()) == [".git", "a.py", "b.py"]
    assert sorted(path.name for path in place.parent.iterdir()) == ["tool", "url.txt"]


@pytest.mark.parametrize("fetched", [True, False])
def test_a_checkout_that_was_killed_is_finished(remote, fetched):
    place = remote.clone()
    remote.commit("a.py", "first = 11\n")
    if fetched:
        remote.clone(refresh=True)
    for name in ("checkout-started", "index.lock", "HEAD.lock"):
        (place / ".git" / name).touch()
    (place / "a.py").write_text("half")
    assert (remote.clone() / "a.py").read_text() == "first = 11\n"
    assert remote.n_connections == 2
    assert not (place / ".git" / "checkout-started").exists()


def test_a_damaged_clone_never_touches_a_repository_above_it(remote):
    git(remote.folder, "init", "-q")
    (remote.folder / "mine.py").write_text("mine\n")
    git(remote.folder, "add", "mine.py")
    place = remote.clone()
    shutil.rmtree(place / ".git" / "objects")
    with pytest.raises(WorkspaceError):
        remote.clone(refresh=True)
    assert git(remote.folder, "status", "--porcelain", "mine.py") == "A  mine.py\n"


def test_a_clone_is_removed(remote):
    place = remote.clone()
    assert remove_clone(remote.url, remote.cache)
    assert not place.parent.exists()
    assert not remove_clone(remote.url, remote.cache)
    assert clones(remote.cache) == []


def test_a_clone_in_the_making_is_not_removed(remote, monkeypatch):
    monkeypatch.setattr("semlens.files.git_clone._REMOVE_SECONDS", 0.01)
    remote.answer(HANG)
    cancel = CancelToken()
    with ThreadPoolExecutor(1) as thread:
        cloning = thread.submit(remote.clone, cancel=cancel)
        remote.wait_for_process()
        with pytest.raises(CacheError, match="being cloned"):
            remove_clone(remote.url, remote.cache)
        cancel.cancel()
        with pytest.raises(Cancelled):
            cloning.result(DEADLINE_S)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exec git-upload-pack /nowhere", "does not exist"),
        ("echo 'me@host: Permission denied (publickey).' >&2; exit 255", "does not accept your SSH key"),
        ("echo 'Host key verification failed.' >&2; exit 255", "ssh does not know the host"),
        ("echo 'ssh: Could not resolve hostname x: no' >&2; exit 255", "cannot be reached"),
        ("printf 'odd \\033[31m end\\n' >&2; exit 3", "git cannot clone"),
    ],
)
def test_each_failure_is_one_sentence(remote, script, says):
    remote.answer(script)
    with pytest.raises(WorkspaceError) as failed:
        remote.clone()
    assert says in str(failed.value)
    assert remote.url in str(failed.value)
    assert str(failed.value).isprintable()
    assert remote.left == []


@pytest.mark.parametrize(
    ("stderr", "says"),
    [
        ("fatal: could not read Username for 'https://h': terminal prompts disabled\n", "needs a password"),
        ("fatal: Authentication failed for 'https://h/'\n", "needs a password"),
        ("fatal: unable to access 'U/': The requested URL returned error: 403\n", "needs a password"),
        ("remote: Repository not found.\nfatal: repository 'U/' not found\n", "does not exist"),
        ("fatal: unable to access 'U/': Could not resolve host: h\n", "cannot be reached"),
        ("fatal: unable to access 'U/': Failed to connect to h port 443\n", "cannot be reached"),
        ("fatal: unable to access 'U/': server certificate verification failed\n", "certificate"),
        ("fatal: transport 'http' not allowed\n", "other than https and ssh"),
        ("fatal: write error: No space left on device\n", "disk is full"),
        ("remote: certificate\rfatal: early EOF\n", "fatal: early EOF"),
        ("fatal: bad https://me:secret@h/x\n", "fatal: bad https//h/x".replace("https//", "https://")),
        ("", "no reason"),
    ],
)
def test_what_git_prints_is_understood(stderr, says):
    url = "https://h/publickey-certificate"
    message = explain(f"Cloning into '/cache/publickey'...\n{stderr.replace('U', url)}", url)
    assert says in message
    assert "secret" not in message


def test_without_git_or_a_writable_cache_it_is_said(remote, monkeypatch):
    with pytest.raises(UsageError):
        clone("http://host/a", remote.cache, max_mb=1)
    (remote.folder / "file").write_text("")
    with pytest.raises(CacheError, match="Cannot keep the clone"):
        clone(remote.url, remote.folder / "file" / "cache", max_mb=1)
    monkeypatch.setenv("PATH", str(remote.folder / "nothing"))
    with pytest.raises(WorkspaceError, match="git is not installed"):
        remote.clone()
