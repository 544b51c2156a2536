"""Detection of a file's language, and what importing the registry loads."""

from __future__ import annotations

import subprocess
import sys

import pytest

from semlens.syntax.languages import LANGUAGES
from semlens.syntax.languages.registry import BY_NAME, CODE_LIKE, language_of, module_of
from semlens.syntax.parsing.grammars import grammar_of


@pytest.mark.parametrize(
    ("path", "first_bytes", "language"),
    [
        ("a/b.py", b"", "python"),
        ("a/B.PY", b"", "python"),
        ("x.d.ts", b"", "typescript"),
        ("x.tsx", b"", "tsx"),
        ("x.jsx", b"", "javascript"),
        ("x.test.js", b"", "javascript"),
        ("Makefile", b"", "make"),
        ("GNUmakefile", b"", "make"),
        ("Dockerfile.dev", b"", "dockerfile"),
        ("CMakeLists.txt", b"", "cmake"),
        ("Rakefile", b"", "ruby"),
        (".bashrc", b"", "bash"),
        ("a.h", b"", "c"),
        ("a.h", b"int f(void);\n", "c"),
        ("a.h", b'#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void);\n', "c"),
        ("a.h", b"namespace x {\nclass A {\n};\n}\n", "cpp"),
        ("a.h", b"#import <x.h>\n@interface Foo\n@end\n", "objc"),
        ("a.m", b"@implementation Foo\n@end\n", "objc"),
        ("a.m", b"function y = f(x)\n% doc\n", "matlab"),
        ("script", b"#!/usr/bin/env python3\n", "python"),
        ("script", b"#!/usr/bin/env -S node --x\n", "javascript"),
        ("script", b"#!/bin/bash -e\n", "bash"),
        ("script", b"#! /usr/local/bin/perl5.36\n", "perl"),
        ("script", b"#!", None),
        ("BUILD", b"", "starlark"),
        ("build", b"#!/bin/sh\n", "bash"),
        ("script", b"", None),
        ("a.unknown", b"", None),
        (".py", b"", None),
        ("", b"", None),
        ("notes.txt", b"", None),
        ("n.ipynb", b"", "jupyter"),
        ("odd\udcff.rs", b"", "rust"),
    ],
)
def test_language_of(path: str, first_bytes: bytes, language: str | None) -> None:
    assert language_of(path, first_bytes) == language


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("src/net/retry.py", "net.retry"),
        ("net/retry.py", "net.retry"),
        ("src/net/__init__.py", "net"),
        ("lib/a.py", "a"),
        ("python/a/b.py", "a.b"),
        ("a/src/b.py", "b"),
        ("my-project/pkg/mod.py", "pkg.mod"),
        ("pkg/odd-name.py", ""),
        ("pkg/2bad/mod.py", "mod"),
        ("__init__.py", ""),
        ("stubs/x.pyi", "stubs.x"),
    ],
)
def test_module_of(path: str, module: str) -> None:
    assert module_of(BY_NAME["python"], path) == module


def test_only_languages_with_path_modules_have_one() -> None:
    assert module_of(BY_NAME["go"], "src/net/retry.go") == ""


def test_names_are_distinct_and_extensions_belong_to_one_language() -> None:
    assert len(BY_NAME) == len(LANGUAGES)
    owners: dict[str, str] = {}
    for language in LANGUAGES:
        for extension in language.extensions:
            assert extension.startswith(".")
            assert extension == extension.lower()
            assert owners.setdefault(extension, language.name) == language.name, extension


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language.grammar], ids=lambda x: x.name)
def test_every_grammar_loads_and_fits_its_query(language) -> None:
    grammar = grammar_of(language)
    assert bool(grammar.patterns) == bool(language.queries)
    queries = [query for query in (grammar.query, grammar.top_query) if query is not None]
    assert sum(query.pattern_count for query in queries) == len(grammar.patterns)


def test_code_like_extensions_have_no_description_of_their_own() -> None:
    assert ".txt" in CODE_LIKE
    assert all(extension.startswith(".") for extension in CODE_LIKE)


def test_the_registry_loads_no_grammar() -> None:
    program = (
        "import semlens.syntax.languages.registry, sys; print(any(m.startswith('tree_sitter') for m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=_environment()
    )
    assert done.stdout.strip() == "False"


def _environment() -> dict[str, str]:
    import os
    from pathlib import Path

    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "server")}
