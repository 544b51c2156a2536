"""Finds the language of a file by its name and first line. It loads no grammar and reads no file.

The other modules of this package describe the languages.
"""

from __future__ import annotations

import re

from semlens.syntax.languages import LANGUAGES
from semlens.syntax.languages.language import Language, Splitter

BY_NAME: dict[str, Language] = {language.name: language for language in LANGUAGES}

CODE_LIKE: frozenset[str] = frozenset(
    (
        ".txt .text .rst .adoc .asciidoc .org .tex .csv .tsv .log .cfg .conf .properties .env .editorconfig"
        " .bat .cmd .awk .sed .m4 .ac .am .in .tmpl .template .mustache .hbs .handlebars .ejs .erb .haml .slim .pug"
        " .jinja .jinja2 .j2 .liquid .less .sass .styl .coffee .ls .litcoffee .elm .purs .re .rei .ml4 .mll .mly"
        " .pro .pri .qbs .bzl .bazel .gradle .sbt .cr .raku .rakumod .p6 .tcl .vb .vbs .bas .cls .frm .asp .aspx"
        " .cshtml .razor .jsp .jspf .ftl .vm .st .sas .do .ado .stan .bugs .mod .ampl .gms .cl .metal .fx .cg"
        " .ll .s .asm .inc .def .y .l .yy .ll .g4 .peg .pest .ebnf .bnf .abnf .feature .robot .http .rest"
        " .plist .xib .storyboard .strings .resx .xaml .csproj .vbproj .fsproj .sln .props .targets .nuspec"
        " .applescript .ahk .au3 .nsi .iss .reg .sh-session .diff .patch .service .socket .timer .desktop .rules"
        " .example .sample .dist"  # of `.env.example` and the like
    ).split()
)
"""Extensions of text that is worth searching but has no description. It is split into windows."""

_BY_EXTENSION: dict[str, str] = {}
_BY_FILE_NAME: dict[str, str] = {}
_BY_SHEBANG: dict[str, str] = {}
_BY_PREFIX: list[tuple[str, str]] = []
for _language in LANGUAGES:
    for _extension in _language.extensions:
        _BY_EXTENSION.setdefault(_extension, _language.name)
    for _file_name in _language.file_names:
        _BY_FILE_NAME.setdefault(_file_name, _language.name)
    for _shebang in _language.shebangs:
        _BY_SHEBANG.setdefault(_shebang, _language.name)
    _BY_PREFIX.extend((_prefix, _language.name) for _prefix in _language.name_prefixes)

_SHEBANG = re.compile(rb"#![ \t]*(?:\S*/)?(\S+)(?:[ \t]+(?:-\S+[ \t]+|\w+=\S*[ \t]+)*(?:\S*/)?(\S+))?")
_VERSION = re.compile(r"[\d.]+(?:\.exe)?$")
_CPP_HEADER = re.compile(
    rb"^[ \t]*(?:class[ \t]+\w++[^;]*$|(?:inline[ \t]+)?namespace\b[^;]*$|template[ \t]*<|using[ \t]+\w"
    rb"|(?:public|private|protected)[ \t]*:"
    rb"|#[ \t]*include[ \t]*<(?:string|vector|memory|map|utility|functional|cstd\w+)>)"
    rb"|\b(?:constexpr|noexcept|decltype|static_cast|std::\w+)\b|\boperator[ \t]*[=<>+*/&|()\[\]-]",
    re.MULTILINE,
)
_OBJC_HEADER = re.compile(rb"^[ \t]*(?:@interface|@protocol|@class|@end|#import)\b", re.MULTILINE)
_MATLAB = re.compile(rb"^[ \t]*(?:%|function\b)", re.MULTILINE)
_IDENTIFIER = re.compile(r"[^\W\d]\w*\Z")


def with_symbols() -> list[Language]:
    """The languages whose symbols are found, by name."""
    found = (one for one in LANGUAGES if one.queries or one.splitter is not Splitter.NONE)
    return sorted(found, key=lambda one: one.name)


def without_symbols() -> list[Language]:
    """The languages that are found by their text alone, by name."""
    found = {one.name for one in with_symbols()}
    return sorted((one for one in LANGUAGES if one.name not in found), key=lambda one: one.name)


def language_of(path: str, first_bytes: bytes = b"") -> str | None:
    """The name of the language of a file, or None where nothing describes it.

    :param path: with forward slashes; only the last component counts.
    :param first_bytes: the beginning of the contents, if at hand: decides shebangs and ambiguous extensions.
    """
    name = path[path.rfind("/") + 1 :].lower()
    language = _BY_FILE_NAME.get(name)
    if language is not None:
        return (_of_shebang(first_bytes) or language) if first_bytes.startswith(b"#!") else language
    dot = name.find(".", 1)
    while dot != -1:
        language = _BY_EXTENSION.get(name[dot:])
        if language is not None:
            return _disambiguate(language, name[dot:], first_bytes) if first_bytes else language
        dot = name.find(".", dot + 1)
    for prefix, language in _BY_PREFIX:
        if name.startswith(prefix):
            return language
    if first_bytes.startswith(b"#!"):
        return _of_shebang(first_bytes)
    return None


def _disambiguate(language: str, extension: str, first_bytes: bytes) -> str:
    """Choose between languages that share an extension."""
    if extension == ".h":
        if _OBJC_HEADER.search(first_bytes):
            return "objc"
        if _CPP_HEADER.search(first_bytes):
            return "cpp"
    elif extension == ".m" and not _OBJC_HEADER.search(first_bytes) and _MATLAB.search(first_bytes):
        return "matlab"
    return language


def _of_shebang(first_bytes: bytes) -> str | None:
    match = _SHEBANG.match(first_bytes)
    if match is None:
        return None
    program = match[1]
    if program == b"env" and match[2] is not None:
        program = match[2]
    interpreter = _VERSION.sub("", program.decode("latin-1").lower())
    return _BY_SHEBANG.get(interpreter)


def module_of(language: Language, path: str) -> str:
    """The dotted module that a file is imported as, or "": ``src/net/retry.py`` is ``net.retry``.

    Components up to the last root folder (``src``, ``lib``, ...) in the leading run are left out, and so are those that
    cannot be part of a module's name and everything before them.
    """
    if not language.module_roots:
        return ""
    parts = path.split("/")
    stem = parts.pop()
    stem = stem[: stem.find(".")] if "." in stem else stem
    for position, part in enumerate(parts):
        if part in language.module_roots:
            parts = parts[position + 1 :]
            break
    if stem != language.module_index:
        parts.append(stem)
    for position in range(len(parts) - 1, -1, -1):
        if not _IDENTIFIER.match(parts[position]):
            parts = parts[position + 1 :]
            break
    return language.separator.join(parts)
