"""Asks the JSON API of a team's server. Every exchange ends at a deadline and has a bounded answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2

from semlens import __version__
from semlens.service.codec import Json
from semlens.team.credentials import TeamError

CONNECT_SECONDS = 2.0
REQUEST_SECONDS = 10.0
MAX_ANSWER_BYTES = 16 << 20
MAX_REQUESTS = 8
"""At a time. More are refused at once: a server that is slow must not collect threads here."""

_LOCAL = ("127.0.0.1", "localhost", "::1")
_EXPLAINED = {
    401: "it does not know the token. `semlens team join` keeps another one",
    403: "it refused the request",
    404: "it is no server of semlens, or an older one",
    429: "it is busy",
}


class TeamClient:
    """Thread-safe."""

    def __init__(self, url: str, token: str) -> None:
        """:param url: checked, see `credentials.checked_url`."""
        self.url = url
        self._client = httpx2.Client(
            headers={"User-Agent": f"semlens/{__version__}", "Authorization": f"Bearer {token}"},
            timeout=httpx2.Timeout(REQUEST_SECONDS, connect=CONNECT_SECONDS),
            trust_env=urlsplit(url).hostname not in _LOCAL,
            follow_redirects=False,
        )
        self._free = threading.BoundedSemaphore(MAX_REQUESTS)

    def close(self) -> None:
        self._client.close()

    def call(self, method: str, params: Mapping[str, Any]) -> Json:
        """:raises TeamError: when there is no answer."""
        if not self._free.acquire(blocking=False):
            raise self._problem("earlier requests still wait for an answer")
        try:
            return self._exchange(method, params)
        except httpx2.TimeoutException as error:
            raise self._problem("it did not answer in time") from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._problem("it cannot be reached. Check the address and the network") from error
        except RuntimeError as error:  # the client was closed meanwhile
            raise self._problem("semlens is shutting down") from error
        finally:
            self._free.release()

    def _exchange(self, method: str, params: Mapping[str, Any]) -> Json:
        deadline = time.monotonic() + REQUEST_SECONDS
        content = bytearray()
        sent = json.dumps(dict(params)).encode()  # escaped, so a question may have bytes that are not UTF-8
        headers = {"Content-Type": "application/json"}
        with self._client.stream("POST", f"{self.url}/api/{method}", content=sent, headers=headers) as response:
            if response.status_code != 200:
                code = response.status_code
                raise self._problem(_EXPLAINED.get(code, f"it answered with status {code}"))
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MAX_ANSWER_BYTES or time.monotonic() > deadline:
                    raise self._problem("its answer is too large or too slow")
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise self._problem("its answer is no JSON") from error
        if not isinstance(answer, dict):
            raise self._problem("its answer is no JSON object")
        return answer

    def _problem(self, reason: str) -> TeamError:
        return TeamError(f"The team's server {self.url} cannot be used: {reason}.")
