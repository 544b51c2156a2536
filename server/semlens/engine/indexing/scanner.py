"""Walks roots on its own thread and posts files in parts, so that indexing starts with the first folders."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from semlens.core.errors import SemlensError
from semlens.engine.indexing.root_presence import check_folder
from semlens.engine.indexing.root_state import RootState
from semlens.files.discovery import DiscoveredFile
from semlens.files.ignoring.gitattributes import attributes_path, roles_key

logger = logging.getLogger(__name__)

FILES_A_PART = 2_000

OnFound = Callable[[RootState, int, list[DiscoveredFile], Mapping[str, str]], None]
"""The last value has the `roles_key` of folders with a ``.gitattributes`` that the walk entered since the last part."""
OnDone = Callable[[RootState, int, "ScanEnd"], None]


@dataclass(frozen=True, slots=True)
class ScanEnd:
    """:ivar absence: why the root could not be listed, or "". :ivar failure: why the walk failed otherwise, or "".

    :ivar unread: files and folders that could not be looked at now.
    """

    absence: str = ""
    failure: str = ""
    unread: frozenset[str] = frozenset()


class Scanner:
    """One walk at a time. Results go to the indexer thread through ``post``."""

    def __init__(self, post: Callable[[Callable[[], None]], None], on_found: OnFound, on_done: OnDone) -> None:
        self._post = post
        self._on_found = on_found
        self._on_done = on_done
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scan")
        self._count = 0
        self._stopping = False

    def start(self, state: RootState) -> None:
        """Start a scan of a root. Its number is in ``state.scan`` until it is done."""
        self._count += 1
        self._thread.submit(self._walk, state, self._count)  # fails where no thread can be started
        state.begin_scan(self._count)

    def close(self) -> None:
        """Cancel the scan. Returns at once."""
        self._stopping = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _walk(self, state: RootState, number: int) -> None:
        part: list[DiscoveredFile] = []
        absence = failure = ""
        unread: set[str] = set()
        with_attributes: set[str] = set()
        try:
            for file in state.discovery.walk(unread, with_attributes=with_attributes):
                part.append(file)
                if len(part) >= FILES_A_PART:
                    self._report(state, number, part, with_attributes, unread)
                    part = []
                if self._stopping:
                    return
        except SemlensError as error:
            absence = check_folder(state.index.root, state.identity).problem or str(error)
        except Exception as error:  # the scan must end after any error, or the index never becomes complete
            logger.exception("a scan failed")
            failure = f"The scan failed ({type(error).__name__}: {error}): its files are as they were found before."
        self._report(state, number, part, with_attributes, unread)
        self._post(lambda: self._on_done(state, number, ScanEnd(absence, failure, frozenset(unread))))

    def _report(
        self,
        state: RootState,
        number: int,
        found: list[DiscoveredFile],
        with_attributes: set[str],
        unread: set[str],
    ) -> None:
        """:param with_attributes: folders whose key was not reported yet; it is emptied."""
        keys: dict[str, str] = {}
        for folder in with_attributes:
            try:
                keys[folder] = roles_key(str(state.index.root), folder)
            except OSError:
                unread.add(attributes_path(folder))
        with_attributes.clear()
        self._post(lambda: self._on_found(state, number, found, keys))
