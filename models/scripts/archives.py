"""Source files out of downloaded packages: wheels, npm tarballs, Debian source and binary packages, git clones.

Reads, never unpacks to disk. Binary packages of Debian hold the whole source of Go and Rust libraries and of scripts.
"""

from __future__ import annotations

import gzip
import io
import json
import lzma
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MAX_BYTES = 300_000  # longer sources are generated, or data
_DEBIAN_ORIG = re.compile(r"\.orig(-[\w.+-]+)?\.tar\.\w+$")


@dataclass(frozen=True, slots=True)
class Package:
    """One downloaded package.

    :ivar files: its archives; for Debian the upstream tarballs and the packaging.
    """

    registry: str
    name: str
    version: str
    files: tuple[Path, ...]


def packages_in(folder: Path, registry: str) -> list[Package]:
    """The packages of a registry that lie in a folder, by name."""
    if registry == "pypi":
        found = [_wheel(path) for path in folder.glob("*.whl")]
    elif registry == "npm":
        found = [package for path in folder.glob("*.tgz") if (package := _tarball(path))]
    elif registry == "git":
        found = [_clone(path) for path in folder.iterdir() if "+" in path.name]
    elif registry == "debian-binary":
        found = [_binary_package(path) for path in folder.glob("*.deb")]
    elif registry == "debian":
        found = [package for path in folder.glob("*.dsc") if (package := _source_package(path))]
    else:
        raise ValueError(registry)
    return sorted({package.name: package for package in found}.values(), key=lambda package: package.name)


def _wheel(path: Path) -> Package:
    name, version = path.name.split("-")[:2]
    return Package("pypi", name.lower().replace("_", "-"), version, (path,))


def _tarball(path: Path) -> Package | None:
    try:
        with tarfile.open(path) as archive:
            member = archive.extractfile("package/package.json")
            data = json.load(member) if member else {}
            return Package("npm", data["name"], data["version"], (path,))
    except (tarfile.TarError, OSError, KeyError, ValueError):
        return None


def _source_package(path: Path) -> Package | None:
    text = path.read_text(encoding="utf-8", errors="replace")
    name, version = (re.search(rf"^{key}: (.+)$", text, re.MULTILINE) for key in ("Source", "Version"))
    if not name or not version:
        return None
    listed = re.findall(r"^ [0-9a-f]{64} \d+ (\S+)$", text, re.MULTILINE)
    files = tuple(path.parent / file for file in listed if (path.parent / file).exists())
    return Package("debian", name[1].strip(), version[1].strip(), files)


def _binary_package(path: Path) -> Package:
    name, version = path.name.split("_")[:2]
    return Package("debian-binary", name, version.replace("%3a", ":"), (path,))


def _git(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True).stdout


def _clone(path: Path) -> Package:
    """A clone or a bare repository in a folder named owner+name; its version is the commit."""
    folder = path / "repo" if (path / "repo").exists() else path
    commit = _git(folder, "rev-parse", "HEAD").decode().strip()
    return Package("git", path.name.replace("+", "/"), commit, (folder,))


def _git_sources(folder: Path, suffixes: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    for line in _git(folder, "ls-tree", "-r", "-l", "-z", "HEAD").decode("utf-8", "replace").split("\0"):
        head, _, name = line.partition("\t")
        fields = head.split()
        if len(fields) == 4 and fields[3].isdigit() and _wanted(name, int(fields[3]), suffixes):
            yield name, _git(folder, "cat-file", "blob", fields[2])


def data_of_deb(path: Path) -> io.BytesIO:
    """The tarball of installed files inside a ``.deb``, which is an ``ar`` archive of three members."""
    with path.open("rb") as file:
        file.read(8)
        while header := file.read(60):
            name, size = header[:16].decode().strip().rstrip("/"), int(header[48:58])
            data = file.read(size + size % 2)
            if name.startswith("data.tar"):
                return io.BytesIO(data)
    raise OSError(f"{path} holds no files.")


def licence_of(package: Package) -> str:
    """What the package says its licence is, in its own words; for Debian that of ``Files: *``."""
    try:
        if package.registry == "pypi":
            return _wheel_licence(package.files[0])
        if package.registry == "npm":
            with tarfile.open(package.files[0]) as archive:
                member = archive.extractfile("package/package.json")
                value = json.load(member).get("license", "") if member else ""
                return str(value.get("type", "") if isinstance(value, dict) else value)
        if package.registry == "git":
            names = _git(package.files[0], "ls-tree", "--name-only", "HEAD").decode().split("\n")
            texts = [_git(package.files[0], "show", f"HEAD:{name}") for name in names if _LICENCE_FILE.fullmatch(name)]
            return next(filter(None, (_grant(text.decode("utf-8", "replace")) for text in texts)), "")
        if package.registry == "debian-binary":
            return _licence_in(_installed_copyright(package))
        text = next(filter(None, map(_debian_copyright, package.files)), "")
        return _licence_in(text) if text else _upstream_licence(package)
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        lzma.LZMAError,
        OSError,
        KeyError,
        ValueError,
        EOFError,
        subprocess.SubprocessError,
    ):
        return ""


