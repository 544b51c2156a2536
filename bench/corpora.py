"""The corpora of the benchmarks: downloaded once, at fixed versions, into a cache folder outside the repository.

S is the standard library of the interpreter that runs this, without tests and site-packages. M has about 100,000
symbols, L about 700,000, in at least six languages, from PyPI, npm and Debian source packages. XL has over 5,000,000:
L, Linux, GCC and Mesa.

    python bench/corpora.py S|M|L|XL     create it if necessary, print its folder
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    """One archive.

    :ivar registry: ``pypi``, ``npm`` or ``debian`` (the upstream archive of a source package).
    :ivar sha256: of the archive, so that figures are comparable.
    """

    registry: str
    name: str
    version: str
    language: str
    sha256: str

    @property
    def folder(self) -> str:
        return f"{self.name.replace('/', '_').removeprefix('@')}-{self.version}"


M = (
    Package("pypi", "Django", "5.1.4", "python", "236e023f021f5ce7dee5779de7b286565fdea5f4ab86bae5338e3f7b69896cf0"),
    Package("npm", "rxjs", "7.8.1", "typescript", "c532167725ab7d085123209156c93cef22f2479cb9c8527060f1cd903aa9d149"),
    Package(
        "npm", "three", "0.171.0", "javascript", "56e45bcf3c6998e9cc91ade83e6dd711a2007694bafc108baf697c0039e454aa"
    ),
    Package("debian", "redis", "7.0.15", "c", "4b1dc4ee6d622a09fff9c6777191209750fb5e5a725ef78ea012d6eef4c22982"),
    Package(
        "debian", "cargo", "0.66.0+ds1", "rust", "a34dfd2d662a00e426351cde058d3bec039a6b751f7e9a31805e9fe000a98014"
    ),
    Package(
        "debian", "rust-ripgrep", "13.0.0", "rust", "f37c9d2c2bc7e00bd2653e13771397b94e452583da9b9494eabef627618d64bf"
    ),
    Package(
        "debian", "rails", "6.1.7.10+dfsg", "ruby", "54f0c056757697e2fd6887e622c23fac5eb862a65ac497e9e3a5081a3dc57f66"
    ),
    Package("debian", "etcd", "3.4.23", "go", "055c608c4898d25f23aefbc845ff074bf5e8a07e61ed41dbd5cc4d4f59c93093"),
    Package(
        "debian",
        "libcommons-lang3-java",
        "3.12.0",
        "java",
        "f7c22574707611b63bae19ff17f59e24cdd32e2b0e61a50ec9b1b525fbc909d1",
    ),
    Package("debian", "fmtlib", "9.1.0+ds1", "c++", "84ce1c2d0be3a9863935137969dcec6970125caac032f82474640bfc81463583"),
)
L = (
    *M,
    Package("pypi", "sympy", "1.13.3", "python", "54612cf55a62755ee71824ce692986f23c88ffa77207b30c1368eda4a7060f73"),
    Package(
        "npm", "effect", "3.12.0", "typescript", "ce032d0785e27a0ee32dbf75561da4cc1b946c65c79cb4ca0b9c00ef093ec1cb"
    ),
    Package("debian", "git", "2.39.5", "c", "c58da92c378df4a986ca33266897a7397e86c22ee266a284d8c2432c39066b59"),
    Package("debian", "protobuf", "3.21.12", "c++", "930c2c3b5ecc6c9c12615cf5ad93f1cd6e12d0aba862b572e076259970ac3a53"),
    Package(
        "debian", "guava-libraries", "31.1", "java", "3dbb56b34e5ebd1b97184f72d31fbf9da24cc26c28f1ad3714aeeefdeedaed2a"
    ),
    Package("debian", "ruby3.1", "3.1.2", "ruby", "350013ef6640f15c42eae48d25c035999dcbb32e4be038d27ad891cb48d685a5"),
    Package(
        "debian", "golang-1.19", "1.19.8", "go", "1d7a67929dccafeaf8a29e55985bc2b789e0499cb1a17100039f084e3238da2f"
    ),
)

XL = (
    *L,
    Package("debian", "linux", "6.1.176", "c", "9aad4025973feea3f0d978e82ab7db97d8d5ce3f59fcc6b1f316153d66e3a504"),
    Package("debian", "gcc-12", "12.2.0", "c++", "b8298be16aeeb96a889c6afed0a8e2241b47452e89cc81fe65ea849d5c740fcb"),
    Package("debian", "mesa", "22.3.6", "c", "737cb8e5d380ce1a0ad01fb8b74db7f27303435c353e753d2302e8cf3927bad2"),
)
PACKAGES = {"M": M, "L": L, "XL": XL}
NAMES = ("S", *PACKAGES)


def cache_folder() -> Path:
    """The folder of the corpora: ``SEMLENS_BENCH_DIR``, or a folder in the user's cache."""
    own = os.environ.get("SEMLENS_BENCH_DIR")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(own or Path(base, "semlens-bench")).expanduser().resolve()


def named_folder(name: str) -> tuple[str, Path]:
    """Return the label and the folder of a corpus, or of any folder by its path."""
    if name in NAMES:
        return name, corpus(name)
    folder = Path(name).resolve()
    return folder.name, folder


