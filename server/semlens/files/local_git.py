"""Runs the user's git in a repository of others: it starts no program that they name, and connects to nothing.

A repository can name programs in its own configuration, as filters, hooks and monitors. Those that the user configured
for all repositories may run. `git_process` runs git for clones, which do need the network.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from semlens.core.cancel import CancelToken
from semlens.core.errors import WorkspaceError
from semlens.core.paths import program_path
from semlens.core.text.printable import printable
from semlens.files.git_process import ErrorOutput, kill_group, user_environment

_SAFE = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "safe.bareRepository": "explicit",
    "submodule.recurse": "false",
}
_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "LANGUAGE": "",
}
_NAMED_BY_REPOSITORY = (
    r"^(filter\..*\.(clean|process|smudge|required)|core\.(attributesfile|excludesfile)|diff\.orderfile)$"
)
"""Settings that name programs and files, which may be endless. They are turned off where the repository sets them."""
_TRUSTED_SCOPES = ("system", "global", "command")
_NOTHING_SET = 1  # exit code of ``git config``
_POLL_SECONDS = 0.05


class GitAnswer(NamedTuple):
    """:ivar errors: the end of what git wrote to stderr."""

    code: int
    output: bytes
    errors: str


class LocalGit:
    """The user's git in one folder.

    :ivar max_bytes: of one answer.
    """

    def __init__(self, folder: Path, *, timeout_s: float, max_bytes: int, cancel: CancelToken) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._cancel = cancel

    def run(self, *arguments: str) -> GitAnswer:
        """Run a command that does not read the files of the work tree.

        :raises WorkspaceError: when git is missing, takes too long or answers too much.
        :raises Cancelled: when the caller cancels.
        """
        return self._run(arguments, {})

    def run_on_files(self, *arguments: str) -> GitAnswer:
        """Run a command that reads files of the work tree, so that filters may apply.

        :raises WorkspaceError: as `run`, and when git cannot be told to leave out the filters of the repository.
        :raises Cancelled: when the caller cancels.
        """
        off = self._set_by_repository({})
        if off and self._set_by_repository(off):
            raise WorkspaceError(
                "git is older than 2.31, so the filters of a repository cannot be turned off. Update git."
            )
        return self._run(arguments, off)

    def _set_by_repository(self, off: Mapping[str, str]) -> dict[str, str]:
        """The settings of the repository to turn off, with the values that do it.

        :param off: what is turned off already.
        """
        answer = self._run(("config", "-z", "--show-scope", "--name-only", "--get-regexp", _NAMED_BY_REPOSITORY), off)
        if answer.code not in (0, _NOTHING_SET):
            said = printable(answer.errors.strip()[:300])
            raise WorkspaceError(f"git cannot read its settings in {printable(str(self.folder))} ({said}).")
        fields = os.fsdecode(answer.output).split("\0")
        scopes = dict(zip(fields[1::2], fields[::2], strict=False))  # the last one counts
        return {
            name: "false" if name.endswith(".required") else ""
            for name, scope in scopes.items()
            if scope not in _TRUSTED_SCOPES
        }

    def _run(self, arguments: tuple[str, ...], settings: Mapping[str, str]) -> GitAnswer:
        self._cancel.check()
        try:
            process = subprocess.Popen(
                [
                    program_path("git"),
                    "--no-pager",
                    *(part for name, value in _SAFE.items() for part in ("-c", f"{name}={value}")),
                    *arguments,
                ],
                cwd=self.folder,
                env=_environment(settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            raise self._not_started(error) from error
        return self._answer(process, arguments[0])

    def _answer(self, process: subprocess.Popen[bytes], command: str) -> GitAnswer:
        errors = ErrorOutput(process)
        limit = _Limit(process, self._timeout_s, self._cancel)
        assert process.stdout is not None
        try:
            with process.stdout:
                output = process.stdout.read(self.max_bytes + 1)
            if len(output) > self.max_bytes:
                kill_group(process)
            code = process.wait()
        finally:
            kill_group(process)  # Ctrl+C does not reach it, because it has a session of its own
            has_killed = limit.close()
            errors.close()
        self._cancel.check()
        place = printable(str(self.folder))
        if len(output) > self.max_bytes:
            raise WorkspaceError(
                f"git {command} in {place} answers more than {self.max_bytes >> 20} MiB. Ask for less."
            )
        if has_killed:  # whatever its exit code is: on Windows it is 1, as when ``git config`` finds nothing
            raise WorkspaceError(
                f"git {command} in {place} took more than {self._timeout_s:.0f} s. Try it with git itself."
            )
        return GitAnswer(code, output, errors.text)

    def _not_started(self, error: OSError) -> WorkspaceError:
        if not self.folder.is_dir():
            return WorkspaceError(f"The folder {printable(str(self.folder))} does not exist any more.")
        if isinstance(error, FileNotFoundError):
            return WorkspaceError("git is not installed, so changes are not known. Install git, or give a diff.")
        return WorkspaceError(f"git does not start ({error.strerror}). Try it with git itself.")


class _Limit:
    """Ends git when its time is over or the caller cancels."""

    def __init__(self, process: subprocess.Popen[bytes], timeout_s: float, cancel: CancelToken) -> None:
        self._process = process
        self._end = time.monotonic() + timeout_s
        self._cancel = cancel
        self._has_ended = threading.Event()
        self._has_killed = False
        self._thread = threading.Thread(target=self._watch, name="git-limit", daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._has_ended.wait(_POLL_SECONDS):
            if self._cancel.cancelled or time.monotonic() >= self._end:
                self._has_killed = True
                kill_group(self._process)
                return

    def close(self) -> bool:
        """Stop watching. :returns: whether git was ended."""
        self._has_ended.set()
        self._thread.join()
        return self._has_killed


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """:param settings: added to those of the user's environment. As arguments, a name would end at its first ``=``."""
    environment = user_environment() | _ENVIRONMENT
    count = environment.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    for number, (name, value) in enumerate(settings.items(), first):
        environment |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return environment | ({"GIT_CONFIG_COUNT": str(first + len(settings))} if settings else {})
