"""Walks roots on its own thread and posts files in parts, so that indexing starts with the first folders."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from semlens.core.errors import SemlensError
from semlens.engine.indexing.root_presence import check_folder
from semlens.engine.indexing.root_state import RootState
from semlens.files.discovery import DiscoveredFile

logger = logging.getLogger(__name__)

FILES_A_PART = 2_000

OnFound = Callable[[RootState, int, list[DiscoveredFile]], None]
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
        try:
            for file in state.discovery.walk(unread):
                part.append(file)
                if len(part) >= FILES_A_PART:
                    self._report(state, number, part)
                    part = []
                if self._stopping:
                    return
        except SemlensError as error:
            absence = check_folder(state.index.root, state.identity).problem or str(error)
        except Exception as error:  # the scan must end after any error, or the index never becomes complete
            logger.exception("a scan failed")
            failure = f"The scan failed ({type(error).__name__}: {error}): its files are as they were found before."
        self._report(state, number, part)
        self._post(lambda: self._on_done(state, number, ScanEnd(absence, failure, frozenset(unread))))

    def _report(self, state: RootState, number: int, found: list[DiscoveredFile]) -> None:
        self._post(lambda: self._on_found(state, number, found))
