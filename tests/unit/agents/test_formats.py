"""Entries in JSON, JSON with comments, TOML and YAML: golden texts, and removal after others edited the file."""

from __future__ import annotations

from textwrap import dedent

import pytest

from semlens.agents.errors import FormatError, UnsafeEditError
from semlens.agents.formats import Format, entry_in, insert_entry, parse, remove_entry
from semlens.agents.splices import insert_splices, remove_splices

ENTRY = {"command": "/bin/semlens", "args": ["mcp"]}
FLAT = '{"command": "/bin/semlens", "args": ["mcp"]}'


def lines(text: str) -> str:
    return dedent(text).lstrip("\n")


def entry_lines(indent: str, unit: str = "  ") -> str:
    return (
        f'{indent}"semlens": {{\n{indent}{unit}"command": "/bin/semlens",\n{indent}{unit}"args": [\n'
        f'{indent}{unit * 2}"mcp"\n{indent}{unit}]\n{indent}}}'
    )


NEW_FILE = '{\n  "servers": {\n' + entry_lines("    ") + "\n  }\n}\n"

JSON_CASES = {
    "no file": ("", NEW_FILE),
    "spaces only": ("\n", "\n" + NEW_FILE),
    "empty object": ("{}", NEW_FILE.removesuffix("\n")),
    "no container": ('{\n  "a": 1\n}\n', '{\n  "a": 1,\n  "servers": {\n' + entry_lines("    ") + "\n  }\n}\n"),
    "empty container": ('{\n  "servers": {}\n}\n', NEW_FILE),
    "one line": ('{"servers": {"x": {}}, "b": 2}', f'{{"servers": {{"x": {{}}, "semlens": {FLAT}}}, "b": 2}}'),
    "tabs": (
        '{\n\t"servers": {\n\t\t"x": {}\n\t}\n}',
        '{\n\t"servers": {\n\t\t"x": {},\n' + entry_lines("\t\t", "\t") + "\n\t}\n}",
    ),
    "brace behind the last value": (
        '{\n  "servers": {\n    "x": {} }}\n',
        '{\n  "servers": {\n    "x": {},\n' + entry_lines("    ") + " }}\n",
    ),
    "keys that look like the container": (
        '{"a": {"servers": 1}, "s": "servers\\": {"}',
        f'{{"a": {{"servers": 1}}, "s": "servers\\": {{", "servers": {{"semlens": {FLAT}}}}}',
    ),
    "two containers": (
        '{"servers": {"x": 1}, "servers": {"y": 1}}',
        f'{{"servers": {{"x": 1}}, "servers": {{"y": 1, "semlens": {FLAT}}}}}',
    ),
}
JSONC_CASES = {
    "comment behind the last member": (
        '{\n  "servers": {\n    "x": {} // of mine\n  }\n}\n',
        '{\n  "servers": {\n    "x": {}, // of mine\n' + entry_lines("    ") + "\n  }\n}\n",
    ),
    "comment over lines": (
        '{\n  "servers": {\n    "x": {} /* a\n b */\n  }\n}\n',
        '{\n  "servers": {\n    "x": {},\n' + entry_lines("    ") + " /* a\n b */\n  }\n}\n",
    ),
    "closing comma": (
        '{\n  "servers": {\n    "x": {}, // mine\n  },\n}\n',
        '{\n  "servers": {\n    "x": {}, // mine\n' + entry_lines("    ") + ",\n  },\n}\n",
    ),
    "closing comma on one line": (
        '{"servers": {"x": 1,}, }',
        f'{{"servers": {{"x": 1, "semlens": {FLAT},}}, }}',
    ),
    "only a comment inside": (
        '{\n  "servers": {\n    // "x": {}\n  }\n}\n',
        '{\n  "servers": {\n' + entry_lines("    ") + '\n    // "x": {}\n  }\n}\n',
    ),
    "comment in front": ("// settings\n{}\n", "// settings\n" + NEW_FILE),
    "a comment is all": ("// settings\n", "// settings\n" + NEW_FILE),
    "slashes in a string": (
        '{\n  "a": "http://x", // "servers": {\n  "b": "/* no"\n}\n',
        '{\n  "a": "http://x", // "servers": {\n  "b": "/* no",\n  "servers": {\n' + entry_lines("    ") + "\n  }\n}\n",
    ),
}
TOML_ENTRY = '[servers.semlens]\ncommand = "/bin/semlens"\nargs = ["mcp"]\n'
TOML_CASES = {
    "no file": ("", TOML_ENTRY),
    "end without newline": ("a = 1 # c", f"a = 1 # c\n\n{TOML_ENTRY}"),
    "other tables": ("[servers.x]\na = 1\n\n# last\n[b]\n", f"[servers.x]\na = 1\n\n# last\n[b]\n\n{TOML_ENTRY}"),
    "dotted keys": ("[b]\nc.d = 1\n", f"[b]\nc.d = 1\n\n{TOML_ENTRY}"),
}
YAML_ENTRY = '  semlens:\n    command: "/bin/semlens"\n    args: ["mcp"]\n'
YAML_CASES = {
    "no file": ("", f"servers:\n{YAML_ENTRY}"),
    "no container": ("a: 1 # c\n", f"a: 1 # c\nservers:\n{YAML_ENTRY}"),
    "no container, no newline": ("a: 1", f"a: 1\nservers:\n{YAML_ENTRY}"),
    "members": (
        "servers: # mine\n  # first\n  x:\n    a: 1\n\nb: 2\n",
        f"servers: # mine\n{YAML_ENTRY}  # first\n  x:\n    a: 1\n\nb: 2\n",
    ),
    "wide indentation": (
        "servers:\n    x: {}\n",
        "servers:\n" + YAML_ENTRY.replace("\n  ", "\n    ").replace("  semlens", "    semlens", 1) + "    x: {}\n",
    ),
    "text with its line ends": ("a: |+\n  x\n", f"a: |+\n  x\nservers:\n{YAML_ENTRY}"),
    "empty container": ("servers:\nb: 2\n", f"servers:\n{YAML_ENTRY}b: 2\n"),
    "empty braces": ("servers: {}\n", f'servers: {{"semlens": {FLAT}}}\n'),
    "braces": ("servers: {x: 1}\n", f'servers: {{"semlens": {FLAT}, x: 1}}\n'),
    "anchor": ("servers: &a {x: 1}\n", f'servers: &a {{"semlens": {FLAT}, x: 1}}\n'),
    "all in braces": ("{a: 1}\n", f'{{"servers": {{"semlens": {FLAT}}}, a: 1}}\n'),
}
CASES = [
    pytest.param(file_format, before, after, id=f"{file_format}: {name}")
    for file_format, cases in (
        (Format.JSON, JSON_CASES),
        (Format.COMMENTED_JSON, {name: case for name, case in JSONC_CASES.items() if "comma" not in name.split()}),
        (Format.JSONC, JSON_CASES | JSONC_CASES),
        (Format.TOML, TOML_CASES),
        (Format.YAML, YAML_CASES),
    )
    for name, (before, after) in cases.items()
]


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(("file_format", "before", "after"), CASES)
def test_an_entry_goes_in_and_out_exactly(file_format, before, after, newline):
    before = before.replace("\n", newline)
    if newline in before:
        after = after.replace("\n", newline)
    splices = insert_entry(file_format, before, "servers", ENTRY)
    assert insert_splices(before, splices) == after
    assert entry_in(file_format, after, "servers") == ENTRY
    assert remove_splices(after, splices) == before


