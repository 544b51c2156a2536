"""Stores that refuse, and pushers with a trusted key that lie: one sentence, no index, and the local work goes on."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import sys
import threading
import zlib
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest
from engine_cases import DEADLINE_S

from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled
from semlens.index.segment.columns import read_column_file, write_column_file
from semlens.index.storage.seeding import has_commit
from semlens.index.versions import FORMAT_VERSION
from semlens.share import manifest, object_store, publishing, pulling
from semlens.share.errors import RejectedError, ShareError
from semlens.share.manifest import SharedObject
from semlens.share.object_store import DeniedError, ObjectStore

from .conftest import Team


class Refusing(BaseHTTPRequestHandler):
    """Answers every request alike. :cvar answer: status and body."""

    answer = (500, b"")
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, body = self.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/xml")
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_PUT = do_GET  # noqa: N815 - the names of the library

    def log_message(self, *_arguments):
        """Nothing is printed."""


@pytest.fixture
def s3(monkeypatch):
    """A function that starts an S3 which refuses everything with a code."""
    servers = []

    def start(status, code, message):
        body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
        handler = type("Handler", (Refusing,), {"answer": (status, body)})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name, value in (
            ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}"), ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_REGION", "us-east-1"),
        ):  # fmt: skip
            monkeypatch.setenv(name, value)
        return "s3://bucket/x"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "message", "sentence"),
    [
        (404, "NoSuchBucket", "The specified bucket does not exist", "s3://bucket/x does not exist. Create the bucket"),
        (400, "ExpiredToken", "The provided token has expired.", "used: ExpiredToken. The credentials have expired"),
        (
            403,
            "RequestTimeTooSkewed",
            "The difference is too large.",
            "used: RequestTimeTooSkewed. The clock of this machine",
        ),
        (403, "AccessDenied", "Access Denied", "used: AccessDenied. The credentials do not allow"),
        (200, "x", "not a manifest", "damaged: it has no signature"),
    ],
)
def test_a_store_that_refuses_is_one_sentence_and_the_index_is_built_here(team, s3, status, code, message, sentence):
    team.url = s3(status, code, message)
    clone = team.clone("clone")
    with pytest.raises(ShareError, match=sentence) as caught:
        team.pull(clone)
    assert "\n" not in str(caught.value)
    assert not has_commit(clone.cache, clone.folder)
    assert team.index(clone)["parsed"] == 14


def test_a_store_that_hangs_is_given_up_and_the_index_is_built_here(team, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listening:  # it accepts and never answers
        for name, value in (
            ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{listening.getsockname()[1]}"), ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_REGION", "us-east-1"),
        ):  # fmt: skip
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(object_store, "READ_SECONDS", 0.1)
        team.url = "s3://bucket/x"
        clone = team.clone("clone")
        with pytest.raises(ShareError, match=r"cannot be used: .* Check the URL, the network"):
            team.pull(clone)
        assert not has_commit(clone.cache, clone.folder)


@pytest.mark.usefixtures("no_garbage")
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_an_interrupt_does_not_wait_for_a_store_that_hangs(team, monkeypatch):
    hangs, may_end = threading.Event(), threading.Event()

    def get(*_arguments):
        hangs.set()
        may_end.wait(DEADLINE_S)

    def interrupt():
        hangs.wait(DEADLINE_S)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    monkeypatch.setattr(object_store.obstore, "get", get)
    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        ObjectStore(team.url).read("trees/x/y", 1)
    assert not may_end.is_set()
    may_end.set()


@pytest.mark.usefixtures("no_garbage")
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("interrupted", [False, True])
def test_a_transfer_that_stalls_is_cancelled(team, monkeypatch, interrupted):
    """Also by Ctrl+C, which cancels what the threads of a pull still wait for."""
    stalls, may_end, cancel = threading.Event(), threading.Event(), CancelToken()

    def stream(**_options):
        stalls.set()
        may_end.wait(DEADLINE_S)
        yield b""

    def end():
        stalls.wait(DEADLINE_S)
        if interrupted:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        else:
            cancel.cancel()

    team.push()
    clone = team.clone("clone")
    get = object_store.obstore.get

    def stalling(*arguments):
        result = get(*arguments)
        return SimpleNamespace(meta=result.meta, bytes=result.bytes, stream=stream)

    monkeypatch.setattr(object_store.obstore, "get", stalling)
    threading.Thread(target=end, daemon=True).start()
    with pytest.raises(KeyboardInterrupt if interrupted else Cancelled):
        team.pull(clone, cancel=cancel)
    assert not may_end.is_set()
    may_end.set()


def test_an_interrupt_while_transfers_begin_ends_those_that_have(team, monkeypatch):
    cancel, submit = CancelToken(), pulling.ThreadPoolExecutor.submit

    def interrupted(*arguments):
        submit(*arguments)
        raise KeyboardInterrupt

    team.push()
    clone = team.clone("clone")
    monkeypatch.setattr(pulling.ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        team.pull(clone, cancel=cancel)
    assert cancel.cancelled


def test_a_file_that_may_not_be_read_is_denied(team, monkeypatch):
    """A manifest that a colleague pushed with a strict umask. obstore knows no such error for folders."""
    said = "Generic LocalFileSystem error: Unable to open file /x: Permission denied (os error 13)"

    def get(*_arguments):
        raise object_store.BaseError(said)

    monkeypatch.setattr(object_store.obstore, "get", get)
    with pytest.raises(DeniedError):
        ObjectStore(team.url).read("trees/x/y", 1)


@pytest.fixture(scope="module")
def pushed(tmp_path_factory):
    """A team that pushed once, the path of its manifest, the manifest, and a clone that has no index."""
    team = Team(tmp_path_factory.mktemp("team"))
    team.push()
    path = next(path for path in (team.store_folder / "semlens/1/trees").rglob("*") if path.is_file())
    known = manifest.decode(path.read_bytes(), [team.key.public], recipe=publishing.recipe(), tree=path.name)
    yield team, path, known, team.clone("clone")
    team.pool.close()


def first_file(known, **changes):
    return replace(known, files=(replace(known.files[0], **changes), *known.files[1:]))


def first_object(known, **changes):
    return replace(known, objects=(replace(known.objects[0], **changes), *known.objects[1:]))


@pytest.mark.parametrize(
    "lie",
    [
        *(
            lambda known, path=path: first_file(known, path=path)
            for path in ("../evil.py", "/etc/passwd", "a/../../b.py", "a//b.py", "", "a\0b", "..\\evil.py", "x" * 5_000)
        ),
        lambda known: first_file(known, hash="zz"),
        lambda known: first_file(known, segment="../../evil"),
        lambda known: replace(known, files=known.files * 2),
        lambda known: replace(known, attributes={"../up": "0" * 32}),
        lambda known: first_object(known, segment="../../evil"),
        lambda known: first_object(known, sha256="../../evil"),
        lambda known: first_object(known, size=1 << 62),
        lambda known: first_object(known, size=-1),
        lambda known: first_object(known, unpacked_size=1 << 62),
        lambda known: first_object(known, model="../x"),
        lambda known: replace(known, objects=known.objects * 6_000),
    ],
)
def test_a_manifest_that_lies_is_rejected_before_anything_is_fetched(pushed, lie, monkeypatch):
    team, path, known, clone = pushed
    path.write_bytes(manifest.encode(lie(known), team.key))
    monkeypatch.setattr(ObjectStore, "download", lambda *_: pytest.fail("something was fetched"))
    with pytest.raises(RejectedError):
        team.pull(clone)
    assert not has_commit(clone.cache, clone.folder)


def more_rows(column):
    return lambda arrays: arrays | {column: np.repeat(arrays[column], 2, axis=0)}


@pytest.mark.parametrize(
    "lie",
    [
        lambda arrays: arrays | {"files.paths.offsets": arrays["files.paths.offsets"] + np.uint32(1 << 30)},
        lambda arrays: arrays | {"symbols.files": arrays["symbols.files"] + np.uint32(1 << 20)},
        lambda arrays: arrays | {"symbols.parents": np.full_like(arrays["symbols.parents"], 1 << 30)},
        lambda arrays: arrays | {"passages.symbols": np.full_like(arrays["passages.symbols"], 1 << 30)},
        lambda arrays: arrays | {"words.rows": arrays["words.rows"] + np.uint32(1 << 30)},
        lambda arrays: arrays | {"passages.lines": arrays["passages.lines"].astype(np.float64)},
        lambda arrays: {name: column for name, column in arrays.items() if name != "words.codes"},
        more_rows("symbols.kinds"),
        more_rows("passages.hashes"),
    ],
)
def test_a_segment_that_lies_is_rejected(pushed, lie, tmp_path):
    """Hash, size, checksum and signature fit, as those of whoever pushes would."""
    team, path, known, clone = pushed
    one = next(one for one in known.objects if not one.model)
    folder = team.store_folder / "semlens/1/objects"
    column_file = tmp_path / "x.segment"
    column_file.write_bytes(zlib.decompress((folder / one.sha256[:2] / one.sha256).read_bytes()))
    arrays, meta = read_column_file(column_file)
    arrays = {name: column.copy() for name, column in arrays.items()}
    column_file.unlink()
    write_column_file(column_file, lie(arrays), meta)
    store_again(team, path, known, one, column_file.read_bytes())
    with pytest.raises(RejectedError):
        team.pull(clone)
    assert not has_commit(clone.cache, clone.folder)


@pytest.mark.skipif(os.name != "posix", reason="a pipe has a path on POSIX alone")
@pytest.mark.parametrize("kind", ["trees", "objects"])
def test_a_pipe_in_place_of_an_object_is_rejected(team, kind):
    """Without the check this test never ends: to open a pipe waits for its other end."""
    team.push()
    path = next(path for path in (team.store_folder / "semlens/1" / kind).rglob("*") if path.is_file())
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RejectedError, match="is not a file"):
        team.pull(team.clone("clone"))


def test_a_count_that_no_file_holds_is_rejected(pushed):
    """A header that promises a column of 2^60 rows is refused before memory is asked for."""
    team, path, known, clone = pushed
    one = next(one for one in known.objects if not one.model)
    header = json.dumps({"arrays": {"files.hashes": ["|u1", [1 << 60, 16], 0]}, "meta": {"id": one.segment}}).encode()
    header += b" " * (-len(header) % 64)
    data = b"SEML" + np.array([FORMAT_VERSION, len(header), zlib.crc32(header)], "<u4").tobytes() + header
    store_again(team, path, known, one, data)
    with pytest.raises(RejectedError, match="damaged"):
        team.pull(clone)


def test_the_same_without_a_lie_is_taken(pushed):
    """So each lie above was rejected for itself."""
    team, path, known, clone = pushed
    path.write_bytes(manifest.encode(known, team.key))
    assert team.pull(clone).is_used


def store_again(team, path, known, one: SharedObject, data: bytes):
    """Put other bytes in the place of an object, signed and with hashes that fit."""
    packed = zlib.compress(data, 1)
    digest = hashlib.sha256(packed).hexdigest()
    ObjectStore(team.url).write(f"objects/{digest[:2]}/{digest}", packed)
    changed = replace(one, sha256=digest, size=len(packed), unpacked_size=len(data))
    objects = tuple(changed if other is one else other for other in known.objects)
    path.write_bytes(manifest.encode(replace(known, objects=objects), team.key))
