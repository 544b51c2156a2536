"""``semlens outline``: prints the symbols of one file as they are indexed."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from semlens.cli.output.hits import truncate
from semlens.cli.output.terminal import paint
from semlens.cli.runner import hide_log
from semlens.core.errors import UsageError, WorkspaceError
from semlens.core.guarded_reader import NotRegularError, read_regular
from semlens.core.status import SkipReason
from semlens.core.symbol import Outline, Symbol
from semlens.core.text.printable import printable
from semlens.service.codec import outline_json


def run(options: argparse.Namespace) -> int:
    from semlens.settings.loading import load_settings

    hide_log()
    path = Path(options.path)
    max_bytes = load_settings(Path.cwd())[0].files.max_size_kb * 1024
    source = _read(path, max_bytes + 1)
    relative = _path_in_workspace(path)
    _check_content(relative, source, max_bytes)
    outline = _parse(relative, source)
    if options.json:
        print(json.dumps({**outline_json(relative, outline), "servedBy": "process"}))
        return 0
    if not outline.symbols:
        reason = "" if outline.language else ", because semlens has no grammar for its language"
        print(f"{printable(relative)} has no symbols{reason}.")
    for symbol in outline.symbols:
        print(_line(symbol, _depth(symbol, outline)))
    return 0


def _parse(relative: str, source: bytes) -> Outline:
    """Parse in a worker, because a grammar may crash.

    :raises WorkspaceError: when the worker fails.
    """
    from contextlib import closing

    from semlens.workers.messages import BufferRequest
    from semlens.workers.pool import ParsePool, parser_problem

    with closing(ParsePool(1, interactive=True)) as pool:
        batch = pool.parse_buffer(BufferRequest(relative, source, "")).result()
    outline = batch.results[0].outline if batch.results else None
    if outline is None or batch.crashing_files:
        raise WorkspaceError(f"{relative}: {parser_problem(batch.cause, is_searchable=outline is not None)}")
    return outline


def _read(path: Path, max_bytes: int) -> bytes:
    """The beginning of the file.

    :raises UsageError: when it does not exist or is a folder. :raises WorkspaceError: when it cannot be read.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Name a file, or run `semlens index` on the folder.")
    try:
        return read_regular(str(path), max_bytes, follow_link=True)
    except NotRegularError as error:
        raise WorkspaceError(f"{path} is a pipe, a socket or a device. Name a file with code.") from error
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {path}. Check the path.") from error
    except OSError as error:
        raise WorkspaceError(f"Cannot read {path} ({error.strerror}). Check its permissions.") from error


def _path_in_workspace(path: Path) -> str:
    """The path relative to the current folder, else to the file's git work tree, else to the file's folder."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow links
    bases = [Path.cwd(), *(parent for parent in absolute.parents if (parent / ".git").exists()), absolute.parent]
    base = next(base for base in bases if absolute.is_relative_to(base))
    return absolute.relative_to(base).as_posix()


def _check_content(relative: str, source: bytes, max_bytes: int) -> None:
    """Check that the index takes such a file.

    :raises WorkspaceError: when it does not.
    """
    from semlens.files.eligibility import content_skip_reason

    reason = SkipReason.TOO_LARGE if len(source) > max_bytes else content_skip_reason(relative, source)
    if reason:
        raise WorkspaceError(f"{relative} is not indexed ({reason}), so it has no outline.")


def _depth(symbol: Symbol, outline: Outline) -> int:
    depth = 0
    while symbol.parent >= 0:
        symbol = outline.symbols[symbol.parent]
        depth += 1
    return depth


def _line(symbol: Symbol, depth: int) -> str:
    lines = f"{symbol.span.start_line + 1}-{symbol.span.last_line + 1}"
    kind, name = symbol.kind.label, printable(symbol.name)
    before = f"{lines:>11}  {'  ' * depth}"
    signature = truncate(printable(symbol.signature), len(f"{before}{kind} {name}  "))
    return f"{before}{paint(kind, 'dim')} {paint(name, 'bold')}  {signature}".rstrip()
