"""``semlens share``: pushes, pulls and shows the shared index of a repository. Needs the extra ``semlens[share]``."""

from __future__ import annotations

import argparse
import importlib
import json
from types import ModuleType
from typing import Any

from semlens.cli.answering import Answerer, answer
from semlens.cli.output.progress import follow_indexing
from semlens.cli.output.progress_line import ProgressLine
from semlens.cli.output.terminal import human_bytes
from semlens.cli.roots import workspace_of_name
from semlens.cli.runner import DONE, FAILED, say
from semlens.cli.workspace import Workspace
from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.core.status import EngineStatus

_EXTRA = "semlens share needs the packages of an extra. Install them with `pip install 'semlens[share]'`."
_SHOWN_DIGITS = 12


def run_push(options: argparse.Namespace) -> int:
    sharing = _sharing()
    workspace = workspace_of_name(options.folder, refresh=True)
    sharing.signing_key()  # indexing takes long, so what would fail afterwards fails now
    sharing.open_store(workspace.load_settings(), options.url)
    _, problem = _complete(options, workspace)
    if problem:
        say(problem)
        return FAILED
    with ProgressLine() as progress:
        pushed = sharing.push(
            workspace.folder, workspace.load_settings(), options.url, cancel=CancelToken(), progress=progress.show
        )
    left_out = f"; {pushed.left_out} with secrets or newer content stay out" if pushed.left_out else ""
    text = (
        f"Shared {pushed.files} files of the tree {pushed.tree[:_SHOWN_DIGITS]}: "
        f"{human_bytes(pushed.n_bytes)} uploaded{left_out}."
        if pushed.is_new
        else f"The tree {pushed.tree[:_SHOWN_DIGITS]} is shared already."
    )
    return _show(
        options,
        text,
        tree=pushed.tree,
        isNew=pushed.is_new,
        files=pushed.files,
        leftOut=pushed.left_out,
        uploadedBytes=pushed.n_bytes,
    )


def run_pull(options: argparse.Namespace) -> int:
    sharing = _sharing()
    workspace = workspace_of_name(options.folder, refresh=True)
    with ProgressLine() as progress:
        pulled = sharing.pull(
            workspace.folder, workspace.load_settings(), options.url, cancel=CancelToken(), progress=progress.show
        )
    if not pulled.is_used:
        text = (
            "This folder has an index already, so the shared one is not needed."
            if pulled.has_index
            else "Nothing of the last commits of this branch is shared. `semlens share push` shares it."
        )
    status, problem = _complete(options, workspace)
    computed = sum(count for name, count in status.counters.items() if name.startswith("computed."))
    if pulled.is_used:
        newer = f", {pulled.behind} newer trees are not" if pulled.behind else ""
        text = (
            f"The tree {pulled.tree[:_SHOWN_DIGITS]} is shared{newer}: {pulled.files} files, "
            f"{human_bytes(pulled.n_bytes)}. {pulled.n_compared} vectors were compared, {computed} were computed."
        )
    if problem:
        say(problem)
    _show(
        options,
        text,
        tree=pulled.tree,
        behind=pulled.behind,
        used=pulled.is_used,
        files=pulled.files,
        bytes=pulled.n_bytes,
        compared=pulled.n_compared,
        computed=computed,
        complete=status.complete,
    )
    return FAILED if problem else DONE


def run_status(options: argparse.Namespace) -> int:
    sharing = _sharing()
    workspace = workspace_of_name(options.folder)
    status = sharing.status(workspace.folder, workspace.load_settings(), options.url, cancel=CancelToken())
    lines = [f"store: {status.url}"]
    if status.tree:
        newer = f" ({status.behind} newer trees are not shared)" if status.behind else " (the newest commit)"
        lines.append(
            f"shared: tree {status.tree[:_SHOWN_DIGITS]}{newer}, {status.files} files, {human_bytes(status.n_bytes)}"
        )
    else:
        lines.append("shared: nothing of the last commits of this branch")
    trusted = "trusted here" if status.is_trusted else "not trusted here"
    lines.append(f"key of this machine: {status.key or 'none'}{f' ({trusted})' if status.key else ''}")
    return _show(
        options,
        "\n".join(lines),
        url=status.url,
        tree=status.tree,
        behind=status.behind,
        files=status.files,
        bytes=status.n_bytes,
        key=status.key,
        trusted=status.is_trusted,
    )


def run_key(options: argparse.Namespace) -> int:
    key = _sharing().key_of_this_machine().public
    text = (
        f"{key}\nReaders add it to `share.trustedKeys` in their config.toml:\n"
        f'  [share]\n  trustedKeys = ["{key}"]\n'
        "CI signs with the private key in the variable SEMLENS_SHARE_KEY."
    )
    return _show(options, text, key=key)


def run_clean(options: argparse.Namespace) -> int:
    from semlens.settings.loading import load_settings

    if options.older_than < 1:
        raise UsageError("--older-than must be at least 1 day.")
    settings, _ = load_settings()
    cleaned = _sharing().clean(settings, options.url, options.older_than, cancel=CancelToken())
    for problem in cleaned.problems:
        say(problem)
    if cleaned.problems:
        say("It may need any object, so all of them stay. Push again what it is of, or delete it if nobody needs it.")
    text = f"Deleted {cleaned.manifests} manifests and {cleaned.objects} objects that no other manifest names."
    _show(options, text, manifests=cleaned.manifests, objects=cleaned.objects, problems=list(cleaned.problems))
    return FAILED if cleaned.problems else DONE


def _sharing() -> ModuleType:
    """Imported by name: only this command needs the extra.

    :raises UsageError: when its packages are missing.
    """
    try:
        return importlib.import_module("semlens.share.sharing")
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] in ("obstore", "cryptography"):
            raise UsageError(_EXTRA) from error
        raise


def _complete(options: argparse.Namespace, workspace: Workspace) -> tuple[EngineStatus, str]:
    """Bring the index up to date, refined and saved. :returns: its status, and why it could not be saved."""

    def question(answerer: Answerer) -> tuple[EngineStatus, str]:
        answerer.service.rescan()
        status = follow_indexing(answerer.service, refined=True, follows=True)
        return status, answerer.service.wait_saved()

    return answer(options, [workspace], question, follows=True)


def _show(options: argparse.Namespace, text: str, **values: Any) -> int:
    print(json.dumps(values) if options.json else text)
    return DONE
