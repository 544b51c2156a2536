"""Messages of the client, decoded and checked in the reader's thread: a large one would hold up the event loop.

What a message does is the job of `protocol`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

PARSE_ERROR = -32700
INVALID_REQUEST = -32600

MAX_DEPTH = 100
"""Objects and lists inside each other. No LSP message needs a tenth; code that walks one recursively copes with it."""

RequestId: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Refusal:
    """What cannot be handled at all. :ivar request_id: None where it could not be read."""

    request_id: RequestId | None
    code: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Call:
    """A request or, without an id, a notification.

    :ivar message: as pygls types it; None when the parameters do not have the form that LSP gives them.
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

    :param structure: makes pygls's typed message of the fields; raises where they do not fit.
    """
    try:
        fields = json.loads(body)
    except ValueError:
        return Refusal(None, PARSE_ERROR, "The message is not JSON.")
    except RecursionError:
        return Refusal(None, PARSE_ERROR, _too_deep())
    if not isinstance(fields, dict) or fields.get("jsonrpc") != "2.0":
        return Refusal(None, INVALID_REQUEST, "The message is not a JSON-RPC 2.0 object.")
    request_id = fields.get("id")
    if "id" in fields and not _is_request_id(request_id):
        if "method" in fields:
            return Refusal(None, INVALID_REQUEST, "The id of a request must be a string or an integer.")
        return Answer({})  # to what could not be read, or to nothing that was asked
    if _is_deeper(fields, MAX_DEPTH):
        return Refusal(request_id, INVALID_REQUEST, _too_deep())
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
    """Whether more than ``limit`` lists and objects stand inside each other. Level by level, not recursively."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(limit):
        level = [item for node in level for item in _items(node) if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def _items(node: object) -> Iterable[object]:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _too_deep() -> str:
    return f"The message is nested more than {MAX_DEPTH} levels deep: send a flatter one."
