"""What agents are told about semlens: a skill, and a section of rules files between markers."""

from __future__ import annotations

from semlens.agents.errors import FormatError
from semlens.agents.splices import Splice, appended, newline_of

BEGIN = "<!-- semlens: begin -->"
END = "<!-- semlens: end -->"

_RULES = """\
- Prefer `search_code` over grep when you do not know the name: ask in your own words. Use grep for exact text.
- Start with locations. Ask for snippets or full bodies only of what you will read.
- Use `explore_symbol` for the definition, callers, callees and tests of one symbol, `get_context` for a pack of code.
- Each answer says how fresh and how sure it is. `index_status` says more.
"""

SKILL = f"""\
---
name: semlens
description: >-
  Find code by meaning with the semlens MCP tools. Use it to locate where something is done when you do not know
  the name, or to see the callers, callees and tests of a symbol.
---

# Finding code with semlens

{_RULES}"""

SECTION = f"""\
{BEGIN}
## Finding code

The MCP server `semlens` finds code by meaning.

{_RULES}{END}
"""


def section_in(text: str) -> str | None:
    r"""The marked section with its newline, in ``\n`` line endings; None without one.

    :raises FormatError: when there is a marker without the other, or more than one section.
    """
    text = text.replace("\r\n", "\n")
    if BEGIN not in text and END not in text:
        return None
    start, end = _bounds(text)
    return text[start:end].rstrip("\n") + "\n"


def insert_section(text: str) -> list[Splice]:
    return [appended(text, SECTION)]


def remove_section(text: str) -> str:
    """The text without the section and the empty line before it. :raises FormatError: as `section_in`."""
    start, end = _bounds(text)
    newline = newline_of(text)
    if text[:start].endswith(newline * 2):
        start -= len(newline)
    return text[:start] + text[end:]


def _bounds(text: str) -> tuple[int, int]:
    start, end = text.find(BEGIN), text.find(END)
    if start < 0 or end < start or text.count(BEGIN) != 1 or text.count(END) != 1:
        raise FormatError("the markers of semlens are not one pair")
    end += len(END)
    for newline in ("\r\n", "\n"):
        if text.startswith(newline, end):
            return start, end + len(newline)
    return start, end
