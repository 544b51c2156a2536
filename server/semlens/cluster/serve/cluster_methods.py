"""The JSON API and the agents' roots of a cluster: those of `semlens http`, as far as a cluster can answer them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from semlens import __version__
from semlens.cluster.serve.cluster_service import ClusterService
from semlens.cluster.serve.shard import ROOTS
from semlens.core.cancel import CancelToken
from semlens.core.errors import UsageError
from semlens.core.paths import path_to_uri, uri_to_path
from semlens.core.status import WatchMode
from semlens.core.text.printable import printable
from semlens.http.served_roots import inner_path
from semlens.mcp.root_policy import AgentRoot, RootPolicy
from semlens.service.api import Api
from semlens.service.code_query_methods import CODE_QUERY_METHODS
from semlens.service.codec import Json, outline_json
from semlens.service.params import fields_of, string, strings
from semlens.settings.loading import SearchSettings, Settings
from semlens.syntax.parsing.decode import split_lines

_NOT_PASSED_ON = frozenset({"index", "implicit", "refineToken", "tokenizer"})

Method = Callable[[Mapping[str, Any], CancelToken], Json]


class ClusterMethods:
    """Of one set of repositories. See `http.routes.Methods`. Thread-safe; methods block."""

    def __init__(self, service: ClusterService, settings: Settings) -> None:
        self._service = service
        self._api = Api(
            service,
            lambda _root: settings,
            lambda _method, _params: None,
            watching=WatchMode.NONE,
            search_defaults=SearchSettings(),
        )
        self.by_name: dict[str, Method] = {
            "search": self._search,
            **{name: self._passed_on(name) for name in CODE_QUERY_METHODS},
            "status": lambda _fields, cancel: self._api.call("semlens/status", {}, cancel),
            "session": self._session,
            "file": self._file,
            "outline": self._outline,
        }

    def call(self, name: str, params: object, cancel: CancelToken) -> Json:
        """:raises KeyError: when there is no such method."""
        return self.by_name[name](fields_of(params), cancel)

    def _passed_on(self, name: str) -> Method:
        return lambda fields, cancel: self._api.call(f"semlens/{name}", self._api_params(fields), cancel)

    def _api_params(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters in the form of the `api` protocol. A file is named by its URI, or by its root and path."""
        params = {name: value for name, value in fields.items() if name not in _NOT_PASSED_ON}
        if fields.get("roots") is not None:
            params["roots"] = [path_to_uri(self._root(name)) for name in strings(fields, "roots")]
        if fields.get("path") is not None:
            root, path = self._root(string(fields, "root") or ""), inner_path(fields, "path")
            params["textDocument"] = {"uri": path_to_uri(f"{root}/{path}")}
        return params

    def _search(self, fields: Mapping[str, Any], cancel: CancelToken) -> Json:
        answer = self._api.call("semlens/search", self._api_params(fields), cancel)
        for hit in answer["hits"]:
            hit["repository"] = hit["root"].removeprefix(ROOTS)
        return answer

    def _session(self, _fields: Mapping[str, Any], _cancel: CancelToken) -> Json:
        roots = [
            {
                "path": root,
                "uri": path_to_uri(root),
                "name": root.rpartition("/")[2],
                "hostPath": root,
                "repository": root.removeprefix(ROOTS),
            }
            for root in self._service.roots
        ]
        return {"version": __version__, "roots": roots, "editors": [], "methods": list(self.by_name), "exposed": True}

    def _file(self, fields: Mapping[str, Any], _cancel: CancelToken) -> Json:
        root, path = self._root(string(fields, "root") or ""), inner_path(fields, "path")
        text, language = self._service.file(root, path)
        n_lines = len(split_lines(text))
        return {
            "root": root,
            "path": path,
            "language": language,
            "startLine": 1,
            "endLine": n_lines,
            "totalLines": n_lines,
            "text": text,
            "cutLines": [],
            "truncated": False,
            "sizeBytes": len(text.encode("utf-8", "surrogateescape")),
        }

    def _outline(self, fields: Mapping[str, Any], _cancel: CancelToken) -> Json:
        root, path = self._root(string(fields, "root") or ""), inner_path(fields, "path")
        return outline_json(path, self._service.outline(root, path))

    def _root(self, name: str) -> str:
        """The root that a path, a URI or the name of a repository means.

        :raises UsageError: when it may not be read: the same answer as when it is not there.
        """
        path = uri_to_path(name) if name.lower().startswith("file:") else name
        for root in self._service.roots:
            if path in (root, root.removeprefix(ROOTS)):
                return root
        raise UsageError(f"The repository {printable(name)[:200]} is not served.")


class ClusterRoots(RootPolicy):
    """The repositories that an agent may search. They are no folders of a machine."""

    def __init__(self, service: ClusterService) -> None:
        super().__init__(lambda _path: None)
        self._service = service
        self._all = tuple(AgentRoot(root, root) for root in service.roots)

    @property
    def roots(self) -> tuple[AgentRoot, ...]:
        if not self._all:
            raise UsageError("There is no repository that may be searched.")
        return self._all

    def folders(self, names: Sequence[str]) -> tuple[str, ...]:
        found = []
        for name in names:
            fitting = [
                root.real for root in self.roots if name in (root.real, root.real.removeprefix(ROOTS), root.label)
            ]
            if not fitting:
                raise UsageError(f"{printable(name)} is no repository that may be searched.")
            found += fitting
        return tuple(dict.fromkeys(found))

    def file(self, path: str, folders: Sequence[str]) -> str:
        bases = list(folders) or [root.real for root in self.roots]
        whole = path if path.startswith(ROOTS) else f"{ROOTS}{path}"
        for root in bases:  # the name of the repository may stand before the path
            inner = whole.removeprefix(f"{root}/")
            if inner != whole and self._service.roots_with(inner, [root]):
                return whole
        holders = self._service.roots_with(path, bases)
        if not holders:
            raise UsageError(f"There is no file {printable(path)} in the repositories.")
        return f"{holders[0]}/{path}"
