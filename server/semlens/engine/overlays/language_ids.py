"""Maps LSP language identifiers to paths, so that a buffer without a file is parsed in its language."""

from __future__ import annotations

from semlens.syntax.languages.registry import BY_NAME, language_of

_REGISTRY_NAMES = {
    "javascriptreact": "javascript",
    "typescriptreact": "tsx",
    "shellscript": "bash",
    "sh": "bash",
    "objective-c": "objc",
    "csharp": "csharp",
    "c++": "cpp",
    "make": "makefile",
    "plaintext": "",
}


def path_for_language_id(path: str, language_id: str) -> str:
    """Return a path from which the language registry finds the language. A path with a known extension is unchanged."""
    if language_of(path) is not None:
        return path
    language = BY_NAME.get(_REGISTRY_NAMES.get(language_id, language_id))
    if language is None or not language.extensions:
        return path if "." in path.rpartition("/")[2] else f"{path}.txt"
    return f"{path}{language.extensions[0]}"
