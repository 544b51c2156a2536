"""The description of one language. It holds only values: it reads no file and loads no grammar."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from semlens.syntax.parsing.parse_limits import MAX_DEPTH

SLASHES = ("///", "//!", "//")
"""Marks of line comments in languages like C; in some of them the longer ones mark documentation."""

BLOCK = (("/*", "*/"),)


class Splitter(enum.Enum):
    """How a file with several pieces of source is split before parsing."""

    NONE = "none"
    SCRIPT_TAGS = "script tags"
    NOTEBOOK = "notebook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language, as far as outlines and passages care.

    :ivar name: what a filter calls it, e.g. ``python``.
    :ivar grammar: its name in the language pack; "" for text that is only cut into windows.
    :ivar queries: folders below ``queries`` whose ``symbols.scm`` are joined, first wins; empty for no symbols.
    :ivar extensions: lower case, with the dot; ``.d.ts`` wins over ``.ts``.
    :ivar file_names: whole names, compared in lower case.
    :ivar name_prefixes: starts of whole names, in lower case, e.g. ``dockerfile.``.
    :ivar shebangs: interpreters without version, e.g. ``python`` for ``#!/usr/bin/env python3``.
    :ivar separator: joins the parts of a qualified name.
    :ivar name_separators: marks at which a written name is itself qualified, e.g. ``("::",)`` in ``void A::f()``.
    :ivar name_trim: characters taken off both ends of a written name, e.g. quotes.
    :ivar drop_type_arguments: ``Foo<int>::bar`` is ``Foo::bar``.
    :ivar name_chain: field to follow from a ``@name.chain`` capture down to the name, for declarators of C.
    :ivar name_cut: pattern of what is no part of a written name.
    :ivar symbol_depth: depth below the root down to which definitions are looked for; 0 where they may stand anywhere.
    :ivar member_depth: likewise below each type, module or scope that is found.
    :ivar definition_keywords: texts that stand in all other definitions: where one of them shows in a function, or in a
        statement outside of all, all of it is searched. A name must follow those that end in a space.
    :ivar text_calls: calls are words before an opening parenthesis, and are read from the text instead of the tree.
    :ivar heads: pattern of first lines of definitions, for broken text; the name is its group ``type`` or ``callable``.
    :ivar head_ends: pattern of what ends a definition found by `heads`, where neither indentation nor braces do.
    :ivar hidden_macros: patterns of macros that no grammar can know, such as export marks; the group is blanked before
        the text is parsed. Lines begin with a line feed in them.
    :ivar line_comments: marks that start a comment up to the end of its line; the longer first.
    :ivar block_comments: pairs of marks.
    :ivar docstrings: the first string of a body is documentation.
    :ivar signature_skip: pattern, at the start of a declaration, of what is no part of its signature.
    :ivar signature_trim: characters, besides white space, taken off the end of a signature.
    :ivar signature_is_line: a signature ends with its first line.
    :ivar signature_cut: pattern, at the end of a signature, of what is no part of it.
    :ivar joiners: what joins members to their type instead of ``separator``, by capture (``method.static``) or kind:
        Ruby's ``Foo#bar``, PHP's ``Foo::bar``.
    :ivar merge_clauses: clauses of one name that follow each other are one symbol.
    :ivar prefix_is_signature: the signature stands before the definition, as a type in Haskell does.
    :ivar documentation_marks: pattern of what surrounds the text of a ``@documentation`` node.
    :ivar constructors: names of methods that construct.
    :ivar type_named_constructors: a method named as its type constructs.
    :ivar functions_in_types_are_methods: whether ``@function`` directly in a type becomes a method.
    :ivar modules_own_methods: functions in modules are methods too, as Ruby's are.
    :ivar module_roots: folders whose contents are imported by path, e.g. ``src``; empty where a path says nothing.
    :ivar module_index: stem of the file that stands for its folder, e.g. ``__init__``.
    :ivar indented: blocks end by indentation, so that a grammar may count trailing comments in.
    :ivar splitter: see :class:`Splitter`.
    :ivar max_nesting: brackets open at once that the grammar bears; deeper text is cut by its lines.
    :ivar code: ``False`` for prose and data.
    """

    name: str
    grammar: str = ""
    queries: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    file_names: tuple[str, ...] = ()
    name_prefixes: tuple[str, ...] = ()
    shebangs: tuple[str, ...] = ()
    separator: str = "."
    name_separators: tuple[str, ...] = ()
    name_trim: str = ""
    drop_type_arguments: bool = False
    name_chain: str = ""
    name_cut: str = ""
    symbol_depth: int = 0
    member_depth: int = 2
    definition_keywords: tuple[str, ...] = ()
    text_calls: bool = False
    heads: str = ""
    head_ends: str = ""
    hidden_macros: tuple[str, ...] = ()
    line_comments: tuple[str, ...] = ()
    block_comments: tuple[tuple[str, str], ...] = ()
    docstrings: bool = False
    signature_skip: str = ""
    signature_trim: str = "{"
    signature_cut: str = ""
    signature_is_line: bool = False
    joiners: tuple[tuple[str, str], ...] = ()
    merge_clauses: bool = False
    prefix_is_signature: bool = False
    documentation_marks: str = ""
    constructors: tuple[str, ...] = ()
    type_named_constructors: bool = False
    functions_in_types_are_methods: bool = True
    modules_own_methods: bool = False
    module_roots: tuple[str, ...] = ()
    module_index: str = ""
    indented: bool = False
    splitter: Splitter = Splitter.NONE
    max_nesting: int = MAX_DEPTH
    code: bool = True
