"""The formats of the agents' files: how each is parsed, and how an entry goes in and out.

Every edit is checked by parsing: besides the entry, the values before and after must be equal.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from semlens.agents import json_text, toml_text
from semlens.agents.errors import FormatError, UnsafeEditError
from semlens.agents.splices import Splice, insert_splices

ENTRY_NAME = "semlens"
_COMMAND_KEYS = ("command", "cmd", "args")


class Format(enum.StrEnum):
    """The format of a file.

    ``COMMENTED_JSON`` may have comments, ``JSONC`` also closing commas. ``SECTION`` is Markdown with a marked section,
    ``WHOLE`` a file that is all ours.
    """

    JSON = "json"
    COMMENTED_JSON = "commented-json"
    JSONC = "jsonc"
    TOML = "toml"
    YAML = "yaml"
    SECTION = "section"
    WHOLE = "whole"

    @property
    def language(self) -> str:
        """Its name for people."""
        return "JSON" if self in (Format.COMMENTED_JSON, Format.JSONC) else self.value.upper()


class _Editor(NamedTuple):
    parse: Callable[[str], dict[str, Any]]
    insert: Callable[[str, str, str, Mapping[str, Any]], list[Splice]]
    remove: Callable[..., str]


def parse(file_format: Format, text: str) -> dict[str, Any]:
    """:raises FormatError: when the text is not valid."""
    return _editor(file_format).parse(text)


def entry_in(file_format: Format, text: str, container: str) -> object | None:
    """The entry of semlens; None if there is none.

    :raises FormatError: when the text is not valid, or the container is no table.
    """
    holder = parse(file_format, text).get(container)
    if holder is None:
        return None
    if not isinstance(holder, dict):
        raise FormatError(f"`{container}` is not a table")
    entry: object | None = holder.get(ENTRY_NAME)
    return entry


def insert_entry(file_format: Format, text: str, container: str, entry: Mapping[str, Any]) -> list[Splice]:
    """Where to insert the entry.

    :raises FormatError: when the text is not valid.
    :raises UnsafeEditError: when it cannot be inserted without changing more.
    """
    editor = _editor(file_format)
    before = editor.parse(text)
    splices = editor.insert(text, container, ENTRY_NAME, entry)
    expected = {**before, container: {**(before.get(container) or {}), ENTRY_NAME: dict(entry)}}
    try:
        after = editor.parse(insert_splices(text, splices))
    except FormatError as error:
        raise UnsafeEditError from error
    if after != expected:
        raise UnsafeEditError
    return splices


def remove_entry(file_format: Format, text: str, container: str, *, prune: bool) -> str:
    """The text without the entry.

    :param prune: also remove the container if it gets empty.
    :raises FormatError: when the text is not valid.
    :raises UnsafeEditError: when it cannot be removed without changing more.
    """
    editor = _editor(file_format)
    before = editor.parse(text)
    rest = {name: value for name, value in (before.get(container) or {}).items() if name != ENTRY_NAME}
    try:
        after_text = editor.remove(text, container, ENTRY_NAME, prune=prune)
        after = editor.parse(after_text)
    except FormatError as error:
        raise UnsafeEditError from error
    others_before = {name: value for name, value in before.items() if name != container}
    others_after = {name: value for name, value in after.items() if name != container}
    if others_before != others_after or (after.get(container) or {}) != rest:
        raise UnsafeEditError
    return after_text


def runs_same_program(entry: object, other: Mapping[str, Any]) -> bool:
    """Whether two entries start the same command. Agents add keys of their own to entries, such as ``disabled``."""
    return isinstance(entry, dict) and all(entry.get(key) == other.get(key) for key in _COMMAND_KEYS)


def _editor(file_format: Format) -> _Editor:
    if file_format is Format.YAML:
        from semlens.agents import yaml_text  # slow to load, and one agent needs it

        return _Editor(yaml_text.parse_yaml, yaml_text.insert_yaml, yaml_text.remove_yaml)
    if file_format is Format.TOML:
        return _Editor(toml_text.parse_toml, toml_text.insert_toml, toml_text.remove_toml)
    comments, closing_commas = file_format is not Format.JSON, file_format is Format.JSONC
    return _Editor(
        lambda text: json_text.parse_json(text, comments=comments, closing_commas=closing_commas),
        json_text.insert_json,
        json_text.remove_json,
    )
