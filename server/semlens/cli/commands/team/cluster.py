"""``semlens cluster``: builds and serves the indexes of many repositories. Needs the extra ``semlens[cluster]``."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from semlens.cli.output.progress_line import ProgressLine
from semlens.cli.output.terminal import human_bytes
from semlens.cli.roots import workspace_of_name
from semlens.cli.runner import DONE, FAILED, INTERRUPTED, explain, say
from semlens.core.cancel import CancelToken
from semlens.core.errors import SemlensError, UsageError
from semlens.core.text.printable import printable

_EXTRA = "semlens cluster needs the packages of an extra. Install them with `pip install 'semlens[cluster]'`."
_PACKAGES = ("cryptography", "obstore", "ray")
_REPORT_VARIABLE = "SEMLENS_CLUSTER_REPORT"
"""The file in which the process with Ray says how it ended."""


def run_build(options: argparse.Namespace) -> int:
    return _watched(options, lambda: _build(options))


def run_serve(options: argparse.Namespace) -> int:
    options.address = options.address or "local"
    return _watched(options, lambda: _serve(options))


def run_status(options: argparse.Namespace) -> int:
    from semlens.settings.loading import load_settings

    store, repositories, problems = _with_extra(
        lambda: _module("seen_entries").built_in(load_settings()[0], options.url)
    )
    if options.json:
        shown = [_status_json(one) for one in repositories]
        print(json.dumps({"store": store.url, "repositories": shown, "problems": problems}))
        return DONE
    for problem in problems:
        say(problem)
    for one in map(_status_json, repositories):
        print(f"{one['repository']}  tree {one['tree'][:12]}  {one['segments']} segments  {human_bytes(one['bytes'])}")
    if not repositories:
        print(f"Nothing is built in {printable(store.url)}. `semlens cluster build REPO... --to` builds.")
    return DONE


def _status_json(repository: Any) -> dict[str, Any]:
    return {
        "repository": repository.name,
        "tree": repository.tree,
        "segments": len(repository.segments),
        "bytes": sum(one.size for one in repository.objects),
    }


def _serve(options: argparse.Namespace) -> int:
    from semlens.http.options import HttpOptions
    from semlens.settings.loading import load_settings

    serving = _module("serve.serving")
    http = HttpOptions((), options.host, options.port, False, (), options.tls_cert, options.tls_key, options.insecure)
    wanted = serving.ServeOptions(options.url, options.address, options.shards, options.replicas, http.checked())

    def show(facts: dict[str, Any]) -> None:
        if options.json:
            print(json.dumps(facts), flush=True)
            return
        for problem in facts["problems"]:
            say(problem)
        shards = "1 shard" if facts["shards"] == 1 else f"{facts['shards']} shards"
        n = facts["repositories"]
        repositories = "1 repository" if n == 1 else f"{n} repositories"
        print(f"semlens serves {repositories} ({facts['files']} files) in {shards} at")
        print(f"  {facts['url']}/api and /mcp, with the token in {printable(facts['tokenFile'])}")
        print("`semlens team token add` gives members access. Ctrl+C ends it.", flush=True)

    _with_extra(lambda: serving.serve(wanted, load_settings()[0], show))
    return DONE


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

    with ProgressLine() as shown:
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
        _end_with_parent()
        _silence_libraries()
        try:
            code = work()
        except (KeyboardInterrupt, SystemExit):  # Ray answers SIGTERM by an exit of its own
            code = INTERRUPTED
        except Exception as error:  # noqa: BLE001 - every error becomes one message
            message, code = explain(error)
            say(message)
        Path(report).write_text(str(code), encoding="ascii")
        return code
    with tempfile.TemporaryDirectory(prefix="semlens-cluster-") as folder:
        path = Path(folder, "code")
        command = [sys.executable, "-P", "-m", "semlens", *sys.argv[1:]]  # a repository must not be importable
        environment = {**os.environ, _REPORT_VARIABLE: str(path)}
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as process:
            with contextlib.suppress(KeyboardInterrupt):
                process.wait()
            assert process.stdin is not None
            process.stdin.close()  # ends it where only this process was interrupted; a terminal interrupts both
            process.wait()
        if path.exists():
            return int(path.read_text(encoding="ascii"))
    raise _LostError(f"The head of Ray at {printable(options.address)} is gone. Start it, then run the command again.")


def _end_with_parent() -> None:
    """End as by Ctrl+C when the process that started this one is gone: its end of the pipe closes."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def follow() -> None:
        os.read(0, 1)
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=follow, name="semlens-parent", daemon=True).start()


def _silence_libraries() -> None:
    """Ray's own lines on standard error say nothing that helps a user. Those of this program go on."""
    shown = os.dup(2)
    sys.stderr = os.fdopen(shown, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)


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
