"""The client of an embedding service: batches, retries, errors, keys, certificates, proxies."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import logging
import socket
import ssl
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fake_service
import numpy as np
import pytest
import trustme
from fake_service import FakeService, body, drip, hang_up, status, wait_for
from model_cases import passage

from semlens.core.errors import ModelError
from semlens.core.symbol import SymbolKind
from semlens.embedding.registry import find_model, load_embedder, load_tokenizer
from semlens.embedding.remote import embedder as remote
from semlens.embedding.remote import http_channel
from semlens.embedding.remote.embedder import RemoteEmbedder
from semlens.embedding.remote.errors import Fault, ServiceError, parse_retry_after
from semlens.embedding.remote.outgoing_text import OutgoingText, RemoteTokenizer
from semlens.embedding.remote.service import Service, parse_locator
from semlens.embedding.remote.service_key import read_key
from semlens.settings.user_sources import REMOTE_KEY_VARIABLE

KEY = "a-key-that-nobody-may-see"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FIRST_PAUSE_SECONDS", 0.001)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", REMOTE_KEY_VARIABLE):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def service() -> Iterator[FakeService]:
    fake = FakeService()
    yield fake
    fake.close()


@pytest.fixture
def connect() -> Iterator[Callable[..., RemoteEmbedder]]:
    """Creates embedders, and closes them at the end."""
    made: list[RemoteEmbedder] = []

    def make(
        fake: FakeService | str, *, dimension: int = 0, on_sent: Any = lambda *_: None, **more: Any
    ) -> RemoteEmbedder:
        url = fake if isinstance(fake, str) else fake.url
        made.append(RemoteEmbedder(Service(url, "m", **more), dimension, on_sent))
        return made[-1]

    yield make
    for embedder in made:
        embedder.close()


def outgoing(*texts: str, n_tokens: int = 5) -> list[OutgoingText]:
    return [OutgoingText(text, 0, n_tokens) for text in texts]


def tokens(*texts: str) -> list[bytes]:
    return [text.pack() for text in outgoing(*texts)]


def directions(fake: FakeService, *texts: str) -> np.ndarray:
    rows = np.array([fake_service.vector_of(text, fake.dimension) for text in texts], np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("url", "api", "endpoint"),
    [
        ("http://localhost:11434", "auto", "http://localhost:11434/api/embed"),
        ("http://localhost:11434/", "auto", "http://localhost:11434/api/embed"),
        ("http://box/api", "auto", "http://box/api/embed"),
        ("http://box:5000", "ollama", "http://box:5000/api/embed"),
        ("http://localhost:11434/v1", "auto", "http://localhost:11434/v1/embeddings"),
        ("https://host", "auto", "https://host/v1/embeddings"),
        ("https://host/v1/", "auto", "https://host/v1/embeddings"),
        ("https://host/v1/embeddings", "auto", "https://host/v1/embeddings"),
        ("http://localhost:11434", "openai", "http://localhost:11434/v1/embeddings"),
    ],
)
def test_common_forms_of_the_address_are_accepted(url: str, api: str, endpoint: str) -> None:
    assert Service(url, "m", api=api).endpoint == endpoint


@pytest.mark.parametrize("api", ["openai", "ollama"])
def test_vectors_come_in_the_order_of_the_texts(service: FakeService, connect: Any, api: str) -> None:
    texts = [f"text {chr(97 + n)}" for n in range(20)]
    embedder = connect(service, api=api)
    vectors = embedder.embed(tokens(*texts))
    np.testing.assert_allclose(vectors, directions(service, *texts), atol=1e-4)
    np.testing.assert_allclose(embedder.embed_query("text c")[None], directions(service, "text c"), atol=1e-4)
    assert embedder.manifest.dimension == service.dimension
    assert set(service.paths) == {"/api/embed" if api == "ollama" else "/v1/embeddings"}
    assert {one["model"] for one in service.bodies} == {"m"}
    assert embedder.embed([]).shape == (0, service.dimension)


def test_no_request_exceeds_the_limits(service: FakeService, connect: Any) -> None:
    embedder = connect(service)
    embedder.embed_each(outgoing(*(f"a {n}" for n in range(200))), lambda *_: None)
    sizes = [len(one["input"]) for one in service.bodies]
    assert sum(sizes) == 200
    assert max(sizes) == remote.MAX_BATCH_TEXTS
    service.bodies.clear()
    embedder.embed_each(outgoing(*(f"b {n}" for n in range(40)), n_tokens=3_000), lambda *_: None)
    assert {len(one["input"]) for one in service.bodies} == {2}


def test_concurrent_requests_are_limited(service: FakeService, connect: Any) -> None:
    gate = threading.Event()
    service.next.extend([wait_for(gate)] * 3)
    embedder = connect(service, concurrency=3)
    done = threading.Thread(
        target=embedder.embed_each, args=(outgoing(*(f"a {n}" for n in range(100))), lambda *_: None)
    )
    done.start()
    while service.at_once < 3:
        assert done.is_alive()
    gate.set()
    done.join()
    assert service.most_at_once == 3
    assert max(service.answered.values()) == 1


def test_temporary_errors_are_retried(service: FakeService, connect: Any) -> None:
    service.next.extend([status(500), status(503), hang_up])
    assert connect(service).embed(tokens("one")).shape == (1, 16)
    assert len(service.bodies) == 4
    assert service.answered == {"one": 1}


@pytest.mark.parametrize(("header", "low", "high"), [("7", 7, 7), ("x", 0, 0), ("", 0, 0), ("99999", 3600, 3600)])
def test_retry_after_in_seconds_is_respected(header: str, low: float, high: float) -> None:
    assert low <= parse_retry_after(header) <= high


def test_retry_after_as_a_date_is_respected() -> None:
    when = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)
    assert 500 < parse_retry_after(when.strftime("%a, %d %b %Y %H:%M:%S GMT")) <= 600
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


def test_a_short_retry_after_is_waited_for(service: FakeService, connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def note(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(remote, "_sleep", note)
    service.next.extend([status(429, Retry_After="7"), status(503, Retry_After="9")])
    connect(service).embed(tokens("one"))
    assert pauses == [7, 9]


def test_a_long_retry_after_is_passed_to_the_caller(service: FakeService, connect: Any) -> None:
    service.always = status(429, Retry_After="120")
    with pytest.raises(ServiceError, match="fewer requests") as caught:
        connect(service).embed(tokens("one"))
    assert caught.value.retry_after_s == 120
    assert len(service.bodies) == 1


def test_a_request_too_large_is_split(service: FakeService, connect: Any) -> None:
    service.max_texts = 3
    texts = [f"text {n}" for n in range(30)]
    assert connect(service).embed(tokens(*texts)).shape == (30, 16)
    assert service.answered == dict.fromkeys(texts, 1)
    assert all(len(one["input"]) <= remote.FIRST_BATCH_TEXTS for one in service.bodies)


def test_a_text_too_long_for_the_service_is_truncated(service: FakeService, connect: Any) -> None:
    service.max_characters = 50
    assert connect(service).embed(tokens("short", "x" * 150)).shape == (2, 16)
    assert service.answered == {"short": 1, "x" * 37: 1}


def test_vectors_received_before_an_error_are_returned(service: FakeService, connect: Any) -> None:
    service.max_characters = 50
    texts = [f"text {n}" for n in range(7)] + ["x" * 500]
    found: dict[int, Any] = {}
    with pytest.raises(ServiceError, match="too long"):
        connect(service, concurrency=1).embed_each(
            outgoing(*texts), lambda indices, vectors: found.update(zip(indices, vectors, strict=True))
        )
    assert sorted(found) == list(range(7))


FAULTS: list[tuple[Any, str, Fault]] = [
    (status(401), "refuses the key (401). Put a valid key", Fault.KEY_REFUSED),
    (status(403), "refuses the key (403)", Fault.KEY_REFUSED),
    (status(404), "no embeddings of a model m", Fault.NOT_FOUND),
    (status(413), "too long (413). Lower semlens.remote.maxTokens", Fault.TOO_LARGE),
    (status(400), "rejects the request for m (400)", Fault.TOO_LARGE),
    (status(429), "asks for fewer requests (429)", Fault.BUSY),
    (status(500), "fails (500)", Fault.FAILING),
    (status(302, Location="http://127.0.0.1:9/"), "answers 302 instead of vectors", Fault.INVALID_ANSWER),
    (body(b"<html>welcome</html>"), "answered data that is not JSON instead of vectors", Fault.INVALID_ANSWER),
    (body(b"\xff\xfe"), "not JSON", Fault.INVALID_ANSWER),
    (body(b"[" * 100_000), "not JSON", Fault.INVALID_ANSWER),
    (body({"ok": True}), "answered unexpected JSON instead of vectors", Fault.INVALID_ANSWER),
    (body([1, 2]), "unexpected JSON", Fault.INVALID_ANSWER),
    (body({"data": [{"index": 0, "embedding": "AAAA"}]}), "unexpected JSON", Fault.INVALID_ANSWER),
    (body({"data": [{"index": 0, "embedding": []}]}), "unexpected JSON", Fault.INVALID_ANSWER),
    (body({"data": [{"embedding": [1.0]}, {"embedding": [1.0]}]}), "2 vectors for 1 texts", Fault.INVALID_ANSWER),
    (body({"data": []}), "unexpected JSON", Fault.INVALID_ANSWER),
    (body({"data": [{"index": 0, "embedding": [0.0, 0.0]}]}), "without a direction", Fault.INVALID_ANSWER),
    (body(b'{"data": [{"index": 0, "embedding": [NaN, 1.0]}]}'), "without a direction", Fault.INVALID_ANSWER),
    (body({"data": [{"index": 0, "embedding": [1e300, 1.0]}]}), "without a direction", Fault.INVALID_ANSWER),
    (hang_up, "closed the connection", Fault.UNREACHABLE),
]


@pytest.mark.parametrize(("behaviour", "words", "fault"), FAULTS, ids=[words[:40] for _, words, _ in FAULTS])
def test_each_error_has_a_message(service: FakeService, connect: Any, behaviour: Any, words: str, fault: Fault) -> None:
    service.always = behaviour
    with pytest.raises(ServiceError) as caught:
        connect(service).embed(tokens("one"))
    sentence = str(caught.value)
    assert words in sentence
    assert service.url in sentence
    assert sentence[-1] in ".?"
    assert caught.value.fault is fault


def test_ollama_without_the_model(service: FakeService, connect: Any) -> None:
    service.always = status(404)
    with pytest.raises(ServiceError, match="Run `ollama pull m`"):
        connect(service, api="ollama").embed(tokens("one"))


def test_a_changed_dimension_is_an_error(service: FakeService, connect: Any) -> None:
    with pytest.raises(ServiceError, match="dimension 16, but m returned 32 before") as caught:
        connect(service, dimension=32).embed(tokens("one"))
    assert caught.value.dimension == 16
    with pytest.raises(ServiceError, match=r"remote\.dimensions is 8\. Set it to 0 or 16"):
        connect(service, dimensions=8).embed(tokens("one"))
    assert service.bodies[-1]["dimensions"] == 8


def test_an_endless_response_is_aborted(service: FakeService, connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    service.always = drip
    monkeypatch.setattr(http_channel, "MAX_ANSWER_BYTES", 3)
    with pytest.raises(ServiceError, match="more than 0 MiB"):
        connect(service).embed(tokens("one"))


def test_a_slow_response_is_aborted_at_the_deadline(
    service: FakeService, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_channel, "REQUEST_SECONDS", 0.2)
    service.always = drip
    with pytest.raises(ServiceError, match=r"did not answer within 0\.2 s") as caught:
        connect(service).embed(tokens("one"))
    assert caught.value.fault is Fault.SLOW


def test_a_refused_connection_is_an_error(connect: Any) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        sent: list[Any] = []
        with pytest.raises(ServiceError, match=f"at {url} cannot be reached .*Start it, or correct"):
            connect(url, on_sent=lambda *counts: sent.append(counts)).embed(tokens("one"))
    assert sent == []


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example"])
def test_an_invalid_address_is_an_error(connect: Any, host: str) -> None:
    with pytest.raises(ServiceError, match="cannot be reached"):
        connect(f"http://{host}").embed_query("one")


def test_closing_cancels_running_requests(service: FakeService, connect: Any) -> None:
    service.always = wait_for(service.closing)
    embedder = connect(service)
    question = embedder.submit_query("where")
    while not service.at_once:
        assert not question.done()
    embedder.close()
    with pytest.raises(concurrent.futures.CancelledError):
        question.result(fake_service.DEADLINE_S)
    with pytest.raises(ServiceError, match="semlens is shutting down"):
        embedder.submit_query("where")
    embedder.close()


# --- what is sent ------------------------------------------------------------------------------------------------------


def test_sent_texts_are_counted(service: FakeService, connect: Any) -> None:
    counts: list[tuple[int, int, int]] = []
    embedder = connect(service, on_sent=lambda *one: counts.append(one))
    embedder.embed([OutgoingText("größe", 2, 3).pack()])
    embedder.embed_query("AKIA" + "Z" * 16)
    assert counts == [(1, 7, 2), (1, len("[masked]"), 1)]
    assert service.texts == ["größe", "[masked]"]


def test_secrets_are_masked_before_truncation() -> None:
    tokenizer = RemoteTokenizer(Service("http://h", "m", max_tokens=16))
    key = "AKIA" + "Z" * 16
    found = tokenizer.outgoing(passage("f", body=f"a = '{key}'", documentation=f"say {key}", signature=f"f('{key}')"))
    assert found.masked == 3
    assert "AKIA" not in found.text
    environment = passage("", body="A=hunter\nB=two")
    outgoing_text = tokenizer.outgoing(type(environment)(-1, 0, 1, SymbolKind.FILE, "", "", "", "", environment.body))
    assert (outgoing_text.text, outgoing_text.masked) == ("A=[masked]\nB=[masked]", 2)


def test_texts_are_prefixed_counted_and_truncated() -> None:
    service = Service("http://h", "nomic-embed-text:latest", max_tokens=32)
    tokenizer = RemoteTokenizer(service)
    short, long = (tokenizer.outgoing(passage("f", body=text)) for text in ("x = 1", "word " * 5_000))
    assert short.text == "search_document: f\nx = 1"
    assert long.n_tokens <= 32
    assert len(long.text) > 60
    assert tokenizer.query("where").text == "search_query: where"
    assert tokenizer.query("é" * 50_000).n_tokens <= 32
    assert RemoteTokenizer(Service("http://h", "m", query_prefix="q: ")).query("where \0 \ud800").text == "q: where   ?"
    assert OutgoingText.unpack(long.pack()) == long


def test_the_configured_tokenizer_counts(tmp_path: Path) -> None:
    model = find_model("semlens-minilm-v1")
    service = Service("http://h", "m", max_tokens=20, tokenizer=str(model.path("tokenizer.json")))
    found = RemoteTokenizer(service).outgoing(passage("f", body="alpha beta gamma " * 100))
    assert found.n_tokens <= 20
    with pytest.raises(ModelError, match=r"setting semlens\.remote\.tokenizer"):
        RemoteTokenizer(Service("http://h", "m", tokenizer=str(tmp_path / "none.json")))


def test_the_locator_has_the_settings_and_no_password() -> None:
    service = Service("https://h/v1", "m", max_tokens=99, proxy="http://me:word@proxy")
    assert "word" not in service.locator
    manifest = find_model(service.locator)
    assert manifest.max_tokens == 99
    assert load_tokenizer(manifest).tokenize([passage("f")])
    with pytest.raises(ModelError, match="is not a valid model"):
        parse_locator("remote:{}")


def test_the_fingerprint_depends_on_all_that_changes_vectors() -> None:
    one = Service("https://h/v1", "m")
    assert one.fingerprint(8) == Service("https://h/v1/embeddings", "m", concurrency=9).fingerprint(8)
    others = [
        Service("https://i/v1", "m"), Service("https://h/v1", "n"), Service("https://h/v1", "m", max_tokens=99),
        Service("https://h/v1", "m", document_prefix="x"), Service("https://h/v1", "m", dimensions=8),
    ]  # fmt: skip
    assert len({one.fingerprint(8), one.fingerprint(9), *(other.fingerprint(8) for other in others)}) == 7


# --- keys --------------------------------------------------------------------------------------------------------------


def test_the_key_is_sent_and_never_shown(
    service: FakeService, connect: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(service).embed_query("without")
    monkeypatch.setenv(REMOTE_KEY_VARIABLE, KEY)
    with caplog.at_level(logging.DEBUG):
        embedder = connect(service)
        embedder.embed_query("with")
        service.always = lambda handler, _: handler.reply(401, f"bad key {KEY}".encode(), {})
        with pytest.raises(ServiceError) as caught:
            embedder.embed_query("refused")
    assert [one.get("authorization") for one in service.headers] == [None, f"Bearer {KEY}", f"Bearer {KEY}"]
    assert KEY not in caplog.text
    assert KEY not in str(caught.value)
    assert KEY not in embedder.service.locator


def test_a_key_is_not_sent_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REMOTE_KEY_VARIABLE, KEY)
    with pytest.raises(ServiceError, match=r"would be sent unencrypted\. Use an https address"):
        read_key(Service("http://example.org", "m"))
    assert read_key(Service("https://example.org", "m")) == KEY
    assert read_key(Service("http://[::1]:80", "m")) == KEY
    monkeypatch.setenv(REMOTE_KEY_VARIABLE, "two words")
    with pytest.raises(ServiceError, match="Copy the whole key again"):
        read_key(Service("https://example.org", "m"))


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str | None]:
    """A fake keyring."""
    keys: dict[tuple[str, str], str | None] = {}
    module, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")

    class KeyringError(Exception):
        pass

    def get_password(name: str, user: str) -> str | None:
        if "locked" in user:
            raise KeyringError(user)
        return keys.get((name, user))

    errors.KeyringError = KeyringError  # type: ignore[attr-defined]
    module.errors, module.get_password = errors, get_password  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    return keys


def test_a_key_from_the_keyring(keyring: dict[tuple[str, str], str | None]) -> None:
    keyring["semlens", "https://host:8443"] = KEY
    assert read_key(Service("https://host:8443/v1", "m", key_from="keyring")) == KEY
    with pytest.raises(ServiceError, match="Run 'keyring set semlens https://other' to add one"):
        read_key(Service("https://other/v1", "m", key_from="keyring"))
    with pytest.raises(ServiceError, match=r"cannot be read .*Unlock it"):
        read_key(Service("https://locked/v1", "m", key_from="keyring"))


def test_a_missing_keyring_library_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ServiceError, match=r"pip install 'semlens\[keyring\]'"):
        read_key(Service("https://host", "m", key_from="keyring"))


# --- certificates and proxies --------------------------------------------------------------------------------------------


def tls_service(authority: trustme.CA, **options: Any) -> FakeService:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", **options).configure_cert(context)
    return FakeService(tls=context)


def test_a_custom_certificate_authority_is_used(connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    fake = tls_service(authority)
    try:
        with pytest.raises(ServiceError, match=r"certificate of https://127.* is not valid .*semlens\.remote\.caFile"):
            connect(fake).embed_query("one")
        assert connect(fake, ca_file=str(file)).embed_query("two").shape == (16,)
        with pytest.raises(ServiceError, match="cannot be read as certificates"):
            connect(fake, ca_file=str(tmp_path / "none.pem"))
    finally:
        fake.close()
    assert fake.texts == ["two"]


def test_an_expired_certificate(connect: Any, tmp_path: Path) -> None:
    authority = trustme.CA()
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    fake = tls_service(authority, not_before=dt.datetime(2019, 1, 1, tzinfo=dt.UTC), not_after=long_ago)
    try:
        with pytest.raises(ServiceError, match=r"not valid .certificate has expired[.)]+ Renew it") as caught:
            connect(fake, ca_file=str(file)).embed(tokens("one"))
    finally:
        fake.close()
    assert caught.value.fault is Fault.BAD_CERTIFICATE
    assert fake.texts == []


def test_the_configured_proxy_is_used(service: FakeService, connect: Any) -> None:
    assert connect("http://embeddings.invalid/v1", proxy=service.url).embed_query("one").shape == (16,)
    assert service.paths == ["http://embeddings.invalid/v1/embeddings"]
    with pytest.raises(ServiceError, match=r"Correct semlens\.remote\.proxy"):
        connect(service, proxy="nonsense")


def test_local_addresses_bypass_the_proxy_of_the_environment(
    service: FakeService, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert connect(service).embed_query("one").shape == (16,)
    monkeypatch.setenv("HTTP_PROXY", service.url)
    assert connect("http://embeddings.invalid").embed_query("two").shape == (16,)
    assert service.paths == ["/v1/embeddings", "http://embeddings.invalid/v1/embeddings"]


def test_the_registry_loads_a_remote_model(service: FakeService) -> None:
    embedder = load_embedder(find_model(Service(service.url, "m").locator))
    assert isinstance(embedder, RemoteEmbedder)
    assert embedder.embed(embedder.tokenizer.tokenize([passage("f")])).shape == (1, 16)
    embedder.close()
