"""Which indexed files are code, documentation or configuration, as the tool's ``kind_of_file`` names them."""

from __future__ import annotations

from semlens.core.hit import SearchHit
from semlens.mcp.arguments import FileKind
from semlens.syntax.languages import LANGUAGES

_DOCS_LANGUAGES = frozenset({"markdown"})
_CONFIG_LANGUAGES = frozenset({"json", "yaml", "toml", "dockerfile", "make", "cmake", "hcl", "sql"})
_DOCS_SUFFIXES = (".txt", ".text", ".rst", ".adoc", ".asciidoc", ".org", ".tex", ".log", ".csv", ".tsv")
_CONFIG_SUFFIXES = (
    ".cfg", ".conf", ".properties", ".ini", ".editorconfig", ".plist", ".props", ".csproj", ".sln", ".service",
    ".nuspec",
)  # fmt: skip
_CODE_LANGUAGES = frozenset(language.name for language in LANGUAGES) - _DOCS_LANGUAGES - _CONFIG_LANGUAGES
NO_LANGUAGE = frozenset({"", "text"})
"""What files have whose language nothing describes. Their suffix decides."""


def languages_of(kind: FileKind) -> frozenset[str]:
    """The languages to search; empty for all."""
    if kind is FileKind.ALL:
        return frozenset()
    languages = {
        FileKind.CODE: _CODE_LANGUAGES,
        FileKind.DOCS: _DOCS_LANGUAGES,
        FileKind.CONFIG: _CONFIG_LANGUAGES,
    }[kind]
    return languages | NO_LANGUAGE


def is_of_kind(hit: SearchHit, kind: FileKind) -> bool:
    if kind is FileKind.ALL or hit.language not in NO_LANGUAGE:
        return True
    path = hit.path.lower()
    if path.endswith(_DOCS_SUFFIXES):
        return kind is FileKind.DOCS
    if path.endswith(_CONFIG_SUFFIXES):
        return kind is FileKind.CONFIG
    return kind is FileKind.CODE
