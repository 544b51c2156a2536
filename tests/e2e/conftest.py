"""Fixtures for the real server process over its pipes. Each test has its own cache folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lsp_client import ProcessClient

SERVER_FOLDER = Path(__file__).parents[2] / "server"

RETRY = '''\
import time


def fetch_with_retry(url, attempts=3):
    """Download a page, trying again after a failure."""
    for number in range(attempts):
        try:
            return open(url).read()
        except OSError:
            time.sleep(2**number)
    return None


class Backoff:
    """Waits longer after every failure."""

    def next_delay(self, failures):
        return min(60, 2**failures)
'''
COLOUR = '''\
def parse_colour(text):
    """Turn a hexadecimal string into red, green and blue."""
    text = text.lstrip("#")
    return tuple(int(text[at : at + 2], 16) for at in (0, 2, 4))
'''
CART = """\
export interface LineItem {
  price: number;
  quantity: number;
}

/** Sum of all line items, tax included. */
export function cartTotal(items: LineItem[], taxRate: number): number {
  return items.reduce((sum, item) => sum + item.price * item.quantity, 0) * (1 + taxRate);
}
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A small workspace of two languages."""
    root = tmp_path / "workspace"
    (root / "net").mkdir(parents=True)
    (root / "net" / "retry.py").write_text(RETRY)
    (root / "colour.py").write_text(COLOUR)
    (root / "shop").mkdir()
    (root / "shop" / "cart.ts").write_text(CART)
    (root / "tests").mkdir()
    (root / "tests" / "test_retry.py").write_text("def test_fetch_with_retry():\n    assert fetch_with_retry\n")
    return root


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(SERVER_FOLDER), os.environ.get("PYTHONPATH", "")])),
        "SEMLENS_CACHE_DIR": str(tmp_path / "cache"),
        "SEMLENS_CONFIG_DIR": str(tmp_path / "config"),
    }


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str]) -> Iterator[Callable[..., ProcessClient]]:
    """Starts servers. Kills those that still run at the end."""
    clients: list[ProcessClient] = []

    def run(**more: Any) -> ProcessClient:
        client = ProcessClient(
            [sys.executable, "-m", "semlens", "serve"],
            stderr_path=tmp_path / f"stderr-{len(clients)}.txt",
            env=environment | more.pop("env", {}),
            **more,
        )
        clients.append(client)
        return client

    yield run
    for client in clients:
        client.kill()


@pytest.fixture
def server(start: Callable[..., ProcessClient], workspace: Path) -> ProcessClient:
    """A server that has indexed the workspace."""
    client = start()
    client.initialize(root=workspace, encodings=["utf-16"])
    client.wait_ready()
    return client
