"""Bytes of one file to its outline. Pure: reads nothing else, keeps nothing but loaded grammars, never raises.

Time and memory are bounded by whoever calls: a parse cannot be interrupted from inside. What is known to be slow is not
parsed at all.
"""

from __future__ import annotations

import logging

from semlens.core.symbol import Outline, Passage, Role
from semlens.syntax.decode import to_utf8
from semlens.syntax.grammars import grammar_of
from semlens.syntax.language import Language
from semlens.syntax.nesting import lines_too_long, too_deep
from semlens.syntax.passages import make_passages, windows
from semlens.syntax.registry import BY_NAME, language_of, module_of
from semlens.syntax.roles import role_of
from semlens.syntax.symbols import find_symbols

_log = logging.getLogger(__name__)


def parse(path: str, source: bytes) -> Outline:
    """The outline of one file; without symbols and passages when it is binary.

    :param path: relative to the workspace, with forward slashes.
    :param source: its bytes, in any encoding.
    """
    try:
        text = to_utf8(source)
        name = language_of(path, source[:4_096] if text is None or text[:1] == source[:1] else text[:4_096])
        language = BY_NAME.get(name) if name is not None else None
        if text is None:
            return Outline(name or "", 0, (), (), role_of(path))
        role = role_of(path, text[:2_000])
        n_lines = text.count(b"\n") + (not text.endswith(b"\n") and bool(text))
        if language is not None and language.grammar and not too_deep(text) and not lines_too_long(text):
            try:
                return _parse(language, path, text, n_lines, role)
            except Exception:  # one file's fault must cost that file's symbols only
                _log.exception("no symbols for %s", path)
        return Outline(name or "", n_lines, (), _windows(text), role)
    except Exception:
        _log.exception("no outline for %s", path)
        return Outline("", 0, (), ())


def _parse(language: Language, path: str, text: bytes, n_lines: int, role: Role) -> Outline:
    grammar = grammar_of(language)
    root = grammar.parser.parse(text).root_node
    if grammar.query is None:
        return Outline(language.name, n_lines, (), windows(text, root), role)
    findings = find_symbols(language, grammar, root, text, module_of(language, path))
    passages = make_passages(findings.definitions, root, text)
    return Outline(language.name, n_lines, tuple(findings.symbols), passages, role, findings.references)


def _windows(text: bytes) -> tuple[Passage, ...]:
    return windows(text)
