"""Languages with braces: C and its kin, the JVM, .NET, Go, Rust, Swift, Dart, Zig, PHP."""

from __future__ import annotations

from semlens.syntax.language import Language

_SLASHES = ("///", "//!", "//")
_BLOCK = (("/*", "*/"),)
_ANNOTATIONS = r"(?:@(?!interface\b)[\w.]+(?:\s*\((?:[^()]|\([^()]*\))*\))?\s*)+"

LANGUAGES: tuple[Language, ...] = (
    Language(
        name="go",
        grammar="go",
        queries=("go",),
        extensions=(".go",),
        line_comments=_SLASHES,
        block_comments=_BLOCK,
    ),
    Language(
        name="rust",
        grammar="rust",
        queries=("rust",),
        extensions=(".rs",),
        shebangs=("rust-script",),
        separator="::",
        drop_type_arguments=True,
        line_comments=_SLASHES,
        block_comments=_BLOCK,
        signature_trim="{;",
    ),
    Language(
        name="java",
        grammar="java",
        queries=("java",),
        extensions=(".java",),
        line_comments=_SLASHES,
        block_comments=_BLOCK,
        signature_skip=_ANNOTATIONS,
        signature_trim="{;",
    ),
    Language(
        name="c",
        grammar="c",
        queries=("c", "c_declarations"),
        extensions=(".c", ".h"),
        separator="::",
        name_chain="declarator",
        line_comments=_SLASHES,
        block_comments=_BLOCK,
        signature_trim="{;",
    ),
    Language(
        name="cpp",
        grammar="cpp",
        queries=("cpp", "c_declarations"),
        extensions=(".cpp", ".cc", ".cxx", ".c++", ".hpp", ".hh", ".hxx", ".h++", ".ipp", ".inl", ".tpp", ".ixx", ".cppm"),
        separator="::",
        name_separators=("::",),
        name_cut=r"(?<!operator)\s*\(\s*\).*$",
        drop_type_arguments=True,
        name_chain="declarator",
        type_named_constructors=True,
        line_comments=_SLASHES,
        block_comments=_BLOCK,
        signature_trim="{;",
    ),
)
