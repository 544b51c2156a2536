"""pygls's protocol, with fixes for messages that it drops, leaves unanswered, or logs with their contents.

Differences from pygls 2.1:

- A request whose parameters do not match their type is answered with -32602.
- Requests before `initialize` and after `shutdown` are answered with an error.
- Messages that arrive while `initialize` is being answered wait until it is answered.
- Parameters of custom methods stay plain JSON.
- Only `OpenDocuments` keeps the text of documents.
- `workspace/executeCommand` can be cancelled.
- Expected errors are not logged as crashes.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from typing import Any, Protocol

import attrs
import cattrs
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcMethodNotFound,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import JsonRPCRequestMessage, LanguageServerProtocol, default_converter, lsp_method
from pygls.protocol.json_rpc import JsonRPCNotification, JsonRPCResponseMessage

from semlens.core.errors import Cancelled, SemlensError, UsageError
from semlens.core.status import EngineStatus
from semlens.core.text.printable import message_text
from semlens.lsp.connection.messages import Answer, Call, Incoming, Refusal, RequestId, decode
from semlens.lsp.documents.open_documents import OpenDocuments
from semlens.service.frames import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, REQUEST_FAILED

logger = logging.getLogger(__name__)


_UNUSED = (
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL,
)
"""Notifications that pygls would handle, and that the server does not support."""


def converter() -> cattrs.Converter:
    """The converter of pygls. Parameters and results of methods outside LSP stay plain JSON."""
    plain: cattrs.Converter = default_converter()  # type: ignore[no-untyped-call]
    # It stops at the first error. Else a long string in the place of a list costs an exception for each character.
    plain.detailed_validation = False
    plain.register_structure_hook(str, _text)
    for message in (JsonRPCRequestMessage, JsonRPCNotification, JsonRPCResponseMessage):
        plain.register_structure_hook(message, _structure_plain)
    # cattrs would convert a page of hits value by value, which takes four times as long as writing the JSON
    plain.register_unstructure_hook(JsonRPCResponseMessage, _fields)
    plain.register_unstructure_hook(types.ProgressParams, _fields)
    return plain


def _text(value: Any, _type: Any) -> str:
    """A string as it is. cattrs would convert everything else: null to the text "None"."""
    if not isinstance(value, str):
        raise TypeError
    return value


def _fields(message: Any) -> dict[str, Any]:
    """The fields of a message, unconverted. The JSON encoder converts the values that are not plain JSON."""
    return {field.name: getattr(message, field.name) for field in attrs.fields(type(message))}


def _structure_plain(fields: dict[str, Any], message: type[Any]) -> Any:
    body_field = "result" if message is JsonRPCResponseMessage else "params"
    names = [name for name in ("id", "method", "jsonrpc") if name in message.__annotations__]
    return message(**{name: fields.get(name) for name in names}, **{body_field: fields.get(body_field)})


def to_response_error(error: BaseException) -> types.ResponseError:
    """The error object for an exception of a handler."""
    if isinstance(error, JsonRpcException):
        return error.to_response_error()
    if isinstance(error, Cancelled | asyncio.CancelledError):
        return JsonRpcRequestCancelled("The request was cancelled.").to_response_error()
    if isinstance(error, UsageError):
        return types.ResponseError(code=INVALID_PARAMS, message=message_text(str(error)))
    if isinstance(error, SemlensError):
        return types.ResponseError(code=REQUEST_FAILED, message=message_text(str(error)))
    return types.ResponseError(
        code=INTERNAL_ERROR,
        message=f"The request failed inside semlens ({type(error).__name__}). See the server's log.",
    )


def _is_notification(method: str) -> bool:
    """Whether LSP defines the method as a notification."""
    known = types.METHOD_TO_TYPES.get(method)
    return known is not None and known[1] is None


class SessionCallbacks(Protocol):
    """What the protocol needs of the session that owns it."""

    documents: OpenDocuments

    def status_to_send(self, status: EngineStatus) -> dict[str, Any]: ...

    def stop(self, code: int) -> None: ...


class SemlensProtocol(LanguageServerProtocol):
    """Passes messages between the pipes and the handlers. Runs on the event loop."""

    def __init__(self, server: Any, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        self._session: SessionCallbacks = server
        for method in _UNUSED:
            self.fm.builtin_features.pop(method, None)
        self._initialize_id: RequestId | None = None
        """The id of the `initialize` request that is being answered."""
        self._held_calls: list[Call] = []
        """Messages that arrived before that answer. LSP forbids them, but some clients send them."""

    def decode(self, body: bytes) -> Incoming:
        """Decode the body of one message. Called in the reader's thread. Never raises."""
        return decode(body, self._structure_call)

    def _structure_call(self, fields: dict[str, Any]) -> Any:
        # pygls would log a mismatch with a traceback, and that quotes the message.
        if fields["method"] == types.INITIALIZED and "params" not in fields:
            fields = {**fields, "params": {}}  # all of them are optional, so some clients send none
        fallback_type = JsonRPCRequestMessage if "id" in fields else JsonRPCNotification
        return self._converter.structure(fields, self.get_message_type(fields["method"]) or fallback_type)

    def receive(self, incoming: Incoming) -> None:
        """Handle one message. Never raises."""
        if isinstance(incoming, Refusal):
            self._refuse(incoming.request_id, incoming.code, incoming.text)
            return
        try:
            if isinstance(incoming, Call):
                self._receive_call(incoming)
            else:
                self._receive_answer(incoming)
        except Exception:
            method = incoming.method if isinstance(incoming, Call) else "a response"
            logger.exception("A message could not be handled: %s", method)
            if isinstance(incoming, Call) and incoming.request_id is not None:
                text = "The request failed inside semlens. See the server's log."
                self._refuse(incoming.request_id, INTERNAL_ERROR, text)

    def _receive_call(self, call: Call) -> None:
        if self._initialize_id is not None and call.method != types.EXIT:
            self._held_calls.append(call)
            return
        if call.request_id is not None:
            if (refusal := self._refusal_by_state(call.method)) is not None:
                self._refuse(call.request_id, refusal.code, refusal.message)
                return
            if _is_notification(call.method) and call.method != types.EXIT:  # pygls would handle it without an answer
                self._refuse(
                    call.request_id, INVALID_REQUEST, f"{call.method} is a notification. Send it without an id."
                )
                return
        elif not self._is_initialized and call.method != types.EXIT:
            return  # LSP drops notifications before `initialize`
        if call.message is not None:
            if call.method == types.INITIALIZE:
                self._initialize_id = call.request_id
            self.handle_message(call.message)
        elif call.request_id is None:
            logger.warning("Ignored a malformed %s.", call.method)
        elif not self._is_known(call.method):
            self._refuse(call.request_id, METHOD_NOT_FOUND, JsonRpcMethodNotFound.of(call.method).message)
        else:
            text = f"The parameters of {call.method} do not match their type in LSP."
            self._refuse(call.request_id, INVALID_PARAMS, text)

    def _receive_answer(self, answer: Answer) -> None:
        request_id: Any = answer.fields.get("id")
        future = self._request_futures.get(request_id) if request_id in self._result_types else None
        if future is None or future.done():  # no such request, or no longer awaited
            if "result" in answer.fields or "error" in answer.fields:
                logger.warning("Ignored a response that matches no request.")
            else:
                self._refuse(request_id, INVALID_REQUEST, "The message has no method, no result and no error.")
            return
        result_type = self._result_types.pop(request_id) or JsonRPCResponseMessage
        is_error = answer.fields.get("error") is not None
        try:
            message = self._converter.structure(answer.fields, types.ResponseErrorMessage if is_error else result_type)
        except Exception:  # noqa: BLE001 - the converter may raise anything
            future.set_exception(JsonRpcInvalidParams("The client's response does not match its type in LSP."))
            return
        self.handle_message(message)

    def _release_held(self) -> None:
        """Handle the messages that waited for the answer to `initialize`, in order."""
        self._initialize_id = None
        held, self._held_calls = self._held_calls, []
        for call in held:
            self.receive(call)

    @property
    def _is_initialized(self) -> bool:
        return self._workspace is not None

    def _is_known(self, method: str) -> bool:
        return method in self.fm.builtin_features or method in self.fm.features

    def _refusal_by_state(self, method: object) -> JsonRpcException | None:
        if self._shutdown:
            return JsonRpcException("The server is shutting down. Start a new one.", code=INVALID_REQUEST)
        if self._is_initialized == (method == types.INITIALIZE):
            if self._is_initialized:
                return JsonRpcException(
                    "The server is already initialized. Send initialize only once.", code=INVALID_REQUEST
                )
            return JsonRpcServerNotInitialized("The first request must be initialize.")
        return None

    def _refuse(self, request_id: Any, code: int, text: str) -> None:
        # pygls omits an id of null, which JSON-RPC requires when the id could not be read.
        self._send_data({"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": text}})

    # The methods below override methods of pygls, so their names are pygls's.

    def _execute_handler(self, msg_id: RequestId, *arguments: Any, **named: Any) -> None:
        super()._execute_handler(msg_id, *arguments, **named)
        future = self._request_futures.get(msg_id)
        if future is not None:  # pygls would keep the futures of notifications for ever

            def forget(done: Future[Any]) -> None:
                if self._request_futures.get(msg_id) is done:
                    del self._request_futures[msg_id]

            future.add_done_callback(forget)

    def _send_handler_result(self, future: Future[Any], *, msg_id: str | int) -> None:
        self._answer(future, msg_id)
        if msg_id == self._initialize_id:
            self._release_held()

    def _answer(self, future: Future[Any], msg_id: RequestId) -> None:
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        if error is None:
            result = future.result()
            if isinstance(result, EngineStatus):  # converted here, because a newer status may have been sent since
                result = self._session.status_to_send(result)
            self._send_response(msg_id, result=result)
            return
        if not isinstance(error, JsonRpcException | SemlensError | asyncio.CancelledError):
            logger.error("A request failed.", exc_info=error)
        self._send_response(msg_id, error=to_response_error(error))

    def _check_handler_result(self, future: Future[Any]) -> None:
        error = None if future.cancelled() else future.exception()
        if isinstance(error, JsonRpcException | SemlensError):
            logger.warning("A notification failed: %s", type(error).__name__)
        elif error is not None:
            logger.error("A notification failed.", exc_info=error)

    def _handle_request(self, msg_id: str | int, method_name: str, params: Any) -> None:
        if not self._is_known(method_name):
            self._send_response(msg_id, error=JsonRpcMethodNotFound.of(method_name).to_response_error())
            return
        super()._handle_request(msg_id, method_name, params)

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        future = self._request_futures.get(msg_id) if isinstance(msg_id, str | int) else None
        if future is not None:  # none: the request was answered before its cancellation arrived
            future.cancel()

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self._session.documents.did_open(params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self._session.documents.did_change(params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self._session.documents.did_close(params)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override] # pygls's is no coroutine, so it cannot be cancelled
        self, params: types.ExecuteCommandParams
    ) -> Any:
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"There is no command {params.command}. docs/protocol.md lists the commands.")
        arguments = params.arguments or ()
        if len(arguments) > 1:
            raise JsonRpcInvalidParams("A command takes at most one argument. Send one object.")
        return await handler(arguments[0] if arguments else None)

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override] # nothing to wait for, so not a generator
        for future in list(self._request_futures.values()):  # a copy: cancelling removes entries
            future.cancel()
        self._shutdown = True

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override] # `run` closes the pipes
        self._session.stop(0 if self._shutdown else 1)
