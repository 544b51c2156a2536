"""Reads the name of a definition from its captures, in parts if the language qualifies names."""

from __future__ import annotations

import re
from typing import NamedTuple

from semlens.syntax.languages.language import Language
from semlens.syntax.parsing.grammars import Pattern
from semlens.syntax.parsing.matches import MAX_NAME, Captures, Place
from semlens.syntax.parsing.recovery import ByteRange

_MAX_CHAIN = 40  # declarators within declarators

_TYPE_ARGUMENTS = re.compile(r"\s*<[^<>]*>|\s*\[[^\[\]]*\]")
_SPACE = re.compile(r"\s+")


class DefinitionName(NamedTuple):
    """:ivar node: where the name stands. :ivar end: the byte after it.

    :ivar text: the name alone; empty when there is none. :ivar qualifiers: what the name itself is qualified with.
    """

    node: Place
    end: int
    text: str
    qualifiers: list[str]


class NameReader:
    """Reads the names of definitions in one file."""

    def __init__(self, language: Language, source: bytes) -> None:
        self._language = language
        self._source = source
        self._is_plain = not (language.name_trim or language.name_cut or language.name_separators)

    def read(self, captures: Captures, pattern: Pattern) -> DefinitionName:
        nodes = captures.get("name")
        if nodes is not None:
            node = nodes[0]
            if self._is_plain and not pattern.counts and "name.until" not in captures:
                start, end = node.start_byte, node.end_byte
                text = self._source[start:end]
                if end - start <= MAX_NAME and not text.isspace() and b"\n" not in text:
                    return DefinitionName(node, end, text.decode("utf-8", "replace"), [])
        else:
            node = _end_of_chain(captures["name.chain"][0], self._language.name_chain)
        return self._read_marked(node, captures, pattern)

    def _read_marked(self, node: Place, captures: Captures, pattern: Pattern) -> DefinitionName:
        """A name that the language's description cuts, trims, splits or counts."""
        language = self._language
        until = captures.get("name.until")
        end = until[-1].end_byte if until is not None else node.end_byte
        name = self._source[node.start_byte : end].decode("utf-8", "replace")
        if language.name_cut:
            shorter = re.sub(language.name_cut, "", name)
            if shorter != name:
                name, end = shorter, node.end_byte
        if language.name_trim:
            trimmed = name.strip(language.name_trim)
            if trimmed.count("(") == trimmed.count(")"):  # "Show (T a)" keeps what "(<>)" loses
                name = trimmed
        parts: list[str] = []
        if language.name_separators:
            *parts, name = self.parts(name) or [""]
        if "\n" in name or " " in name:
            name = _SPACE.sub(" ", name)
        if pattern.counts:
            counted = captures.get("arity")
            name = f"{name}/{_n_named(counted[0]) if counted else 0}"
        line_end = self._source.find(b"\n", node.start_byte, end)
        return DefinitionName(node, end if line_end == -1 else line_end, name.strip()[:MAX_NAME], parts)

    def parts(self, name: str) -> list[str]:
        """The parts of a name as written: ``a::Foo<int>::f`` is ``["a", "Foo", "f"]``."""
        language = self._language
        operator = ""
        if language.drop_type_arguments and ("<" in name or "[" in name):
            position = name.find("operator")
            if position != -1:
                name, operator = name[:position], name[position:]
            shorter = _TYPE_ARGUMENTS.sub("", name)
            while shorter != name:
                name, shorter = shorter, _TYPE_ARGUMENTS.sub("", shorter)
        for mark in language.name_separators:
            if mark in name:
                written = re.split("|".join(map(re.escape, language.name_separators)), name)
                parts = [part.strip(" \t\r\n" + language.name_trim) for part in written]
                parts[-1] += operator
                return [part for part in parts if part]
        return [name + operator]

    def receiver_parts(self, node: Place) -> list[str]:
        """The parts of the type that a method is defined on, where the language names it apart."""
        text = self._source[node.start_byte : node.end_byte].decode("utf-8", "replace")
        return self.parts(text.strip(self._language.name_trim or None))


def _end_of_chain(node: Place, field: str) -> Place:
    """The name within declarators within declarators: ``f`` of ``*(*f(int))(void)``."""
    for _ in range(_MAX_CHAIN):
        if isinstance(node, ByteRange):
            break
        if node.type == "operator_cast":
            break
        inner = node.child_by_field_name(field)
        if inner is None:
            if node.type.startswith("parenthesized") or node.type in ("reference_declarator", "attributed_declarator"):
                inner = node.named_child(0)
            if inner is None:
                break
        node = inner
    return node


def _n_named(node: Place) -> int:
    return 0 if isinstance(node, ByteRange) else node.named_child_count