def corpus(name: str) -> Path:
    """The folder of a corpus. Creates it if necessary.

    :raises SystemExit: with a message, if a package cannot be downloaded unchanged.
    """
    if name == "S":
        return _standard_library()
    folder = cache_folder() / name
    packages = PACKAGES[name]
    for package in packages:
        place = folder / package.folder
        if not place.is_dir():
            print(f"Fetching {package.name} {package.version} ({package.language}) ...", file=sys.stderr)
            _fetch(package, place)
    expected = {package.folder for package in packages}
    for other in folder.iterdir():
        if other.name not in expected:
            shutil.rmtree(other)
    return folder


def _standard_library() -> Path:
    """Copies the standard library, so that other packages are left out and the original stays untouched."""
    folder = cache_folder() / f"S-python-{platform.python_version()}"
    if not folder.is_dir():
        left_out = shutil.ignore_patterns(
            "test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__", "lib-dynload", "config-*"
        )
        with _built(folder) as half_built:
            shutil.copytree(sysconfig.get_path("stdlib"), half_built / "code", ignore=left_out)
    return folder


def _fetch(package: Package, place: Path) -> None:
    fetch = {"pypi": _from_pypi, "npm": _from_npm, "debian": _from_debian}[package.registry]
    with tempfile.TemporaryDirectory() as scratch:
        archive = _only_file(package, fetch, Path(scratch))
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if package.sha256 != found:
            sys.exit(f"{archive.name} has the sha256 {found}, not the recorded one. Figures would not compare.")
        if archive.suffix in {".whl", ".tgz"}:
            archive = archive.rename(archive.with_suffix({".whl": ".zip", ".tgz": ".tar.gz"}[archive.suffix]))
        with _built(place) as half_built:
            options = {} if archive.suffix == ".zip" else {"filter": "data"}
            shutil.unpack_archive(archive, half_built / "code", **options)


@contextmanager
def _built(folder: Path) -> Iterator[Path]:
    """Creates the folder atomically."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".half-") as half_built:
        yield Path(half_built)
        Path(half_built, "code").rename(folder)


def _only_file(package: Package, fetch: Callable[[Package, Path], None], scratch: Path) -> Path:
    try:
        fetch(package, scratch)
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        said = getattr(error, "stderr", None) or str(error)
        last_line = (said.strip().splitlines() or ["no reason given"])[-1]
        sys.exit(f"{package.name} {package.version} cannot be fetched from {package.registry}: {last_line}")
    archives = [path for path in scratch.iterdir() if path.is_file()]
    if len(archives) != 1:
        sys.exit(f"{package.name} {package.version} is no longer available from {package.registry}.")
    return archives[0]


def _run(*command: str, cwd: Path) -> str:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout


def _from_pypi(package: Package, scratch: Path) -> None:
    wanted = f"{package.name}=={package.version}"
    _run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", wanted, cwd=scratch)


def _from_npm(package: Package, scratch: Path) -> None:
    _run("npm", "pack", "--silent", f"{package.name}@{package.version}", cwd=scratch)


def _from_debian(package: Package, scratch: Path) -> None:
    """Downloads the upstream archive only. Uses separate package lists, to leave the system's configuration alone."""
    options = _source_lists()
    lines = _run("apt-get", "source", "--print-uris", *options, package.name, cwd=scratch).splitlines()
    names = [line.split()[1] for line in lines if line.startswith("'")]
    prefix = f"_{package.version}.orig.tar."
    wanted = [name for name in names if prefix in name and not name.endswith(".asc")]
    if not wanted:
        return
    download = scratch / "download"
    download.mkdir()
    _run("apt-get", "source", "--download-only", "--only-source", "--quiet", *options, package.name, cwd=download)
    (download / wanted[0]).rename(scratch / wanted[0])
    shutil.rmtree(download)


def _source_lists() -> list[str]:
    """Options that make apt find source packages, derived from the system's lists of binary packages."""
    place = cache_folder() / "apt"
    parts = place / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    (place / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    options = [
        *("-o", "Dir::Etc::sourcelist=/dev/null"),
        *("-o", f"Dir::Etc::sourceparts={parts}"),
        *("-o", f"Dir::State::lists={place / 'lists'}"),
        *("-o", f"Dir::Cache={place}"),
        *("-o", "APT::Sandbox::User=root"),
    ]
    if not any(parts.iterdir()):
        system = Path("/etc/apt")
        for listing in (system / "sources.list", *(system / "sources.list.d").glob("debian*")):
            if listing.is_file():
                text = listing.read_text(encoding="utf-8").replace("Types: deb\n", "Types: deb-src\n")
                text = re.sub(r"^deb ", "deb-src ", text, flags=re.MULTILINE)
                # the security suite drops old versions within weeks; the main suite keeps a version for months
                stanzas = [stanza for stanza in text.split("\n\n") if "-security" not in stanza]
                text = "\n\n".join(stanzas).rstrip() + "\n"
                (parts / listing.name).write_text(text, encoding="utf-8")
        _run("apt-get", "update", "--quiet", *options, cwd=place)
    return options


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Create a benchmark corpus and print its folder.")
    parser.add_argument("name", choices=NAMES)
    print(corpus(parser.parse_args().name))
