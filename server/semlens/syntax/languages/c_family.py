"""Languages with braces: C and its kin, the JVM, .NET, Go, Rust, Swift, Dart, Zig, PHP."""

from __future__ import annotations

from semlens.syntax.languages.language import BLOCK, SLASHES, Language

# a macro around whole items, which its grammar leaves as loose tokens: cfg_feature! { pub fn f() {} }
# Comments and attributes before the first item are taken whole: else blanks at their ends are tried in 2^n ways.
_ITEM_MACRO = (
    r"\n([ \t]*)((?:\w+::)*[a-z_]\w*![ \t]*\{)"
    r"(?=\s*+(?:(?://[^\n]*+|#\[(?:[^\n\"\[\]]|\"[^\n\"]*+\"|\[[^\n\]]*+\])*+\])\s*+)*+"
    r"(?:pub\b(?:\([^)\n]*\))?\s*)?(?:(?:const|async|unsafe|extern(?:\s*\"\w*\")?|default)\s+)*"
    r"(?:fn|enum|union|trait|impl|mod|type|use|macro_rules!|const\s+\w+\s*:|static\s+(?!ref\b)|struct\s+\w+(?!\w)(?!\s*:))\b)"
    r"(?:[^\n]*\n)+?\1(\})"
)
_MACRO = r"[A-Z][A-Z0-9]*_[A-Z0-9_]+"
# each begins with fixed text, which is found many times faster than the start of a line
_MACROS = (
    # alone on its line, and no last item of a list: LIB_BEGIN_NAMESPACE
    rf"\n(?<![,=(|&+\-*/<>?:\\\n{{]\n)[ \t]*({_MACRO})[ \t]*(?=\r?\n)",
    r"\n[ \t]*+([A-Z](?=[A-Z0-9_]*_(?:BEGIN|END)_[A-Z0-9_])[A-Z0-9_]++)[ \t]*+(?=\r?\n)",
    rf"\{{[ \t]*\r?\n[ \t]*({_MACRO})[ \t]*(?=\r?\n\s*[a-z])",
    # before the type of a function, or between it and its name: LIB_EXPORT int LIB_CALL f(
    (
        rf"\n(?:extern[ \t]+|static[ \t]+|inline[ \t]+)*({_MACRO})"
        r"(?=[ \t]+[A-Za-z_][\w:<>,*& \t]{0,200}[ \t*&][A-Za-z_]\w*[ \t]*\()"
    ),
    rf"\n[A-Za-z_][\w:<>, \t*&]{{0,200}}[ \t*&]({_MACRO})(?=[ \t]+[A-Za-z_][\w:]*[ \t]*\()",
    # in the head of a class: class LIB_EXPORT Foo
    rf"class(?<!\wclass)[ \t]+({_MACRO})(?=[ \t]+[A-Za-z_]\w*[ \t]*(?:[:{{]|final\b|$))",
    rf"struct(?<!\wstruct)[ \t]+({_MACRO})(?=[ \t]+[A-Za-z_]\w*[ \t]*(?:[:{{]|final\b|$))",
    # before a template: LIB_EXPORT template <
    rf"\n[ \t]*({_MACRO})(?=[ \t]+template\b)",
)
_MODIFIERS = (
    r"^[ \t]*+(?:(?:abstract|async|const|data|default|extern|final|inline|internal|open|override|partial|private"
    r"|protected|pub(?:\([\w: ]+\))?|public|sealed|static|suspend|unsafe|virtual)[ \t]++)*+"
)
_ANNOTATIONS = r"(?:@(?!interface\b)[\w.]+(?:\s*\((?:[^()]|\([^()]*\))*\))?\s*)+"

