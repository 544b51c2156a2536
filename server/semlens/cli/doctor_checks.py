"""The checks of ``semlens doctor``. Each yields findings. No check raises, and none leaves changes behind."""

from __future__ import annotations

import contextlib
import enum
import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from semlens.cli.output.terminal import human_bytes
from semlens.core.paths import BlockedFolderError, check_not_blocked, find_program
from semlens.settings.loading import cache_folder, load_settings

_LIBRARIES = {  # distribution: module
    "filelock": "filelock",
    "httpx2": "httpx2",
    "mcp": "mcp",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "platformdirs": "platformdirs",
    "psutil": "psutil",
    "pygls": "pygls.lsp.server",
    "pygments": "pygments",
    "pyyaml": "yaml",
    "rapidfuzz": "rapidfuzz",
    "rich": "rich",
    "simsimd": "simsimd",
    "starlette": "starlette",
    "tokenizers": "tokenizers",
    "tree-sitter": "tree_sitter",
    "tree-sitter-language-pack": "tree_sitter_language_pack",
    "usearch": "usearch.index",
    "uvicorn": "uvicorn",
    "watchdog": "watchdog.observers",
}
_REINSTALL = "run: pip install --force-reinstall semlens"
_MIN_FREE_BYTES = 1_000_000_000
_MIN_WATCHES = 65_536
_OLDEST_NEOVIM = (0, 11)


class Level(enum.StrEnum):
    """The severity of a finding."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. :ivar fix: what to do; empty when there is no problem."""

    name: str
    level: Level
    message: str
    fix: str = ""


def check_python() -> Iterator[Finding]:
    version = platform.python_version()
    if sys.version_info < (3, 11):  # noqa: UP036 - the installer may have ignored the requirement
        yield Finding("python", Level.FAIL, version, "install Python 3.11 or later")
    else:
        yield Finding("python", Level.OK, f"{version} at {sys.executable}")


def check_libraries() -> Iterator[Finding]:
    versions: list[str] = []
    for distribution, module in _LIBRARIES.items():
        try:
            importlib.import_module(module)
            versions.append(f"{distribution} {importlib.metadata.version(distribution)}")
        except Exception as error:  # noqa: BLE001 - a broken native library may raise anything
            yield Finding(distribution, Level.FAIL, f"{type(error).__name__}: {error}", _REINSTALL)
    yield Finding("libraries", Level.OK, ", ".join(versions))


def check_models() -> Iterator[Finding]:
    from semlens.cli.commands.models.manage import known_models
    from semlens.core.errors import SemlensError

    try:
        manifests = known_models()
    except SemlensError as error:
        yield Finding("models", Level.FAIL, str(error), _REINSTALL)
        return
    if not manifests:
        yield Finding("models", Level.FAIL, "no model found: search can use only names and words", _REINSTALL)
    for manifest in manifests:
        size = human_bytes(sum(file.size for file in manifest.files))
        try:
            manifest.verify()
            yield Finding("model", Level.OK, f"{manifest.name}, {size}, hashes match")
        except SemlensError as error:
            yield Finding("model", Level.FAIL, str(error), _REINSTALL)


def check_service() -> Iterator[Finding]:
    """Sends one fixed query to the configured service."""
    from semlens.core.errors import ModelError
    from semlens.embedding.remote.embedder import RemoteEmbedder
    from semlens.engine.embedding.remote_tier import service_from_settings

    settings, _ = load_settings()
    try:
        service = service_from_settings(settings.remote)
        if service is None:
            yield Finding("service", Level.OK, "none configured: nothing leaves this machine")
            return
        started = time.monotonic()
        with contextlib.closing(RemoteEmbedder(service)) as embedder:
            dimension = len(embedder.embed_query("where is a failed download tried again"))
    except ModelError as error:
        yield Finding(
            "service", Level.FAIL, str(error), "fix the settings semlens.remote.*; the local models are used until then"
        )
        return
    elapsed_ms = (time.monotonic() - started) * 1000
    message = f"{service.model} at {service.name}, {dimension} dimensions, answered in {elapsed_ms:.0f} ms"
    yield Finding("service", Level.OK, message)
    if not service.is_local and not service.url.lower().startswith("https:"):
        yield Finding(
            "service privacy",
            Level.WARN,
            "your code is sent without encryption",
            "set semlens.remote.url to an https address",
        )


