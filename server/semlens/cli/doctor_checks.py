"""The single checks of ``semlens doctor``. Each tells what it found; none raises, none changes anything that stays."""

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
from semlens.settings.loading import cache_folder, load_settings

_LIBRARIES = {  # distribution: module
    "filelock": "filelock",
    "httpx2": "httpx2",
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "platformdirs": "platformdirs",
    "psutil": "psutil",
    "pygls": "pygls.lsp.server",
    "rapidfuzz": "rapidfuzz",
    "rich": "rich",
    "simsimd": "simsimd",
    "tokenizers": "tokenizers",
    "tree-sitter": "tree_sitter",
    "tree-sitter-language-pack": "tree_sitter_language_pack",
    "usearch": "usearch.index",
    "watchdog": "watchdog.observers",
}
_REINSTALL = "install semlens again: pip install --force-reinstall semlens"
_FREE_BYTES_WANTED = 1_000_000_000
_WATCHES_WANTED = 65_536
_OLDEST_NEOVIM = (0, 11)


class Level(enum.Enum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """:ivar fix: what to do about it; empty when all is well."""

    name: str
    level: Level
    message: str
    fix: str = ""


def check_python() -> Iterator[Finding]:
    version = platform.python_version()
    if sys.version_info < (3, 11):  # noqa: UP036 - a doctor does not trust the installer
        yield Finding("python", Level.FAIL, version, "semlens needs Python 3.11 or later")
    else:
        yield Finding("python", Level.OK, f"{version} at {sys.executable}")


def check_libraries() -> Iterator[Finding]:
    whole: list[str] = []
    for distribution, module in _LIBRARIES.items():
        try:
            importlib.import_module(module)
            whole.append(f"{distribution} {importlib.metadata.version(distribution)}")
        except Exception as error:  # noqa: BLE001 - a broken native library may raise anything; the finding says it
            yield Finding(distribution, Level.FAIL, f"{type(error).__name__}: {error}", _REINSTALL)
    yield Finding("libraries", Level.OK, ", ".join(whole))


def check_models() -> Iterator[Finding]:
    from semlens.cli.commands.models import known_models
    from semlens.core.errors import SemlensError

    try:
        manifests = known_models()
    except SemlensError as error:
        yield Finding("models", Level.FAIL, str(error), _REINSTALL)
        return
    if not manifests:
        yield Finding("models", Level.FAIL, "none found: search would go by names and words alone", _REINSTALL)
    for manifest in manifests:
        size = human_bytes(sum(file.size for file in manifest.files))
        try:
            manifest.verify()
            yield Finding("model", Level.OK, f"{manifest.name}, {size}, hashes match")
        except SemlensError as error:
            yield Finding("model", Level.FAIL, str(error), _REINSTALL)


def check_service() -> Iterator[Finding]:
    """Asks a configured service one fixed question."""
    from semlens.core.errors import ModelError
    from semlens.embedding.remote.embedder import RemoteEmbedder
    from semlens.engine.embedding.remote_tier import service_from_settings

    settings, _ = load_settings()
    try:
        service = service_from_settings(settings.remote)
        if service is None:
            yield Finding("service", Level.OK, "none: nothing leaves this machine")
            return
        started = time.monotonic()
        with contextlib.closing(RemoteEmbedder(service)) as embedder:
            dimension = len(embedder.embed_query("where is a failed download tried again"))
    except ModelError as error:
        yield Finding("service", Level.FAIL, str(error), "until then the local models serve alone")
        return
    elapsed_ms = (time.monotonic() - started) * 1000
    said = f"{service.model} at {service.name}, {dimension} dimensions, answered in {elapsed_ms:.0f} ms"
    yield Finding("service", Level.OK, said)
    if not service.is_local and not service.url.lower().startswith("https:"):
        yield Finding("service privacy", Level.WARN, "your code travels unencrypted", "use an https address")


def check_grammars() -> Iterator[Finding]:
    from semlens.syntax.languages.registry import BY_NAME
    from semlens.workers.pool import ParsePool, WorkerDiedError

    try:
        with contextlib.closing(ParsePool(1, interactive=True)) as pool:
            loaded = pool.load_grammars().result()
    except WorkerDiedError as death:
        said = death.errors.splitlines()[-1] if death.errors else death.cause
        yield Finding("grammars", Level.FAIL, f"the parse worker does not get through them: {said}", _REINSTALL)
        return
    for fault in loaded.faults:
        yield Finding("grammar", Level.FAIL, fault, _REINSTALL)
    said = f"{loaded.n_usable} of {len(BY_NAME)} languages have a grammar, the others windows"
    yield Finding("grammars", Level.OK, said)


def check_settings() -> Iterator[Finding]:
    _, problems = load_settings(Path.cwd())
    for problem in problems:
        yield Finding("settings", Level.WARN, problem.message, "docs/configuration.md lists the settings")
    if not problems:
        yield Finding("settings", Level.OK, "no fault found")


def check_cache() -> Iterator[Finding]:
    settings, _ = load_settings()
    folder = cache_folder(settings)
    fix = "make it a folder that you may write, or set SEMLENS_CACHE_DIR"
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not existing.is_dir():
        yield Finding("cache folder", Level.FAIL, f"{existing} is not a folder", fix)
        return
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        yield Finding("cache folder", Level.FAIL, f"{folder} cannot be written: {error.strerror}", fix)
        return
    yield Finding("cache folder", Level.OK, f"{folder}{'' if folder.exists() else ' (made when first needed)'}")
    if folder.exists() and os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Finding("cache privacy", Level.WARN, "others may read the index", f"chmod 700 {folder}")
    free = shutil.disk_usage(existing).free
    if free < _FREE_BYTES_WANTED:
        yield Finding("disk space", Level.WARN, f"{human_bytes(free)} free", "free some space for the index")
    else:
        yield Finding("disk space", Level.OK, f"{human_bytes(free)} free")


def check_watching() -> Iterator[Finding]:
    """Linux bounds the folders that one user may watch; a large workspace can need more."""
    limit_file = Path("/proc/sys/fs/inotify/max_user_watches")
    if not limit_file.exists():
        yield Finding("file watching", Level.OK, f"native events of {platform.system()}")
        return
    watches = int(limit_file.read_text(encoding="ascii"))
    if watches < _WATCHES_WANTED:
        fix = f"sudo sysctl fs.inotify.max_user_watches={_WATCHES_WANTED * 8} (semlens polls where watches run out)"
        yield Finding("file watching", Level.WARN, f"{watches:,} folders at most", fix)
    else:
        yield Finding("file watching", Level.OK, f"{watches:,} folders at most")


def check_editors() -> Iterator[Finding]:
    found = False
    if shutil.which("nvim"):
        found = True
        version = _neovim_version()
        if version is not None and version < _OLDEST_NEOVIM:
            words = ".".join(map(str, version))
            yield Finding("neovim", Level.WARN, words, "the client needs Neovim 0.11 or later")
        else:
            yield Finding("neovim", Level.OK, ".".join(map(str, version)) if version else "version unknown")
    for program, name in (("code", "vs code"), ("codium", "vscodium"), ("code-server", "code-server")):
        if shutil.which(program):
            found = True
            yield Finding(name, Level.OK, str(shutil.which(program)))
    if not found:
        fix = "any editor with a language client can start 'semlens serve'"
        yield Finding("editors", Level.WARN, "neither nvim nor code is on the path", fix)


def _neovim_version() -> tuple[int, int] | None:
    try:
        said = subprocess.run(["nvim", "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"NVIM v(\d+)\.(\d+)", said)
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
