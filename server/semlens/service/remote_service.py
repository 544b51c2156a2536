"""`CodeService` over a connection to the resident server.

One request at a time, on the caller's thread. One-shot commands import this module, so it imports little.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from semlens.core.errors import Cancelled, SemlensError, UsageError
from semlens.core.hit import SearchResult, SearchStage
from semlens.core.paths import path_to_uri
from semlens.core.status import WatchMode
from semlens.service import decoding
from semlens.service.connection import Connection, ServerLostError
from semlens.service.frames import INVALID_PARAMS, REQUEST_CANCELLED, FrameError, FrameReader, write_frame
from semlens.service.hello import hello_line
from semlens.service.params import SearchDefaults, search_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from semlens.core.cancel import CancelToken
    from semlens.core.context import ContextPack, ContextRequest, DuplicatesResult
    from semlens.core.graph import ImpactRequest, ImpactResult, NeighboursRequest, NeighboursResult, UnusedResult
    from semlens.core.request import SearchRequest
    from semlens.core.status import EngineStatus

_POLL_SECONDS = 0.05
_SILENCE_SECONDS = 10.0
"""After a silence of this length, the server is asked for its status. It answers that while it works on something else
too, so one that is silent for as long again was stopped. On a machine that swaps, a status may take some seconds."""

OnNotification: TypeAlias = "Callable[[str, Any], None]"


class RemoteService:
    """A session of the resident server. The session ends with the connection."""

    def __init__(self, connection: Connection, hello: dict[str, Any] | None = None) -> None:
        """:param hello: what the server must know of the client, if the first line was not sent already.

        :ivar search_defaults: what the settings of the first root say, after `wait_complete`.
        :ivar warnings: sentences about settings that have no effect, after `wait_complete`.
        :raises ServerLostError: when the server ended meanwhile.
        """
        if hello is not None:
            try:
                connection.write(hello_line("api", hello))
            except OSError as error:
                raise _lost() from error
        self._connection = connection
        self._frames = FrameReader(connection)
        self._ids = itertools.count(1)
        self._roots: list[str] = []
        self._implicit = True
        self.search_defaults = SearchDefaults()
        self.warnings: list[str] = []

    def close(self) -> None:
        self._connection.close()

    def add_root(self, path: Path, *, explicit: bool = True, watching: WatchMode = WatchMode.NATIVE) -> None:
        """Note the root for the next requests. The server decides how it watches."""
        del watching
        self._roots.append(path_to_uri(str(path)))
        self._implicit = self._implicit and not explicit

    def search(
        self,
        request: SearchRequest,
        cancel: CancelToken,
        on_partial: Callable[[SearchResult, SearchStage], None] | None = None,
        *,
        explain: bool = False,
    ) -> SearchResult:
        params = search_fields(request, explain=explain)
        if request.filter.folders:
            params["roots"] = [path_to_uri(folder) for folder in request.filter.folders]
        if request.near_uri:
            params["textDocument"] = {"uri": request.near_uri}
        if on_partial is not None:
            params["refineToken"] = 1

        def on_notification(method: str, notice: Any) -> None:
            if method == "$/progress" and on_partial is not None:
                value = {"complete": False, "elapsedMs": 0.0, **notice["value"]}
                on_partial(decoding.search_result(value), SearchStage(value["stage"]))

        return decoding.search_result(self._call("semlens/search", params, cancel, on_notification))

    def similar(self, uri: str, line: int, limit: int, cancel: CancelToken) -> SearchResult:
        params = {"textDocument": {"uri": uri}, "position": {"line": line + 1}, "limit": limit}
        return decoding.search_result(self._call("semlens/similar", params, cancel))

    def duplicates(self, uri: str, limit: int, folders: Sequence[str], cancel: CancelToken) -> DuplicatesResult:
        params = {"limit": limit, **({"uri": uri} if uri else {}), **_roots_params(folders)}
        return decoding.duplicates_result(self._call("semlens/duplicates", params, cancel))

    def context(self, request: ContextRequest, cancel: CancelToken) -> ContextPack:
        params: dict[str, Any] = {
            "query": request.query,
            "budget": request.budget,
            "tests": request.tests,
            "lineNumbers": request.line_numbers,
            **_roots_params(request.folders),
        }
        if request.tokenizer:
            params["tokenizer"] = str(Path(request.tokenizer).absolute())  # the server has another current folder
        if request.uri:
            params["textDocument"] = {"uri": request.uri}
            first, last = request.lines
            params["range"] = {"start": {"line": first + 1}, "end": {"line": last + 1}}
        return decoding.context_pack(self._call("semlens/context", params, cancel))

    def callers(self, request: NeighboursRequest, cancel: CancelToken) -> NeighboursResult:
        return decoding.neighbours_result(self._call("semlens/callers", _neighbours_params(request), cancel))

    def callees(self, request: NeighboursRequest, cancel: CancelToken) -> NeighboursResult:
        return decoding.neighbours_result(self._call("semlens/callees", _neighbours_params(request), cancel))

    def impact(self, request: ImpactRequest, cancel: CancelToken) -> ImpactResult:
        params = {
            "ref": request.ref,
            "staged": request.staged,
            "limit": request.limit,
            **_roots_params(request.folders),
            **({"diff": request.diff} if request.diff else {}),
        }
        return decoding.impact_result(self._call("semlens/impact", params, cancel))

    def unused(self, limit: int, folders: Sequence[str], cancel: CancelToken) -> UnusedResult:
        params = {"limit": limit, **_roots_params(folders)}
        return decoding.unused_result(self._call("semlens/unused", params, cancel))

    def status(self) -> EngineStatus:
        return decoding.engine_status(self._call("semlens/status", {}))

    def rescan(self, root: Path | None = None, *, full: bool = False) -> None:
        self._call("semlens/reindex", {"full": full, **({"roots": [path_to_uri(str(root))]} if root else {})})

    def release_root(self, root: Path) -> None:
        """Close a root that no session uses, instead of keeping it open for the next session."""
        self._call("semlens/release", {"uri": path_to_uri(str(root))})

    def pause(self) -> None:
        self._call("semlens/pause", {})

    def resume(self) -> None:
        self._call("semlens/resume", {})

    def wait_complete(
        self,
        *,
        refined: bool = False,
        follows: bool = False,
        timeout: float | None = None,
        on_progress: Callable[[EngineStatus], None] | None = None,
    ) -> bool:
        def on_notification(method: str, notice: Any) -> None:
            if method == "semlens/statusChanged" and on_progress is not None:
                on_progress(decoding.engine_status(notice))

        params: dict[str, Any] = {"refined": refined, "follows": follows}
        if timeout is not None:
            params["timeoutMs"] = round(timeout * 1000)
        answer = self._call("semlens/wait", params, on_notification=on_notification)
        self.warnings = answer["warnings"]
        defaults = answer["searchDefaults"]
        self.search_defaults = SearchDefaults(defaults["limit"], defaults["perFile"], defaults["timeBudgetMs"])
        if on_progress is not None:
            on_progress(decoding.engine_status(answer["status"]))
        return bool(answer["complete"])

    def wait_saved(self) -> str:
        return str(self._call("semlens/waitSaved", {})["problem"])

    def _call(
        self,
        method: str,
        params: dict[str, Any],
        cancel: CancelToken | None = None,
        on_notification: OnNotification | None = None,
    ) -> dict[str, Any]:
        """Send a request and wait for its answer.

        :raises SemlensError: what the server answered.
        :raises ServerLostError: when it ended, or says nothing for two times `_SILENCE_SECONDS`.
        """
        if cancel is not None:
            cancel.check()
        number = next(self._ids)
        params = {**params, "index": self._roots, "implicit": self._implicit}
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        is_cancelled, is_in_doubt, silent_s = False, False, 0.0
        while True:
            if cancel is not None and cancel.cancelled and not is_cancelled:
                is_cancelled = True
                self._send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": number}})
            timeout_s = _SILENCE_SECONDS if cancel is None or is_cancelled else _POLL_SECONDS
            message = self._receive(timeout_s)
            if message is None:
                silent_s += timeout_s
                if silent_s >= _SILENCE_SECONDS:
                    if is_in_doubt:
                        raise ServerLostError("The resident server does not answer.")
                    is_in_doubt, silent_s = True, 0.0
                    self._send({"jsonrpc": "2.0", "id": next(self._ids), "method": "semlens/status"})
                continue
            is_in_doubt, silent_s = False, 0.0
            if "method" in message:
                if on_notification is not None:
                    on_notification(message["method"], message["params"])
            elif message.get("id") not in (number, None):
                continue  # the status that was asked for in a silence
            elif message.get("error") is not None:
                _raise(message["error"])
            else:
                answer: dict[str, Any] = message["result"]
                return answer

    def _send(self, message: dict[str, Any]) -> None:
        try:
            write_frame(self._connection, json.dumps(message).encode())
        except OSError as error:
            raise _lost() from error

    def _receive(self, timeout_s: float) -> dict[str, Any] | None:
        """The next message, or None when there is none within the timeout."""
        try:
            if not self._frames.has_data and not self._connection.wait_readable(timeout_s):
                return None
            body = self._frames.read()
        except (OSError, FrameError) as error:
            raise _lost() from error
        if body is None:
            raise _lost()
        message: dict[str, Any] = json.loads(body)
        return message


def _neighbours_params(request: NeighboursRequest) -> dict[str, Any]:
    params: dict[str, Any] = {"limit": request.limit, "depth": request.depth, **_roots_params(request.folders)}
    if request.name:
        params["name"] = request.name
    if not request.uri:
        return params
    return {**params, "textDocument": {"uri": request.uri}, "position": {"line": request.line + 1}}


def _roots_params(folders: Sequence[str]) -> dict[str, Any]:
    return {"roots": [path_to_uri(folder) for folder in folders]} if folders else {}


def _raise(error: dict[str, Any]) -> None:
    """:raises SemlensError: always."""
    code, message = error.get("code"), str(error.get("message"))
    if code == INVALID_PARAMS:
        raise UsageError(message)
    raise Cancelled(message) if code == REQUEST_CANCELLED else SemlensError(message)


def _lost() -> ServerLostError:
    return ServerLostError("The resident server ended before it answered.")
