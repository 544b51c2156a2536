"""How languages find a name: what may be seen without an import. Languages that call each other form a family."""

from __future__ import annotations

from typing import NamedTuple


class LanguageTraits(NamedTuple):
    """:ivar family: languages of one family call each other.

    :ivar package_is_folder: files of one folder see each other's names.
    :ivar is_global: a name without an import may be defined in any file.
    """

    family: str
    package_is_folder: bool = False
    is_global: bool = False


_ECMA = LanguageTraits("ecma")
_C = LanguageTraits("c", is_global=True)
_JVM = LanguageTraits("jvm", package_is_folder=True)
_TRAITS = {
    "python": LanguageTraits("python"),
    "jupyter": LanguageTraits("python"),
    **dict.fromkeys(("javascript", "typescript", "tsx", "vue", "svelte", "astro"), _ECMA),
    **dict.fromkeys(("c", "cpp", "objc"), _C),
    **dict.fromkeys(("java", "kotlin", "scala"), _JVM),
    "go": LanguageTraits("go", package_is_folder=True),
    "rust": LanguageTraits("rust"),
    "csharp": LanguageTraits("csharp", package_is_folder=True, is_global=True),
    "swift": LanguageTraits("swift", package_is_folder=True, is_global=True),
    "dart": LanguageTraits("dart", package_is_folder=True, is_global=True),
}
INDEX_STEMS = frozenset(("__init__", "index", "mod", "lib", "main", "init"))
"""Stems of files that stand for their folder in an import."""


def traits_of(language: str) -> LanguageTraits:
    """Languages that are not listed see every name of their own language."""
    return _TRAITS.get(language) or LanguageTraits(language, is_global=True)
