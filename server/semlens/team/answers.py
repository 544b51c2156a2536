"""What an engine asks of the team's server, where the user's settings name one. `engine/team.py` loads it by name.

A server that is slow or gone costs no local hit: an answer waits for it for a moment, and says when it is missing.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path

from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled
from semlens.core.hit import SearchHit, SearchResult
from semlens.core.paths import path_to_uri
from semlens.core.request import SearchRequest
from semlens.core.text.printable import printable
from semlens.core.text.secrets import mask_secrets
from semlens.engine.embedding.circuit_breaker import CircuitBreaker
from semlens.engine.team import copies_folder
from semlens.service.codec import Json
from semlens.service.params import search_fields
from semlens.settings.user_sources import config_folder
from semlens.team.client import TeamClient
from semlens.team.credentials import TeamError, checked_url, read_token
from semlens.team.merging import confidence_in, merge, team_hits

logger = logging.getLogger(__name__)

WAIT_SECONDS = 0.6
"""How long an answer waits for the team after the local hits are there."""

MAX_COPIES = 500
COPY_SECONDS = 1.0
MAX_PARTS = 20
"""Of a file, each of up to 5,000 lines."""

FRESH_SECONDS = 30.0
"""How long a copy counts as what the server has. One that is older is fetched again when a hit in it is shown.

