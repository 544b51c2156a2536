"""Inserts an entry into YAML as text. PyYAML says where; it writes nothing, because it keeps no comments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from semlens.agents.errors import FormatError
from semlens.agents.splices import Splice, appended, newline_of

_INDENT = "  "


def parse_yaml(text: str) -> dict[str, Any]:
    """The root mapping; empty for text without any value.

    :raises FormatError: when it is not valid, or no mapping.
    """
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark else ""
        raise FormatError(f"{place}{getattr(error, 'problem', None) or 'it cannot be parsed'}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FormatError("its root is not a mapping")
    return value


def insert_yaml(text: str, container: str, name: str, entry: Mapping[str, Any]) -> list[Splice]:
    """Where to insert ``container: {name: entry}``. The text must be valid, and have no such entry."""
    newline = newline_of(text)
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return [_appended_table(text, container, name, entry)]
    member = json.dumps({name: entry}, ensure_ascii=False)
    pair = _pair(root, container)
    if pair is None:
        if root.flow_style:
            return [_flow_splice(text, root, f"{json.dumps(container)}: {member}")]
        return [_appended_table(text, container, name, entry)]
    key, value = pair
    if isinstance(value, yaml.MappingNode) and value.flow_style:
        return [_flow_splice(text, value, member[1:-1])]
    line_end = text.find("\n", key.end_mark.index)
    at, before = (len(text), newline) if line_end < 0 else (line_end + 1, "")
    has_members = isinstance(value, yaml.MappingNode) and value.value
    indent = " " * value.value[0][0].start_mark.column if has_members else _line_indent(text, key) + _INDENT
    return [Splice(at, before + _block(name, entry, indent).replace("\n", newline))]


def remove_yaml(text: str, container: str, name: str, *, prune: bool) -> str:
    """Remove the entry with its lines. :param prune: also remove the container if it gets empty."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return text
    holder = _pair(root, container)
    if holder is None or not isinstance(holder[1], yaml.MappingNode):
        return text
    pair = _pair(holder[1], name)
    if pair is None:
        return text
    if prune and len(holder[1].value) == 1:
        return _without_pair(text, root, holder)
    return _without_pair(text, holder[1], pair)


def _appended_table(text: str, container: str, name: str, entry: Mapping[str, Any]) -> Splice:
    """Without an empty line, which could become a part of the text in front of it."""
    return appended(text, f"{container}:\n" + _block(name, entry, _INDENT), empty_line=False)


def _flow_splice(text: str, mapping: yaml.MappingNode, member: str) -> Splice:
    """Insert behind the opening brace. An anchor or a tag may stand in front of it."""
    return Splice(text.index("{", mapping.start_mark.index) + 1, f"{member}, " if mapping.value else member)


def _without_pair(text: str, mapping: yaml.MappingNode, pair: tuple[yaml.Node, yaml.Node]) -> str:
    start, end = pair[0].start_mark.index, _end_of(pair[1])
    if mapping.flow_style:
        following = [key.start_mark.index for key, _ in mapping.value if key.start_mark.index > start]
        if following:
            return text[:start] + text[min(following) :]
        before = text[:start].rstrip().removesuffix(",")
        return before + text[end:]
    line_end = text.find("\n", end)
    return text[: text.rfind("\n", 0, start) + 1] + ("" if line_end < 0 else text[line_end + 1 :])


def _end_of(node: yaml.Node) -> int:
    """Where the last character of a node ends. The mark of a block lies behind the comments that follow it."""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
        node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return int(node.end_mark.index)


def _pair(mapping: yaml.MappingNode, name: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next(((key, value) for key, value in reversed(mapping.value) if key.value == name), None)


def _line_indent(text: str, node: yaml.Node) -> str:
    start = text.rfind("\n", 0, node.start_mark.index) + 1
    return " " * (node.start_mark.index - start)


def _block(name: str, entry: Mapping[str, Any], indent: str) -> str:
    """Lines of a block. JSON's scalars and lists are valid in YAML."""
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in entry.items()]
    return f"{indent}{name}:\n" + "".join(f"{indent}{_INDENT}{line}" for line in lines)
