"""The descriptions of all languages, grouped by family. To add a language, add a description and a query."""

from __future__ import annotations

from semlens.syntax.languages import c_family, data, functional, others, scripting
from semlens.syntax.languages.language import Language

LANGUAGES: tuple[Language, ...] = (
    *scripting.LANGUAGES,
    *c_family.LANGUAGES,
    *functional.LANGUAGES,
    *data.LANGUAGES,
    *others.LANGUAGES,
)
