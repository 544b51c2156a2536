"""Servers for the chaos tests: with a memory limit, and with checks of every answer and all output."""

from __future__ import annotations

import os
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from chaos_batches import REPOSITORY, Batch
from chaos_workspace import WORD, ChaosWorkspace
from lsp_client import ProcessClient

MEMORY_KB = 6 << 20
"""Limit of a server's address space, including mapped models and grammars. It protects the machine from leaks."""

DEADLINE_S = 300.0
ALL = 1000
"""Maximum of hits in one request."""

_FIRST_ID = 10**7
"""Of the requests that check the server. No invalid message has such an id, whose answer would be taken for theirs."""

_TRACE = re.compile(
    r"Traceback \(most recent|, raised at|^\s*File \".*\", line \d+|internal error|failed inside", re.MULTILINE
)


class ChaosServer(ProcessClient):
    """One server process.

    :ivar answers: number of responses by id. :ivar script: makes the client's answers to requests of the server.
    """

    def __init__(self, lab: Lab, number: int, *, limits: Sequence[str] = (), **more: Any) -> None:
        script = "; ".join([f"ulimit -v {MEMORY_KB}", *limits, 'exec "$@"'])
        self.stderr_path = lab.folder / f"stderr-{number}.txt"
        self.answers: Counter[str] = Counter()
        self.script: Callable[[], Any] | None = None
        super().__init__(
            ["bash", "-c", script, "bash", sys.executable, "-m", "semlens", "serve"],
            stderr_path=self.stderr_path,
            env=lab.environment,
            **more,
        )
        self._next_id = _FIRST_ID

    def close(self) -> int:
        """Shut down as an editor does, with a deadline for a busy machine."""
        try:
            if self.process.poll() is None:
                self.leave(DEADLINE_S)
            return self.process.wait(DEADLINE_S)
        finally:
            self.kill()

    def _dispatch(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            request_id = message.get("id")
            self.answers[repr(request_id)] += 1
            if not isinstance(request_id, int):  # the response to an invalid message
                self.notifications.append(message)
                return
        elif "id" in message and self.script is not None:
            self.server_requests.append(message)
            self.send({"id": message["id"], "result": self.script()})
            return
        super()._dispatch(message)


class Lab:
    """A workspace and a cache in a temporary folder, and the servers that were started on them."""

    def __init__(self, folder: Path, batch: Batch) -> None:
        self.folder = folder
        self.batch = batch
        self.workspace = ChaosWorkspace(folder / "code")
        self.workspace.folder.mkdir()
        self.cache = folder / "cache"
        self.config = folder / "config"
        self.config.mkdir()
        self.servers: list[ChaosServer] = []
        self._judged = 0
        self.configure(refine=False)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY / "server"), os.environ.get("PYTHONPATH", "")])),
            "SEMLENS_CACHE_DIR": str(self.cache),
            "SEMLENS_CONFIG_DIR": str(self.config),
        }

    def configure(self, *, refine: bool) -> None:
        text = "" if refine else '[models]\nrefine = "none"\n'
        (self.config / "config.toml").write_text(text)

    def start(self, *, root: Path | None = None, initialize: bool = True, **more: Any) -> ChaosServer:
        server = ChaosServer(self, len(self.servers), **more)
        self.servers.append(server)
        if initialize:
            server.initialize(root=root or self.workspace.folder, encodings=["utf-16"])
        return server

    def close(self) -> None:
        for server in self.servers:
            server.kill()
        self.judge_output()

    # --- judging ---------------------------------------------------------------------------------------------------

    def judge_output(self) -> None:
        """Record a fault if a traceback reached the user, on stderr or in a message."""
        for server in self.servers[self._judged :]:
            text = server.stderr_path.read_text(errors="replace")
            if trace := _TRACE.search(text):
                self.batch.fault(f"a traceback on stderr: {text[max(0, trace.start() - 300) :][:2500]}")
            for message in [*server.notifications, *server.server_requests]:
                is_shown = str(message.get("method")).startswith(("window/show", "window/log"))
                if is_shown and (fault := judge_text(str(message["params"]))):
                    self.batch.fault(f"in a message: {fault}")
        self._judged = len(self.servers)

    def judge_alive(self, server: ChaosServer) -> bool:
        if (code := server.process.poll()) is not None:
            self.batch.fault(f"the server exited unexpectedly with {code}: {server.stderr()[-1500:]}")
            return False
        return True

    def search(
        self, server: ChaosServer, query: str, buffers: Mapping[str, str] | None = None, **params: Any
    ) -> list[dict[str, Any]]:
        """The hits of a query. Each is compared with the current text."""
        hits: list[dict[str, Any]] = server.search(query, DEADLINE_S, **params)["hits"]
        self.batch.done["searches"] += 1
        self.batch.done["hits"] += len(hits)
        for hit in hits:
            if (fault := fault_of(hit, buffers or {})) and len(self.batch.faults) < 10:
                self.batch.fault(f"{fault}: {hit['name']} {hit['location']} for {query!r}")
        return hits

    def judge_rest(
        self,
        server: ChaosServer,
        rng: random.Random,
        buffers: Mapping[str, str] | None = None,
        *,
        hostile: bool = False,
    ) -> None:
        """Check that search finds all that is on disk, and nothing else. Retries, because events take time.

        :param hostile: there are files whose symbols the oracle does not know.
        """
        wanted = {(name, place.path, place.line) for name, place in self.workspace.defined().items()}
        found: set[tuple[str, str, int]] = set()

        def ask() -> bool:
            nonlocal found
            hits = self.search(server, WORD, buffers, limit=ALL, perFile=0)
            found = {self.key(hit) for hit in hits if hit["kind"] == 12}
            if hostile:
                found = {key for key in found if not key[1].startswith("hostile/")}
            return found == wanted

        try:
            server.until("all that is on disk", ask, bool, DEADLINE_S, pause=0.1)
        except TimeoutError:
            for what, names in (("lost", wanted - found), ("ghost", found - wanted)):
                for name in sorted(names)[:3]:
                    self.batch.fault(f"{what}: {name}; {server.call('semlens/status', {})}")
        there = {name for name, _, _ in wanted}
        gone = sorted(self.workspace.names - there)
        for name in [*rng.sample(sorted(there), min(2, len(there))), *rng.sample(gone, min(2, len(gone)))]:
            names = [hit["name"] for hit in self.search(server, name, buffers)]
            if (name in names) != (name in there):
                self.batch.fault(f"{'lost' if name in there else 'ghost'} when asked by name: {name}")

    def judge_status(self, server: ChaosServer) -> dict[str, Any]:
        """The status. Records a fault for an internal error among its problems."""
        status: dict[str, Any] = server.call("semlens/status", {}, DEADLINE_S)
        for problem in status["problems"]:
            if _TRACE.search(problem["message"]):
                self.batch.fault(f"an internal error in the status: {problem}")
        return status

    def key(self, hit: Mapping[str, Any]) -> tuple[str, str, int]:
        path = path_of(hit["location"]["uri"]).relative_to(self.workspace.folder)
        return hit["name"], path.as_posix(), hit["selectionRange"]["start"]["line"]


