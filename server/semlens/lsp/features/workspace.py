"""The start of a session, and the client's capabilities, settings, folders and changed files."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from semlens.core.errors import SemlensError
from semlens.core.status import WatchMode
from semlens.lsp.configuration import SECTION
from semlens.lsp.engine_api import EngineApi
from semlens.lsp.features import call_hierarchy, documents
from semlens.lsp.roots import initial_roots, local_path
from semlens.lsp.session import Session
from semlens.service.positions import choose_encoding
from semlens.settings.choices import WatchSetting

logger = logging.getLogger(__name__)

MAX_PATHS_ON_LOOP = 32
"""Up to this many changed paths are resolved on the event loop."""

CONFIGURATION_SECONDS = 2.0
"""How long the server waits for the client's settings. After that, it goes on, and applies them when they come."""

CHECK_SECONDS = 2.0
"""How often the server looks whether a missing folder exists."""

FOLDERS_SECONDS = 0.25
"""How long requests wait until other folders are searched. Those that are indexed already take less."""


def register(server: Session) -> None:
    server.feature(types.INITIALIZE)(_initialize)
    server.feature(types.INITIALIZED)(_initialized)
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(_did_change_configuration)
    server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(_did_change_workspace_folders)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(_did_change_watched_files)


async def _initialize(ls: Session, params: types.InitializeParams) -> None:
    """Read the client's capabilities. The engine starts now, or in `_initialized` if the settings must be requested.

    :raises SemlensError: when the engine cannot start. The client shows the message.
    """
    if params.process_id is not None:
        ls.watch_parent(params.process_id)
    general = params.capabilities.general
    ls.documents.encoding = choose_encoding(general.position_encodings if general else None)
    ls.requested_root_uris = initial_roots(params)
    ls.configuration.initialize(params.initialization_options)
    ls.configuration.can_request = bool(params.capabilities.workspace and params.capabilities.workspace.configuration)
    await _load_settings(ls)
    if not ls.configuration.can_request:
        await _start_engine(ls)
    if ls.settings.symbols.document_symbol:
        documents.enable_outline(ls)
    if ls.settings.symbols.call_hierarchy:
        call_hierarchy.enable(ls)


async def _initialized(ls: Session, _params: types.InitializedParams) -> None:
    if ls.is_initialized:
        return  # sent twice: the workspace is already loaded
    ls.is_initialized = True
    try:
        await _pull_configuration(ls)
        engine = ls.engine or await _start_engine(ls)
    except SemlensError as error:
        _fail(ls, error)
        return
    except Exception:
        _fail(ls, SemlensError("semlens could not start. See the server's log."))
        raise
    ls.roots.watching = _watch_mode(ls)
    async with ls.workspace_lock:
        for uri in ls.requested_root_uris:
            await _add_root(ls, engine, uri)
    if ls.roots.first is None:
        engine.set_roots_named()
    ls.documents.attach(engine)
    ls.is_ready.set()
    window = ls.client_capabilities.window
    if window and window.work_done_progress:
        ls.start_progress()
    await ls.report_current_status(engine)
    await _register_dynamically(ls)


async def _did_change_configuration(ls: Session, params: types.DidChangeConfigurationParams) -> None:
    with ls.changing():
        engine = await ls.started_engine()
        if ls.configuration.can_request:
            await _pull_configuration(ls)
        else:
            ls.configuration.update(params.settings)
            await _apply_settings(ls)
    await ls.report_current_status(engine)


async def _did_change_workspace_folders(ls: Session, params: types.DidChangeWorkspaceFoldersParams) -> None:
    with ls.changing():
        engine = await ls.started_engine()
        async with ls.workspace_lock:
            for folder in params.event.removed:
                await asyncio.to_thread(ls.roots.remove, engine, folder.uri)
            for folder in params.event.added:
                await _add_root(ls, engine, folder.uri)
        await asyncio.to_thread(engine.wait_loaded, FOLDERS_SECONDS)
    await ls.report_current_status(engine)


async def _did_change_watched_files(ls: Session, params: types.DidChangeWatchedFilesParams) -> None:
    engine = await ls.ready_engine()
    uris = [change.uri for change in params.changes]
    if len(uris) <= MAX_PATHS_ON_LOOP:
        _files_changed(engine, uris)
    else:  # after a change of branch, for example: resolving links takes time
        await asyncio.to_thread(_files_changed, engine, uris)


def _files_changed(engine: EngineApi, uris: list[str]) -> None:
    engine.files_changed([path for uri in uris if (path := local_path(uri)) is not None])


def _fail(ls: Session, error: SemlensError) -> None:
    ls.fail(error)
    ls.warn([str(error)])


async def _start_engine(ls: Session) -> EngineApi:
    """:raises SemlensError: when it cannot work at all."""
    engine = await asyncio.to_thread(ls.engine_factory, ls.settings, ls.load_root_settings, ls.on_engine_status)
    engine.start()
    ls.engine = engine
    return engine


async def _add_root(ls: Session, engine: EngineApi, uri: str) -> None:
    problem = await asyncio.to_thread(ls.roots.add, engine, uri)
    if problem is not None:
        ls.warn([problem.message])
    if ls.roots.misses_folders and (ls.late_folders is None or ls.late_folders.done()):
        ls.late_folders = asyncio.create_task(_add_late_folders(ls, engine))


