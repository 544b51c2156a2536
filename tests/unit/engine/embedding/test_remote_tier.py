"""A service as a tier: its errors affect nothing else, it recovers, and each passage is embedded once."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from engine_cases import Workspace, complete, found, function, make_settings, search, wait_for
from fake_service import FakeService, body, drip, hang_up, status
from fake_service import wait_for as when_open

from semlens.cli.commands import doctor
from semlens.cli.doctor_checks import check_service
from semlens.core.cancel import CancelToken
from semlens.core.context import ContextRequest
from semlens.core.hit import SearchResult
from semlens.core.request import SearchRequest
from semlens.core.status import EngineState, EngineStatus
from semlens.embedding.remote import embedder as remote
from semlens.embedding.remote import http_channel
from semlens.engine.embedding import circuit_breaker as circuit
from semlens.engine.embedding.circuit_breaker import CircuitBreaker
from semlens.engine.embedding.remote_tier import RemoteTier
from semlens.engine.engine import Engine
from semlens.settings.loading import load_settings

PATIENT_MS = 60_000


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(circuit, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(circuit, "MAX_PAUSE_SECONDS", 0.05)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "SEMLENS_REMOTE_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service() -> Iterator[FakeService]:
    fake = FakeService()
    yield fake
    fake.close()


def start(workspace: Workspace, service: FakeService | str, *, wait: bool = True, **more: Any) -> Engine:
    url = service if isinstance(service, str) else service.url
    options = {"url": url, "model": "m", **more}
    return workspace.engine(settings=make_settings(workspace.model, remote=options), wait=wait)


def refine(engine: Engine) -> tuple[int, int]:
    """The numbers of embedded and pending passages of the service's tier."""
    return next((tier.embedded, tier.pending) for tier in engine.status().tiers if " at http" in tier.model)


def filled(engine: Engine, count: int) -> EngineStatus:
    wait_for(engine, lambda: refine(engine) == (count, 0))
    return engine.status()


def sentences(engine: Engine) -> list[str]:
    return [problem.message for problem in engine.status().problems]


def write_functions(workspace: Workspace, count: int = 10) -> None:
    for number in range(count):
        workspace.write(f"file_{number}.py", function(f"paint_wall_{number}", f"return colour({number})"))


def remote_tier(engine: Engine) -> RemoteTier:
    return next(tier for tier in engine._tiers if isinstance(tier, RemoteTier))


def once_each(service: FakeService, count: int) -> bool:
    return sorted(service.answered.values()) == [1] * count


def test_a_service_refines_what_the_local_model_finds(workspace: Workspace, service: FakeService) -> None:
    write_functions(workspace)
    engine = start(workspace, service)
    found_status = filled(engine, 10)
    assert found_status.state is EngineState.READY
    assert [tier.role for tier in found_status.tiers] == ["first", "refine"]
    assert once_each(service, 10)
    sent = found_status.remote
    assert [(one.service, one.texts, one.redactions) for one in sent] == [(service.url, 10, 0)]
    assert sent[0].bytes == sum(len(text) for text in service.texts)
    assert found(engine, "paint_wall_3")


def test_the_embedding_of_the_query_changes_the_order(workspace: Workspace, service: FakeService) -> None:
    workspace.write("a.py", function("alpha", "return kumquat"))
    workspace.write("b.py", function("beta", "return persimmon"))
    engine = start(workspace, service)
    filled(engine, 2)
    request = SearchRequest("return persimmon", time_budget_ms=PATIENT_MS)
    hits = engine.search(request, CancelToken(), explain=True).hits
    assert hits[0].name == "beta"
    assert hits[0].features["file.refine.best"] > hits[1].features["file.refine.best"]
    assert service.texts[-1] == "return persimmon"
    engine.search(request, CancelToken())
    engine.context(ContextRequest("return persimmon"), CancelToken())
    assert service.texts.count("return persimmon") == 1


