"""Reads types that are written in the text: of parameters, of results, of fields. Other types are not guessed."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator

_WRAPPERS = (
    r"(?:(?:Optional|Type|type|Union|Annotated|Final|ClassVar|Promise|Readonly|Partial|Option|Result|Rc|Arc|Box|RefCell|"
    r"Awaitable|Coroutine|std::shared_ptr|std::unique_ptr|shared_ptr|unique_ptr|Lazy|Task|Future)\s*[\[<]\s*)*"
)
_NAME = r"[A-Za-z_][\w.:]*"
_AFTER_COLON = rf"\s*:\s*[&*?]*(?:'\w+\s+)?(?:mut\s+|dyn\s+|impl\s+)*['\"]?{_WRAPPERS}['\"]?({_NAME})"

_COLON_PARAMETER = re.compile(rf"(\w+)\??{_AFTER_COLON}")
_TYPE_FIRST_PARAMETER = re.compile(
    rf"(?:^|[(,])\s*(?:(?:const|final|readonly|ref|out|in|struct|\?)\s*|@\w+\s+)*{_WRAPPERS}({_NAME})"
    r"(?:<[^()]*?>)?(?:\s*[&*?]+\s*|\s+)(?:const\s+)?[$&*]*(\w+)\s*(?=[,)=\[]|$)"
)
_GO_PARAMETER = re.compile(r"(?:^|[(,])\s*(\w+)\s+(?:\.\.\.|\*)?([A-Za-z_][\w.]*)\s*(?=[,)])")

_ARROW_RESULT = re.compile(rf"->\s*[&*?]*(?:'\w+\s+)?(?:mut\s+|dyn\s+|impl\s+)*['\"]?{_WRAPPERS}['\"]?({_NAME})")
_COLON_RESULT = re.compile(rf"\)\s*:\s*\??{_WRAPPERS}({_NAME})")
_TYPE_FIRST_RESULT = re.compile(rf"(?:^|\s){_WRAPPERS}({_NAME})(?:<[^()]*>)?[\s*&]+[\w:~$]+\s*\(")
_GO_RESULT = re.compile(r"\)\s*(?:\(\s*(?:\w+\s*,\s*)*\w+\s+|\(?\s*)\*?([A-Za-z_][\w.]*)[^()]*\)?$")

_COLON_FIELD = re.compile(rf"^[ \t]*(?:[a-z]+[ \t]+)*?(\w+)[?!]?{_AFTER_COLON}".encode(), re.MULTILINE)
_CONSTRUCTED_IN_BODY = re.compile(
    rb"^[ \t]*(?:[a-z]+[ \t]+)*?(#?\w+)[ \t]*=[ \t]*(?:new[ \t]+)?([A-Z]\w*)[ \t]*(?:<[^()\n]*>)?\(", re.MULTILINE
)
_TYPE_FIRST_FIELD = re.compile(
    rf"^[ \t]*(?:[a-z]+[ \t]+)*{_WRAPPERS}([A-Z][\w.]*)(?:<[^;=()\n]*>)?[&*?]*[ \t]+[$&*]*(\w+)[ \t]*[;=]".encode(),
    re.MULTILINE,
)
_GO_FIELD = re.compile(rb"^[ \t]*(\w+)[ \t]+\*?([A-Za-z_][\w.]*)[ \t]*+(?:`[^`\n]*`[ \t]*+)?$", re.MULTILINE)
_GO_EMBEDDED = re.compile(rb"^[ \t]*\*?(?:\w+\.)?([A-Za-z_]\w*)[ \t]*+(?:`[^`\n]*`[ \t]*+)?$", re.MULTILINE)
_CONSTRUCTED_FIELD = re.compile(
    rf"(?:self|this)\.(\w+)\s*(?:{_AFTER_COLON[3:]}[^=\n]*)?=\s*(?:await\s+|new\s+)?(?:({_NAME})\s*(\()?)?".encode()
)

_DECLARED_VALUE = re.compile(rf"^[^=(]*?\w{_AFTER_COLON}")
_CONSTRUCTED_VALUE = re.compile(rf"=\s*(?:await\s+)?(?:new\s+)?({_NAME})\s*(?:<[^()]*>)?\(")
_ARGUMENTS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
_PARENTHESES = re.compile(r"\([^()]*\)")
_MODIFIERS = re.compile(r"\b(?:public|private|protected|virtual|open|final)\b")
_EXTENDS = re.compile(r"\b(?:extends|implements|with)\s+([^{]*?)(?=\b(?:extends|implements|permits)\b|[{]|$)")
_LAST_NAME = re.compile(r"([A-Za-z_]\w*)\W*$")
_AFTER_COLON_BASES = frozenset(("kotlin", "swift", "csharp", "cpp", "objc"))
_IMPL_FOR = re.compile(rb"impl\b(?<!\wimpl)(?:<[^{}]*?>)?\s+!?([\w:]+)(?:<[^{}]*?>)?\s+for\s+&?(?:mut\s+)?([\w:]+)")

_PRIMITIVES = frozenset(
    "str int float bool bytes None object any Any unknown never void string number boolean bigint symbol null undefined"
    " dict list set tuple frozenset type callable Callable Iterable Iterator Sequence Mapping List Dict Set Tuple Array"
    " Record Map Vec HashMap String char byte short long double u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64 error"
    " Self Union auto var let const return in is as new typeof func def fn fun if else Boolean Integer Long Object Int"
    " Promise Optional Result Option size_t uint8_t uint32_t uint64_t int64_t int32_t unsigned rune uint uint64"
    " int64".split()
)


class TypeStyle(enum.Enum):
    """Where a language writes the type of a parameter."""

    COLON = "after a colon"
    FIRST = "before the name"
    LAST = "after the name"


_STYLES = {
    **dict.fromkeys(("python", "typescript", "tsx", "javascript", "rust", "kotlin", "swift", "scala"), TypeStyle.COLON),
    **dict.fromkeys(("java", "csharp", "c", "cpp", "objc", "dart", "php"), TypeStyle.FIRST),
    "go": TypeStyle.LAST,
}


def type_style(language: str) -> TypeStyle | None:
    return _STYLES.get(language)


def parameter_types(style: TypeStyle, signature: str) -> Iterator[tuple[str, str]]:
    """Name and type of the parameters that have a type worth knowing."""
    if style is TypeStyle.COLON:
        pairs = [(match[1], match[2]) for match in _COLON_PARAMETER.finditer(signature)]
    elif style is TypeStyle.FIRST:
        pairs = [(match[2], match[1]) for match in _TYPE_FIRST_PARAMETER.finditer(signature)]
    else:
        pairs = [(match[1], match[2]) for match in _GO_PARAMETER.finditer(signature)]
    for name, written in pairs:
        short = type_name(written)
        if short:
            yield name, short


def result_type(language: str, signature: str) -> str:
    """The type that a function returns as its signature says, "Self" for that of its owner, or ""."""
    style = type_style(language)
    match = None
    if style is TypeStyle.COLON:
        match = _ARROW_RESULT.search(signature) or _COLON_RESULT.search(signature)
    elif style is TypeStyle.FIRST:
        match = _TYPE_FIRST_RESULT.search(signature) or (_COLON_RESULT.search(signature) if language == "php" else None)
    elif style is TypeStyle.LAST:
        match = _GO_RESULT.search(signature)
    if match is None:
        return ""
    return "Self" if match[1] == "Self" else type_name(match[1])


def value_type(signature: str) -> str:
    """The type of a constant or variable as its declaration says, or ""."""
    match = _DECLARED_VALUE.search(signature) or _CONSTRUCTED_VALUE.search(signature)
    return type_name(match[1]) if match else ""


def base_types(language: str, name: str, signature: str) -> list[str]:
    """The types that a type inherits from or implements, as written, without modules and type arguments."""
    rest = signature.partition(name)[2]
    while rest != (shorter := _ARGUMENTS.sub("", rest)):
        rest = shorter
    if language == "python":
        found = rest.partition("(")[2].rpartition(")")[0].split(",")
        names = [one for one in found if "=" not in one]
    elif language == "ruby":
        names = [rest.partition("<")[2]]
    elif language in _AFTER_COLON_BASES:
        names = re.split(r"\bwhere\b", _PARENTHESES.sub("", rest).partition(":")[2])[0].split(",")
    else:
        rest = _PARENTHESES.sub("", rest)
        names = [one for match in _EXTENDS.finditer(rest) for one in re.split(r",|\bwith\b", match[1])]
    bases = (_LAST_NAME.search(_MODIFIERS.sub("", one).strip()) for one in names)
    itself = "" if language == "python" else name  # `class Client(http.Client)` has a base of its own name
    return [match[1] for match in bases if match is not None and match[1] != itself]


def embedded_types(body: bytes) -> list[bytes]:
    """The types that a struct or an interface of Go embeds, whose members become its own."""
    return [match[1] for match in _GO_EMBEDDED.finditer(body)]


def implemented_traits(code: bytes) -> list[tuple[bytes, str]]:
    """Traits of Rust, each with the type that implements it."""
    return [
        (match[1].rpartition(b":")[2], match[2].rpartition(b":")[2].decode("utf-8", "replace"))
        for match in _IMPL_FOR.finditer(code)
    ]


def field_types(style: TypeStyle, code: bytes) -> Iterator[tuple[bytes, str]]:
    """Name and type of the fields that are declared in the body of a type. :param code: without comments."""
    if style is TypeStyle.COLON:
        pairs = [(match[1], match[2]) for match in _COLON_FIELD.finditer(code)]
        pairs += [(match[1], match[2]) for match in _CONSTRUCTED_IN_BODY.finditer(code)]
    elif style is TypeStyle.FIRST:
        pairs = [(match[2], match[1]) for match in _TYPE_FIRST_FIELD.finditer(code)]
    else:
        pairs = [(match[1], match[2]) for match in _GO_FIELD.finditer(code)]
    for name, written in pairs:
        short = type_name(written.decode("utf-8", "replace"))
        if short:
            yield name, short


def assigned_fields(code: bytes) -> Iterator[tuple[bytes, str, bytes, bool]]:
    """Fields that a constructor sets: name, written type or "", name of the value, whether that is called."""
    for match in _CONSTRUCTED_FIELD.finditer(code):
        written = type_name(match[2].decode("utf-8", "replace")) if match[2] else ""
        yield match[1], written, match[3] or b"", match[4] is not None


def type_name(written: str) -> str:
    """The last part of a type's name, or "" for a type that no workspace defines."""
    short = written.strip(".:").rpartition(".")[2].rpartition(":")[2]
    return "" if short in _PRIMITIVES else short
