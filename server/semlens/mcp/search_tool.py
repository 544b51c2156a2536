"""The tool ``search_code``: ranked places, and as much code of them as is asked for and fits the budget."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.core.hit import SearchHit
from semlens.core.request import ContentFilter, SearchFilter, SearchRequest
from semlens.core.text.printable import printable
from semlens.embedding.token_counting import TokenCounter
from semlens.mcp.answers import Notice, ToolAnswer, first_line, fitted_line, place_of, token_counter
from semlens.mcp.arguments import Cursor, Detail, SearchArguments
from semlens.mcp.hit_code import Body, HitCode, in_fence
from semlens.mcp.long_code import Stretch, shorten
from semlens.service.code_service import CodeQueries
from semlens.service.codec import Json

_LINE_TOKENS = 44
"""Ten locations, the line about the index and the cursor stay within 500 tokens."""

_SHARES, _LEAST_SHARE = 5, 150
"""Of the budget, for the code of one of several hits, and tokens that it may take in any case. So a class of a thousand
lines does not keep the next places out. A single hit is not shortened."""

_RESERVED_TOKENS = 40
"""Of the budget, for the cursor."""

_MAX_SIGNATURE_CHARS = 120

_NOTHING = "Nothing was found. Ask in other words, or with fewer filters."
_NO_PASSAGES: dict[ContentFilter | None, str] = {
    ContentFilter.DOCS: "The index has no documentation that fits.",
    ContentFilter.CONFIG: "The index has no configuration that fits.",
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """One hit as it is shown. :ivar body: its code, or none."""

    hit: SearchHit
    line: str
    body: Body


class SearchTool:
    """Answers one session."""

    def __init__(self, service: CodeQueries, code: HitCode) -> None:
        self._service = service
        self._code = code

    def answer(
        self,
        arguments: SearchArguments,
        folders: Sequence[str],
        labels: dict[str, str],
        notice: Notice,
        cancel: CancelToken,
    ) -> ToolAnswer:
        """:param labels: a suffix for the hits of each root, where there are several.

        :param notice: about the index; it stands at the top.
        """
        check = _check_of(arguments, folders)
        if arguments.cursor.check not in ("", check):
            raise UsageError("`cursor` belongs to another question. Repeat that question, or leave the cursor out.")
        offset = arguments.cursor.offset
        result = self._service.search(_request(arguments, folders, offset + arguments.limit + 1), cancel)
        hits = result.hits
        page = hits[offset : offset + arguments.limit]
        notes = [printable(note) for note in result.notes]
        if not hits:
            notes.append(_NO_PASSAGES.get(arguments.content, _NOTHING))
        counter = token_counter()
        head = [first_line(result, notice), *notice.unsaved_lines, *notes]
        budget = arguments.budget - counter.count("\n".join(head)) - _RESERVED_TOKENS
        shown = self._fitting(page, arguments.detail, labels, budget, counter)
        cursor = ""
        if offset + len(shown) < len(hits):
            cursor = str(Cursor(offset + len(shown), check))
        lines = [*head, *(text for one in shown for text in (one.line, *in_fence(one.body)))]
        if cursor:
            lines.append(f"more: cursor={cursor}")
        structured: Json = {
            "hits": [_hit_json(one, arguments.detail, with_root=bool(labels)) for one in shown],
            "confidence": round(result.confidence, 2),
            "nothingFits": result.nothing_fits,
            "complete": result.complete and not notice.stale,
            "notes": [*notice.lines, *notes],
        }
        if cursor:
            structured["cursor"] = cursor
        return ToolAnswer("\n".join(lines), structured)

    def _fitting(
        self, hits: Sequence[SearchHit], detail: Detail, labels: dict[str, str], budget: int, counter: TokenCounter
    ) -> list[_Shown]:
        """The hits that fit the budget, in order. The first is truncated rather than left out."""
        shown: list[_Shown] = []
        alone = len(hits) == 1
        share = budget if alone else max(_LEAST_SHARE, budget // _SHARES)
        for hit in hits:
            suffix = labels.get(hit.root, "")
            line = fitted_line(place_of(hit), hit.signature, suffix, _LINE_TOKENS, counter)
            code = self._code_of(hit, detail)
            parts, body = self._shortened(hit, code, share, counter, alone=alone)
            while not shown and parts and _cost(line, body, counter) > budget:
                share = share * 3 // 4
                parts, body = self._shortened(hit, code, share, counter, alone=alone)
            cost = _cost(line, body, counter)
            if cost > budget and not shown:
                line, cost = place_of(hit) + suffix, budget
            if cost > budget:
                break
            budget -= cost
            self._code.add(hit, parts)
            shown.append(_Shown(hit, line, body))
        return shown

    def _code_of(self, hit: SearchHit, detail: Detail) -> Stretch:
        if detail is Detail.LOCATIONS:
            return Stretch(1, ())
        code = self._code.whole(hit) if detail is Detail.FULL else Stretch(1, ())
        return code if code.lines else self._code.snippet(hit)

    def _shortened(
        self, hit: SearchHit, code: Stretch, budget: int, counter: TokenCounter, *, alone: bool
    ) -> tuple[tuple[Stretch, ...], Body]:
        """The parts of the code that fit, and how to show them."""
        parts = shorten(code, _matches(hit), budget, counter, fill=alone) if code.lines else ()
        return parts, self._code.body(hit, parts) if parts else Body()


def _cost(line: str, body: Body, counter: TokenCounter) -> int:
    return counter.count("\n".join((line, *in_fence(body))))


def _matches(hit: SearchHit) -> list[tuple[int, int]]:
    """Numbers of the lines that match best."""
    return [(first + 1, last + 1) for first, last in hit.highlights]


def _request(arguments: SearchArguments, folders: Sequence[str], limit: int) -> SearchRequest:
    search_filter = SearchFilter(
        languages=arguments.languages,
        paths=arguments.paths,
        tests=arguments.tests,
        folders=tuple(folders),
        content=arguments.content,
    )
    return SearchRequest(arguments.query, limit=limit, filter=search_filter.checked(), mask=True)


def _check_of(arguments: SearchArguments, folders: Sequence[str]) -> str:
    """Two hexadecimal digits: a longer hash costs tokens, and this only guards against a mix-up."""
    question = (arguments.query, arguments.languages and sorted(arguments.languages), arguments.paths, arguments.tests)
    return hashlib.sha256(repr((*question, arguments.content, sorted(folders))).encode("utf-8", "replace")).hexdigest()[
        :2
    ]


def _hit_json(shown: _Shown, detail: Detail, *, with_root: bool) -> Json:
    hit = shown.hit
    found: Json = {
        "path": printable(hit.path),
        "startLine": hit.span.start_line + 1,
        "endLine": hit.span.last_line + 1,
        "name": printable(hit.qualified_name),
        "kind": hit.kind.label,
    }
    if hit.dirty:
        found["dirty"] = True
    if with_root:
        found["root"] = printable(hit.root)
    if detail is Detail.LOCATIONS:
        found["signature"] = printable(hit.signature)[:_MAX_SIGNATURE_CHARS]
    else:
        found["text"] = "\n".join(shown.body.lines)
    return found
