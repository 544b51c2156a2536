"""Parses the bytes of one file into its outline. It reads no files, caches only grammars, and never raises.

The caller limits time and memory, because some scanners cannot be interrupted. Text that is known to be slow is not
parsed at all.
"""

from __future__ import annotations

import logging

from semlens.core.symbol import Outline, Role
from semlens.core.text.long_secrets import without_long_secrets
from semlens.syntax.languages.language import Language, Splitter
from semlens.syntax.languages.registry import BY_NAME, language_of, module_of
from semlens.syntax.parsing.decode import to_utf8
from semlens.syntax.parsing.embedded import scripts_in
from semlens.syntax.parsing.grammars import ParseLimitError, grammar_of, parse_range, parse_tree
from semlens.syntax.parsing.macro_blanking import blank_macros
from semlens.syntax.parsing.notebook import outline_of_notebook
from semlens.syntax.parsing.parse_limits import lines_too_long, nests_too_deeply
from semlens.syntax.passages.builder import Part, make_passages, windows
from semlens.syntax.symbols.builder import FileSymbols, find_symbols, merge_file_symbols
from semlens.syntax.symbols.roles import role_of

_HEAD_BYTES = 65_536  # bytes by which languages that share an extension are told apart

_ROLE_BYTES = 2_000

_log = logging.getLogger(__name__)


def parse(path: str, source: bytes) -> Outline:
    """The outline of one file; without symbols and passages when it is binary.

    :param path: relative to the workspace, with forward slashes.
    :param source: its bytes, in any encoding.
    """
    try:
        text = to_utf8(source)
        name = language_of(path, source[:_HEAD_BYTES] if text is None else text[:_HEAD_BYTES])
        language = BY_NAME.get(name) if name is not None else None
        if text is None:
            return Outline(name or "", 0, (), (), role_of(path))
        role = role_of(path, text[:_ROLE_BYTES])
        n_lines = text.count(b"\n") + (not text.endswith(b"\n") and bool(text))
        if language is not None and _has_outline(language) and not _exceeds_limits(language, text):
            try:
                return _outline(language, path, text, n_lines, role)
            except ParseLimitError as error:
                _log.warning("no symbols for %s: %s", path, error)
            except Exception:  # noqa: BLE001 - an error must cost only the symbols of this file
                _log.exception("no symbols for %s", path)
        return Outline(name or "", n_lines, (), windows(without_long_secrets(text)), role)
    except Exception:  # noqa: BLE001 - see above
        _log.exception("no outline for %s", path)
        return Outline("", 0, (), ())


def parse_as_text(path: str, source: bytes) -> Outline:
    """The outline of a file that crashes its grammar: passages without symbols."""
    text = to_utf8(source)
    name = language_of(path, (source if text is None else text)[:_HEAD_BYTES]) or ""
    if text is None:
        return Outline(name, 0, (), (), role_of(path))
    n_lines = text.count(b"\n") + (not text.endswith(b"\n") and bool(text))
    return Outline(name, n_lines, (), windows(without_long_secrets(text)), role_of(path, text[:_ROLE_BYTES]))


def _has_outline(language: Language) -> bool:
    return bool(language.grammar) or language.splitter is not Splitter.NONE


def _exceeds_limits(language: Language, text: bytes) -> bool:
    """Whether no grammar should parse the text."""
    return nests_too_deeply(text, language.max_nesting) or lines_too_long(text)


def _outline(language: Language, path: str, text: bytes, n_lines: int, role: Role) -> Outline:
    if language.splitter is Splitter.NOTEBOOK:
        return outline_of_notebook(text, n_lines, role, parse)
    if language.splitter is Splitter.SCRIPT_TAGS:
        return _with_scripts(language, path, text, n_lines, role)
    grammar = grammar_of(language)
    root = parse_tree(grammar.parser, blank_macros(language, text))
    if grammar.query is None:
        return Outline(language.name, n_lines, (), windows(without_long_secrets(text), root), role)
    findings = find_symbols(language, grammar, root, text, module_of(language, path), path)
    passages = make_passages(findings.definitions, [Part(0, len(text), root)], without_long_secrets(text))
    return Outline(language.name, n_lines, tuple(findings.symbols), passages, role, findings.references)


def _with_scripts(language: Language, path: str, text: bytes, n_lines: int, role: Role) -> Outline:
    """The outline of markup by its grammar, if it has one, and of each script in it by the script's grammar."""
    root = None
    findings = [FileSymbols([], [], ())]
    if language.grammar:
        grammar = grammar_of(language)
        root = parse_tree(grammar.parser, text)
        findings = [find_symbols(language, grammar, root, text, "", path)]
    parts = [Part(0, len(text), root)]
    for script in scripts_in(text, language.name):
        script_language = BY_NAME[script.language]
        grammar = grammar_of(script_language)
        script_root = parse_range(script_language, text, script.start, script.end)
        module = module_of(script_language, path)
        findings.append(find_symbols(script_language, grammar, script_root, text, module, path))
        parts.append(Part(script.start, script.end, script_root))
    merged = merge_file_symbols(findings)
    passages = make_passages(merged.definitions, parts, without_long_secrets(text))
    return Outline(language.name, n_lines, tuple(merged.symbols), passages, role, merged.references)
