"""``semlens cluster``: builds and serves the indexes of many repositories. Needs the extra ``semlens[cluster]``."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from semlens.cli.commands.share import Progress
from semlens.cli.output.terminal import human_bytes
from semlens.cli.roots import workspace_of_name
from semlens.cli.runner import DONE, FAILED, explain, say
from semlens.core.cancel import CancelToken
from semlens.core.errors import SemlensError, UsageError
from semlens.core.text.printable import printable

_EXTRA = "semlens cluster needs the packages of an extra. Install them with `pip install 'semlens[cluster]'`."
_PACKAGES = ("cryptography", "obstore", "ray")
_REPORT_VARIABLE = "SEMLENS_CLUSTER_REPORT"
"""The file in which the process with Ray says how it ended."""


def run_build(options: argparse.Namespace) -> int:
    return _watched(options, lambda: _build(options))


def _build(options: argparse.Namespace) -> int:
    commands = _module("commands")
    workspaces = [workspace_of_name(name, refresh=True) for name in options.folders]
    built: list[dict[str, Any]] = []
    failed = False

    def show(outcome: Any, folder: Path) -> None:
        nonlocal failed
        shown.clear()
        if isinstance(outcome, SemlensError):
            failed = True
            say(f"{printable(str(folder))} is not built: {outcome}")
            built.append({"folder": str(folder), "error": str(outcome)})
            return
        if not options.json:
            print(_text(outcome), flush=True)
        built.append(
            {
                "folder": str(folder),
                "repository": outcome.name,
                "tree": outcome.tree,
                "isNew": outcome.is_new,
                "files": outcome.files,
                "leftOut": outcome.left_out,
                "batches": outcome.batches,
                "resumed": outcome.resumed,
                "uploadedBytes": outcome.n_bytes,
            }
        )

    with Progress() as shown:
        _with_extra(
            lambda: commands.build_all(
                [workspace.folder for workspace in workspaces],
                workspaces[0].load_settings(),
                options.url,
                options.address,
                cancel=CancelToken(),
                progress=lambda folder, what, done, total: shown.show(f"{Path(folder).name}: {what}", done, total),
                on_built=show,
            )
        )
    if options.json:
        print(json.dumps({"repositories": built}))
    return FAILED if failed else DONE


def _watched(options: argparse.Namespace, work: Callable[[], int]) -> int:
    """Do the work, with Ray in a process of its own: Ray ends its process at once when the head is lost.

    :raises SemlensError: when that process ended without a word of its own.
    """
    report = os.environ.pop(_REPORT_VARIABLE, "")
    if not options.address:
        return work()
    if report:
        try:
            code = work()
        except Exception as error:  # noqa: BLE001 - every error becomes one message
            message, code = explain(error)
            say(message)
        Path(report).write_text(str(code), encoding="ascii")
        return code
    with tempfile.TemporaryDirectory(prefix="semlens-cluster-") as folder:
        path = Path(folder, "code")
        command = [sys.executable, "-P", "-m", "semlens", *sys.argv[1:]]  # a repository must not be importable
        quiet = {"RAY_BACKEND_LOG_LEVEL": "fatal", **os.environ}
        with contextlib.suppress(KeyboardInterrupt):
            subprocess.run(command, env={**quiet, _REPORT_VARIABLE: str(path)}, check=False)
        if path.exists():
            return int(path.read_text(encoding="ascii"))
    raise _LostError(f"The head of Ray at {printable(options.address)} is gone. Start it, then run the command again.")


class _LostError(SemlensError):
    """The head of Ray ended."""


def _text(built: Any) -> str:
    if not built.is_new:
        return f"{built.name}: the tree {built.tree[:12]} is built already."
    resumed = f", {built.resumed} of them by an earlier build" if built.resumed else ""
    left_out = f"; {built.left_out} files with secrets stay out" if built.left_out else ""
    return (
        f"{built.name}: {built.files} files in {built.batches} batches{resumed}, "
        f"{human_bytes(built.n_bytes)} uploaded{left_out}."
    )


def _module(name: str) -> ModuleType:
    """:raises UsageError: when a package of the extra is missing."""
    module: ModuleType = _with_extra(lambda: importlib.import_module(f"semlens.cluster.{name}"))
    return module


def _with_extra(work: Any) -> Any:
    try:
        return work()
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] in _PACKAGES:
            raise UsageError(_EXTRA) from error
        raise