@pytest.mark.parametrize(("file_format", "before", "after"), CASES)
def test_an_entry_is_removed_where_the_file_was_edited_since(file_format, before, after):
    """Without the record of the places: nothing else changes its value, and comments stay."""
    rest = remove_entry(file_format, after, "servers", prune="servers" not in parse(file_format, before))
    assert entry_in(file_format, rest, "servers") is None
    assert "".join(rest.split()).replace(",", "") == "".join(before.split()).replace(",", "") or not parse(
        file_format, before
    )


REMOVALS = {
    "json, first": (
        Format.JSON,
        '{\n  "servers": {\n    "semlens": {"a": 1},\n    "y": {}\n  }\n}\n',
        '{\n  "servers": {\n    "y": {}\n  }\n}\n',
    ),
    "json, between": (Format.JSON, '{"servers": {"x": 1, "semlens": {}, "y": 2}}', '{"servers": {"x": 1, "y": 2}}'),
    "json, last": (Format.JSON, '{"servers": {"x": 1, "semlens": {}}}', '{"servers": {"x": 1}}'),
    "jsonc, comments stay": (
        Format.JSONC,
        '{"servers": {\n  "x": 1, // x\n  // y\n  "semlens": {}, // ours\n  "y": 2, // y\n}}',
        '{"servers": {\n  "x": 1, // x\n  // y\n // ours\n  "y": 2, // y\n}}',
    ),
    "toml, subtables too": (
        Format.TOML,
        "[servers.x]\na = 1\n\n[servers.semlens]\na = 1\n[servers.semlens.tools.search_code]\nb = 2\n\n# y\n[y]\nc = 3\n",
        "[servers.x]\na = 1\n\n# y\n[y]\nc = 3\n",
    ),
    "yaml, between": (
        Format.YAML,
        "servers:\n  x: 1\n  # ours\n  semlens:\n    a:\n    - 1\n  # y\n  y: 2\n",
        "servers:\n  x: 1\n  # ours\n  # y\n  y: 2\n",
    ),
    "yaml, last in braces": (Format.YAML, "servers: {x: 1, semlens: {a: 1}}\n", "servers: {x: 1}\n"),
}


