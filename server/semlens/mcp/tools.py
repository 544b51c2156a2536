"""`AgentTools`: the tools of one session over a service. It knows no protocol, and no SDK is loaded for it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence

from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled, SemlensError
from semlens.core.paths import relative_path
from semlens.core.request import SearchRequest
from semlens.core.text.printable import printable
from semlens.core.text.secrets import mask_secrets
from semlens.engine.query.file_text_cache import FileTextCache
from semlens.engine.sessions.borrowed_buffers import BorrowedBuffers
from semlens.mcp.answers import Notice, ToolAnswer, freshness_line, token_counter
from semlens.mcp.arguments import context_arguments, explore_arguments, search_arguments, status_arguments
from semlens.mcp.context_tool import ContextTool
from semlens.mcp.hit_code import HitCode
from semlens.mcp.places import find_place
from semlens.mcp.root_policy import RootPolicy
from semlens.mcp.search_tool import SearchTool
from semlens.mcp.shown_lines import ShownLines
from semlens.service.code_service import LocalService

logger = logging.getLogger(__name__)

WAIT_SECONDS = 0.4
"""How long a question waits for an index that is not complete. It then answers from what there is."""

_MAX_PROBLEMS = 10
_JUST_CHANGED = "Stale: the last changes are not searchable yet."


class AgentTools:
    """Thread-safe. Calls block, so make them on threads."""

    def __init__(
        self,
        service: LocalService,
        policy: RootPolicy,
        borrowed: BorrowedBuffers | None = None,
        texts: FileTextCache | None = None,
    ) -> None:
        """:param borrowed: what the user lets the agent see of an editor. :param texts: a cache that is shared."""
        self.policy = policy
        self._service = service
        self._borrowed = borrowed
        self._texts = texts or FileTextCache()
        shown_lines = ShownLines()
        code = HitCode(shown_lines, self._texts, borrowed)
        self._search = SearchTool(service, code)
        self._context = ContextTool(service, shown_lines, code)
        self._tools: Mapping[str, Callable[[object, CancelToken], ToolAnswer]] = {
            "search_code": self._search_code,
            "get_context": self._get_context,
            "explore_symbol": self._explore_symbol,
            "index_status": self._index_status,
        }

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._tools)

    def for_other_session(self) -> AgentTools:
        """The same tools for a session that was not given any code yet."""
        return AgentTools(self._service, self.policy, self._borrowed, self._texts)

    def warm_up(self) -> None:
        """Load the models and the tokenizer before the first question."""
        token_counter()
        self._service.search(SearchRequest("warm up", limit=1), CancelToken())

    def call(self, name: str, arguments: object, cancel: CancelToken) -> ToolAnswer:
        """Answer one call. Every fault becomes an answer that says what to do.

        :raises Cancelled: when the token was cancelled.
        """
        try:
            return self._tools[name](arguments, cancel)
        except Cancelled:
            raise
        except SemlensError as error:
            text = mask_secrets(printable(str(error)))[0]
            return ToolAnswer(f"{text} {self._stale(0)}".rstrip(), is_error=True)
        except Exception as error:
            logger.exception("The tool %s failed.", name)
            text = f"The tool failed inside semlens ({type(error).__name__}). See the log of the resident server."
            return ToolAnswer(text, is_error=True)

    def _search_code(self, arguments: object, cancel: CancelToken) -> ToolAnswer:
        checked = search_arguments(arguments)
        folders = self.policy.folders(checked.roots)
        notice = self._notice()
        return self._search.answer(checked, folders, self._labels(), notice, cancel)

    def _get_context(self, arguments: object, cancel: CancelToken) -> ToolAnswer:
        checked = context_arguments(arguments)
        folders = self.policy.folders(checked.roots)
        notice = self._notice()
        place = find_place(checked.place, folders, self.policy, self._service, cancel) if checked.place else None
        return self._context.context(checked, place, folders, notice, cancel)

    def _explore_symbol(self, arguments: object, cancel: CancelToken) -> ToolAnswer:
        checked = explore_arguments(arguments)
        folders = self.policy.folders(checked.roots)
        notice = self._notice()
        place = find_place(checked.place, folders, self.policy, self._service, cancel)
        return self._context.explore(checked, place, folders, notice, cancel)

    def _index_status(self, arguments: object, _cancel: CancelToken) -> ToolAnswer:
        folders = self.policy.folders(status_arguments(arguments))
        notice = self._notice()
        status = self._service.status()
        roots = [
            {
                "root": printable(root.root),
                "files": root.files,
                "symbols": root.symbols,
                "pending": root.pending,
                "watching": root.watching.value,
                "skipped": dict(root.skipped),
            }
            for root in status.roots
            if _is_asked(root.root, folders)
        ]
        problems = [
            {"path": printable(problem.path), "message": printable(problem.message)}
            for problem in status.problems[:_MAX_PROBLEMS]
        ]
        lines = notice.lines if notice.stale else ["Complete and up to date.", *notice.lines]
        lines += [
            f"{root['root']}: {root['files']} files, {root['symbols']} symbols, {root['pending']} pending, "
            f"changes noticed: {root['watching']}"
            for root in roots
        ]
        lines.append(f"state {status.state.value}, oldest change not searchable: {status.lag_ms:.0f} ms")
        if status.refining:
            lines.append("Better vectors are still being computed; results may improve.")
        lines += [f"problem: {problem['path']} {problem['message']}".replace("  ", " ") for problem in problems]
        return ToolAnswer(
            "\n".join(lines),
            {
                "state": status.state.value,
                "complete": status.complete and not notice.stale,
                "roots": roots,
                "lagMs": status.lag_ms,
                "problems": problems,
            },
        )

    def _notice(self) -> Notice:
        """Wait briefly for the index, and say what is still missing. An agent asks right after it has edited files."""
        if self._borrowed is not None:
            self._borrowed.refresh()
        self._service.sync_changes()
        stale = self._stale(WAIT_SECONDS)
        return Notice(stale, tuple(self._borrowed.unsaved_paths) if self._borrowed is not None else ())

    def _stale(self, wait_s: float) -> str:
        """What is still missing after a wait; "" when nothing is, or nothing may be searched."""
        if not self.policy.has_root or self._service.wait_complete(timeout=wait_s):
            return ""
        return freshness_line(self._service.status()) or _JUST_CHANGED

    def _labels(self) -> dict[str, str]:
        roots = self.policy.roots
        if len(roots) < 2:
            return {}
        return {root.path: f"  [{printable(root.label)}]" for root in roots}


def _is_asked(root: str, folders: Sequence[str]) -> bool:
    real = os.path.realpath(root)
    return not folders or any(relative_path(real, folder) is not None for folder in folders)