def check_grammars() -> Iterator[Finding]:
    from semlens.syntax.languages.registry import with_symbols, without_symbols
    from semlens.workers.pool import ParsePool
    from semlens.workers.worker_process import WorkerDiedError

    try:
        with contextlib.closing(ParsePool(1, interactive=True)) as pool:
            loaded = pool.load_grammars().result()
    except WorkerDiedError as death:
        reason = death.errors.splitlines()[-1] if death.errors else death.cause
        yield Finding("grammars", Level.FAIL, f"the parse worker crashed while loading them: {reason}", _REINSTALL)
        return
    for fault in loaded.faults:
        yield Finding("grammar", Level.FAIL, fault, _REINSTALL)
    message = (
        f"{loaded.n_usable} load; symbols of {len(with_symbols())} languages are found, "
        f"{len(without_symbols())} others by their text (docs/languages.md)"
    )
    yield Finding("grammars", Level.OK, message)


def check_settings() -> Iterator[Finding]:
    _, problems = load_settings(Path.cwd())
    for problem in problems:
        yield Finding("settings", Level.WARN, problem.message, "see docs/configuration.md for the settings")
    if not problems:
        yield Finding("settings", Level.OK, "no problem found")


def check_cache() -> Iterator[Finding]:
    settings, _ = load_settings()
    folder = cache_folder(settings)
    fix = "create a folder there that you can write to, or set SEMLENS_CACHE_DIR"
    try:
        check_not_blocked(folder)
    except BlockedFolderError as error:
        yield Finding("cache folder", Level.FAIL, str(error.strerror), f"{error.fix} or set SEMLENS_CACHE_DIR")
        return
    except OSError as error:  # a folder above may not be entered
        yield Finding("cache folder", Level.FAIL, f"cannot reach {folder}: {error.strerror}", fix)
        return
    try:
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        yield Finding("cache folder", Level.FAIL, f"cannot write to {folder}: {error.strerror}", fix)
        return
    yield Finding(
        "cache folder", Level.OK, f"{folder}{'' if folder.exists() else ' (does not exist yet; created when needed)'}"
    )
    if folder.exists() and os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding("cache privacy", Level.WARN, "other users can read the index", f"run: chmod 700 {folder}")
    free = shutil.disk_usage(existing).free
    if free < _MIN_FREE_BYTES:
        yield Finding("disk space", Level.WARN, f"{human_bytes(free)} free", "free some disk space for the index")
    else:
        yield Finding("disk space", Level.OK, f"{human_bytes(free)} free")


def check_watching() -> Iterator[Finding]:
    """Linux limits how many folders a user may watch. A large workspace may need more."""
    limit_file = Path("/proc/sys/fs/inotify/max_user_watches")
    if not limit_file.exists():
        yield Finding("file watching", Level.OK, f"{platform.system()} reports file events")
        return
    watches = int(limit_file.read_text(encoding="ascii"))
    if watches < _MIN_WATCHES:
        fix = f"run: sudo sysctl fs.inotify.max_user_watches={_MIN_WATCHES * 8} (until then semlens polls the rest)"
        yield Finding("file watching", Level.WARN, f"at most {watches:,} folders", fix)
    else:
        yield Finding("file watching", Level.OK, f"at most {watches:,} folders")


def check_editors() -> Iterator[Finding]:
    has_editor = False
    if neovim := find_program("nvim"):
        has_editor = True
        version = _neovim_version(neovim)
        if version is not None and version < _OLDEST_NEOVIM:
            version_text = ".".join(map(str, version))
            yield Finding("neovim", Level.WARN, version_text, "install Neovim 0.11 or later for the client")
        else:
            yield Finding("neovim", Level.OK, ".".join(map(str, version)) if version else "version unknown")
    for program, name in (("code", "vs code"), ("codium", "vscodium"), ("code-server", "code-server")):
        if path := find_program(program):
            has_editor = True
            yield Finding(name, Level.OK, path)
    if not has_editor:
        fix = "install an editor, or set up another language client to start `semlens serve`"
        yield Finding("editors", Level.WARN, "neither nvim nor code is on PATH", fix)


def _neovim_version(program: str) -> tuple[int, int] | None:
    try:
        output = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"NVIM v(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else None


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_python,
    check_libraries,
    check_models,
    check_service,
    check_grammars,
    check_settings,
    check_cache,
    check_watching,
    check_editors,
)
