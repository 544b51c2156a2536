"""The methods of the page's API: those of the `api` protocol, and what only a page needs. Knows no HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from semlens import __version__
from semlens.core.cancel import CancelToken
from semlens.core.paths import path_to_uri
from semlens.core.status import SkipReason
from semlens.engine.browsing.browser import FileGoneError, IndexBrowser
from semlens.engine.browsing.folder_counts import FolderCounts
from semlens.engine.browsing.skipped_files import FIXES, SkippedFiles
from semlens.engine.mapping.index_map import can_draw
from semlens.http.map_methods import MapMethods
from semlens.http.served_roots import ServedRoot, ServedRoots, inner_path
from semlens.service.api import Api
from semlens.service.code_query_methods import CODE_QUERY_METHODS
from semlens.service.codec import Json, outline_json
from semlens.service.params import fields_of, integer, refuse, string, table

API_METHODS = ("search", *CODE_QUERY_METHODS, "status", "reindex", "pause", "resume")
"""Methods of the `api` protocol that the page may use, as far as this version has them."""

MAP_METHODS = ("map", "map/symbols", "map/locate")
"""They need an extra."""

EDITORS: tuple[Json, ...] = (
    {"name": "VS Code", "url": "vscode://file{path}:{line}:{column}"},
    {"name": "VS Code Insiders", "url": "vscode-insiders://file{path}:{line}:{column}"},
    {"name": "Cursor", "url": "cursor://file{path}:{line}:{column}"},
    {"name": "Zed", "url": "zed://file{path}:{line}:{column}"},
    {"name": "Neovim", "command": "nvim +{line} {path}"},
    {"name": "Emacs", "command": "emacsclient -n +{line}:{column} {path}"},
)

MAX_LINE = 2_000_000_000
COPY_SECONDS = 2.0
"""How long the text of a hit of the team's server is waited for."""

_NOT_PASSED_ON = frozenset({"index", "implicit", "refineToken", "tokenizer"})

Method = Callable[[Mapping[str, Any], CancelToken], Json]