A file is asked for once in that time, also if the server does not give it."""

_STEP_SECONDS = 0.05


class ServerAnswers:
    """Thread-safe. See `engine.team.TeamAnswers`."""

    def __init__(self, url: str, cache_folder: Path) -> None:
        """:param cache_folder: copies of the files that were found are kept below it, so that editors can open them."""
        self.problem = ""
        self._url = url
        self._copies = copies_folder(cache_folder)
        self._lock = threading.Lock()
        self._client: TeamClient | None = None
        self._breaker = CircuitBreaker()
        self._fetching: list[threading.Thread] = []
        self._fetches_one_at_a_time = threading.Lock()  # the places of the client are for questions
        self._asked_at: dict[tuple[str, str], float] = {}
        self._is_closed = False

    def close(self) -> None:
        """Copies that are under way have a moment: a command ends right after its answer."""
        for thread in self._fetching:
            thread.join(COPY_SECONDS / len(self._fetching))
        with self._lock:
            self._is_closed = True
            if self._client is not None:
                self._client.close()

    def start(self, request: SearchRequest, *, explain: bool) -> Future[Json] | None:
        """Ask, unless the user named folders or the server failed a moment ago."""
        if request.filter.folders or self._breaker.is_open:
            return None
        query, _ = mask_secrets(request.query)
        params = {**search_fields(request, explain=explain), "query": query, "mask": True}
        future: Future[Json] = Future()

        def run() -> None:
            try:
                future.set_result(self._opened().call("search", params))
            except TeamError as error:
                future.set_exception(error)
            except Exception as error:
                logger.warning("The team's server was not asked.", exc_info=True)
                said = printable(f"{type(error).__name__}: {error}")
                future.set_exception(TeamError(f"The team's server {self._url} cannot be asked ({said})."))

        threading.Thread(target=run, name="semlens-team", daemon=True).start()
        return future

    def merged(
        self,
        local: SearchResult,
        asked: Future[Json] | None,
        limit: int,
        is_local: Callable[[str, str], bool],
        cancel: CancelToken,
    ) -> SearchResult:
        """:param asked: what `start` returned. :raises Cancelled: when the token was cancelled."""
        answer = None if asked is None else self._wait(asked, cancel)
        if answer is None:
            return local._replace(notes=(*local.notes, self.problem)) if self.problem else local
        self.problem = ""
        self._breaker.record_success()
        sound = team_hits(answer)
        roots = {hit.team: hit.root for hit in sound}
        hits = [self._as_copy(hit) for hit in sound]
        merged = merge(local, hits, confidence_in(answer), limit, is_local)
        self._fetch_copies([hit for hit in merged.hits if hit.team], roots)
        return merged

    def _wait(self, asked: Future[Json], cancel: CancelToken) -> Json | None:
        for _ in range(round(WAIT_SECONDS / _STEP_SECONDS)):
            try:
                return asked.result(_STEP_SECONDS)
            except FutureTimeoutError:
                if cancel.cancelled:
                    raise Cancelled from None
            except TeamError as error:
                self._failed(error)
                return None
        self._failed(
            TeamError(f"The team's server {self._url} took longer than {WAIT_SECONDS:g} s, so its hits are missing.")
        )
        return None

    def _failed(self, error: TeamError) -> None:
        if str(error) != self.problem:
            logger.warning("%s", error)
        self.problem = str(error)
        self._breaker.record_failure(permanent=False, retry_after_s=0.0)

    def _opened(self) -> TeamClient:
        """Call it on no thread that answers: a locked keyring waits for its user.

        :raises TeamError: when the address or the token cannot be used.
        """
        if (opened := self._client) is not None:
            return opened
        url = checked_url(self._url)
        made = TeamClient(url, read_token(config_folder(), url))
        with self._lock:
            if self._client is None and not self._is_closed:
                self._client = made
            kept = self._client
        if kept is not made:  # another thread was first, or nobody asks any more
            made.close()
        if kept is None:
            raise TeamError(f"The team's server {self._url} is not asked any more.")
        return kept

    def _as_copy(self, hit: SearchHit) -> SearchHit:
        root = self._copies / hit.team
        return hit._replace(root=str(root), uri=path_to_uri(str(root / hit.path)))

    def _fetch_copies(self, hits: list[SearchHit], roots: dict[str, str]) -> None:
        """Fetch the files of the hits that are shown, beside the answer: editors open them in a moment."""
        places = dict.fromkeys((hit.team, hit.path) for hit in hits)
        now = time.monotonic()
        with self._lock:
            asked_at = {place: at for place, at in self._asked_at.items() if now - at < FRESH_SECONDS}
            missing = [place for place in places if place not in asked_at and not _is_fresh(self._copy_of(place))]
            self._asked_at = asked_at | dict.fromkeys(missing, now)
        if missing:
            thread = threading.Thread(
                target=self._fetch, args=(missing, roots), name="semlens-team-copies", daemon=True
            )
            self._fetching = [*(one for one in self._fetching if one.is_alive()), thread]
            thread.start()

    def _fetch(self, places: list[tuple[str, str]], roots: dict[str, str]) -> None:
        with self._fetches_one_at_a_time:
            _bound(self._copies)
            for repository, path in places:
                if self._is_closed:
                    return
                try:
                    _write(self._copy_of((repository, path)), self._text(roots[repository], path))
                except (TeamError, OSError) as error:  # the others may be there
                    logger.info("A file of the team was not fetched: %s", error)

    def _copy_of(self, place: tuple[str, str]) -> Path:
        return self._copies / place[0] / place[1]

    def _text(self, root: str, path: str) -> str:
        """The text of a file, which the server gives in parts. :raises TeamError: when it does not."""
        parts: list[str] = []
        line = 1
        while len(parts) < MAX_PARTS:
            answer = self._opened().call("file", {"root": root, "path": path, "startLine": line})
            text, last = answer.get("text"), answer.get("endLine")
            if not isinstance(text, str):
                raise TeamError(f"The team's server gave no text of {path}.")
            parts.append(text)
            if answer.get("truncated") is not True or not isinstance(last, int) or last < line:
                break
            line = last + 1
        return "\n".join(parts)


def _is_fresh(path: Path) -> bool:
    try:
        return abs(time.time() - path.stat().st_mtime) < FRESH_SECONDS
    except (OSError, ValueError):  # no name that a file can have here
        return False


def _bound(folder: Path) -> None:
    """Start anew when there are many copies."""
    if sum(len(files) for _, _, files in os.walk(folder)) >= MAX_COPIES:
        shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    """Nothing is written through a link: the folder belongs to the cache."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
        file.write(text.encode("utf-8", "surrogatepass"))
    temporary.replace(path)
