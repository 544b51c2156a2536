"""The server with the full capabilities of Neovim and VS Code, through pytest-lsp's client."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from pytest_lsp import make_test_lsp_client as make_stock_client

SECONDS = 60


def make_client() -> LanguageClient:
    """Pytest-lsp's client with registrations, status notifications and partial results."""
    client = make_stock_client()
    client.registrations = []  # type: ignore[attr-defined]
    client.statuses = []  # type: ignore[attr-defined]

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def _register(params: types.RegistrationParams) -> None:
        client.registrations.extend(params.registrations)  # type: ignore[attr-defined]

    @client.feature("semlens/statusChanged")
    def _status(params: Any) -> None:
        client.statuses.append(params)  # type: ignore[attr-defined]

    return client


@pytest.fixture(params=["neovim@v0.11.0", "visual_studio_code@v1.65.2"])
async def client(request: pytest.FixtureRequest, workspace: Path, environment: dict[str, str], tmp_path: Path) -> Any:
    config = ClientServerConfig(
        server_command=[sys.executable, "-m", "semlens", "serve"],
        server_env=os.environ | environment,
        client_factory=make_client,
    )
    one = await config.start()
    try:
        capabilities = client_capabilities(request.param)
        # The test client does not answer workspace/configuration.
        if capabilities.workspace is not None:
            capabilities.workspace.configuration = False
        result = await one.initialize_session(
            types.InitializeParams(
                process_id=os.getpid(),
                capabilities=capabilities,
                workspace_folders=[types.WorkspaceFolder(uri=workspace.as_uri(), name="workspace")],
            )
        )
        yield one, result, request.param
    finally:
        await one.shutdown_session()
        await one.stop()


async def ready(client: LanguageClient) -> Any:
    """The status once everything is indexed."""
    async with asyncio.timeout(SECONDS):
        while True:
            status = await client.protocol.send_request_async("semlens/status", {})
            if status.state == "ready":
                return status
            await asyncio.sleep(0.05)


async def test_an_editor_finds_and_resolves_symbols(client: Any, workspace: Path) -> None:
    one, result, editor = client
    wanted = types.PositionEncodingKind.Utf8 if "neovim" in editor else types.PositionEncodingKind.Utf16
    assert result.capabilities.position_encoding == wanted
    status = await ready(one)
    watching = {root.watching for root in status.roots}
    if "neovim" in editor:  # Neovim offers no file watching on Linux
        assert watching <= {"native", "polling"}
    else:
        assert watching == {"client"}
        assert types.WORKSPACE_DID_CHANGE_WATCHED_FILES in {one.method for one in one.registrations}
    symbols = await one.workspace_symbol_async(types.WorkspaceSymbolParams(query="hex string to rgb"))
    assert symbols[0].name == "parse_colour"
    resolved = await one.workspace_symbol_resolve_async(symbols[0])
    assert resolved.location.range == symbols[0].location.range
    assert one.statuses


async def test_an_editor_finds_unsaved_text(client: Any, workspace: Path) -> None:
    one, _, _ = client
    await ready(one)
    uri = (workspace / "colour.py").as_uri()
    text = (workspace / "colour.py").read_text()
    item = types.TextDocumentItem(uri=uri, language_id="python", version=1, text=text)
    one.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    place = types.Position(line=0, character=0)
    change = types.TextDocumentContentChangePartial(
        range=types.Range(start=place, end=place), text="def mix_paint(tin):\n    return tin\n\n\n"
    )
    one.text_document_did_change(
        types.DidChangeTextDocumentParams(
            text_document=types.VersionedTextDocumentIdentifier(uri=uri, version=2), content_changes=[change]
        )
    )
    async with asyncio.timeout(SECONDS):
        while True:
            answer = await one.protocol.send_request_async("semlens/search", {"query": "mix_paint"})
            if answer.hits and answer.hits[0].name == "mix_paint":
                break
    assert answer.hits[0].dirty is True


async def test_an_editor_cancels(client: Any) -> None:
    """One search may be answered before its cancellation arrives. Of many, most are still queued."""
    one, _, _ = client
    await ready(one)
    cancelled = 0
    async with asyncio.timeout(SECONDS):
        for attempt in itertools.count():
            names = [f"to-cancel-{attempt}-{number}" for number in range(32)]
            searches = [
                asyncio.ensure_future(
                    one.protocol.send_request_async(
                        "semlens/search", {"query": f"wait for failure {name}"}, msg_id=name
                    )
                )
                for name in names
            ]
            await asyncio.sleep(0)
            for name in names:
                one.cancel_request(types.CancelParams(id=name))
            answers = await asyncio.gather(*searches, return_exceptions=True)
            cancelled += sum(isinstance(answer, Exception) and "cancel" in str(answer) for answer in answers)
            assert all(hasattr(answer, "hits") or "cancel" in str(answer) for answer in answers)
            if cancelled:
                break
    assert cancelled
