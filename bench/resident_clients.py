"""Clients of a resident server that go on after its death, as editors, commands and agents do: see `resident_kills`."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from resident import SEMLENS

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from lsp_client import Pending, ProcessClient, ResponseError

from semlens.core.cancel import CancelToken
from semlens.core.errors import SemlensError
from semlens.core.request import SearchRequest
from semlens.service.daemon_start import ensure_server
from semlens.service.endpoint import Endpoint
from semlens.service.hello import describe_client, hello_line
from semlens.service.remote_service import RemoteService
from semlens.settings.user_sources import read_user_settings

QUESTION = "decode a JSON document"
ANSWER_SECONDS = 30.0
_PAUSE_SECONDS = 0.1
_BACKOFF_SECONDS = 0.2
_POLL_SECONDS = 0.01


class LostError(Exception):
    """The connection to the server is lost. The message is what the user would see."""


class Client(ABC):
    """Asks until it is stopped.

    :ivar answered_question_of: when the last question that has an answer was asked, in monotonic seconds.
    :ivar messages: what a user was told, one for each loss.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.answered_question_of = 0.0
        self.n_answers = 0
        self.messages: list[str] = []
        self._stopped = threading.Event()

    def work(self) -> None:
        while not self._stopped.wait(_PAUSE_SECONDS):
            asked = time.monotonic()
            try:
                self.ask()
            except LostError as error:
                self.messages.append(str(error))
                self._stopped.wait(_BACKOFF_SECONDS)
            else:
                self.answered_question_of = asked
                self.n_answers += 1
        self.leave()

    def stop(self) -> None:
        self._stopped.set()

    @abstractmethod
    def ask(self) -> None:
        """:raises LostError: when there is no answer; the next call begins anew."""

    @abstractmethod
    def leave(self) -> None:
        """End the session."""


class EditorClient(Client):
    """Starts the bridge, and again when it ends with code 1."""

    def __init__(self, folder: Path, number: int) -> None:
        super().__init__(f"editor {number}")
        self._folder = folder
        self._stderr = Path(tempfile.mkdtemp()) / "stderr.txt"
        self._unsaved = f"unsaved_of_editor_{number}"
        self._client: ProcessClient | None = None

    def ask(self) -> None:
        try:
            if self._client is None:
                self._start()
            names = self._search(self._unsaved)
            deadline = time.monotonic() + ANSWER_SECONDS
            while self._unsaved not in names and time.monotonic() < deadline:
                names = self._search(self._unsaved)
        except (OSError, ValueError, TimeoutError, ResponseError) as error:
            raise LostError(self._end(error)) from error
        if self._unsaved not in names:
            raise LostError("The unsaved text was not found again.")

    def _start(self) -> None:
        client = self._client = ProcessClient([*SEMLENS, "serve", "--shared"], stderr_path=self._stderr)
        pending = client.request(
            "initialize", {"processId": None, "rootUri": self._folder.as_uri(), "capabilities": {}}
        )
        self._wait(pending)
        client.notify("initialized", {})
        client.open((self._folder / "unsaved.py").as_uri(), f"def {self._unsaved}():\n    pass\n")

    def _search(self, query: str) -> set[str]:
        assert self._client is not None
        answer = self._wait(self._client.request("semlens/search", {"query": query}))
        return {hit["name"] for hit in answer["hits"]}

    def _wait(self, pending: Pending) -> Any:
        """The result, or an error as soon as the bridge ended."""
        assert self._client is not None
        deadline = time.monotonic() + ANSWER_SECONDS
        while not pending.is_done and time.monotonic() < deadline:
            if self._client.process.poll() is not None and not pending.is_done:
                raise OSError("the bridge ended")
            time.sleep(_POLL_SECONDS)
        return pending.result(0)

    def _end(self, error: Exception) -> str:
        """What the bridge said, and its code."""
        assert self._client is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._client.process.wait(5)
        code = self._client.process.poll()
        self._client.kill()
        said = self._client.stderr().strip()
        self._client = None
        return said if code == 1 and said else f"exit code {code}, {error}: {said}"

    def leave(self) -> None:
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.close()


class CommandClient(Client):
    """Changes files, brings the index up to date, and searches, each time as a new process.

    :ivar committed: names in files that a command has committed. :ivar deleted: names whose files are gone.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__("command line loop")
        self._folder = folder
        self._n_files = 0
        self.committed: list[str] = []
        self.deleted: list[str] = []

    def ask(self) -> None:
        name = f"kept_{self._n_files}_of_commands"
        self._n_files += 1
        (self._folder / f"{name}.py").write_text(f"def {name}():\n    return 1\n", encoding="utf-8")
        gone = self.committed[0] if len(self.committed) >= 10 else ""
        if gone:
            (self._folder / f"{gone}.py").unlink()
            self.committed.remove(gone)
        self._run("index", str(self._folder))
        self.committed.append(name)
        if gone:
            self.deleted.append(gone)
        found = json.loads(self._run("search", "-w", str(self._folder), name))
        if not any(hit["name"] == name for hit in found["hits"]):
            raise LostError(f"{found['servedBy']} did not find {name}.")

    def _run(self, *arguments: str) -> str:
        ran = subprocess.run([*SEMLENS, *arguments, "--json"], capture_output=True, text=True, check=False)
        if ran.returncode:
            raise LostError(f"{arguments[0]}, code {ran.returncode}: {ran.stderr.strip()}")
        self.messages += [line for line in ran.stderr.splitlines() if "resident" in line]
        return ran.stdout

    def leave(self) -> None:
        """Each command has left already."""


class AgentClient(Client):
    """Starts the server if there is none, and connects again when it ends."""

    def __init__(self, endpoint: Endpoint, folder: Path, number: int) -> None:
        super().__init__(f"agent {number}")
        self._endpoint = endpoint
        self._folder = folder
        self._service: RemoteService | None = None

    def ask(self) -> None:
        try:
            if self._service is None:
                self._service = self._connect()
            self._service.search(SearchRequest(QUESTION), CancelToken())
        except (SemlensError, OSError) as error:
            if self._service is not None:
                self._service.close()
            self._service = None
            raise LostError(str(error)) from error

    def _connect(self) -> RemoteService:
        connection = ensure_server(self._endpoint)
        connection.write(hello_line("api", describe_client(self.name, read_user_settings())))
        service = RemoteService(connection)
        service.add_root(self._folder)
        return service

    def leave(self) -> None:
        if self._service is not None:
            self._service.close()