@pytest.mark.parametrize(("file_format", "text", "rest"), REMOVALS.values(), ids=REMOVALS)
def test_only_the_entry_is_removed(file_format, text, rest):
    assert remove_entry(file_format, text, "servers", prune=False) == rest


BROKEN = {
    "json, syntax": (Format.JSON, '{\n  "a": }', "line 2 column 8"),
    "json, comment": (Format.JSON, "{} // no", "line 1 column 4"),
    "json, closing comma": (Format.JSON, '{"a": 1,}', "line 1 column"),
    "json, list": (Format.JSON, "[]", "root is not an object"),
    "json, deep": (Format.JSON, "[" * 100_000, "nests too deeply"),
    "json, long number": (Format.JSON, '{"a": ' + "1" * 5000 + "}", "number"),
    "json, odd container": (Format.JSON, '{"servers": []}', "`servers` is not a table"),
    "commented json, closing comma": (Format.COMMENTED_JSON, '{"a": 1, /* b */}', "line 1 column"),
    "jsonc, open comment": (Format.JSONC, "{} /* a", "line 1 column 4"),
    "toml": (Format.TOML, "a = \n", "line 1, column 5"),
    "yaml": (Format.YAML, "a: b: c\n", "line 1"),
    "yaml, tag": (Format.YAML, "a: !!python/object:os.system x\n", "constructor"),
    "yaml, list": (Format.YAML, "- a\n", "root is not a mapping"),
    "yaml, two documents": (Format.YAML, "a: 1\n---\nb: 1\n", "document"),
}


@pytest.mark.parametrize(("file_format", "text", "fault"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_named(file_format, text, fault):
    with pytest.raises(FormatError, match=fault):
        entry_in(file_format, text, "servers")


UNSAFE = {
    "json, null": (Format.JSON, '{"servers": null}'),
    "toml, inline table": (Format.TOML, "servers = {x = {a = 1}}\n"),
    "yaml, end of document": (Format.YAML, "a: 1\n...\n"),
    "yaml, alias of braces": (Format.YAML, "a: &a {x: 1}\nservers: *a\n"),
    "yaml, alias": (Format.YAML, "a: &a\n  x: 1\nservers: *a\n"),
}


@pytest.mark.parametrize(("file_format", "text"), UNSAFE.values(), ids=UNSAFE)
def test_an_edit_that_would_change_more_is_refused(file_format, text):
    with pytest.raises(UnsafeEditError):
        insert_entry(file_format, text, "servers", ENTRY)


def test_a_removal_that_would_change_more_is_refused():
    text = '[servers.semlens]\na = 1\n[b]\nc = """\n[servers.semlens]\nd\n[e]\n"""\n'
    with pytest.raises(UnsafeEditError):
        remove_entry(Format.TOML, text, "servers", prune=True)
