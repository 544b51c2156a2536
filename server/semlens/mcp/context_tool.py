"""The tools ``get_context`` and ``explore_symbol``: packs of code within a budget of real tokens."""

from __future__ import annotations

from collections.abc import Sequence

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextItem, ContextPack, ContextReason, ContextRequest, Form, Relation
from semlens.core.errors import NotReadyError, UsageError
from semlens.core.graph import NeighboursRequest
from semlens.core.text.printable import printable
from semlens.core.text.secrets import mask_secrets
from semlens.mcp.answers import Notice, ToolAnswer, token_counter, tokenizer_path
from semlens.mcp.arguments import ContextArguments, ExploreArguments
from semlens.mcp.further_symbols import USED_BY, USES, FurtherSymbols
from semlens.mcp.pack_blocks import PackBlock, blocks_of_pack, parts_of_pack
from semlens.mcp.places import Place
from semlens.mcp.shown_lines import ShownLines
from semlens.service.code_service import CodeQueries
from semlens.service.codec import Json

_RELATED_FACTOR = 3
"""A pack this much larger than the answer also has the places of what the answer shows no code of."""

_DEFINITION, _TESTS = "definition", "tests"
_TITLES = {_DEFINITION: "definition", USES: "uses", USED_BY: "used by", _TESTS: "tests"}
_SECTIONS = {Relation.PLACE: _DEFINITION, Relation.USED: USES, Relation.USER: USED_BY, Relation.TEST: _TESTS}


class ContextTool:
    """Answers one session."""

    def __init__(self, service: CodeQueries, shown_lines: ShownLines) -> None:
        self._service = service
        self._shown_lines = shown_lines

    def context(
        self,
        arguments: ContextArguments,
        place: Place | None,
        folders: Sequence[str],
        notice: Notice,
        cancel: CancelToken,
    ) -> ToolAnswer:
        counter = token_counter()
        head = [line for line in (*notice.lines, place.note if place is not None else "") if line]
        left = max(1, arguments.budget - counter.count("\n".join(head)))
        pack = self._service.context(_request(arguments.query, place, folders, left, tests=False), cancel)
        body = self._without_repeats(pack.text.rstrip("\n")) or "No code was found that fits the budget."
        text = "\n".join([*head, body])
        return ToolAnswer(
            text,
            {
                "text": text,
                "tokens": counter.count(text),
                "items": [_item_json(item) for item in pack.items],
                "complete": not notice.stale,
                "notes": head,
            },
        )

    def explore(
        self, arguments: ExploreArguments, place: Place, folders: Sequence[str], notice: Notice, cancel: CancelToken
    ) -> ToolAnswer:
        """First the places, so that no relation is left out for lack of room, then code as far as it fits."""
        head = [line for line in (*notice.lines, place.note) if line]
        request = _request("", place, folders, arguments.budget * _RELATED_FACTOR, tests=True)
        pack = self._service.context(request, cancel)
        sections = _sections(pack)
        if not sections[_DEFINITION]:  # the pack shows it as a part of the whole symbol around it
            sections[_DEFINITION] = self._definition(place, folders, cancel)
        lines = list(head)
        for section, items in sections.items():
            lines.append(f"{_TITLES[section]}:{'' if items else ' none found'}")
            lines += [f"  {_place(item)}  {_name(item)}" for item in items]
        further = FurtherSymbols(arguments.budget)
        if arguments.depth > 1:
            lines += further.find(self._service, place, arguments.depth, folders, cancel).lines
        definition = sections[_DEFINITION][0] if sections[_DEFINITION] else None
        blocks = sorted(blocks_of_pack(pack.text), key=lambda block: not _shows(block, definition))
        text = self._with_code(_cut("\n".join(lines), arguments.budget), blocks, arguments.budget)
        structured: Json = {
            section: [*(_item_json(item) for item in items), *further.items.get(section, ())]
            for section, items in sections.items()
        }
        return ToolAnswer(text, {"text": text, **structured, "complete": not notice.stale, "notes": head})

    def _definition(self, place: Place, folders: Sequence[str], cancel: CancelToken) -> list[ContextItem]:
        request = NeighboursRequest(place.uri, place.lines[0], limit=1, folders=tuple(folders))
        try:
            hit = self._service.callers(request, cancel).symbol
        except (UsageError, NotReadyError):  # code outside of all symbols
            return []
        name, reason = hit.qualified_name or hit.name, ContextReason(Relation.PLACE, "at the cursor")
        return [ContextItem(hit.uri, hit.path, hit.span, name, Form.FULL, 0, reason, hit.dirty, "")]

    def _with_code(self, text: str, blocks: Sequence[PackBlock], budget: int) -> str:
        """Add the blocks that fit. The first is truncated rather than left out."""
        counter = token_counter()
        parts = [text]
        left = budget - counter.count(text)
        for number, block in enumerate(blocks):
            body = self._shown_lines.without_block_repeats(block)
            while number == 0 and body and counter.count(block.rendered(body)) > left:
                body = body[: len(body) * 3 // 4]
            code = block.rendered(body)
            cost = counter.count(code)
            if body and cost <= left:
                left -= cost
                parts.append(code)
                self._shown_lines.add_block(block, len(body))
        return "\n".join(parts)

    def _without_repeats(self, text: str) -> str:
        """A pack, with references instead of the code that was given before."""
        parts: list[str] = []
        for part in parts_of_pack(text):
            if isinstance(part, str):
                parts.append(part)
                continue
            parts.append(part.rendered(self._shown_lines.without_block_repeats(part)))
            self._shown_lines.add_block(part, len(part.body))
        return "\n".join(parts)


def _request(query: str, place: Place | None, folders: Sequence[str], budget: int, *, tests: bool) -> ContextRequest:
    return ContextRequest(
        query=query,
        uri=place.uri if place is not None else "",
        lines=place.lines if place is not None else (-1, -1),
        budget=budget,
        tokenizer=tokenizer_path(),
        tests=tests,
        folders=tuple(folders),
    )


def _sections(pack: ContextPack) -> dict[str, list[ContextItem]]:
    sections: dict[str, list[ContextItem]] = {name: [] for name in _TITLES}
    for item in pack.items:
        section = _SECTIONS.get(item.reason.relation)
        if section is not None:
            sections[section].append(item)
    return sections


def _shows(block: PackBlock, item: ContextItem | None) -> bool:
    if item is None:
        return False
    return block.path == printable(item.path) and block.first <= item.span.start_line + 1 <= block.last


def _cut(text: str, budget: int) -> str:
    """Drop whole lines at the end. Needed only where the budget is tiny."""
    counter = token_counter()
    lines = text.split("\n")
    while len(lines) > 1 and counter.count("\n".join(lines)) > budget:
        lines = lines[: max(1, len(lines) - max(1, len(lines) // 8))]
    return "\n".join(lines)


def _place(item: ContextItem) -> str:
    return f"{printable(item.path)}:{item.span.start_line + 1}-{item.span.end_line + 1}"


def _name(item: ContextItem) -> str:
    return printable(mask_secrets(item.name)[0])


def _item_json(item: ContextItem) -> Json:
    return {
        "path": printable(item.path),
        "startLine": item.span.start_line + 1,
        "endLine": item.span.end_line + 1,
        "name": _name(item),
        "form": item.form.value,
        "why": printable(mask_secrets(item.reason.text)[0]),
    }
