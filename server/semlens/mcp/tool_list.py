"""The tools as agents see them: names, descriptions and schemas. All of it costs at most 1,500 tokens.

An agent pays for this text in every session, so it has no word more than it needs. `arguments` checks what is sent.
"""

from __future__ import annotations

import enum
from typing import Any

from semlens.core.request import ContentFilter, TestFilter
from semlens.mcp.arguments import MAX_DEPTH, MAX_LIMIT, Detail

INSTRUCTIONS = """\
semlens finds code by meaning, words or names in an index that follows every change on disk.
Use search_code before grep when you do not know the exact name, or want to know where something is done.
Read the places it gives, or ask with detail=full; limit=1 gives one whole.
Use get_context to collect the code for a task in one answer.
Use explore_symbol before you change a symbol: it gives the definition, who uses it, its tests, what it uses.
The first line says the confidence (below 0.2 nothing fits), and what is stale or incomplete.
A repeat of code is a reference; read the file if you lost it.
Page on with the cursor. Secrets are masked."""

_TEXT: dict[str, Any] = {"type": "string"}
_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
_FLAG: dict[str, Any] = {"type": "boolean"}
_ITEMS: dict[str, Any] = {"type": "array"}
_PLACE: dict[str, Any] = {"type": "string", "description": "path:line, path:first-last, path or name of a symbol"}
_SYMBOL: dict[str, Any] = {"type": "string", "description": "path:line or name of a symbol"}
_ROOTS: dict[str, Any] = {**_TEXTS, "description": "folders inside the session's roots"}
_READ_ONLY = {"readOnlyHint": True, "openWorldHint": False}


def _choice(choices: type[enum.Enum]) -> dict[str, Any]:
    return {"enum": [choice.value for choice in choices]}


def _number(default: int) -> dict[str, Any]:
    return {"type": "integer", "default": default}


def _tool(
    name: str, description: str, inputs: dict[str, Any], outputs: dict[str, Any], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": inputs}
    if required:
        schema["required"] = list(required)
    return {
        "name": name,
        "description": description,
        "inputSchema": schema,
        "outputSchema": {"type": "object", "properties": outputs},
        "annotations": _READ_ONLY,
    }


TOOLS: tuple[dict[str, Any], ...] = (
    _tool(
        "search_code",
        "Find code by what it does, by name, words, error message or stack trace. "
        "Gives ranked places, one line each: path:start-end signature.",
        {
            "query": _TEXT,
            "roots": _ROOTS,
            "limit": {**_number(10), "maximum": MAX_LIMIT},
            "detail": {**_choice(Detail), "default": "locations", "description": "snippets: best lines, full: all"},
            "budget_tokens": _number(2000),
            "languages": {**_TEXTS, "description": "such as python"},
            "paths": {**_TEXTS, "description": "globs such as src/**"},
            "tests": {**_choice(TestFilter), "default": "include"},
            "kind_of_file": {**_choice(ContentFilter), "default": "code"},
            "cursor": {"type": "string", "description": "of the last answer, for the next page"},
        },
        {
            "hits": _ITEMS,
            "confidence": {"type": "number"},
            "nothingFits": _FLAG,
            "complete": _FLAG,
            "notes": _ITEMS,
            "cursor": _TEXT,
        },
        ("query",),
    ),
    _tool(
        "get_context",
        "Collect the code that matters for a task (query) or a place, within a token budget. "
        "Without both: a map of the repository.",
        {"query": _TEXT, "place": _PLACE, "roots": _ROOTS, "budget_tokens": _number(4000)},
        {"text": _TEXT, "confidence": {"type": "number"}, "nothingFits": _FLAG, "complete": _FLAG},
    ),
    _tool(
        "explore_symbol",
        "One symbol: its definition, who uses it and in which lines, its tests, what it uses. Use it before a change.",
        {
            "place": _SYMBOL,
            "roots": _ROOTS,
            "depth": {**_number(1), "maximum": MAX_DEPTH, "description": "2: also callers of callers"},
            "budget_tokens": _number(3000),
        },
        {"text": _TEXT, "complete": _FLAG},
        ("place",),
    ),
    _tool(
        "index_status",
        "How fresh and complete the index is.",
        {"roots": _ROOTS},
        {"state": _TEXT, "complete": _FLAG, "roots": _ITEMS, "lagMs": {"type": "number"}, "problems": _ITEMS},
    ),
)