def _wheel_licence(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        name = next(entry for entry in archive.namelist() if entry.endswith(".dist-info/METADATA"))
        head = archive.read(name).decode("utf-8", "replace").split("\n\n")[0]
    expression = re.search(r"^License-Expression: (.+)$", head, re.MULTILINE)
    if expression:
        return expression[1].strip()
    classifiers = re.findall(r"^Classifier: License :: (?:OSI Approved :: )?(.+)$", head, re.MULTILINE)
    if classifiers:
        return " AND ".join(classifier.strip() for classifier in classifiers)
    line = re.search(r"^License: (.+)$", head, re.MULTILINE)
    return line[1].strip()[:80] if line else ""


def _installed_copyright(package: Package) -> str:
    with tarfile.open(fileobj=data_of_deb(package.files[0]), mode="r:*") as archive:
        member = archive.extractfile(f"./usr/share/doc/{package.name}/copyright")
        return member.read().decode("utf-8", "replace") if member else ""


_LICENCE_FILE = re.compile(r"(LICEN[CS]E|COPYING)(\.(txt|md|rst)|[-.](MIT|APACHE))?", re.IGNORECASE)
_GRANTS = (
    ("MIT", re.compile(r"Permission is hereby granted,\s+free\s+of\s+charge", re.IGNORECASE)),
    ("Apache-2.0", re.compile(r"Apache License,?\s+Version 2\.0", re.IGNORECASE)),
    ("BSD", re.compile(r"Redistribution and use in source and binary\s+forms", re.IGNORECASE)),
    ("Zlib", re.compile(r"freely,\s+subject\s+to\s+the\s+following\s+restrictions", re.IGNORECASE)),
    ("Boost", re.compile(r"Boost\s+Software\s+License", re.IGNORECASE)),
    ("ISC", re.compile(r"Permission to use, copy, modify, and(/or)? distribute this software", re.IGNORECASE)),
)


def _upstream_licence(package: Package) -> str:
    """The grant in the licence file at the top of the upstream tarball, where the packaging could not be had."""
    for path in package.files:
        if not _DEBIAN_ORIG.search(path.name) and not path.name.endswith(".tar.gz"):
            continue
        with tarfile.open(path, mode="r|*") as archive:
            for member in archive:
                folder, _, name = member.name.removeprefix("./").partition("/")
                if not member.isfile() or not _LICENCE_FILE.fullmatch(name or folder):
                    continue
                file = archive.extractfile(member)
                text = file.read(40_000).decode("utf-8", "replace") if file else ""
                return _grant(text)
    return ""


def _grant(text: str) -> str:
    """The permissive licence that a licence file grants, if it begins with none other."""
    if re.search(r"GNU (Lesser |Library |Affero )?General Public|Mozilla Public|Eclipse Public", text[:3000]):
        return ""
    found = [(match.start(), licence) for licence, grant in _GRANTS if (match := grant.search(text))]
    return f"{min(found)[1]} (upstream)" if found else ""


def _licence_in(text: str) -> str:
    """The licence that a ``debian/copyright`` gives to ``Files: *``, or that its free text names."""
    stanza = re.search(r"^Files: \*\s*$(.*?)(?:\n\s*\n|\Z)", text, re.MULTILINE | re.DOTALL)
    licence = re.search(r"^License: *(.+)$", stanza[1], re.MULTILINE) if stanza else None
    if licence:
        return licence[1].strip()
    if _COPYLEFT.search(text):  # free text: permissive only when it names no other kind at all
        return ""
    named = _PERMISSIVE.search(text)
    return f"{named[0]} (free text)" if named else ""


def _debian_copyright(path: Path) -> str:
    """Text of ``debian/copyright`` in a packaging tarball or diff, else an empty text."""
    if ".debian.tar" in path.name:
        with tarfile.open(path) as archive:
            member = archive.extractfile("debian/copyright")
            return member.read().decode("utf-8", "replace") if member else ""
    if path.name.endswith(".diff.gz"):
        lines = gzip.decompress(path.read_bytes()).decode("utf-8", "replace").splitlines()
        starts = [i for i, line in enumerate(lines) if line.startswith("+++ ") and line.endswith("/debian/copyright")]
        if starts:
            body = lines[starts[0] + 2 :]
            end = next((i for i, line in enumerate(body) if line.startswith("--- ")), len(body))
            return "\n".join(line[1:] for line in body[:end])
    return ""


_PERMISSIVE = re.compile(
    r"\b(mit|expat|apache|bsd|isc|psf|python software foundation|zlib|unlicense|cc0|public[ -]domain|boost|bsl-1|0bsd"
    r"|hpnd|postgresql|openssl|artistic|zpl|wtfpl|x11|ncsa|unicode|python-2|blueoak|upl|mulan|historical permission)",
    re.IGNORECASE,
)
_COPYLEFT = re.compile(
    r"gpl|gnu|mpl|mozilla|epl|eclipse|cddl|eupl|osl|proprietary|commercial|cecill|sspl|busl|elastic|cc-by-nc|non-?free",
    re.IGNORECASE,
)


def is_permissive(licence: str) -> bool:
    """Whether a licence in its own words is permissive: each part of an "and", or one part of an "or"."""
    if not licence:
        return False
    return any(
        _PERMISSIVE.search(choice) and not _COPYLEFT.search(choice)
        for choice in re.split(r"\s+or\s+|\|", licence, flags=re.IGNORECASE)
    )


def sources_of(package: Package, suffixes: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    """(path, bytes) of the files with one of the suffixes, Debian's own packaging left out."""
    for path in package.files:
        try:
            if package.registry == "git":
                yield from _git_sources(path, suffixes)
            elif path.suffix == ".whl":
                yield from _zip_sources(path, suffixes)
            elif path.suffix == ".deb":
                with tarfile.open(fileobj=data_of_deb(path), mode="r:*") as archive:
                    yield from _members(archive, suffixes)
            elif package.registry == "npm" or _DEBIAN_ORIG.search(path.name) or path.name.endswith(".tar.gz"):
                yield from _tar_sources(path, suffixes)
        except (
            tarfile.TarError,
            zipfile.BadZipFile,
            lzma.LZMAError,
            OSError,
            EOFError,
            subprocess.SubprocessError,
        ) as error:
            print(f"{path.name}: {error}")


def _wanted(name: str, size: int, suffixes: frozenset[str]) -> bool:
    return 200 <= size <= MAX_BYTES and PurePosixPath(name).suffix.lower() in suffixes


def _zip_sources(path: Path, suffixes: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if _wanted(entry.filename, entry.file_size, suffixes):
                yield entry.filename, archive.read(entry)


def _tar_sources(path: Path, suffixes: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    # streamed: seeking back in an xz file would decompress it again
    with tarfile.open(path, mode="r|*") as archive:
        for name, data in _members(archive, suffixes):
            yield name.partition("/")[2] or name, data


def _members(archive: tarfile.TarFile, suffixes: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        if not member.isfile() or not _wanted(member.name, member.size, suffixes):
            continue
        file = archive.extractfile(member)
        yield member.name, file.read() if file else b""
