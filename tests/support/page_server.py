"""The server of the page in this process, over an engine on a small folder, as the resident server runs it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from pathlib import Path
from urllib.parse import urlsplit

from engine_cases import complete, make_settings

from semlens.daemon import http_handler
from semlens.daemon.client_connection import ClientConnection
from semlens.engine.shared_engine import SharedEngine
from semlens.http.options import HttpOptions, NamedRoot
from semlens.service.connection import SocketConnection
from semlens.service.frames import LineReader

SECONDS = 60

RETRY = '''\
def fetch_with_retry(url):
    """Download a page, trying again after a failure."""
    return open(url)
'''


class PageClient:
    """Speaks to a server of the page. :ivar url: with its port. :ivar facts: what the server says of itself."""

    def __init__(self, facts):
        self.facts = facts
        self.url = facts["url"]
        self.token = Path(facts["tokenFile"]).read_text().strip()
        self.host = urlsplit(self.url).netloc

    def send(self, method, path, body=None, *, signed_in=True, **headers):
        """The status, the headers in lower case and the body of an answer."""
        connection = http.client.HTTPConnection(self.host, timeout=SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if signed_in:
            named = {"Authorization": f"Bearer {self.token}", **named}
        if isinstance(body, dict | list):
            body = json.dumps(body)
        if body is not None:
            named.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, named)
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def status_of(self, method, path, body=None, **options):
        return self.send(method, path, body, **options)[0]

    def ask(self, method, **params):
        """The status and the JSON of a request to the API."""
        status, _, body = self.send("POST", f"/api/{method}", params)
        return status, json.loads(body)

    def result(self, method, **params):
        status, answer = self.ask(method, **params)
        assert status == 200, answer
        return answer


class RunningPage(PageClient):
    """A server of the page on a thread. :ivar folder: what it serves. :ivar session: of the engine, when it is open."""

    def __init__(self, folder, cache, model=None, more_folders=(), **options):
        self.folder = folder
        self.model = model
        self._settings = make_settings(model, index={"cache_folder": str(cache)})
        self._engine = SharedEngine(self._settings, cache_folder=cache)
        self._engine.start()
        near, far = socket.socketpair()
        self._command, served = SocketConnection(near), SocketConnection(far)
        wanted = HttpOptions(tuple(NamedRoot(str(one), True) for one in (folder, *more_folders)), port=0, **options)
        client = ClientConnection("http", wanted.to_json(), served, served)
        self.session = None
        self._thread = threading.Thread(target=self._serve, args=(client, cache))
        self._thread.start()
        self._lines = LineReader(self._command.read)
        first = self.answer()
        self.error = first.get("error", {}).get("message")
        if self.error is None:
            super().__init__(first["listening"])

    def _serve(self, client, cache):
        def open_session(on_status):
            session = self._engine.open_session(self._settings, on_status=on_status)
            self.session = self.session or session
            return session

        http_handler.serve(client, open_session, self._settings, cache)
        client.close()

    def answer(self):
        """The next line of the server to its command."""
        return json.loads(self._lines.read())

    def new_link(self):
        self._command.write(b"link\n")
        return self.answer()["link"]["link"]

    def complete(self):
        complete(self.session)

    def close(self):
        self._command.close()
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        self._engine.close()
