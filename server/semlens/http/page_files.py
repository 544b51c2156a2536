"""The files of the page, read once and compressed once. A path that is no file is a state of the page."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

FOLDER = Path(__file__).with_name("page")

_INDEX = "index.html"
_ASSETS = "assets/"
"""The names of the files in it have the hash of their content."""

_COMPRESSED = frozenset({".html", ".js", ".css", ".svg", ".json", ".map", ".txt", ".wasm", ".webmanifest"})
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
_NOT_BUILT = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>semlens</title><h1>The page is not built</h1>"
    "<p>This checkout of semlens has no built page. The API and MCP work without it. "
    "Run <code>make page</code>, then reload.</p>"
)


@dataclass(frozen=True, slots=True)
class _PageFile:
    content: bytes
    compressed: bytes | None
    media_type: str
    tag: str
    is_immutable: bool


class PageFiles:
    """Answers every path that is not of the API."""

    def __init__(self) -> None:
        self._folder = FOLDER
        self._files: Mapping[str, _PageFile] = {}

    async def answer(self, request: Request) -> Response:
        if not self._files:
            self._files = {
                path.relative_to(self._folder).as_posix(): _page_file(self._folder, path)
                for path in sorted(self._folder.rglob("*"))
                if path.is_file()
            }
        path = request.url.path.lstrip("/")
        file = self._files.get(path)
        if file is None:
            is_file_name = path.startswith(_ASSETS) or "." in path.rpartition("/")[2]
            if is_file_name and self._files:
                return Response("There is no such file.", 404, media_type="text/plain")
            file = self._files.get(_INDEX)
        return HTMLResponse(_NOT_BUILT, 503) if file is None else _answer(file, request)


def _answer(file: _PageFile, request: Request) -> Response:
    headers = {
        "etag": file.tag,
        "cache-control": "private, max-age=31536000, immutable" if file.is_immutable else "no-cache",
        "vary": "accept-encoding",
    }
    if request.headers.get("if-none-match") == file.tag:
        return Response(status_code=304, headers=headers)
    content = file.content
    if file.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        content = file.compressed
        headers["content-encoding"] = "gzip"
    return Response(content, headers=headers, media_type=file.media_type)


def _page_file(folder: Path, path: Path) -> _PageFile:
    content = path.read_bytes()
    media_type = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _PageFile(
        content,
        gzip.compress(content, mtime=0) if path.suffix in _COMPRESSED else None,
        media_type,
        f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        path.relative_to(folder).as_posix().startswith(_ASSETS),
    )
