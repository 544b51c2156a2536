"""Runs the user's git so that a repository can start nothing and git asks nobody.

Only https and ssh are spoken. Hooks, filters, submodules and large files (LFS) are off. The whole process group is
ended when the files grow too large, nothing happens for a while, or the caller cancels.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from semlens.core.cancel import CancelToken
from semlens.core.errors import WorkspaceError
from semlens.core.paths import program_path
from semlens.core.text.printable import printable
from semlens.files.folder_size import folder_bytes

STALL_SECONDS = 120.0
"""git prints its progress every second, so that a longer silence means a dead connection."""

_POLL_SECONDS = 0.1
_SIZE_SHARE = 10  # measuring the size takes at most this part of the time
_MAX_STDERR_BYTES = 16_384
_CONFIG_SECONDS = 10.0

_KEPT = re.compile(
    r"GIT_(SSH|SSH_COMMAND|SSH_VARIANT|EXEC_PATH|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+)"
    r"|SSL_(CAINFO|CAPATH|CERT|KEY)|PROXY_SSL_\w+|HTTP_USER_AGENT)"
)
"""Variables of git that say who the user is and how to connect. Others may name another repository, such as GIT_DIR."""

_SAFE_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "https:ssh",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "LC_ALL": "C",
    "LANGUAGE": "",
}
_SAFE_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.logAllRefUpdates": "false",
    "credential.interactive": "false",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "submodule.recurse": "false",
}
_PLINK = ("plink", "tortoiseplink")
_MASKED = re.compile(r"//[^/\s]*@")

_CAUSES = {
    "{url} does not accept your SSH key. Load the key with ssh-add and check that you may read the repository.": (
        *(r"permission denied \(", "no supported authentication", "publickey"),
    ),
    "ssh does not know the host of {url}. Connect to it once with ssh, then try again.": (
        *("host key verification failed", "host key is known"),
    ),
    "{url} needs a password or a token, or does not exist. Log in once with git, then try again.": (
        *("could not read (username|password)", "terminal prompts disabled", "authentication failed"),
        *("access denied", "returned error: 40[13]"),
    ),
    "{url} leads to a protocol other than https and ssh. Use the URL that it leads to, if that is one of these.": (
        *("transport .* not allowed", "protocol .* (not|disabled)"),
    ),
    "{url} does not exist, or you may not read it. Check the URL.": (
        *("(repository|project) .*not found", "not appear to be a git repository", "does not exist"),
        "returned error: 404",
    ),
    "{url} cannot be reached. Check the network and the name of the host.": (
        *("could not resolve", "couldn't connect", "failed to connect", "network is unreachable", "no route to host"),
        *("connection (refused|timed out|reset|closed)", "operation timed out"),
    ),
    "The certificate of {url} is not accepted. Check git's settings for certificates.": ("certificate", "gnutls"),
    "{url} cannot be cloned: the disk is full. Free some space.": ("no space left", "quota exceeded"),
}
"""What the user can do, by what git prints."""


@dataclass(frozen=True, slots=True)
class GitLimits:
    """When to end git.

    :ivar folder: where git runs and writes. :ivar max_mb: the size in MiB that the folder may reach.
    """

    folder: Path
    max_mb: int
    cancel: CancelToken


def run_git(arguments: Sequence[str], url: str, limits: GitLimits) -> None:
    """Run one command of git.

    :param url: for messages.
    :raises WorkspaceError: when git is missing or fails, or exceeds a limit.
    :raises Cancelled: when the caller cancels.
    """
    limits.cancel.check()
    settings = [part for name, value in _SAFE_SETTINGS.items() for part in ("-c", f"{name}={value}")]
    try:
        process = subprocess.Popen(
            [program_path("git"), *settings, *arguments],
            cwd=limits.folder,
            env=safe_environment(limits.folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=os.name == "posix",  # a group to kill, and no terminal to ask a password on
        )
    except FileNotFoundError:
        raise WorkspaceError(f"{printable(url)} cannot be cloned: git is not installed. Install git.") from None
    except OSError as error:
        raise WorkspaceError(f"{printable(url)} cannot be cloned: git does not start ({error.strerror}).") from error
    output = ErrorOutput(process)
    try:
        _wait(process, output, url, limits)
    finally:
        if process.poll() is None:
            kill_group(process)
        output.close()
    if process.returncode != 0:
        raise WorkspaceError(explain(output.text, url))


def safe_environment(folder: Path) -> dict[str, str]:
    """The environment for git. :param folder: git looks for no repository above it."""
    environment = user_environment() | _SAFE_ENVIRONMENT
    environment["GIT_CEILING_DIRECTORIES"] = str(folder.parent)
    return environment | _ssh_command(environment, folder)


def user_environment() -> dict[str, str]:
    """The environment of this process, without variables of git that could name another repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or _KEPT.fullmatch(name)}