def judge_text(text: str) -> str:
    """The fault of text that a command printed, or ""."""
    if _TRACE.search(text):
        return f"a traceback: {text[:2000]}"
    if control := re.search(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]", text):
        return f"the control character {control[0]!r}: {text[max(0, control.start() - 100) : control.end() + 100]!r}"
    return ""


def path_of(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def fault_of(hit: Mapping[str, Any], buffers: Mapping[str, str]) -> str:
    """The fault of a hit, or "". The name of a symbol must be at the position of its hit.

    :param buffers: texts of open documents by URI.
    """
    uri, place = hit["location"]["uri"], hit["selectionRange"]
    try:
        text = buffers[uri] if uri in buffers else path_of(uri).read_bytes().decode("utf-8", "replace")
    except OSError:
        return "a hit in a deleted file"
    if text.startswith("\ufffd\ufffd"):  # UTF-16
        return ""
    lines = re.split("\r\n|\r|\n", text)
    start, end = place["start"], place["end"]
    if start["line"] >= len(lines):
        return "a hit beyond the end of its file"
    if hit["kind"] == 1 or "/hostile/" in uri:  # a file; or invalid code, whose names the grammar makes up
        return ""
    there = "\n".join(lines[start["line"] : end["line"] + 1])
    words = re.findall(r"[^\W_]+", hit["name"])  # a language may write the name Queue.push as Queue:push
    if words and words[-1] not in there:
        return f"a stale hit (the text there is {there[:80]!r})"
    return ""