def test_a_search_does_not_wait_for_a_slow_service(workspace: Workspace, service: FakeService) -> None:
    workspace.write("a.py", function("alpha", "return kumquat"))
    engine = start(workspace, service)
    filled(engine, 1)
    gate = threading.Event()
    service.always = when_open(gate)
    request = SearchRequest("kumquat", time_budget_ms=0)
    hits = engine.search(request, CancelToken(), explain=True).hits
    assert hits[0].name == "alpha"
    assert "file.refine.best" not in hits[0].features
    gate.set()
    wait_for(engine, lambda: service.answered["kumquat"])
    request = SearchRequest("kumquat", time_budget_ms=PATIENT_MS)
    hits = engine.search(request, CancelToken(), explain=True).hits
    assert "file.refine.best" in hits[0].features
    assert service.answered["kumquat"] == 1
    assert engine.status().problems == ()


def test_local_models_refine_a_list_while_a_service_is_awaited(workspace: Workspace, service: FakeService) -> None:
    workspace.write("a.py", function("alpha", "return kumquat"))
    assert workspace.model is not None
    settings = make_settings(None, refine=workspace.model, remote={"url": service.url, "model": "m", "tier": "first"})
    engine = workspace.engine(settings=settings)
    wait_for(engine, lambda: [tier.pending for tier in engine.status().tiers] == [0, 0])
    gate = threading.Event()
    service.always = when_open(gate)
    stages: list[str] = []

    def on_partial(result: SearchResult, stage: str) -> None:
        stages.append(stage)
        if stage == "refined":
            gate.set()
        assert ("file.refine.best" in result.hits[0].features) is (stage == "refined")

    request = SearchRequest("kumquat", time_budget_ms=PATIENT_MS)
    hits = engine.search(request, CancelToken(), on_partial, explain=True).hits
    assert stages == ["first", "refined"]
    assert {"file.first.best", "file.refine.best"} <= set(hits[0].features)


def test_a_newer_query_cancels_older_ones(workspace: Workspace, service: FakeService) -> None:
    engine = start(workspace, service)
    tier = remote_tier(engine)
    service.always = when_open(service.closing)
    asked = [tier.start_query(text) for text in ("w", "wa", "wall")]
    assert asked[0] is not None
    assert asked[0].cancelled()
    assert tier.start_query("wall") is asked[2]
    assert tier.start_query("w") is not asked[0]


