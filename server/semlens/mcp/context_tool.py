"""The tools ``get_context`` and ``explore_symbol``: packs of code within a budget of real tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextRequest
from semlens.core.graph import NeighboursRequest
from semlens.core.hit import SearchHit, short_name
from semlens.core.request import SearchFilter, SearchRequest
from semlens.core.text.printable import printable
from semlens.core.text.secrets import mask_secrets
from semlens.mcp.answers import Notice, ToolAnswer, first_line, place_of, token_counter, tokenizer_path
from semlens.mcp.arguments import ContextArguments, ExploreArguments
from semlens.mcp.hit_code import HitCode
from semlens.mcp.long_code import shorten
from semlens.mcp.neighbour_lists import LIMIT, neighbour_lists
from semlens.mcp.pack_blocks import PackBlock, blocks_of_pack, parts_of_pack
from semlens.mcp.places import Place
from semlens.mcp.shown_lines import ShownLines
from semlens.search.context.render import fenced
from semlens.service.code_service import CodeQueries
from semlens.service.codec import Json

_LISTS_SHARE = 2
"""Lists of places take at most this part of the budget: 1/2. Code has the rest."""

_N_JUDGED = 11
"""Hits of the search whose confidence a pack for a query has. `search_code` asks for as many, so both say the same."""

_NO_CODE = "No code of the index is here, or none fits the budget."
_NO_ROOM = "The code of the definition does not fit the budget."


class ContextTool:
    """Answers one session."""

    def __init__(self, service: CodeQueries, shown_lines: ShownLines, code: HitCode) -> None:
        self._service = service
        self._shown_lines = shown_lines
        self._code = code

    def context(
        self,
        arguments: ContextArguments,
        place: Place | None,
        folders: Sequence[str],
        notice: Notice,
        cancel: CancelToken,
    ) -> ToolAnswer:
        counter = token_counter()
        head = notice.lines
        structured: Json = {}
        if arguments.query:
            only = SearchFilter(folders=tuple(folders), content=None)
            found = self._service.search(SearchRequest(arguments.query, limit=_N_JUDGED, filter=only), cancel)
            head = [first_line(found, notice), *notice.unsaved_lines]
            structured = {"confidence": round(found.confidence, 2), "nothingFits": found.nothing_fits}
        if place is not None and place.note:
            head.append(place.note)
        left = max(1, arguments.budget - counter.count("\n".join(head)))
        pack = self._service.context(_request(arguments.query, place, folders, left, tests=False), cancel)
        text = "\n".join([*head, self._without_repeats(pack.text.rstrip("\n")) or _NO_CODE])
        return ToolAnswer(text, {"text": text, **structured, "complete": not notice.stale})

    def explore(
        self, arguments: ExploreArguments, place: Place, folders: Sequence[str], notice: Notice, cancel: CancelToken
    ) -> ToolAnswer:
        """First the places, then code as far as it fits: the definition, and what is related to it."""
        counter = token_counter()
        request = NeighboursRequest(place.uri, place.lines[0], place.name, LIMIT, tuple(folders), arguments.depth)
        used_by = self._service.callers(request, cancel)
        uses = self._service.callees(request, cancel)
        symbol = used_by.symbol
        lines = [line for line in (*notice.lines, place.note) if line]
        lines += ["definition:", f"  {place_of(symbol)}  {printable(mask_secrets(short_name(symbol))[0])}"]
        left = arguments.budget // _LISTS_SHARE - counter.count("\n".join(lines))
        lines += neighbour_lists(used_by, uses, arguments.depth, left, counter)
        parts = [_cut("\n".join(lines), arguments.budget - counter.count(_NO_ROOM))]
        parts += self._definition(symbol, arguments.budget - counter.count(parts[0]))
        left = arguments.budget - counter.count("\n".join(parts))
        if left > 0:
            pack = self._service.context(_request("", place, folders, left, tests=True), cancel)
            parts += self._fitting((b for b in blocks_of_pack(pack.text) if not _shows(b, symbol)), left)
        text = "\n".join(parts)
        return ToolAnswer(text, {"text": text, "complete": not notice.stale})

    def _definition(self, symbol: SearchHit, budget: int) -> list[str]:
        """Its code in a fence, shortened until it fits, or a line that says that it does not; [] if unreadable."""
        code = self._code.whole(symbol)
        if not code.lines:
            return []
        counter = token_counter()
        info = f"{symbol.language} {place_of(symbol)}"
        share = budget - counter.count(fenced(info, ""))
        while share > 0 and (shown := shorten(code, (), share, counter, fill=True)):
            text = fenced(info, "\n".join(self._code.body(symbol, shown).lines)).rstrip("\n")
            if counter.count(text) <= budget:
                self._code.add(symbol, shown)
                return [text]
            share = share * 7 // 8
        return [_NO_ROOM]

    def _fitting(self, blocks: Iterable[PackBlock], budget: int) -> list[str]:
        counter = token_counter()
        parts: list[str] = []
        for block in blocks:
            code = block.rendered(self._shown_lines.without_block_repeats(block))
            cost = counter.count(code)
            if cost <= budget:
                budget -= cost
                parts.append(code)
                self._shown_lines.add_block(block)
        return parts

    def _without_repeats(self, text: str) -> str:
        """A pack, with references instead of the code that was given before."""
        parts: list[str] = []
        for part in parts_of_pack(text):
            if isinstance(part, str):
                parts.append(part)
                continue
            parts.append(part.rendered(self._shown_lines.without_block_repeats(part)))
            self._shown_lines.add_block(part)
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


def _shows(block: PackBlock, symbol: SearchHit) -> bool:
    first, last = symbol.span.start_line + 1, symbol.span.last_line + 1
    return block.path == printable(symbol.path) and block.first <= last and first <= block.last


def _cut(text: str, budget: int) -> str:
    """Drop whole lines at the end. Needed only where the budget is tiny."""
    counter = token_counter()
    lines = text.split("\n")
    while len(lines) > 1 and counter.count("\n".join(lines)) > budget:
        lines = lines[: max(1, len(lines) - max(1, len(lines) // 8))]
    return "\n".join(lines)
