"""For any file: an entry changes no other value, goes out exactly, and can be removed without the record."""

from __future__ import annotations

import json

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from semlens.agents.errors import UnsafeEditError
from semlens.agents.formats import Format, insert_entry, parse, remove_entry
from semlens.agents.instructions import insert_section, remove_section, section_in
from semlens.agents.splices import insert_splices, remove_splices

ENTRY = {"command": "/bin/ä b", "args": ["mcp"]}
WORDS = st.sampled_from(["a", "servers", "semlens2", '"', "//", "/*", "#", "{", "}", ",", "\\", "ä", ": ", "\t", "x y"])
NAMES = st.lists(WORDS, min_size=1, max_size=3).map("".join)
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | NAMES
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
TABLES = st.dictionaries(NAMES.filter(lambda name: name != "semlens"), VALUES, max_size=3)


@st.composite
def documents(draw):
    """A root with or without a table of servers, at any place."""
    rest = {name: value for name, value in draw(TABLES).items() if name != "servers"}
    if draw(st.booleans()):
        items = [*rest.items(), ("servers", draw(TABLES))]
        rest = dict(draw(st.permutations(items)))
    return rest


@st.composite
def commented_json(draw):
    """JSON with comments, closing commas, and spaces of any kind between its tokens."""
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    gaps = ["", " ", newline, f"{newline}\t", f"{newline}    ", " // c }" + newline, "/* { */", f"/*{newline}*/ "]

    def gap() -> str:
        return draw(st.sampled_from(gaps))

    def render(value: object) -> str:
        if isinstance(value, dict):
            parts = [f"{gap()}{json.dumps(key)}{gap()}:{gap()}{render(item)}{gap()}" for key, item in value.items()]
        elif isinstance(value, list):
            parts = [f"{gap()}{render(item)}{gap()}" for item in value]
        else:
            return json.dumps(value, ensure_ascii=draw(st.booleans()))
        last = "," if parts and draw(st.booleans()) else ""
        start, end = "{}" if isinstance(value, dict) else "[]"
        return start + ",".join(parts) + last + gap() + end

    return gap() + render(draw(documents())) + gap()


def check(file_format: Format, text: str) -> None:
    splices = insert_entry(file_format, text, "servers", ENTRY)  # checks the values
    after = insert_splices(text, splices)
    assert remove_splices(after, splices) == text
    rest = remove_entry(file_format, after, "servers", prune="servers" not in parse(file_format, text))
    assert parse(file_format, rest) == parse(file_format, text)


@settings(max_examples=200, deadline=None)
@given(commented_json())
def test_json_with_comments(text):
    check(Format.JSONC, text)


@settings(max_examples=100, deadline=None)
@given(documents(), st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_json(content, indent, ascii_only):
    check(Format.JSON, json.dumps(content, indent=indent, ensure_ascii=ascii_only))


@settings(max_examples=50, deadline=None)
@given(documents(), st.sampled_from([None, False, True]), st.sampled_from([2, 4]), st.booleans())
def test_yaml(content, flow, indent, has_crlf):
    text = "# mine\n" + yaml.safe_dump(content, default_flow_style=flow, indent=indent, sort_keys=False)
    check(Format.YAML, text.replace("\n", "\r\n") if has_crlf else text)


TOML_LINES = st.lists(
    st.sampled_from(
        ["", "# c", "[a]", "[servers.x]", "[servers.x.env]", "[[b]]", "k = 1", 'l = "#["', 'm = """\n[servers.y]\n"""']
    ),
    max_size=8,
).map("\n".join)


@settings(max_examples=200, deadline=None)
@given(TOML_LINES, st.sampled_from(["", "\n", "\n\n"]))
def test_toml(text, end):
    try:
        parse(Format.TOML, text + end)
    except Exception:  # noqa: BLE001 - the lines do not fit each other
        return
    try:
        check(Format.TOML, text + end)
    except UnsafeEditError:
        raise AssertionError(text) from None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["# a", "", "text", "\t"]), max_size=5), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_section(lines, newline, has_end):
    text = newline.join(lines) + (newline if has_end else "")
    splices = insert_section(text)
    after = insert_splices(text, splices)
    assert remove_splices(after, splices) == text
    assert section_in(after) is not None
    assert remove_section(after).rstrip() == text.rstrip()