LANGUAGES: tuple[Language, ...] = (
    Language(
        name="go",
        grammar="go",
        queries=("go",),
        extensions=(".go",),
        line_comments=SLASHES,
        block_comments=BLOCK,
        symbol_depth=2,
        definition_keywords=("type ",),
        text_calls=True,
        heads=r"^(?:type[ \t]+(?P<type>\w+)[ \t]+(?:struct|interface)\b"
        r"|func[ \t]+(?:\([^)\n]*\)[ \t]*)?(?P<callable>\w+))",
    ),
    Language(
        name="rust",
        grammar="rust",
        queries=("rust",),
        extensions=(".rs",),
        shebangs=("rust-script",),
        separator="::",
        drop_type_arguments=True,
        hidden_macros=(_ITEM_MACRO, _ITEM_MACRO),  # again for a macro within a macro
        line_comments=SLASHES,
        block_comments=BLOCK,
        signature_trim="{;",
        symbol_depth=2,
        definition_keywords=(
            "impl<",
            "impl ",
            'extern "',
            "fn ",
            "struct ",
            "enum ",
            "trait ",
            "mod ",
            "macro_rules! ",
            "  const ",
            "  static ",
            "  type ",
        ),
        text_calls=True,
        heads=_MODIFIERS + r"(?:(?:struct|enum|trait|union)[ \t]+(?P<type>\w+)|fn[ \t]+(?P<callable>\w+))",
    ),
    Language(
        name="java",
        grammar="java",
        queries=("java",),
        extensions=(".java",),
        line_comments=SLASHES,
        block_comments=BLOCK,
        signature_skip=_ANNOTATIONS,
        signature_trim="{;",
        heads=_MODIFIERS
        + r"(?:(?:class|interface|enum|record)[ \t]+(?P<type>\w+)|\w[\w<>\[\], .?]{0,120}?(?<![ \t])[ \t]++"
        + r"(?P<callable>(?!if\b|for\b|while\b|switch\b|catch\b|return\b|new\b)\w+)"
        + r"[ \t]*\([^;=]{0,400}?\)[^;={)]{0,200}\{)",
        symbol_depth=1,
        definition_keywords=("class ", "interface ", "enum ", "@Override", "public ", "private ", "protected "),
        text_calls=True,
    ),
    Language(
        name="c",
        grammar="c",
        queries=("c", "c_declarations"),
        extensions=(".c", ".h"),
        separator="::",
        name_chain="declarator",
        hidden_macros=_MACROS,
        line_comments=SLASHES,
        block_comments=BLOCK,
        signature_trim="{;",
        text_calls=True,
    ),
    Language(
        name="cpp",
        grammar="cpp",
        queries=("cpp", "c_declarations"),
        extensions=(
            ".cpp",
            ".cc",
            ".cxx",
            ".c++",
            ".hpp",
            ".hh",
            ".hxx",
            ".h++",
            ".ipp",
            ".inl",
            ".tpp",
            ".ixx",
            ".cppm",
        ),
        separator="::",
        name_separators=("::",),
        name_cut=r"(?<!operator)\s*\(\s*\).*$",
        drop_type_arguments=True,
        name_chain="declarator",
        hidden_macros=_MACROS,
        type_named_constructors=True,
        line_comments=SLASHES,
        block_comments=BLOCK,
        signature_trim="{;",
        heads=r"^(?:(?:template[ \t]*<[^;{}]{0,300}>\s*)?(?:class|struct)[ \t]+(?P<type>\w+)[^;(]{0,200}\{"
        r"|(?:[\w:<>,&*]{1,80}[ \t]+){1,6}[*&]*(?P<callable>[\w:~]{1,100})"
        r"\([^;=]{0,400}\)[^;=()]{0,100}\{)",
        text_calls=True,
    ),
    Language(
        name="csharp",
        grammar="csharp",
        queries=("csharp",),
        extensions=(".cs", ".csx"),
        line_comments=SLASHES,
        block_comments=BLOCK,
        signature_skip=r"(?:\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]\s*)+",
        signature_trim="{;",
        signature_cut=r"\s*=>$",
        heads=_MODIFIERS
        + r"(?:(?:class|interface|enum|record|struct)[ \t]+(?P<type>\w+)|(?<=[a-z][ ])[\w<>\[\],.?*]+[ \t]+"
        + r"(?P<callable>(?!if\b|for\b|foreach\b|while\b|switch\b|using\b|lock\b|catch\b)\w+)"
        + r"(?:<[\w, ]{1,80}>)?\([^;={}]{0,400}\)\s*\{)",
        text_calls=True,
    ),
    Language(
        name="php",
        grammar="php",
        queries=("php",),
        extensions=(".php", ".phtml", ".php3", ".php4", ".php5", ".php7", ".phps"),
        shebangs=("php",),
        separator="\\",
        name_trim="'\"",
        line_comments=(*SLASHES, "#"),
        block_comments=BLOCK,
        signature_skip=r"(?:#\[(?:[^\[\]]|\[[^\[\]]*\])*\]\s*)+",
        signature_trim="{;",
        signature_cut=r"\s*=>$",
        constructors=("__construct",),
        joiners=(("method", "::"), ("constructor", "::"), ("property", "::"), ("constant", "::"), ("enummember", "::")),
        heads=_MODIFIERS + r"(?:(?:class|interface|trait|enum)[ \t]+(?P<type>\w+)|function[ \t]+&?(?P<callable>\w+))",
        symbol_depth=2,
        member_depth=1,
        definition_keywords=("function ", "class ", "= function", "= fn"),
        text_calls=True,
    ),
    Language(
        name="kotlin",
        max_nesting=900,
        grammar="kotlin",
        queries=("kotlin",),
        extensions=(".kt", ".kts"),
        shebangs=("kotlin",),
        name_trim="`",
        line_comments=SLASHES,
        block_comments=BLOCK,
        signature_skip=_ANNOTATIONS,
        signature_trim="{=",
        constructors=("constructor",),
        heads=_MODIFIERS + r"(?:(?:class|interface|object)[ \t]+(?P<type>\w+)"
        r"|fun[ \t]+(?!interface\b)(?:<[^>\n]*>[ \t]*)?(?:\w++(?:<[^(\n]*>)?\??\.)*+(?P<callable>\w+))",
        symbol_depth=1,
        definition_keywords=("fun ", "fun <", "class ", "object ", "interface ", "object :", "object:"),
        text_calls=True,
    ),
    Language(
        name="swift",
        grammar="swift",
        queries=("swift",),
        extensions=(".swift",),
        shebangs=("swift",),
        name_separators=(".",),
        drop_type_arguments=True,
        line_comments=SLASHES,
        block_comments=BLOCK,
        signature_skip=_ANNOTATIONS,
        signature_trim="{;",
        constructors=("init",),
        heads=_MODIFIERS + r"(?:(?:class|struct|enum|protocol|actor)[ \t]+(?P<type>\w+)|func[ \t]+(?P<callable>\w+))",
        symbol_depth=1,
        definition_keywords=("func ", "class ", "struct ", "enum ", "extension ", "init(", "init?("),
        text_calls=True,
    ),
    Language(
        name="scala",
        grammar="scala",
        queries=("scala",),
        extensions=(".scala", ".sc", ".sbt"),
        shebangs=("scala", "amm"),
        name_trim="`",
        line_comments=SLASHES,
        block_comments=BLOCK,
        signature_skip=_ANNOTATIONS,
        signature_trim="{=:",
        constructors=("this",),
        heads=_MODIFIERS + r"(?:(?:class|trait|object)[ \t]+(?P<type>\w+)|def[ \t]+(?P<callable>\w+))",
        symbol_depth=1,
        definition_keywords=("def ", "class ", "object ", "trait ", "type ", "val "),
        text_calls=True,
    ),
    Language(
        name="zig",
        grammar="zig",
        queries=("zig",),
        extensions=(".zig",),
        line_comments=SLASHES,
        name_trim='"',
        signature_trim="{=;",
        symbol_depth=2,
        definition_keywords=(
            "fn ",
            "struct ",
            "enum ",
            "union ",
            "test ",
            "struct {",
            "enum {",
            "union(",
            "enum(",
            "error{",
            "error {",
        ),
        text_calls=True,
    ),
    Language(
        name="objc",
        grammar="objc",
        queries=("objc", "c_declarations"),
        extensions=(".m", ".mm"),
        separator="::",
        name_cut=r"\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\s*\w+\s*",
        name_chain="declarator",
        hidden_macros=_MACROS,
        line_comments=SLASHES,
        block_comments=BLOCK,
        signature_trim="{;",
        signature_is_line=True,
        joiners=(("method", " "),),
    ),
    Language(
        name="dart",
        grammar="dart",
        queries=("dart",),
        extensions=(".dart",),
        shebangs=("dart",),
        line_comments=SLASHES,
        block_comments=BLOCK,
        signature_trim="{;",
        signature_cut=r"\s*=>$",
    ),
)
