"""The table of languages in ``docs/languages.md``: ``python -m semlens.syntax.languages.docs`` generates it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from semlens.syntax.languages.language import Language, Splitter
from semlens.syntax.languages.registry import with_symbols, without_symbols
from semlens.syntax.parsing.grammars import query_source

BEGIN, END = "<!-- generated: languages -->", "<!-- end -->"
_KIND = re.compile(
    r"@(function|method|constructor|class|interface|struct|enum|enummember|module|namespace|object|constant|variable"
    r"|property|field|event|key|string|package)\b"
)


def tables() -> str:
    """Markdown: languages with symbols, then those that are cut into windows."""
    rows = ["| language | files | symbols | joined by |", "|---|---|---|---|"]
    for language in with_symbols():
        rows.append(f"| {language.name} | {_files(language)} | {_kinds(language)} | {_joined(language)} |")
    plain = [language.name for language in without_symbols()]
    return "\n".join(
        [
            f"{len(with_symbols())} languages have symbols:\n",
            *rows,
            f"\n{len(plain)} languages are found by their text, in windows: {', '.join(plain)}.",
        ]
    )


def _files(language: Language) -> str:
    names = [*language.extensions, *language.file_names, *(f"{prefix}*" for prefix in language.name_prefixes)]
    return " ".join(f"`{name}`" for name in dict.fromkeys(names))


def _kinds(language: Language) -> str:
    if language.splitter is Splitter.NOTEBOOK:
        return "cells, and the symbols in them"
    found: dict[str, None] = {}
    for name in language.queries:
        found.update(dict.fromkeys(_KIND.findall(query_source(name))))
    kinds = ", ".join(kind for kind in found if kind != "package")
    if language.splitter is Splitter.SCRIPT_TAGS:
        kinds += ", " if kinds else ""
        kinds += "those of its scripts"
    return kinds


def _joined(language: Language) -> str:
    joiners = sorted({language.separator, *(joiner for _, joiner in language.joiners)})
    return " ".join(f"`{joiner}`" for joiner in joiners)


def rendered(text: str) -> str:
    """A document with the tables as they are now between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def main() -> int:
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/languages.md")
    path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
