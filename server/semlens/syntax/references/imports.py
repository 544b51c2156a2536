"""Reads the imports of a file: what a name in it stands for, and in which module that is defined.

Modules are paths with slashes. A relative import is resolved by the path of the file; any other is a suffix that the
path of the defining file should end with. Imports that name nothing, such as ``#include``, are left out.

The patterns begin with plain letters, which `re` finds many times faster than a boundary or the start of a line.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from semlens.syntax.languages.language import Language


class Import(NamedTuple):
    """:ivar module: path of the module. :ivar name: what is imported from it, or "" for the module itself.

    :ivar span: start and end of the statement.
    """

    module: str
    name: str
    span: tuple[int, int]


Imports = dict[bytes, Import]
"""By the name that the file uses."""

_PYTHON_FROM = re.compile(
    rb"from[ \t]++(\.*+(?:[ \t]*+(?!import\b)[\w.]++)?)[ \t]++import[ \t]*+(?:\(([^)]*)\)|((?:[^\n\\]|\\\r?\n)*+))"
)
_PYTHON_IMPORT = re.compile(
    rb"import[ \t]+([\w.]+(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[\w.]+(?:[ \t]+as[ \t]+\w+)?)*)"
)
_ECMA_FROM = re.compile(rb"from(?<!\wfrom)\s*['\"]([^'\"\n]+)['\"]")
_ECMA_HEAD = re.compile(rb"\b(?:import|export)\b([^;'\"()=]*)\Z")
_ECMA_REQUIRE = re.compile(
    rb"\b(?:const|let|var)\s+([\w$]+|\{[^}]*\})\s*=\s*require\s*\(\s*['\"]([^'\"\n]+)['\"]\s*\)(?:\.([\w$]+))?"
)
_GO_BLOCK = re.compile(rb"^import\s*(?:\(([^)]*)\)|((?:[\w.]+[ \t]+)?\"[^\"\n]+\"))", re.MULTILINE)
_GO_SPEC = re.compile(rb"(?:([\w.]+)[ \t]+)?\"([^\"\n]+)\"")
_GO_VERSION = re.compile(r"(?:/v\d+|\.v\d+)$")
_RUST_USE = re.compile(rb"use(?<!\wuse)\s++([\w:{}*,#\s]{1,4000}+);")
_DOTTED = {
    keyword: re.compile(
        keyword + rb"[ \t]+(?:static[ \t]+|function[ \t]+|const[ \t]+)?(?:(\w+)[ \t]*=[ \t]*)?"
        rb"([\w.\\]+)(?:[ \t]+as[ \t]+(\w+))?[ \t]*(?:\.?\{([^}]*)\})?"
    )
    for keyword in (b"import", b"using", b"use", b"alias")
}
_LUA_REQUIRE = re.compile(rb"local\s+(\w+)\s*=\s*require\s*+(?:\(\s*+)?['\"]([\w./-]+)['\"]")
_SCOPED_PACKAGE = re.compile(r"@[\w.-]+/[\w.-]+")
_EXTENSION = re.compile(r"\.(?:d\.ts|[cm]?[jt]sx?|vue|svelte)$")
_NODE_MODULES = frozenset(
    "assert assert/strict async_hooks buffer child_process cluster console constants crypto dgram"
    " diagnostics_channel dns dns/promises domain events fs fs/promises http http2 https inspector"
    " inspector/promises module net os path path/posix path/win32 perf_hooks process punycode querystring readline"
    " readline/promises repl stream stream/consumers stream/promises stream/web string_decoder timers"
    " timers/promises tls tty url util util/types v8 vm wasi worker_threads zlib".split()
)
_MAX_IMPORTS = 2_000


def reads_imports(language: Language) -> bool:
    return language.name in _READERS


def imports_of(language: Language, code: bytes, path: str) -> Imports:
    """:param code: the text without comments. :param path: of the file, relative to the workspace."""
    reader = _READERS.get(language.name)
    imports: Imports = {}
    if reader is not None:
        for alias, found in reader(code, path):
            imports.setdefault(alias, found)
            if len(imports) >= _MAX_IMPORTS:
                break
    return imports


def _python(code: bytes, path: str) -> Iterator[tuple[bytes, Import]]:
    folder = posixpath.dirname(path)
    position = code.find(b"import")
    while position != -1:
        start = code.rfind(b"\n", 0, position) + 1
        before = code[start:position].strip()
        if not before or before.endswith((b";", b":")):
            yield from _python_import(code, position)
        elif before.startswith(b"from"):
            yield from _python_from(code, start, position, folder)
        position = code.find(b"import", position + 6)


def _python_import(code: bytes, position: int) -> Iterator[tuple[bytes, Import]]:
    """``import a.b, c as d`` at a position."""
    match = _PYTHON_IMPORT.match(code, position)
    if match is None:
        return
    for part in match[1].split(b","):
        module, _, alias = part.strip().partition(b" as ")
        dotted = module.strip().decode("utf-8", "replace")
        if alias:
            yield alias.strip(), Import(dotted.replace(".", "/"), "", match.span())
        else:
            yield module.strip().partition(b".")[0], Import(dotted.partition(".")[0], "", match.span())


def _python_from(code: bytes, start: int, position: int, folder: str) -> Iterator[tuple[bytes, Import]]:
    """``from a import b, c as d`` in a line. :param position: of its ``import``."""
    match = _PYTHON_FROM.search(code, start, min(len(code), position + 20_000))
    if match is None:
        return
    module = _python_module(match[1].decode("utf-8", "replace"), folder)
    for part in (match[2] or match[3] or b"").replace(b"\\", b" ").split(b","):
        name, _, alias = part.strip().partition(b" as ")
        name = name.strip()
        if name and name != b"*":
            yield alias.strip() or name, Import(module, name.decode("utf-8", "replace"), match.span())


def _python_module(written: str, folder: str) -> str:
    dots = len(written) - len(written.lstrip("."))
    name = written.strip(". \t").replace(".", "/")
    if not dots:
        return name
    parts = folder.split("/") if folder else []
    return "/".join([*parts[: len(parts) - (dots - 1)], *([name] if name else [])])


def _ecma(code: bytes, path: str) -> Iterator[tuple[bytes, Import]]:
    folder = posixpath.dirname(path)
    yield from _ecma_imports(code, folder)
    if b"require" in code:
        yield from _ecma_requires(code, folder)


def _ecma_imports(code: bytes, folder: str) -> Iterator[tuple[bytes, Import]]:
    position = 0
    for match in _ECMA_FROM.finditer(code):
        start, position = position, match.end()
        statement = _ECMA_HEAD.search(code, start, match.start())
        if statement is None:
            continue
        span = statement.start(), position
        module = _ecma_module(match[1].decode("utf-8", "replace"), folder)
        head, brace, names = statement[1].partition(b"{")
        for part in head.split(b","):
            words = [word for word in part.split() if word != b"type"]
            if len(words) == 1 and words[0] != b"*":
                yield words[0], Import(module, "default", span)
            elif len(words) == 3 and words[0] == b"*":
                yield words[2], Import(module, "", span)
        for part in names.rstrip(b"} \n\t\r").split(b",") if brace else ():
            name, _, alias = part.strip().removeprefix(b"type ").partition(b" as ")
            if name.strip():
                shown = name.strip().decode("utf-8", "replace")
                yield alias.strip() or name.strip(), Import(module, shown, span)


def _ecma_requires(code: bytes, folder: str) -> Iterator[tuple[bytes, Import]]:
    for match in _ECMA_REQUIRE.finditer(code):
        module = _ecma_module(match[2].decode("utf-8", "replace"), folder)
        if match[1].startswith(b"{"):
            for part in match[1].strip(b"{}").split(b","):
                name, _, alias = part.partition(b":")
                if name.strip():
                    shown = name.strip().decode("utf-8", "replace")
                    yield alias.strip() or name.strip(), Import(module, shown, match.span())
        else:
            yield match[1], Import(module, (match[3] or b"").decode("utf-8", "replace"), match.span())


def _ecma_module(written: str, folder: str) -> str:
    if written in _NODE_MODULES:
        return f"node:/{written}"  # no file of the workspace, even if one has the name
    if written.startswith("@") and (package := _SCOPED_PACKAGE.match(written)) is not None:
        return package[0]  # the graph knows the packages of the workspace, not how they name their files
    module = _EXTENSION.sub("", written)
    if module.startswith("."):
        module = posixpath.normpath(posixpath.join(folder, module))
        module = "" if module == "." else module
    else:
        module = module.removeprefix("@/").removeprefix("~/").removeprefix("#")
    return module.removesuffix("/index")


def _go(code: bytes, _path: str) -> Iterator[tuple[bytes, Import]]:
    for block in _GO_BLOCK.finditer(code):
        for match in _GO_SPEC.finditer(block[1] or block[2] or b""):
            module = _GO_VERSION.sub("", match[2].decode("utf-8", "replace"))
            last = module.rpartition("/")[2]
            alias = match[1] or last.removeprefix("go-").removesuffix("-go").encode()
            yield alias, Import(last, "", block.span())


def _rust(code: bytes, _path: str) -> Iterator[tuple[bytes, Import]]:
    for match in _RUST_USE.finditer(code):
        for parts in _rust_paths(re.sub(r"\s+", " ", match[1].decode("utf-8", "replace")).strip(), 0):
            path, _, alias = parts.partition(" as ")
            names = [name.strip() for name in path.split("::") if name.strip()]
            if names and names[-1] == "self":
                names.pop()
            if not names or names[-1] == "*":
                continue
            module = "/".join(name for name in names[:-1] if name not in ("crate", "self", "super"))
            yield (alias.strip() or names[-1]).encode(), Import(module, names[-1], match.span())


def _rust_paths(text: str, depth: int) -> Iterator[str]:
    """``a::{b, c::d}`` as ``a::b`` and ``a::c::d``."""
    opening = text.find("{")
    if opening == -1 or depth > 8:
        yield text
        return
    prefix = text[:opening]
    level, start = 0, opening + 1
    for position in range(opening, len(text)):
        character = text[position]
        level += (character == "{") - (character == "}")
        if (character == "," and level == 1) or (character == "}" and level == 0):
            part = text[start:position].strip()
            if part:
                yield from (prefix + inner for inner in _rust_paths(part, depth + 1))
            start = position + 1
        if level == 0:
            return


def _dotted(keywords: tuple[bytes, ...], code: bytes) -> Iterator[tuple[bytes, Import]]:
    """Languages that import by a dotted name, with the name of a type at its end."""
    for match in _at_line_starts(keywords, code):
        parts = [part for part in re.split(r"[.\\]", match[2].decode("utf-8", "replace")) if part]
        alias = match[1] or match[3] or b""
        if match[4] is not None:
            for part in re.split(rb"[,\n]", match[4]):
                name, _, other = re.sub(rb"\s*=>\s*", b" as ", part.strip()).partition(b" as ")
                if name:
                    yield (
                        other.strip() or name.strip(),
                        Import("/".join(parts), name.strip().decode("utf-8", "replace"), match.span()),
                    )
        elif parts:
            yield alias or parts[-1].encode(), Import("/".join(parts[:-1]), parts[-1], match.span())


def _at_line_starts(keywords: tuple[bytes, ...], code: bytes) -> list[re.Match[bytes]]:
    """The statements that begin a line with one of the keywords, in order."""
    found = []
    for keyword in keywords:
        position = code.find(keyword)
        while position != -1:
            match = None
            if not code[code.rfind(b"\n", 0, position) + 1 : position].strip(b" \t"):
                match = _DOTTED[keyword].match(code, position)
            if match is not None:
                found.append(match)
            position = code.find(keyword, match.end() if match is not None else position + 1)
    return sorted(found, key=re.Match.start)


def _lua(code: bytes, _path: str) -> Iterator[tuple[bytes, Import]]:
    for match in _LUA_REQUIRE.finditer(code):
        yield match[1], Import(match[2].decode("utf-8", "replace").replace(".", "/"), "", match.span())


_READERS: dict[str, Callable[[bytes, str], Iterator[tuple[bytes, Import]]]] = {
    "python": _python,
    "go": _go,
    "rust": _rust,
    "lua": _lua,
    **dict.fromkeys(("javascript", "typescript", "tsx"), _ecma),
    **dict.fromkeys(("java", "kotlin", "scala"), lambda code, _: _dotted((b"import",), code)),
    "csharp": lambda code, _: _dotted((b"using",), code),
    "php": lambda code, _: _dotted((b"use",), code),
    "elixir": lambda code, _: _dotted((b"alias", b"import", b"use"), code),
}
