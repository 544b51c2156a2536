"""Functional languages, and the BEAM."""

from __future__ import annotations

from semlens.syntax.language import Language

LANGUAGES: tuple[Language, ...] = (
    Language(
        name="elixir",
        grammar="elixir",
        queries=("elixir",),
        extensions=(".ex", ".exs"),
        file_names=("mix.lock",),
        shebangs=("elixir",),
        name_trim=":\"",
        line_comments=("#",),
        signature_trim=",",
        signature_cut=r"[\s,]*\b(?:do|do:.*)$",
        documentation_marks=r"^@\w*doc\s+(?:~[sSdD])?[\"']{1,3}\s*|\s*[\"']{1,3}$",
    ),
    Language(
        name="haskell",
        grammar="haskell",
        queries=("haskell",),
        extensions=(".hs", ".hsc"),
        shebangs=("runhaskell", "runghc", "stack"),
        name_trim="()",
        line_comments=("--",),
        block_comments=(("{-", "-}"),),
        signature_trim="=",
        signature_cut=r"\s+where$",
        merge_clauses=True,
        prefix_is_signature=True,
    ),
)