class PageMethods:
    """Thread-safe. Methods block.

    :ivar by_name: each takes the parameters, and raises `SemlensError` with a message for the user.
    """

    def __init__(
        self,
        api: Api,
        browser: IndexBrowser,
        map_methods: MapMethods,
        roots: ServedRoots,
        *,
        exposed: bool,
        only: Collection[str] | None = None,
    ) -> None:
        """:param exposed: whether other machines can connect.

        :param only: the methods that may be asked, by a member of a team; None for all, by the user.
        """
        self._api = api
        self._browser = browser
        self._roots = roots
        self._exposed = exposed
        self._is_of_member = only is not None
        self.by_name: dict[str, Method] = {
            **{name: self._passed_on(f"semlens/{name}") for name in API_METHODS if api.knows(f"semlens/{name}")},
            "session": self._session,
            "file": self._file,
            "outline": self._outline,
            "folders": self._folders,
            "skipped": self._skipped,
            "map": map_methods.state,
            "map/symbols": map_methods.symbols,
            "map/locate": map_methods.locate,
        }
        if only is not None:
            self.by_name = {name: method for name, method in self.by_name.items() if name in only}
            self.by_name["search"] = self._search_for_member

    def call(self, name: str, params: object, cancel: CancelToken) -> Json:
        """:raises KeyError: when there is no such method."""
        answer = self.by_name[name](fields_of(params), cancel)
        if self._is_of_member:  # they count what changed in all repositories
            answer |= {count: 0 for count in ("generation", "number") if count in answer}
        return answer

    def _passed_on(self, method: str) -> Method:
        def call(fields: Mapping[str, Any], cancel: CancelToken) -> Json:
            return self._api.call(method, self._api_params(fields), cancel)

        return call

    def _search_for_member(self, fields: Mapping[str, Any], cancel: CancelToken) -> Json:
        """Secrets are masked, and each hit names its repository, by which a member's clone is known."""
        answer = self._api.call("semlens/search", {**self._api_params(fields), "mask": True}, cancel)
        names = {root.path: root.repository for root in self._roots.all}
        for hit in answer["hits"]:
            hit["repository"] = names.get(hit["root"], "")
        return answer

    def _api_params(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters in the form of the `api` protocol. What they name must be served."""
        params = {name: value for name, value in fields.items() if name not in _NOT_PASSED_ON}
        if (uris := self._roots.folder_uris(fields)) is not None:
            params["roots"] = uris
        document = table(fields, "textDocument")
        uri = string(document, "uri")
        if uri is not None:
            params["textDocument"] = {"uri": self._roots.checked_uri(uri, "textDocument.uri")}
        elif fields.get("path") is not None:
            root, path = self._roots.file(fields)
            params["textDocument"] = {"uri": self._roots.checked_uri(f"{root.path}/{path}", "path")}
        if (uri := string(fields, "uri")) is not None:
            params["uri"] = self._roots.checked_uri(uri, "uri")
        return params

    def _session(self, _fields: Mapping[str, Any], _cancel: CancelToken) -> Json:
        return {
            "version": __version__,
            "roots": [_root_json(root) for root in self._roots.all],
            "editors": list(EDITORS),
            "methods": [name for name in self.by_name if can_draw() or name not in MAP_METHODS],
            "exposed": self._exposed,
        }

    def _file(self, fields: Mapping[str, Any], _cancel: CancelToken) -> Json:
        root, path = self._shown_file(fields)
        first = integer(fields, "startLine", low=1, high=MAX_LINE) or 1
        last = integer(fields, "endLine", low=1, high=MAX_LINE)
        _wait_for_copy(root, path)
        if last is not None and last < first:
            refuse("`endLine` must not be before `startLine`.")
        shown = self._browser.file(root.real, path, first - 1, None if last is None else last - 1)
        part = shown.part
        return {
            "root": shown.root,
            "path": shown.path,
            "language": shown.language,
            "startLine": part.start_line + 1,
            "endLine": part.end_line + 1,
            "totalLines": part.n_lines,
            "text": part.text,
            "cutLines": [line + 1 for line in part.cut_lines],
            "truncated": part.truncated,
            "sizeBytes": shown.n_bytes,
        }

    def _outline(self, fields: Mapping[str, Any], _cancel: CancelToken) -> Json:
        root, path = self._shown_file(fields)
        return outline_json(path, self._browser.outline(root.real, path))

    def _shown_file(self, fields: Mapping[str, Any]) -> tuple[ServedRoot, str]:
        """The root and the path of a file whose text is asked for. The user may read every file of a root.

        A member may read what the repository has: not ``.git/config``, whose URLs may have the server's own
        credentials, nor what the repository ignores.
        """
        root, path = self._roots.file(fields)
        if self._is_of_member and not self._browser.is_indexed(root.real, path):
            raise FileGoneError("There is no such file in the index.")
        return root, path

    def _folders(self, fields: Mapping[str, Any], _cancel: CancelToken) -> Json:
        folder = None if fields.get("folder") is None else inner_path(fields, "folder")
        roots = self._roots.roots(fields)
        return _folders_json(self._browser.folders([root.real for root in roots], folder), has_files=folder is not None)

    def _skipped(self, fields: Mapping[str, Any], cancel: CancelToken) -> Json:
        name = string(fields, "reason")
        if name is not None and name not in {reason.value for reason in FIXES}:
            refuse("`reason` must be one of those that the status counts.")
        limit = integer(fields, "limit", low=1, high=10_000) or 200
        roots = [root.real for root in self._roots.roots(fields)]
        return _skipped_json(self._browser.skipped(roots, SkipReason(name) if name else None, limit, cancel))


def _wait_for_copy(root: ServedRoot, path: str) -> None:
    """A copy of a file of the team's server arrives a moment after its hit."""
    deadline = time.monotonic() + COPY_SECONDS
    while root.is_copy and not Path(root.real, path).exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def _root_json(root: ServedRoot) -> Json:
    return {
        "path": root.path,
        "uri": path_to_uri(root.path),
        "name": root.name,
        "hostPath": root.host_path,
        "repository": root.repository,
    }


def _folders_json(counts: FolderCounts, *, has_files: bool) -> Json:
    answer: Json = {
        "folders": [
            {
                "root": folder.root,
                "path": folder.path,
                "files": folder.files,
                "symbols": folder.symbols,
                "lines": folder.lines,
                "languages": dict(folder.languages),
            }
            for folder in counts.folders
        ],
        "truncated": counts.truncated,
        "generation": counts.generation,
    }
    if has_files:
        answer["files"] = [
            {
                "root": file.root,
                "path": file.path,
                "symbols": file.symbols,
                "lines": file.lines,
                "language": file.language,
            }
            for file in counts.files
        ]
    return answer


def _skipped_json(skipped: SkippedFiles) -> Json:
    return {
        "reasons": [
            {"reason": reason.value, "count": count, "fix": FIXES.get(reason, "")}
            for reason, count in sorted(skipped.counts.items(), key=lambda item: -item[1])
        ],
        "files": [{"root": file.root, "path": file.path, "reason": file.reason.value} for file in skipped.files],
        "truncated": skipped.truncated,
    }
