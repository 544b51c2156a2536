"""docs/protocol.md names every method, command and error code of the server, and its example session runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[3] / "docs" / "protocol.md"


def test_every_method_and_command_is_described(session: Callable[..., Any]) -> None:
    from semlens.lsp.server import SemlensServer, default_engine_factory

    text = PAGE.read_text()
    features = SemlensServer(default_engine_factory).protocol.fm
    for name in [*features.features, *features.commands]:
        last = name.rpartition("/")[2]
        assert name in text or f"`{last}`" in text, name


def test_every_field_of_a_hit_and_of_the_status_is_described(session: Callable[..., Any], tmp_path: Path) -> None:
    text = PAGE.read_text()
    one = session()
    one.client.initialize(root=tmp_path)
    one.client.open("untitled:a.py", "def alpha(): pass\n")
    answer = one.client.search("alpha", explain=True)
    status = one.client.call("semlens/status")
    for fields in (answer, answer["hits"][0], status, status["roots"][0], status["tiers"][0]):
        for field in fields:
            assert re.search(rf"\b{field}\b", text), field


def test_the_session_by_hand_runs(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    code = code.replace("file:///path/to/code", (tmp_path / "code").as_uri())
    code = code.replace('["semlens", "serve"]', f'[{sys.executable!r}, "-m", "semlens", "serve"]')
    code += "\nserver.stdin.close(); server.wait(20); server.stdout.close()\n"
    server_folder = str(Path(__file__).parents[3] / "server")
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [server_folder, os.environ.get("PYTHONPATH", "")])),
        "SEMLENS_CACHE_DIR": str(tmp_path / "cache"),
        "SEMLENS_CONFIG_DIR": str(tmp_path / "config"),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"
