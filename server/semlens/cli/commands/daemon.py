"""``semlens daemon``: starts, stops and shows the resident server of this user. ``run`` is the process itself."""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from semlens.cli.output.terminal import human_bytes, paint
from semlens.core.text.printable import printable
from semlens.service.daemon_control import server_status, stop_server
from semlens.service.daemon_start import ensure_server
from semlens.service.endpoint import Endpoint, endpoint_of
from semlens.settings.user_sources import read_user_settings

_NONE_RUNS = "No resident server runs."


def run_start(options: argparse.Namespace) -> int:
    endpoint = _endpoint()
    was_running = server_status(endpoint)["running"]
    if not was_running:
        ensure_server(endpoint).close()
    status = server_status(endpoint)
    verb = "runs already" if was_running else "started"
    _show(options, status, f"The resident server {verb}: process {status.get('processId')}.")
    return 0


def run_stop(options: argparse.Namespace) -> int:
    has_stopped = stop_server(_endpoint())
    _show(options, {"running": False}, "The resident server ended." if has_stopped else _NONE_RUNS)
    return 0


def run_status(options: argparse.Namespace) -> int:
    status = server_status(_endpoint())
    _show(options, status, *(_status_lines(status) if status["running"] else [_NONE_RUNS]))
    return 0


def run_process(options: argparse.Namespace) -> int:
    """Be the server. It is imported by name: no package may depend on the composition root."""
    process = importlib.import_module("semlens.daemon.process")
    folder = Path(options.cache_folder) if options.cache_folder else _endpoint().cache_folder
    return int(process.run(folder, idle_s=options.idle_seconds))


def _endpoint() -> Endpoint:
    return endpoint_of(read_user_settings().cache_folder)


def _show(options: argparse.Namespace, status: dict[str, Any], *lines: str) -> None:
    for line in [json.dumps(status)] if options.json else lines:
        print(line)


def _status_lines(status: dict[str, Any]) -> Iterator[str]:
    minutes, seconds = divmod(int(status["ageSeconds"]), 60)
    yield (
        f"{paint('server   ', 'dim')}  process {status['processId']}, version {status['version']},"
        f" running for {minutes} min {seconds} s"
    )
    memory = status["memory"]
    yield f"{paint('memory   ', 'dim')}  {human_bytes(memory['pssBytes'] or memory['rssBytes'])}"
    for session in status["sessions"]:
        client = printable(f"{session.get('client') or 'a client'} ({session.get('protocol')})")
        roots = ", ".join(map(str, session.get("roots", ())))
        yield f"{paint('session  ', 'dim')}  {client}{': ' + printable(roots) if roots else ''}"
    for root in status["roots"]:
        yield f"{paint('workspace', 'dim')}  {printable(str(root.get('path') or root.get('uri')))}"
