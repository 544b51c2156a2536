"""pygls's protocol, mended where it would drop a message, answer none, or log what it must not.

What differs from pygls 2.1: a request that does not fit its type is answered (-32602) instead of lost; requests before
`initialize` and after `shutdown` are answered; messages that overtake the answer to `initialize` wait for it; custom
parameters arrive as plain JSON; documents are not kept twice;
`workspace/executeCommand` is cancellable; expected refusals are not logged as crashes.
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
from semlens.lsp.connection.messages import INVALID_REQUEST, Answer, Call, Incoming, Refusal, RequestId, decode
from semlens.lsp.documents.open_documents import OpenDocuments

logger = logging.getLogger(__name__)

INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
REQUEST_FAILED = -32803

_UNUSED = (
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL,
)
"""Notifications that pygls would act on, and that no client has a reason to send us."""


def converter() -> cattrs.Converter:
    """Pygls's converter, but parameters and results of methods that LSP does not know stay plain JSON."""
    plain: cattrs.Converter = default_converter()  # type: ignore[no-untyped-call]
    for message in (JsonRPCRequestMessage, JsonRPCNotification, JsonRPCResponseMessage):
        plain.register_structure_hook(message, _structure_plain)
    # cattrs would walk a page of hits value by value, in four times what writing them as JSON takes
    plain.register_unstructure_hook(JsonRPCResponseMessage, _fields)
    plain.register_unstructure_hook(types.ProgressParams, _fields)
    return plain


def _fields(message: Any) -> dict[str, Any]:
    """The message as it stands: what is in it and not plain JSON, the encoder asks for in its turn."""
    return {field.name: getattr(message, field.name) for field in attrs.fields(type(message))}


def _structure_plain(fields: dict[str, Any], message: type[Any]) -> Any:
    last = "result" if message is JsonRPCResponseMessage else "params"
    names = [name for name in ("id", "method", "jsonrpc") if name in message.__annotations__]
    return message(**{name: fields.get(name) for name in names}, **{last: fields.get(last)})


def to_response_error(error: BaseException) -> types.ResponseError:
    """The error object for whatever a handler raised."""
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
        message=f"The request failed inside semlens ({type(error).__name__}): the server's log says where.",
    )


def _is_notification(method: str) -> bool:
    """Whether LSP gives the method no answer."""
    known = types.METHOD_TO_TYPES.get(method)
    return known is not None and known[1] is None


class SessionCallbacks(Protocol):
    """What the protocol needs of the session that owns it."""

    documents: OpenDocuments

    def status_to_send(self, status: EngineStatus) -> dict[str, Any]: ...

    def stop(self, code: int) -> None: ...


