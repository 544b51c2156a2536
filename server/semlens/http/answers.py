"""The answers of the API: JSON, and errors with a code and a sentence."""

from __future__ import annotations

import enum
import json
from typing import Any

from starlette.responses import Response

from semlens.core.errors import SemlensError, UsageError
from semlens.core.text.printable import message_text
from semlens.engine.browsing.browser import FileGoneError
from semlens.http.errors import NotBuiltError, RefusedError
from semlens.service.codec import Json


class ErrorCode(enum.StrEnum):
    """The ``code`` of an error. The values are the protocol's."""

    BAD_REQUEST = "badRequest"
    SIGNED_OUT = "signedOut"
    REFUSED = "refused"
    UNKNOWN_METHOD = "unknownMethod"
    NOT_FOUND = "notFound"
    FAILED = "failed"
    BUSY = "busy"
    INTERNAL = "internal"
    NOT_BUILT = "notBuilt"
    TIMEOUT = "timeout"


def json_answer(content: Json, status: int = 200) -> Response:
    return Response(json.dumps(content, separators=(",", ":")), status, media_type="application/json")


def error_answer(status: int, code: ErrorCode, message: str, headers: dict[str, str] | None = None) -> Response:
    body = json.dumps({"error": {"code": code, "message": message_text(message)}})
    return Response(body, status, headers=headers, media_type="application/json")


def answer_of_error(error: Exception) -> Response:
    """The answer to a request that failed. A fault of semlens itself is for the caller to log."""
    status, code = _status_and_code(error)
    if status == 500:
        text = f"The request failed inside semlens ({type(error).__name__}). See the log of the resident server."
        return error_answer(status, code, text)
    return error_answer(status, code, str(error))


def _status_and_code(error: Exception) -> tuple[int, ErrorCode]:
    table: list[tuple[Any, int, ErrorCode]] = [
        (RefusedError, 403, ErrorCode.REFUSED),
        (FileGoneError, 404, ErrorCode.NOT_FOUND),
        (NotBuiltError, 501, ErrorCode.NOT_BUILT),
        (UsageError, 400, ErrorCode.BAD_REQUEST),
        (SemlensError, 409, ErrorCode.FAILED),
    ]
    for kind, status, code in table:
        if isinstance(error, kind):
            return status, code
    return 500, ErrorCode.INTERNAL
