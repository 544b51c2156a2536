"""The tool ``search_code``: ranked places, and as much code of them as is asked for and fits the budget."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.core.hit import SearchHit, SearchResult
from semlens.core.request import ContentFilter, SearchFilter, SearchRequest
from semlens.core.text.printable import printable, printable_lines
from semlens.embedding.token_counting import TokenCounter
from semlens.engine.query.file_text_cache import FileTextCache
from semlens.engine.query.masking import mask_hit
from semlens.engine.sessions.borrowed_buffers import BorrowedBuffers
from semlens.mcp.answers import Notice, ToolAnswer, fitted_line, place_of, token_counter
from semlens.mcp.arguments import Cursor, Detail, SearchArguments
from semlens.mcp.long_code import Stretch, elision, shorten
from semlens.mcp.shown_lines import ShownLines
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
    """One hit as it is shown. :ivar body: lines of code, or none."""

    hit: SearchHit
    line: str
    body: tuple[str, ...]


class SearchTool:
    """Answers one session."""

    def __init__(
        self,
        service: CodeQueries,
        shown_lines: ShownLines,
        texts: FileTextCache,
        borrowed: BorrowedBuffers | None = None,
    ) -> None:
        """:param borrowed: what the user lets the agent see of an editor."""
        self._service = service
        self._borrowed = borrowed
        self._shown_lines = shown_lines
        self._texts = texts

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
        first_line = f"{_confidence_text(result)} {notice.stale}".rstrip()
        head = [first_line, *notice.unsaved_lines, *notes]
        budget = arguments.budget - counter.count("\n".join(head)) - _RESERVED_TOKENS
        shown = self._fitting(page, arguments.detail, labels, budget, counter)
        cursor = ""
        if offset + len(shown) < len(hits):
            cursor = str(Cursor(offset + len(shown), check))
        lines = [*head, *(text for one in shown for text in (one.line, *one.body))]
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
        share = budget if len(hits) == 1 else max(_LEAST_SHARE, budget // _SHARES)
        for hit in hits:
            suffix = labels.get(hit.root, "")
            line = fitted_line(place_of(hit), hit.signature, suffix, _LINE_TOKENS, counter)
            code = self._code(hit, detail)
            parts = shorten(code, _matches(hit), share, counter)
            body = self._without_repeats(printable(hit.path), code, parts)
            cost = counter.count("\n".join((line, *body)))
            if cost > budget and not shown:
                line, body = _truncated(place_of(hit) + suffix, line, body, budget, counter)
                parts, cost = (), budget  # what is cut does not count as given
            if cost > budget:
                break
            budget -= cost
            for part in parts:
                self._shown_lines.add(printable(hit.path), part.first, part.lines)
            shown.append(_Shown(hit, line, tuple(body)))
        return shown

    def _without_repeats(self, path: str, code: Stretch, parts: Sequence[Stretch]) -> list[str]:
        """The lines to show, with a reference for what was given before, and for what is left out."""
        lines: list[str] = []
        for before, part in pairwise((None, *parts, None)):
            lines += elision(before, part, code)
            if part is not None:
                lines += map(printable_lines, self._shown_lines.without_repeats(path, part.first, part.lines))
        return lines

    def _code(self, hit: SearchHit, detail: Detail) -> Stretch:
        """The code of a hit that may be shown, masked."""
        if detail is Detail.LOCATIONS:
            return Stretch(1, ())
        if detail is Detail.FULL:
            lines = self._lines_of(hit)
            if hit.span.last_line < len(lines):
                hit = mask_hit(hit._replace(snippet_span=hit.span), lines)
        return Stretch(hit.snippet_span.start_line + 1, tuple(hit.snippet.split("\n")) if hit.snippet else ())

    def _lines_of(self, hit: SearchHit) -> Sequence[str]:
        """All lines of the document of a hit; none when it cannot be read."""
        if hit.dirty and self._borrowed is not None:
            return self._borrowed.lines(hit.uri) or ()
        document = self._texts.read(hit.root, hit.path) if hit.root else None
        return document.lines if document is not None else ()


def _confidence_text(result: SearchResult) -> str:
    fits = ": nothing here seems to fit; these are the nearest places" if result.nothing_fits and result.hits else ""
    return f"confidence {result.confidence:.2f}{fits}."


def _matches(hit: SearchHit) -> list[tuple[int, int]]:
    """Numbers of the lines that match best."""
    return [(first + 1, last + 1) for first, last in hit.highlights]


def _truncated(place: str, line: str, body: list[str], budget: int, counter: TokenCounter) -> tuple[str, list[str]]:
    """The first hit, cut to the budget."""
    while body and counter.count("\n".join((line, *body))) > budget - _LINE_TOKENS // 2:
        body = body[: len(body) * 3 // 4]
    if counter.count(line) > budget:
        line = place
    if body:
        return line, [*body, "... more lines; raise budget_tokens"]
    return line, []


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
        found["text"] = "\n".join(shown.body)
    return found
