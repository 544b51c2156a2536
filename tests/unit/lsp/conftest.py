"""A server in this process, over pipes, with a fake engine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import pytest
from fake_engine import FakeEngine
from lsp_client import DEADLINE_SECONDS, Client

from semlens.core.status import EngineStatus
from semlens.lsp.server import SemlensServer
from semlens.settings.loading import Settings


@dataclass
class Session:
    """A client, and access to the engine of its server."""

    client: Client
    servers: list[SemlensServer]
    engines: list[FakeEngine]
    exit_codes: queue.SimpleQueue[int]
    thread: threading.Thread

    @property
    def engine(self) -> FakeEngine:
        return self.engines[0]

    def calls(self, name: str) -> list[tuple[object, ...]]:
        return [call[1:] for call in self.engine.calls if call[0] == name]

    def wait_exit(self) -> int:
        return self.exit_codes.get(timeout=DEADLINE_SECONDS)


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Session]]:
    """Creates sessions, and closes them at the end."""
    monkeypatch.setenv("SEMLENS_CONFIG_DIR", str(tmp_path / "no-config"))
    monkeypatch.setenv("SEMLENS_CACHE_DIR", str(tmp_path / "cache"))
    sessions: list[Session] = []
    readers: list[FileIO] = []

    def start(configuration: dict[str, object] | None = None) -> Session:
        to_server, from_client = os.pipe()
        to_client, from_server = os.pipe()
        reader = FileIO(to_server, "rb")
        servers: list[SemlensServer] = []
        engines: list[FakeEngine] = []
        codes: queue.SimpleQueue[int] = queue.SimpleQueue()

        def factory(
            settings: Settings, _load_settings: object, on_status: Callable[[EngineStatus], None]
        ) -> FakeEngine:
            engines.append(FakeEngine(settings, on_status))
            return engines[0]

        async def main() -> int:
            # The reader's pipe stays open, because its thread may block in a read until the client closes the other end.
            with FileIO(from_server, "wb") as writer:
                servers.append(SemlensServer(factory))
                code = await servers[0].run(reader, writer)
                codes.put(code)
                return code

        readers.append(reader)
        thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
        thread.start()
        client = Client(os.fdopen(from_client, "wb"), os.fdopen(to_client, "rb"), configuration=configuration)
        sessions.append(Session(client, servers, engines, codes, thread))
        return sessions[-1]

    yield start
    for one in sessions:
        with contextlib.suppress(OSError):
            one.client._stdin.close()
        one.thread.join(DEADLINE_SECONDS)
        one.client._reader.join(DEADLINE_SECONDS)
        one.client.close_pipes()
    for reader in readers:
        reader.close()
