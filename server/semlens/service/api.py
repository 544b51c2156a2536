"""The methods of the `api` protocol over one `LocalService`: JSON parameters to JSON results.

Requests have the names and parameters of docs/protocol.md, but lines count from 1. There is no `initialize`: a request
names its roots. Messages and threads belong to the caller.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchResult, SearchStage
from semlens.core.paths import uri_to_path
from semlens.core.status import WatchMode
from semlens.files.git_repository import index_root_of
from semlens.files.roots import check_root
from semlens.service.code_query_methods import CODE_QUERY_METHODS
from semlens.service.code_service import LocalService
from semlens.service.codec import Json, LineNumbers, partial_json, search_json, status_json
from semlens.service.params import (
    SearchDefaults,
    boolean,
    fields_of,
    folders_of,
    integer,
    refuse,
    search_params,
    string,
)
from semlens.settings.loading import SearchSettings, Settings

Notify = Callable[[str, Json], None]
"""Sends a notification: its method and its parameters. Any thread may call it."""

MAX_WAIT_MS = 86_400_000
_WAIT_STEP_SECONDS = 0.2


class Api:
    """Thread-safe. Requests block."""

    def __init__(
        self,
        service: LocalService,
        settings_of: Callable[[Path], Settings],
        notify: Notify,
        *,
        watching: WatchMode,
        warnings: Callable[[], list[str]] = list,
        search_defaults: SearchSettings | None = None,
    ) -> None:
        """:param settings_of: the settings of one root. Those of the first root give what a search leaves out.

        :param search_defaults: of a session whose roots are all open. Then no request opens one.

        :param warnings: sentences about settings that have no effect.
        """
        self._warnings = warnings
        self._service = service
        self._settings_of = settings_of
        self._search_defaults = search_defaults or SearchSettings()
        self._opens_roots = search_defaults is None
        self._folders: set[str] = set()
        self._notify = notify
        self._watching = watching
        self._places = LineNumbers()
        self._methods: Mapping[str, Callable[[Any, CancelToken], Json]] = {
            "semlens/search": self._search,
            "semlens/status": self._status,
            "semlens/reindex": self._reindex,
            "semlens/pause": self._pause,
            "semlens/resume": self._resume,
            "semlens/release": self._release,
            "semlens/wait": self._wait,
            "semlens/waitSaved": self._wait_saved,
            **{
                f"semlens/{name}": partial(method, service, self._places) for name, method in CODE_QUERY_METHODS.items()
            },
        }

    def knows(self, method: str) -> bool:
        return method in self._methods

    def call(self, method: str, params: Any, cancel: CancelToken) -> Json:
        """Answer one request.

        :raises SemlensError: with a message for the client; `UsageError` for wrong parameters.
        """
        if self._opens_roots:
            self._add_roots(params)
        return self._methods[method](params, cancel)

    def _add_roots(self, params: Any) -> None:
        """Open what a request needs: in ``index`` it names folders to open, in ``roots`` folders to search."""
        fields = fields_of(params)
        folders = [name for name in (*folders_of(fields, "index"), *folders_of(fields)) if name not in self._folders]
        explicit = not boolean(fields, "implicit")
        for folder in folders:
            root, _ = index_root_of(check_root(Path(folder), explicit), self._settings_of)
            if not self._folders:
                self._search_defaults = self._settings_of(root).search
            self._service.add_root(root, explicit=explicit, watching=self._watching)
            self._folders.add(folder)
        if folders:
            self._service.wait_loaded()

    def _search(self, params: Any, cancel: CancelToken) -> Json:
        defaults = self._search_defaults
        search = search_params(params, SearchDefaults(defaults.limit, defaults.per_file, defaults.time_budget_ms))
        token = search.refine_token

        def on_partial(result: SearchResult, stage: SearchStage) -> None:
            self._notify("$/progress", {"token": token, "value": partial_json(result, stage, self._places)})

        on_partial_or_none = None if token is None else on_partial
        result = self._service.search(search.request, cancel, on_partial_or_none, explain=search.explain)
        return search_json(result, self._places)

    def _status(self, _params: Any, _cancel: CancelToken) -> Json:
        return status_json(self._service.status())

    def _reindex(self, params: Any, _cancel: CancelToken) -> Json:
        fields = fields_of(params)
        for folder in folders_of(fields) or (None,):
            self._service.rescan(None if folder is None else Path(folder), full=boolean(fields, "full"))
        return status_json(self._service.status())

    def _pause(self, _params: Any, _cancel: CancelToken) -> Json:
        self._service.pause()
        return status_json(self._service.status())

    def _resume(self, _params: Any, _cancel: CancelToken) -> Json:
        self._service.resume()
        return status_json(self._service.status())

    def _release(self, params: Any, _cancel: CancelToken) -> Json:
        uri = string(fields_of(params), "uri")
        path = uri_to_path(uri) if uri else None
        if path is None:
            refuse("`uri` must name a folder.")
        self._service.release_root(Path(path))
        return {}

    def _wait(self, params: Any, cancel: CancelToken) -> Json:
        """Wait until the index is complete, and tell the client how far it is."""
        fields = fields_of(params)
        refined, follows = boolean(fields, "refined"), boolean(fields, "follows")
        timeout_ms = integer(fields, "timeoutMs", low=0, high=MAX_WAIT_MS)
        if timeout_ms != 0:
            self._service.sync_changes()
        deadline = time.monotonic() + (MAX_WAIT_MS if timeout_ms is None else timeout_ms) / 1000
        while True:
            step_s = min(_WAIT_STEP_SECONDS, max(0.0, deadline - time.monotonic()))
            complete = self._service.wait_complete(refined=refined, follows=follows, timeout=step_s)
            cancel.check()
            status = status_json(self._service.status())
            if complete or self._service.is_stuck(follows=follows) or time.monotonic() >= deadline:
                answer = {"complete": complete, "status": status, "searchDefaults": self._defaults_json()}
                return {**answer, "warnings": self._warnings()}
            self._notify("semlens/statusChanged", status)

    def _defaults_json(self) -> Json:
        defaults = self._search_defaults
        return {"limit": defaults.limit, "perFile": defaults.per_file, "timeBudgetMs": defaults.time_budget_ms}

    def _wait_saved(self, _params: Any, _cancel: CancelToken) -> Json:
        return {"problem": self._service.wait_saved()}
