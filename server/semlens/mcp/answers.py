"""What a tool answers, and the parts that all answers share: places, the line about the index, token counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from semlens.core.hit import SearchHit, SearchResult
from semlens.core.status import EngineState, EngineStatus
from semlens.core.text.printable import printable
from semlens.embedding.registry import model_folders
from semlens.embedding.token_counting import TokenCounter, load_counter
from semlens.service.codec import Json

_ELLIPSIS = "..."
_MAX_UNSAVED = 3


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """:ivar text: what the agent reads. :ivar structured: the same as JSON. :ivar is_error: the call was wrong."""

    text: str
    structured: Json = field(default_factory=dict)
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """What an answer says first. :ivar stale: why something may be missing, or "". :ivar unsaved: open documents."""

    stale: str = ""
    unsaved: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        return [*([self.stale] if self.stale else []), *self.unsaved_lines]

    @property
    def unsaved_lines(self) -> list[str]:
        """One line, or none."""
        if not self.unsaved:
            return []
        shown = ", ".join(map(printable, self.unsaved[:_MAX_UNSAVED]))
        more = f" and {len(self.unsaved) - _MAX_UNSAVED} more" if len(self.unsaved) > _MAX_UNSAVED else ""
        return [f"Not saved yet, as in the editor: {shown}{more}"]


def first_line(result: SearchResult, notice: Notice) -> str:
    """The confidence, and what is stale."""
    fits = ": nothing here seems to fit; these are the nearest places" if result.nothing_fits and result.hits else ""
    return f"confidence {result.confidence:.2f}{fits}. {notice.stale}".rstrip()


@lru_cache(maxsize=1)
def tokenizer_path() -> str:
    """A tokenizer that comes with semlens; "" where there is none, which means an estimate."""
    return next((str(path) for folder in model_folders() if (path := folder / "tokenizer.json").is_file()), "")


def token_counter() -> TokenCounter:
    return load_counter(tokenizer_path())


def place_of(hit: SearchHit) -> str:
    return f"{printable(hit.path)}:{hit.span.start_line + 1}-{hit.span.last_line + 1}"


def fitted_line(place: str, signature: str, suffix: str, tokens: int, counter: TokenCounter) -> str:
    """``place  signature``, with the signature truncated so that the line has at most so many tokens."""
    signature = printable(signature)
    line = f"{place}  {signature}{suffix}".rstrip()
    while counter.count(line) > tokens and signature:
        signature = signature.removesuffix(_ELLIPSIS)
        signature = signature[: len(signature) * 3 // 4].rstrip()
        signature += _ELLIPSIS if len(signature) > 8 else ""
        if len(signature) <= 8 + len(_ELLIPSIS):
            return f"{place}{suffix}"
        line = f"{place}  {signature}{suffix}"
    return line


def freshness_line(status: EngineStatus) -> str:
    """What is stale or incomplete; "" when nothing is."""
    pending = sum(root.pending for root in status.roots)
    if status.state is EngineState.PAUSED:
        return "Stale: indexing is paused, so changes since then are not found."
    if status.state is EngineState.STOPPED:
        return "Stale: the index is not updated any more."
    if not status.complete:
        known = sum(root.files for root in status.roots)
        left = f", {pending} files left" if pending else ""
        return f"Incomplete: the index is being built ({known} files so far{left}). What is missing here may exist."
    if status.state is EngineState.DEGRADED:
        reason = status.problems[0].message if status.problems else "see index_status"
        return f"Degraded: {printable(reason)[:200]}"
    if pending:
        return f"Stale: {pending} changed files are not indexed yet."
    return ""
