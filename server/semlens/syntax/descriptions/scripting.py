"""Languages of scripts: Python, JavaScript and TypeScript, Ruby, Lua, shells."""

from __future__ import annotations

from semlens.syntax.language import Language

_SLASHES = ("///", "//!", "//")
_BLOCK = (("/*", "*/"),)
_DECORATORS = r"(?:@[\w.]+(?:\s*\((?:[^()]|\([^()]*\))*\))?\s*)+"

LANGUAGES: tuple[Language, ...] = (
    Language(
        name="python",
        grammar="python",
        queries=("python",),
        extensions=(".py", ".pyi", ".pyw"),
        file_names=("sconstruct", "sconscript", "wscript"),
        shebangs=("python", "pypy"),
        line_comments=("#",),
        docstrings=True,
        signature_trim=":",
        constructors=("__init__", "__new__"),
        module_roots=("src", "lib", "python"),
        module_index="__init__",
        indented=True,
    ),
    Language(
        name="javascript",
        grammar="javascript",
        queries=("javascript", "ecma"),
        extensions=(".js", ".jsx", ".mjs", ".cjs", ".es6"),
        shebangs=("node", "nodejs", "bun"),
        name_trim="\"'`",
        line_comments=_SLASHES,
        block_comments=_BLOCK,
        signature_skip=_DECORATORS,
        signature_trim="{;",
        signature_cut=r"\s*=>$",
        constructors=("constructor",),
    ),
    Language(
        name="typescript",
        grammar="typescript",
        queries=("typescript", "ecma"),
        extensions=(".ts", ".mts", ".cts"),
        shebangs=("deno", "ts-node", "tsx"),
        name_trim="\"'`",
        line_comments=_SLASHES,
        block_comments=_BLOCK,
        signature_skip=_DECORATORS,
        signature_trim="{;",
        signature_cut=r"\s*=>$",
        constructors=("constructor",),
    ),
    Language(
        name="tsx",
        grammar="tsx",
        queries=("typescript", "ecma"),
        extensions=(".tsx",),
        name_trim="\"'`",
        line_comments=_SLASHES,
        block_comments=_BLOCK,
        signature_skip=_DECORATORS,
        signature_trim="{;",
        signature_cut=r"\s*=>$",
        constructors=("constructor",),
    ),
    Language(
        name="ruby",
        grammar="ruby",
        queries=("ruby",),
        extensions=(".rb", ".rake", ".gemspec", ".ru", ".rbi", ".podspec", ".jbuilder"),
        file_names=("rakefile", "gemfile", "guardfile", "vagrantfile", "capfile", "podfile", "fastfile", "brewfile"),
        shebangs=("ruby", "jruby", "rake"),
        name_separators=("::",),
        separator="::",
        name_trim=":\"'",
        line_comments=("#",),
        block_comments=(("=begin", "=end"),),
        signature_trim="=;",
        signature_cut=r"[\s;]*(?:\bdo[\s;]+)?\bend$",
        constructors=("initialize",),
        method_separator="#",
        static_separator=".",
    ),
)