FAULTS = {
    "401": (status(401), "refuses the key"),
    "413": (status(413), "too long (413)"),
    "429": (status(429), "asks for fewer requests"),
    "500": (status(500), "fails (500)"),
    "garbage": (body(b"<html>"), "not JSON"),
    "hangs up": (hang_up, "closed the connection"),
    "slow drip": (drip, "did not answer within"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_service_error_does_not_affect_local_search_and_recovers(
    workspace: Workspace, service: FakeService, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The tier backs off, so that no request is running when the service recovers. A rescan ends the backoff."""
    monkeypatch.setattr(circuit, "FIRST_PAUSE_SECONDS", 3_600.0)
    monkeypatch.setattr(circuit, "MAX_PAUSE_SECONDS", 3_600.0)
    behaviour, words = FAULTS[name]
    service.always = behaviour
    if behaviour is drip:
        monkeypatch.setattr(http_channel, "REQUEST_SECONDS", 0.1)
    write_functions(workspace)
    engine = start(workspace, service)
    wait_for(engine, lambda: sentences(engine))
    assert [words in sentence for sentence in sentences(engine)] == [True]
    assert engine.status().state is EngineState.DEGRADED
    assert engine.status().complete
    assert not engine.status().refining
    assert found(engine, "paint_wall_3")
    assert service.answered == {}
    monkeypatch.setattr(http_channel, "REQUEST_SECONDS", 60.0)
    service.always = None
    engine.rescan()
    filled(engine, 10)
    wait_for(engine, lambda: engine.status().state is EngineState.READY)
    assert engine.status().problems == ()
    assert once_each(service, 10)


def test_a_service_that_is_down_is_retried(workspace: Workspace, service: FakeService) -> None:
    write_functions(workspace)
    service.close()
    engine = start(workspace, service)
    wait_for(engine, lambda: sentences(engine))
    assert "cannot be reached" in sentences(engine)[0]
    assert engine.status().remote[0].texts == 0
    assert found(engine, "paint_wall_3")
    assert search(engine, "paint the wall")


def test_an_expired_certificate(workspace: Workspace, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    first, last = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2019, 2020))
    authority.issue_cert("127.0.0.1", not_before=first, not_after=last).configure_cert(context)
    service = FakeService(tls=context)
    write_functions(workspace, 2)
    try:
        engine = start(workspace, service, ca_file=str(tmp_path / "ca.pem"))
        wait_for(engine, lambda: sentences(engine))
        assert "(certificate has expired). Renew it" in sentences(engine)[0]
        assert found(engine, "paint_wall_1")
    finally:
        service.close()
    assert service.texts == []


@pytest.mark.parametrize("cached", [True, False])
def test_an_error_in_the_middle_loses_no_vectors(
    workspace: Workspace, service: FakeService, monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    """Even if no vector can be stored on disk."""
    if not cached:
        monkeypatch.setattr(RemoteTier, "store_vectors", lambda *_: None)
    write_functions(workspace, 60)
    service.next.extend([None, None, *[status(500)] * (remote.MAX_ATTEMPTS * 2)])  # type: ignore[list-item]
    engine = start(workspace, service)
    filled(engine, 60)
    assert once_each(service, 60)


def test_another_process_does_not_send_texts_again(workspace: Workspace, service: FakeService) -> None:
    write_functions(workspace)
    first = start(workspace, service)
    filled(first, 10)
    index = next(iter(first._indexer.states.values())).index
    wait_for(first, lambda: not index.dirty and not index.unwritten_vectors)
    first.close()
    service.bodies.clear()
    for path in workspace.cache.rglob("*.vectors"):
        path.unlink()  # so that the vectors come from the vector cache
    second = start(workspace, service)
    filled(second, 10)
    assert service.bodies == []
    assert [one.texts for one in second.status().remote] == [10]
    second.close()
    service.close()
    third = start(workspace, service)
    assert filled(third, 10).problems == ()


def test_a_process_that_follows_learns_the_dimension_from_the_one_that_writes(
    workspace: Workspace, service: FakeService
) -> None:
    write_functions(workspace)
    gate = threading.Event()
    service.always = when_open(gate)
    writer = start(workspace, service)
    wait_for(writer, lambda: service.at_once)
    index = next(iter(writer._indexer.states.values())).index
    wait_for(writer, lambda: index.meta.get("complete"))  # a reader waits for committed data only
    reader = start(workspace, service)
    gate.set()
    service.always = None
    filled(writer, 10)
    filled(reader, 10)
    assert once_each(service, 10)
    request = SearchRequest("paint the wall", time_budget_ms=PATIENT_MS)
    assert "file.refine.best" in reader.search(request, CancelToken(), explain=True).hits[0].features


def test_a_changed_model_behind_the_same_name_is_detected(workspace: Workspace, service: FakeService) -> None:
    write_functions(workspace)
    first = start(workspace, service)
    filled(first, 10)
    service.dimension = 24
    workspace.write("more.py", function("more"))
    workspace.change(first, "more.py")
    wait_for(first, lambda: sentences(first))
    assert "dimension 24, but m returned 16 before" in sentences(first)[0]
    n_requests = len(service.bodies)
    first.rescan()
    complete(first)
    assert found(first, "paint_wall_3")
    assert len(service.bodies) == n_requests
    first.close()
    service.answered.clear()
    second = start(workspace, service)
    assert filled(second, 11).problems == ()
    assert once_each(service, 11)


def test_local_tiers_do_not_wait_for_a_service(workspace: Workspace, service: FakeService) -> None:
    service.always = when_open(service.closing)
    write_functions(workspace)
    engine = start(workspace, service)
    wait_for(engine, lambda: service.at_once)
    workspace.write("more.py", function("more_paint"))
    workspace.change(engine, "more.py")
    assert engine.status().tiers[0].embedded == 11
    assert found(engine, "more_paint")


def test_a_service_as_the_first_tier(workspace: Workspace, service: FakeService) -> None:
    write_functions(workspace)
    engine = start(workspace, service, tier="first")
    assert [(tier.role, tier.embedded) for tier in engine.status().tiers] == [("first", 10)]
    assert once_each(service, 10)
    service.always = status(500)
    workspace.write("more.py", function("more_paint"))
    workspace.change(engine, "more.py")
    assert found(engine, "more_paint")
    service.always = None
    filled(engine, 11)


def test_unsaved_text_gets_its_vectors_when_the_service_is_back(workspace: Workspace, service: FakeService) -> None:
    engine = start(workspace, service, tier="first", unsaved=True)
    service.always = status(500)
    engine.open_buffer("untitled:1", "python", function("quince"))
    wait_for(engine, lambda: remote_tier(engine).error is not None)
    complete(engine)  # nobody waits for a service that fails
    service.always = None
    wait_for(engine, lambda: remote_tier(engine).error is None and engine._session.snapshot.complete)
    (view,) = engine._session.snapshot.views
    assert view.n_embedded(remote_tier(engine).fingerprint) == 1


@pytest.mark.parametrize("tier", ["first", "refine"])
def test_unsaved_text_is_not_sent(workspace: Workspace, service: FakeService, tier: str) -> None:
    """Text is not sent while it is unsaved. After saving it is sent like any other text."""
    saved, typed = function("alpha"), function("alpha", "return kumquat")
    workspace.write("a.py", saved)
    engine = start(workspace, service, tier=tier)
    filled(engine, 1)
    engine.open_buffer(workspace.uri("a.py"), "python", saved)
    engine.change_buffer(workspace.uri("a.py"), typed)
    engine.open_buffer("untitled:1", "python", function("beta", "return persimmon"))
    complete(engine)
    assert found(engine, "alpha") == [("a.py", 0, True)]
    assert found(engine, "beta")
    workspace.write("b.py", function("gamma"))
    workspace.change(engine, "b.py")
    wait_for(engine, lambda: any("gamma" in text for text in service.texts))  # earlier texts have been handled by now
    assert not any("kumquat" in text or "persimmon" in text for text in service.texts)
    workspace.write("a.py", typed)
    engine.save_buffer(workspace.uri("a.py"))
    wait_for(engine, lambda: any("kumquat" in text for text in service.texts))
    assert not any("persimmon" in text for text in service.texts)


def test_unsaved_text_is_sent_if_the_user_allows_it(workspace: Workspace, service: FakeService) -> None:
    engine = start(workspace, service, tier="first", unsaved=True)
    engine.open_buffer("untitled:1", "python", function("quince"))
    complete(engine)
    service_tier = remote_tier(engine)
    wait_for(
        engine,
        lambda: any(view.n_embedded(service_tier.fingerprint) for view in engine._session.snapshot.views),
    )
    assert [text.split("\n")[0] for text in service.texts] == ["quince"]
    assert engine._shared._cache is not None
    overlay = engine._session.overlays.shown["untitled:1"]
    assert engine._shared._cache.get(service_tier.fingerprint, overlay.passage_hashes()) == {}


def test_secrets_are_masked_and_counted(workspace: Workspace, service: FakeService) -> None:
    workspace.write("a.py", function("connect", "return open_link('" + "AKIA" + "Z" * 16 + "')"))
    workspace.write("prod.env", "DATABASE=zzzz\n")
    engine = start(workspace, service)
    found_status = filled(engine, engine.status().tiers[0].embedded)
    assert found_status.remote[0].redactions == 2
    assert not any("AKIA" in text or "zzzz" in text for text in service.texts)


def test_a_workspace_cannot_set_the_service(workspace: Workspace, service: FakeService) -> None:
    write_functions(workspace, 2)
    workspace.write(".semlens.toml", f'[remote]\nurl = "{service.url}"\nmodel = "m"\nunsaved = true\n')
    settings, problems = load_settings(workspace.folder, user_file=workspace.cache / "none.toml")
    assert sorted(problem.name for problem in problems) == [
        f"semlens.remote.{name}" for name in ("model", "unsaved", "url")
    ]
    own = make_settings(workspace.model)
    engine = workspace.engine(settings=type(own)(**{**_fields(own), "remote": settings.remote}))
    assert engine.status().remote == ()
    assert service.bodies == []


def _fields(settings: Any) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


@pytest.mark.parametrize(
    ("options", "words"),
    [({"model": ""}, "semlens.remote.model is not"), ({"url": ""}, "semlens.remote.url is not")],
)
def test_an_incomplete_service_setting_is_ignored(workspace: Workspace, options: dict[str, str], words: str) -> None:
    engine = start(workspace, "http://127.0.0.1:9", **options)
    assert [words in sentence for sentence in sentences(engine)] == [True]


def test_an_unavailable_key_gives_one_message(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    write_functions(workspace, 2)
    engine = start(workspace, "https://example.invalid/v1", key_from="keyring")
    wait_for(engine, lambda: sentences(engine))
    assert "pip install 'semlens[keyring]'" in sentences(engine)[0]
    assert found(engine, "paint_wall_1")


def test_an_engine_closes_while_a_service_hangs(workspace: Workspace, service: FakeService) -> None:
    service.always = when_open(service.closing)
    write_functions(workspace)
    engine = start(workspace, service)
    wait_for(engine, lambda: service.at_once)
    engine.close()
    assert service.answered == {}


def test_the_circuit_breaker_backs_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit, "FIRST_PAUSE_SECONDS", 5.0)
    monkeypatch.setattr(circuit, "MAX_PAUSE_SECONDS", 300.0)
    breaker = CircuitBreaker()
    assert not breaker.is_open
    rests = []
    for _ in range(12):
        before = time.monotonic()
        breaker.record_failure(permanent=False, retry_after_s=0.0)
        rests.append(breaker.retry_at - before)
    assert breaker.is_open
    assert rests[0] < rests[2] < rests[4]
    assert max(rests) < 300 * 1.2 + 60
    breaker.record_success()
    assert not breaker.is_open
    before = time.monotonic()
    breaker.record_failure(permanent=False, retry_after_s=1_000.0)
    assert breaker.retry_at >= before + 1_000
    breaker.record_success()
    breaker.record_failure(permanent=True, retry_after_s=0.0)
    assert breaker.retry_at >= before + 240


@pytest.fixture
def commands(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs `semlens` with user settings."""
    from semlens.cli import main

    config = tmp_path / "config"
    config.mkdir()
    monkeypatch.setenv("SEMLENS_CONFIG_DIR", str(config))
    monkeypatch.setenv("SEMLENS_CACHE_DIR", str(workspace.cache))

    def run(*arguments: str, url: str = "") -> int:
        text = f'[models]\nfirst = "{workspace.model}"\nrefine = "none"\n[index]\nonBattery = "full"\n'
        if url:
            text += f'[remote]\nurl = "{url}"\nmodel = "m"\n'
        (config / "config.toml").write_text(text)
        return main(list(arguments))

    return run


def test_the_commands_report_what_was_sent_to_which_service(
    workspace: Workspace, service: FakeService, commands: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    write_functions(workspace, 3)
    folder = str(workspace.folder)
    assert commands("index", folder) == 0
    assert commands("status", folder) == 0
    assert "nothing leaves this machine" in capsys.readouterr().out
    assert commands("index", folder, url=service.url) == 0
    assert service.bodies == []
    assert commands("status", folder, url=service.url) == 0
    assert f"nothing sent to {service.url}" in capsys.readouterr().out
    assert commands("index", "--wait", folder, url=service.url) == 0
    assert once_each(service, 3)
    capsys.readouterr()
    assert commands("status", folder) == 0
    assert f"3 texts, {sum(map(len, service.texts))} bytes, to {service.url}" in capsys.readouterr().out
    assert commands("status", "--json", folder) == 0
    (sent,) = json.loads(capsys.readouterr().out)["remote"]
    assert (sent["service"], sent["texts"], sent["redactions"]) == (service.url, 3, 0)
    assert commands("search", "-w", folder, "paint", "the", "wall", url=service.url) == 0
    assert service.texts[-1] == "paint the wall"


def test_a_command_finishes_though_the_service_is_down(
    workspace: Workspace, service: FakeService, commands: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    write_functions(workspace, 3)
    service.close()
    assert commands("index", "--wait", str(workspace.folder), url=service.url) == 0
    assert "cannot be reached" in capsys.readouterr().out


def test_the_doctor_checks_the_service(
    service: FakeService,
    commands: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", (check_service,))  # the others take long

    def finding(url: str = "") -> dict[str, str]:
        commands("doctor", "--json", url=url)
        checks = json.loads(capsys.readouterr().out)["checks"]
        return next(one for one in checks if one["name"] == "service")

    assert finding()["message"] == "none configured: nothing leaves this machine"
    good = finding(service.url)
    assert good["level"] == "ok"
    assert f"m at {service.url}, 16 dimensions, answered in" in good["message"]
    service.always = status(401)
    bad = finding(service.url)
    assert bad["level"] == "fail"
    assert "refuses the key" in bad["message"]