async def _add_late_folders(ls: Session, engine: EngineApi) -> None:
    """Add the missing folders as they appear. No client tells of it."""
    while ls.roots.misses_folders:
        await asyncio.sleep(CHECK_SECONDS)
        if not await asyncio.to_thread(ls.roots.appeared):
            continue
        async with ls.workspace_lock:
            for uri in await asyncio.to_thread(ls.roots.appeared):  # the client may have removed one meanwhile
                await asyncio.to_thread(ls.roots.add, engine, uri)
        await ls.report_current_status(engine)


async def _pull_configuration(ls: Session) -> None:
    """Request the client's settings and apply them, if the client supports that."""
    if not ls.configuration.can_request:
        return
    if ls.late_settings is not None:
        ls.late_settings.cancel()  # the answer to this request is newer
    pulling = asyncio.create_task(_request_settings(ls))
    await asyncio.wait([pulling], timeout=CONFIGURATION_SECONDS)
    if not pulling.done():
        logger.info("The client did not send its settings in time.")
        ls.late_settings = asyncio.create_task(_apply_late_settings(ls, pulling))
    elif await pulling:
        await _apply_settings(ls)


async def _request_settings(ls: Session) -> bool:
    """:returns: whether the client sent its settings."""
    request = types.ConfigurationParams(items=[types.ConfigurationItem(section=SECTION)])
    try:
        answer = await ls.workspace_configuration_async(request)
    except JsonRpcException as error:
        logger.info("The client did not send its settings (%s).", type(error).__name__)
        return False
    ls.configuration.update(answer[0] if answer else None)
    return True


async def _apply_late_settings(ls: Session, pulling: asyncio.Task[bool]) -> None:
    if not await pulling:
        return
    with contextlib.suppress(SemlensError):  # the engine could not start, which every answer says
        engine = await ls.started_engine()
        await _apply_settings(ls)
        await ls.report_current_status(engine)


async def _apply_settings(ls: Session) -> None:
    await _load_settings(ls)
    if ls.engine is not None:
        await asyncio.to_thread(ls.engine.apply_settings, ls.settings)


async def _load_settings(ls: Session) -> None:
    first = next((path for uri in ls.requested_root_uris if (path := local_path(uri)) is not None), None)
    ls.settings, messages = await asyncio.to_thread(ls.configuration.load, ls.roots.first or first)
    if not ls.is_shared:  # the log of a resident server is not one client's
        logging.getLogger("semlens").setLevel(ls.settings.log.level.upper())
    ls.warn(messages)


def _watch_mode(ls: Session) -> WatchMode:
    mode = ls.settings.watch.mode
    if mode == WatchSetting.OFF:
        return WatchMode.NONE
    # Other sessions of a resident server rely on the same root, so it does not depend on one editor there.
    is_client = mode == WatchSetting.AUTO and not ls.is_shared and _can_watch(ls.client_capabilities)
    return WatchMode.CLIENT if is_client else WatchMode.NATIVE


def _can_watch(capabilities: types.ClientCapabilities) -> bool:
    workspace = capabilities.workspace
    watched = workspace.did_change_watched_files if workspace else None
    return bool(watched and watched.dynamic_registration)


def _can_register(
    offered: object, capability: types.DocumentSymbolClientCapabilities | types.CallHierarchyClientCapabilities | None
) -> bool:
    """Whether a feature was not offered in `initialize`, and the client supports offering it later."""
    return bool(offered is None and capability and capability.dynamic_registration)


async def _register_dynamically(ls: Session) -> None:
    """Register for file events and changes of settings, which clients send only after registration."""
    workspace = ls.client_capabilities.workspace
    registrations = []
    if ls.roots.watching is WatchMode.CLIENT:
        watchers = [types.FileSystemWatcher(glob_pattern="**/*")]
        registrations.append(
            types.Registration(
                id="semlens-watched-files",
                method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                register_options=types.DidChangeWatchedFilesRegistrationOptions(watchers=watchers),
            )
        )
    configuration = workspace.did_change_configuration if workspace else None
    if configuration and configuration.dynamic_registration:
        registrations.append(
            types.Registration(
                id="semlens-configuration",
                method=types.WORKSPACE_DID_CHANGE_CONFIGURATION,
                register_options=types.DidChangeConfigurationRegistrationOptions(section=SECTION),
            )
        )
    text_documents = ls.client_capabilities.text_document or types.TextDocumentClientCapabilities()
    offered = ls.server_capabilities
    if ls.settings.symbols.document_symbol and _can_register(
        offered.document_symbol_provider, text_documents.document_symbol
    ):
        documents.enable_outline(ls)
        registrations.append(types.Registration(id="semlens-outline", method=types.TEXT_DOCUMENT_DOCUMENT_SYMBOL))
    if ls.settings.symbols.call_hierarchy and _can_register(
        offered.call_hierarchy_provider, text_documents.call_hierarchy
    ):
        call_hierarchy.enable(ls)
        method = types.TEXT_DOCUMENT_PREPARE_CALL_HIERARCHY
        registrations.append(types.Registration(id="semlens-calls", method=method))
    if not registrations:
        return
    try:
        await ls.client_register_capability_async(types.RegistrationParams(registrations=registrations))
    except JsonRpcException as error:
        logger.warning("The client refused the registration: %s", error.message)