class SemlensProtocol(LanguageServerProtocol):
    """What stands between the pipes and the handlers. Lives on the event loop."""

    def __init__(self, server: Any, converter: cattrs.Converter) -> None:
        super().__init__(server, converter)
        self._session: SessionCallbacks = server
        for method in _UNUSED:
            self.fm.builtin_features.pop(method, None)
        self._initialize_id: RequestId | None = None
        """Of the `initialize` that is being answered."""
        self._held: list[Call] = []
        """What the client sent before that answer: LSP forbids it, some do."""

    def decode(self, body: bytes) -> Incoming:
        """Decode one message as it came from the pipe. For the reader's thread; never raises."""
        return decode(body, self._structure_call)

    def _structure_call(self, fields: dict[str, Any]) -> Any:
        # Not by pygls: it logs what does not fit with a traceback.
        untyped = JsonRPCRequestMessage if "id" in fields else JsonRPCNotification
        return self._converter.structure(fields, self.get_message_type(fields["method"]) or untyped)

    def receive(self, incoming: Incoming) -> None:
        """Handle one message. Never raises."""
        if isinstance(incoming, Refusal):
            self._refuse(incoming.request_id, incoming.code, incoming.sentence)
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
                sentence = "The request failed inside semlens: see the server's log."
                self._refuse(incoming.request_id, INTERNAL_ERROR, sentence)

    def _receive_call(self, call: Call) -> None:
        if self._initialize_id is not None and call.method != types.EXIT:
            self._held.append(call)
            return
        if call.request_id is not None:
            if (refusal := self._refusal_by_state(call.method)) is not None:
                self._refuse(call.request_id, refusal.code, refusal.message)
                return
            if _is_notification(call.method) and call.method != types.EXIT:  # pygls would handle it and answer nothing
                self._refuse(call.request_id, INVALID_REQUEST, f"{call.method} is a notification: send it without id.")
                return
        elif not self._is_initialized and call.method != types.EXIT:
            return  # LSP: notifications before `initialize` are dropped
        if call.message is not None:
            if call.method == types.INITIALIZE:
                self._initialize_id = call.request_id
            self.handle_message(call.message)
        elif call.request_id is not None:
            sentence = f"The parameters of {call.method} do not have the form that LSP gives them."
            self._refuse(call.request_id, INVALID_PARAMS, sentence)
        else:
            logger.warning("Ignored a malformed %s.", call.method)

    def _receive_answer(self, answer: Answer) -> None:
        request_id: Any = answer.fields.get("id")
        question = self._request_futures.get(request_id) if request_id in self._result_types else None
        if question is None or question.done():  # nothing was asked, or nobody waits any more
            logger.warning("Ignored an answer to nothing that is asked.")
            return
        result_type = self._result_types.pop(request_id) or JsonRPCResponseMessage
        is_error = answer.fields.get("error") is not None
        try:
            message = self._converter.structure(answer.fields, types.ResponseErrorMessage if is_error else result_type)
        except Exception:  # noqa: BLE001 - the converter raises whatever its hooks run into
            question.set_exception(
                JsonRpcInvalidParams("The client's answer does not have the form that LSP gives it.")
            )
            return
        self.handle_message(message)

    def _release_held(self) -> None:
        """`initialize` is answered: what came too early has its turn, in order."""
        self._initialize_id = None
        held, self._held = self._held, []
        for call in held:
            self.receive(call)

    @property
    def _is_initialized(self) -> bool:
        return self._workspace is not None

    def _refusal_by_state(self, method: object) -> JsonRpcException | None:
        if self._shutdown:
            return JsonRpcException("The server was told to shut down.", code=INVALID_REQUEST)
        if self._is_initialized == (method == types.INITIALIZE):
            if self._is_initialized:
                return JsonRpcException("The server is initialized already.", code=INVALID_REQUEST)
            return JsonRpcServerNotInitialized("The first request must be initialize.")
        return None

    def _refuse(self, request_id: Any, code: int, sentence: str) -> None:
        # Not by pygls: it leaves an id of null out, which JSON-RPC wants for what could not be read.
        self._send_data({"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": sentence}})

    # pygls calls these; the names are its own.

    def _execute_handler(self, msg_id: RequestId, *arguments: Any, **named: Any) -> None:
        super()._execute_handler(msg_id, *arguments, **named)
        future = self._request_futures.get(msg_id)
        if future is not None:  # pygls would keep those of notifications for ever

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
            if isinstance(result, EngineStatus):  # not made in the handler: a newer one may have been sent since
                result = self._session.status_to_send(result)
            self._send_response(msg_id, result=result)
            return
        if not isinstance(error, JsonRpcException | SemlensError | asyncio.CancelledError):
            logger.error("A request failed.", exc_info=error)
        self._send_response(msg_id, error=to_response_error(error))

    def _check_handler_result(self, future: Future[Any]) -> None:
        error = None if future.cancelled() else future.exception()
        if isinstance(error, JsonRpcException | SemlensError):
            logger.warning("Ignored a notification: %s", type(error).__name__)
        elif error is not None:
            logger.error("A notification could not be handled.", exc_info=error)

    def _handle_request(self, msg_id: str | int, method_name: str, params: Any) -> None:
        if method_name not in self.fm.builtin_features and method_name not in self.fm.features:
            self._send_response(msg_id, error=JsonRpcMethodNotFound.of(method_name).to_response_error())
            return
        super()._handle_request(msg_id, method_name, params)

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        future = self._request_futures.get(msg_id) if isinstance(msg_id, str | int) else None
        if future is not None:  # unknown: it was answered while the cancellation was under way
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
    async def lsp_workspace__execute_command(  # type: ignore[override] # a coroutine can be cancelled, pygls's cannot
        self, params: types.ExecuteCommandParams
    ) -> Any:
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"There is no command {params.command}.")
        arguments = params.arguments or ()
        if len(arguments) > 1:
            raise JsonRpcInvalidParams("A command takes one object of parameters.")
        return await handler(arguments[0] if arguments else None)

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override] # nothing to wait for
        for future in list(self._request_futures.values()):  # cancelling one takes it out
            future.cancel()
        self._shutdown = True

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override] # nothing to wait for: `run` closes the pipes
        self._session.stop(0 if self._shutdown else 1)
