"""Decodes and checks the client's messages in the reader's thread, because a large one would block the event loop.

`protocol` handles the decoded messages.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from semlens.service.frames import INVALID_REQUEST, PARSE_ERROR

MAX_DEPTH = 100
"""Levels of nested objects and lists. LSP messages need under ten. Recursive code can handle this many."""

RequestId: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that cannot be handled. :ivar request_id: None when it could not be read."""

    request_id: RequestId | None
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request or, without an id, a notification.

    :ivar message: pygls's typed message, or None when the parameters do not match their LSP type.
    """

    method: str
    request_id: RequestId | None
    message: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The client's answer to a request of the server."""

    fields: dict[str, Any]


Incoming: TypeAlias = Refusal | Call | Answer


def decode(body: bytes, structure: Callable[[dict[str, Any]], Any]) -> Incoming:
    """Decode one message. Never raises.

    :param structure: converts the fields to pygls's typed message. It raises when they do not match.
    """
    try:
        fields = json.loads(body)
    except ValueError:
        return Refusal(None, PARSE_ERROR, "The message is not JSON.")
    except RecursionError:
        return Refusal(None, PARSE_ERROR, _too_deep_message())
    request_id = fields.get("id") if isinstance(fields, dict) else None
    if not isinstance(fields, dict) or fields.get("jsonrpc") != "2.0":
        readable = request_id if _is_request_id(request_id) else None
        return Refusal(readable, INVALID_REQUEST, "The message is not a JSON-RPC 2.0 object.")
    if "id" in fields and not _is_request_id(request_id):
        if "method" in fields:
            return Refusal(None, INVALID_REQUEST, "The id of a request must be a string or an integer.")
        return Answer({})  # an answer without a usable id; it matches no request
    if _is_deeper(fields, MAX_DEPTH):
        return Refusal(request_id, INVALID_REQUEST, _too_deep_message())
    if "method" not in fields:
        return Answer(fields)
    method = fields["method"]
    if not isinstance(method, str):
        return Refusal(request_id, INVALID_REQUEST, "The method must be a string.")
    return Call(method, request_id, _structured(fields, structure))


def _structured(fields: dict[str, Any], structure: Callable[[dict[str, Any]], Any]) -> Any:
    try:
        return structure(fields)
    except Exception:  # noqa: BLE001 - the converter raises whatever its hooks run into
        return None


def _is_request_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_deeper(value: object, limit: int) -> bool:
    """Whether lists and objects are nested more than ``limit`` levels deep. Not recursive, so any depth is safe."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(limit):
        level = [item for node in level for item in _items(node) if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def _items(node: object) -> Iterable[object]:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _too_deep_message() -> str:
    return f"The message is nested more than {MAX_DEPTH} levels deep: send a flatter one."
