"""``semlens uninstall``: deletes what semlens wrote, except for the program, ``config.toml``, keys and tokens."""

from __future__ import annotations

import argparse
import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from semlens.agents.changes import Action
from semlens.agents.installer import Outcome
from semlens.agents.record import record_path
from semlens.cli.commands.agents.configuration import describe, uninstall_everywhere
from semlens.cli.commands.forget import forget_everything
from semlens.cli.output.terminal import human_bytes
from semlens.cli.roots import cache_folder
from semlens.cli.runner import DONE, FAILED, say
from semlens.core.errors import CacheError
from semlens.core.text.printable import printable
from semlens.files.folder_size import folder_bytes
from semlens.index.storage.private_cache import CACHE_NAMES
from semlens.service.daemon_control import server_status, stop_server
from semlens.service.endpoint import endpoint_of
from semlens.settings.user_sources import USER_FILE, config_folder


def run(options: argparse.Namespace) -> int:
    folder = cache_folder()
    endpoint = endpoint_of(folder)
    is_running = bool(server_status(endpoint)["running"]) if options.dry_run else stop_server(endpoint)
    if is_running:
        print(f"{'stop' if options.dry_run else 'stopped':<9}  the resident server")
    outcomes = _uninstall_agents(dry_run=options.dry_run)
    if not options.dry_run:
        forget_everything(folder)
    paths = [*_cache_paths(folder), *_run_time_paths(endpoint.folder, folder)]
    problems = any(outcome.problem for outcome in outcomes)
    paths += _configuration_paths(keep_record=problems, also_settings=options.config)
    for path in paths:
        _delete(path, dry_run=options.dry_run)
    if not options.dry_run:
        for emptied in (folder, config_folder()):
            with contextlib.suppress(OSError):
                emptied.rmdir()
    if not (is_running or outcomes or paths):
        print("Nothing is left to delete: semlens wrote nothing here.")
    return FAILED if problems else DONE


def _uninstall_agents(*, dry_run: bool) -> list[Outcome]:
    outcomes = uninstall_everywhere(dry_run=dry_run)
    for outcome in outcomes:
        for change in outcome.changes:
            if change.action is not Action.UNCHANGED or change.note:
                print(describe(change, planned=dry_run))
        if outcome.problem:
            say(outcome.problem)
    return outcomes


def _cache_paths(folder: Path) -> Iterator[Path]:
    for pattern in CACHE_NAMES:
        yield from sorted(folder.glob(pattern))


def _run_time_paths(endpoint_folder: Path, folder: Path) -> list[Path]:
    """The folder of the server's socket, where it is not in the cache folder."""
    return [] if endpoint_folder.is_relative_to(folder.resolve()) or not endpoint_folder.exists() else [endpoint_folder]


def _configuration_paths(*, keep_record: bool, also_settings: bool) -> Iterator[Path]:
    """The files in the folder of the settings that go. Says which stay."""
    folder = config_folder()
    settings = folder / USER_FILE
    record = record_path(folder)
    if record.exists() and not keep_record:
        yield record
    if also_settings and settings.exists():
        yield settings
    elif settings.exists():
        print(f"kept       {printable(str(settings))}: your settings. --config deletes them too.")


def _delete(path: Path, *, dry_run: bool) -> None:
    """:raises CacheError: when it cannot be deleted."""
    is_folder = path.is_dir() and not path.is_symlink()
    size = folder_bytes(path) if is_folder else path.lstat().st_size
    try:
        if not dry_run:
            if is_folder:
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise CacheError(f"Cannot delete {path} ({error.strerror}). Close the editors that use semlens.") from error
    print(f"{'delete' if dry_run else 'deleted':<9}  {printable(str(path))}  {human_bytes(size)}")