def explain(stderr: str, url: str) -> str:
    """One sentence on why git failed."""
    shown = printable(url)
    # What the server says, and the names that the user chose, must not look like a message of git.
    lines = [line.strip() for line in re.split(r"[\r\n]+", stderr.replace(url, ""))]
    lines = [line for line in lines if line and not line.startswith(("remote:", "Cloning into"))]
    text = "\n".join(lines)
    for sentence, patterns in _CAUSES.items():
        if any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns):
            return sentence.format(url=shown)
    line = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "no reason")
    return f"git cannot clone {shown} ({printable(_MASKED.sub('//', line)[:300])}). Try it with git itself."


def _ssh_command(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The user's own ssh command, told to ask nothing."""
    command = environment.get("GIT_SSH_COMMAND") or _configured_ssh(environment, folder)
    if not command:
        command = shlex.quote(environment["GIT_SSH"]) if environment.get("GIT_SSH") else "ssh"
    variant = environment.get("GIT_SSH_VARIANT", "auto")
    try:
        program = Path(shlex.split(command)[0]).stem.lower()
    except (ValueError, IndexError):
        program = ""
    options = {"simple": "", **dict.fromkeys(_PLINK, " -batch")}
    option = options.get(variant, options.get(program, " -o BatchMode=yes"))
    return {"GIT_SSH_COMMAND": command + option}


def _configured_ssh(environment: Mapping[str, str], folder: Path) -> str:
    """``core.sshCommand`` of the user or the system, or ""."""
    try:
        done = subprocess.run(
            [program_path("git"), "config", "--get", "core.sshCommand"],
            cwd=folder, env=dict(environment), capture_output=True, text=True, errors="surrogateescape",
            stdin=subprocess.DEVNULL, timeout=_CONFIG_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


class ErrorOutput:
    """Reads the standard error of git on a thread and keeps its end. :ivar last: when something came, monotonic."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.last = time.monotonic()
        self._data = bytearray()
        self._pipe = process.stderr
        self._thread = threading.Thread(target=self._read, name="git-output", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._pipe is not None
        with contextlib.suppress(OSError, ValueError):
            while data := os.read(self._pipe.fileno(), 4096):
                self.last = time.monotonic()
                self._data += data
                del self._data[:-_MAX_STDERR_BYTES]

    def close(self) -> None:
        """Wait for the rest. A connection that ssh shares may keep the pipe open for longer."""
        self._thread.join(1.0)
        if not self._thread.is_alive() and self._pipe is not None:
            self._pipe.close()

    @property
    def text(self) -> str:
        return bytes(self._data).decode("utf-8", "replace")


def _wait(process: subprocess.Popen[bytes], output: ErrorOutput, url: str, limits: GitLimits) -> None:
    """:raises WorkspaceError, Cancelled: when git is to be ended."""
    size, grew, next_size = -1, time.monotonic(), 0.0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_POLL_SECONDS)
        limits.cancel.check()
        ended = process.poll() is not None
        now = time.monotonic()
        if ended or now >= next_size:
            before, size = size, folder_bytes(limits.folder)
            grew = now if size != before else grew
            next_size = now + _SIZE_SHARE * (time.monotonic() - now)
            if size > limits.max_mb << 20:
                raise WorkspaceError(
                    f"{printable(url)} is larger than {limits.max_mb:,} MiB, so it was not cloned. Raise "
                    "semlens.index.maxCacheMb, or clone the repository yourself and name its folder."
                )
        if ended:
            return
        if now - max(grew, output.last) > STALL_SECONDS:
            raise WorkspaceError(f"{printable(url)} sent nothing for {STALL_SECONDS:.0f} s. Check the network.")


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End git and what it started, such as ssh, if it still runs."""
    if process.poll() is not None:
        return
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        import psutil

        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
        process.kill()
    process.wait()
