"""Editor buffers: found as typed, marked as unsaved, dropped when closed, and never written to disk."""

from __future__ import annotations

import errno
import os
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from engine_cases import DEADLINE_S, DIMENSION, Gate, complete, computed, found, function, parsed, search, wait_for

from semlens.core.cancel import CancelToken
from semlens.core.errors import ModelError
from semlens.core.paths import path_to_uri
from semlens.core.request import SearchRequest
from semlens.core.status import EngineState, TierRole
from semlens.embedding.manifest import Architecture
from semlens.engine.embedding.tiers import EmbeddedPassages
from semlens.engine.overlays import overlay_indexer
from semlens.engine.overlays.open_buffers import OpenBuffers
from semlens.engine.overlays.overlay_indexer import OverlayIndexer
from semlens.engine.query import query_service as questions
from semlens.engine.sessions.index_session import IndexSession
from semlens.workers.parse_worker import _Worker
from semlens.workers.pool import ParsedBatch


def test_open_type_find_and_close_without_saving(workspace):
    workspace.write("a.py", function("alpha"))
    engine = workspace.engine()
    uri = workspace.uri("a.py")
    engine.open_buffer(uri, "python", function("alpha"))
    assert found(engine, "alpha") == [("a.py", 0, False)]
    engine.change_buffer(uri, "\n" + function("typed", "return retry") + function("alpha"))
    assert found(engine, "typed") == [("a.py", 1, True)]
    assert found(engine, "alpha") == [("a.py", 3, True)]
    engine.close_buffer(uri)
    assert found(engine, "typed") == []
    assert found(engine, "alpha") == [("a.py", 0, False)]
    assert complete(engine).roots[0].symbols == 1


def test_a_file_on_disk_is_no_hit_while_its_changed_buffer_is_parsed(workspace, monkeypatch):
    workspace.write("a.py", function("alpha"))
    engine = workspace.engine()
    uri = workspace.uri("a.py")
    engine.open_buffer(uri, "python", function("alpha"))
    assert found(engine, "alpha") == [("a.py", 0, False)]  # from the segment of the file
    monkeypatch.setattr(engine._session.overlays._pool, "parse_buffer", lambda _request: Future())  # a busy machine
    monkeypatch.setattr(questions, "BUFFER_WAIT_SECONDS", 0.0)
    engine.change_buffer(uri, "\n" + function("alpha"))
    assert found(engine, "alpha") == []


def test_nothing_is_complete_without_an_open_document(workspace, monkeypatch):
    workspace.write("a.py", function("alpha", "return retry"))
    engine, gate = workspace.engine(), Gate()
    monkeypatch.setattr(questions, "BUFFER_WAIT_SECONDS", 0.0)
    answers = [
        lambda: engine.search(SearchRequest("typed"), CancelToken()),
        lambda: engine.symbols("", 5, CancelToken()),
        lambda: engine.similar(workspace.uri("a.py"), 0, 5, CancelToken()),
        engine.status,
    ]
    assert [answer().complete for answer in answers] == [True] * 4
    engine._indexer.post(gate.pass_through)  # a busy machine
    engine.open_buffer(workspace.uri("new.py"), "python", function("typed"))
    assert [answer().complete for answer in answers] == [False] * 4
    gate.opened.set()
    complete(engine)
    assert [answer().complete for answer in answers] == [True] * 4


def test_text_that_comes_while_it_is_asked_for_is_not_in_the_snapshot_yet():
    """The change is noted before the overlay, so whoever sees the overlay must see the change."""
    publisher = SimpleNamespace(publishes_at_once=False)

    class Shown(dict):
        def get(self, _uri):
            publisher.publishes_at_once = True
            return SimpleNamespace(revision=1)

    session = SimpleNamespace(overlays=SimpleNamespace(shown=Shown()), _publisher=publisher)
    assert not IndexSession.shows(session, [SimpleNamespace(uri="file:///a.py", revision=1)])


def test_only_folders_of_the_client_itself_are_waited_for(workspace, tmp_path):
    """Jobs come at each key of each editor that the server has."""
    engine, is_blocked, may_go_on = workspace.engine(), threading.Event(), threading.Event()

    def block():
        engine._session.publish_if_due(time.monotonic() + DEADLINE_S)  # else the search waits for that
        is_blocked.set()
        may_go_on.wait(DEADLINE_S)

    engine._indexer.post(block)
    assert is_blocked.wait(DEADLINE_S)
    engine._indexer.post_change(lambda: None)
    (tmp_path / "other").mkdir()
    is_complete = [engine.search(SearchRequest("retry"), CancelToken()).complete]
    engine.add_root(tmp_path / "other")
    is_complete += [engine.search(SearchRequest("retry"), CancelToken()).complete]
    may_go_on.set()
    complete(engine)
    is_complete += [engine.search(SearchRequest("retry"), CancelToken()).complete]
    assert is_complete == [True, False, True]


def test_nothing_is_ready_that_is_not_complete(workspace, monkeypatch):
    """A folder may have been added since the snapshot was published."""
    engine = workspace.engine()
    assert (engine.status().complete, engine.status().state) == (True, EngineState.READY)
    monkeypatch.setattr(IndexSession, "shows_all", False)
    assert (engine.status().complete, engine.status().state) == (False, EngineState.INDEXING)


def test_typed_text_is_found_by_meaning_and_not_cached(workspace):
    workspace.write("a.py", function("alpha", "return colour"))
    engine = workspace.engine()
    uri = workspace.uri("b.py")
    engine.open_buffer(uri, "python", function("unheard", "return river ( boat sail )"))
    complete(engine)
    view = next(view for view in engine._session.snapshot.views if view.buffer_uri)
    assert view.n_embedded(engine._tiers[0].fingerprint) == view.n_passages == 1
    hit = next(hit for hit in search(engine, "sail river boat") if hit.name == "unheard")
    assert hit.dirty
    engine.close()
    secret = b"unheard"
    for path in workspace.cache.rglob("*"):
        assert path.is_dir() or secret not in path.read_bytes(), path
    again = workspace.engine()
    workspace.write("b.py", function("unheard", "return river ( boat sail )"))
    workspace.change(again, "b.py")
    assert computed(again) == 1  # no unsaved text was cached


def test_an_edit_embeds_only_changed_passages(workspace):
    text = "".join(function(f"part_{n}", f"return {n}") for n in range(10))
    workspace.write("a.py", text)
    engine = workspace.engine()
    before = computed(engine)
    engine.open_buffer(workspace.uri("a.py"), "python", text)
    engine.change_buffer(workspace.uri("a.py"), text.replace("return 4", "return retry"))
    assert found(engine, "part_4") == [("a.py", 8, True)]
    assert computed(engine) - before == 1


def test_saving_reuses_the_vectors_of_the_buffer(workspace):
    workspace.write("a.py", function("alpha"))
    engine = workspace.engine()
    text = function("alpha") + function("typed", "return retry")
    engine.open_buffer(workspace.uri("a.py"), "python", function("alpha"))
    engine.change_buffer(workspace.uri("a.py"), text)
    assert found(engine, "typed") == [("a.py", 2, True)]
    between = computed(engine)
    workspace.write("a.py", text)
    engine.save_buffer(workspace.uri("a.py"))
    assert found(engine, "typed") == [("a.py", 2, False)]
    assert complete(engine).tiers[0].pending == 0
    assert computed(engine) == between
    engine.close_buffer(workspace.uri("a.py"))
    complete(engine)
    assert found(engine, "typed") == [("a.py", 2, False)]
    engine.close()
    again = workspace.engine()
    assert computed(again) == 0


def test_opening_an_unchanged_file_parses_nothing(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    before = parsed(engine)
    engine.open_buffer(plain.uri("a.py"), "python", function("alpha"))
    assert found(engine, "alpha") == [("a.py", 0, False)]
    assert engine._session.overlays.shown[plain.uri("a.py")].same_as_disk
    assert parsed(engine) == before


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfdef alpha():\n    pass\n", b"def alpha():\r\n    pass\r\n"])
def test_a_saved_buffer_is_not_dirty_whatever_its_encoding(plain, content):
    """Editors send text without its byte order mark, and some change line ends."""
    plain.write("a.py", content)
    engine = plain.engine()
    engine.open_buffer(plain.uri("a.py"), "python", function("alpha"))
    assert found(engine, "alpha") == [("a.py", 0, False)]
    engine.change_buffer(plain.uri("a.py"), function("alpha") + "x = 1\n")
    assert found(engine, "alpha") == [("a.py", 0, True)]


def test_an_open_file_that_is_not_indexed_is_searched(plain):
    plain.write(".ignore", "a.py\n")
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    assert found(engine, "alpha") == []
    engine.open_buffer(plain.uri("a.py"), "python", function("alpha"))
    assert found(engine, "alpha") == [("a.py", 0, False)]
    engine.close_buffer(plain.uri("a.py"))
    assert found(engine, "alpha") == []


def test_an_untitled_buffer_is_searched(plain):
    engine = plain.engine()
    engine.open_buffer("untitled:Untitled-1", "python", function("alpha"))
    (hit,) = [hit for hit in search(engine, "alpha") if hit.name == "alpha"]
    assert (hit.root, hit.uri, hit.dirty, hit.language) == ("", "untitled:Untitled-1", True, "python")
    engine.close_buffer("untitled:Untitled-1")
    assert found(engine, "alpha") == []


def test_a_buffer_outside_every_root_is_searched(plain, tmp_path):
    outside = tmp_path / "elsewhere.py"
    outside.write_text(function("alpha"))
    engine = plain.engine()
    engine.open_buffer(outside.as_uri(), "python", function("alpha"))
    (hit,) = [hit for hit in search(engine, "alpha") if hit.name == "alpha"]
    assert (hit.root, hit.dirty, hit.uri) == ("", False, outside.as_uri())


def test_a_new_file_is_typed_then_saved(plain):
    engine = plain.engine()
    engine.open_buffer(plain.uri("new.py"), "python", function("alpha"))
    assert found(engine, "alpha") == [("new.py", 0, True)]
    plain.write("new.py", function("alpha"))
    engine.save_buffer(plain.uri("new.py"))
    complete(engine)
    assert found(engine, "alpha") == [("new.py", 0, False)]


def test_a_file_deleted_while_open(plain):
    """Only the buffer is left, immediately and without an event."""
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    engine.open_buffer(plain.uri("a.py"), "python", function("alpha"))
    assert found(engine, "alpha") == [("a.py", 0, False)]
    (plain.folder / "a.py").unlink()
    plain.change(engine, "a.py")
    assert found(engine, "alpha") == [("a.py", 0, True)]
    engine.close_buffer(plain.uri("a.py"))
    assert found(engine, "alpha") == []


def test_a_file_changed_on_disk_under_an_unchanged_buffer(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    engine.open_buffer(plain.uri("a.py"), "python", function("alpha"))
    plain.write("a.py", function("beta"))
    plain.change(engine, "a.py")
    assert found(engine, "alpha") == [("a.py", 0, True)]
    assert found(engine, "beta") == []
    engine.close_buffer(plain.uri("a.py"))
    assert found(engine, "beta") == [("a.py", 0, False)]
    assert found(engine, "alpha") == []


def test_a_buffer_is_dirty_again_after_an_undo_is_undone(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    uri = plain.uri("a.py")
    engine.open_buffer(uri, "python", function("alpha"))
    for _turn in range(3):
        engine.change_buffer(uri, function("beta"))
        assert (found(engine, "beta"), found(engine, "alpha")) == ([("a.py", 0, True)], [])
        engine.change_buffer(uri, function("alpha"))
        assert (found(engine, "beta"), found(engine, "alpha")) == ([], [("a.py", 0, False)])


def test_after_many_keystrokes_the_last_text_is_indexed(plain):
    plain.write("a.py", "")
    engine = plain.engine()
    uri = plain.uri("a.py")
    engine.open_buffer(uri, "python", "")
    text = function("a_name_that_is_long")
    for length in range(len(text) + 1):
        engine.change_buffer(uri, text[:length])
    assert found(engine, "a_name_that_is_long") == [("a.py", 0, True)]
    assert len({hit.name for hit in search(engine, "a_name")}) == 1


def test_buffers_open_before_their_root_is_known(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine(wait=False)
    engine.open_buffer(plain.uri("a.py"), "python", function("typed"))
    complete(engine)
    assert found(engine, "typed") == [("a.py", 0, True)]
    assert found(engine, "alpha") == []


def test_a_buffer_in_a_nested_root_belongs_to_the_inner_one(plain):
    inner = plain.write("inner/b.py", function("beta")).parent
    engine = plain.engine()
    engine.open_buffer(plain.uri("inner/b.py"), "python", function("typed"))
    assert found(engine, "typed") == [("inner/b.py", 0, True)]
    engine.add_root(inner)
    complete(engine)
    assert found(engine, "typed") == [("b.py", 0, True)]
    assert found(engine, "beta") == []
    engine.remove_root(inner)
    complete(engine)
    assert found(engine, "typed") == [("inner/b.py", 0, True)]


def test_outlines_of_buffers(plain):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    assert engine.outline_of_buffer(plain.uri("a.py"), CancelToken()) is None
    engine.open_buffer(plain.uri("a.py"), "python", function("alpha"))
    outline = engine.outline_of_buffer(plain.uri("a.py"), CancelToken())
    assert outline is not None
    assert [symbol.name for symbol in outline.symbols] == ["alpha"]
    engine.change_buffer(plain.uri("a.py"), function("beta"))
    outline = engine.outline_of_buffer(plain.uri("a.py"), CancelToken())
    assert outline is not None
    assert [symbol.name for symbol in outline.symbols] == ["beta"]


def test_an_empty_symbol_query_lists_open_documents_first(plain):
    plain.write("a.py", function("alpha"))
    plain.write("b.py", function("beta"))
    engine = plain.engine()
    engine.open_buffer(plain.uri("b.py"), "python", function("beta"))
    (hit, *_) = engine.symbols("", 5, CancelToken()).hits
    assert (hit.name, hit.reasons) == ("beta", ("recent",))


def test_a_search_waits_for_earlier_edits_and_publishes_at_once(plain):
    """Also after a commit, because an unpublished snapshot would delay every search."""
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    index = next(iter(engine._indexer.states.values())).index
    wait_for(engine, lambda: not index.dirty)
    wait_for(engine, lambda: engine._session.is_published)
    assert engine._buffers_are_shown()


def test_a_search_does_not_wait_for_a_slow_document(plain, monkeypatch):
    engine = plain.engine()
    uri = plain.uri("a.py")
    monkeypatch.setattr(overlay_indexer, "SLOW_PARSE_SECONDS", 0.0)
    engine.open_buffer(uri, "python", function("alpha"))
    wait_for(engine, lambda: uri in engine._session.overlays.slow_uris)
    wait_for(engine, lambda: engine._session.is_published)
    monkeypatch.setattr(engine, "_buffers_changed", lambda: None)  # the worker never finishes
    engine.change_buffer(uri, function("omega"))
    assert found(engine, "omega") == []
    monkeypatch.undo()
    engine._buffers_changed()
    complete(engine)
    assert found(engine, "omega") == [("a.py", 0, True)]
    assert uri not in engine._session.overlays.slow_uris


def test_a_large_document_is_parsed_when_typing_pauses(plain, monkeypatch):
    engine = plain.engine()
    uri, overlays = plain.uri("a.py"), engine._session.overlays
    engine.open_buffer(uri, "python", function("alpha"))
    assert found(engine, "alpha") == [("a.py", 0, True)]
    parsed = []
    monkeypatch.setattr(questions, "BUFFER_WAIT_SECONDS", 5.0)  # no search waits for it
    monkeypatch.setattr(overlay_indexer, "LARGE_CHARS", 10)
    monkeypatch.setattr(overlay_indexer, "SLOW_DEBOUNCE_SECONDS", 3600.0)
    monkeypatch.setattr(overlays._pool, "parse_buffer", lambda request: parsed.append(request) or Future())
    engine.change_buffer(uri, function("omega"))
    assert found(engine, "omega") == []
    wait_for(engine, lambda: not engine._indexer.is_awaited)
    assert parsed == []
    monkeypatch.undo()
    engine._buffers_changed()
    complete(engine)
    assert found(engine, "omega") == [("a.py", 0, True)]


def test_a_document_that_is_opened_again_is_as_slow(plain, monkeypatch):
    engine = plain.engine()
    uri, slow_uris = plain.uri("a.py"), engine._session.overlays.slow_uris
    monkeypatch.setattr(overlay_indexer, "SLOW_PARSE_SECONDS", 0.0)
    engine.open_buffer(uri, "python", function("alpha"))
    engine.close_buffer(uri)  # whether or not a worker has its text already
    wait_for(engine, lambda: not engine._session.overlays.shown)
    engine.open_buffer(uri, "python", function("omega"))
    wait_for(engine, lambda: uri in slow_uris)
    engine.close_buffer(uri)
    wait_for(engine, lambda: not engine._session.overlays.shown)
    assert uri in slow_uris


def test_slow_documents_are_remembered_up_to_a_bound(plain, monkeypatch):
    engine = plain.engine()
    slow_uris = engine._session.overlays.slow_uris
    monkeypatch.setattr(overlay_indexer, "SLOW_PARSE_SECONDS", 0.0)
    monkeypatch.setattr(overlay_indexer, "_MAX_SLOW_URIS", 1)
    for name in ("a.py", "b.py"):
        engine.open_buffer(plain.uri(name), "python", function("alpha"))
        wait_for(engine, lambda name=name: plain.uri(name) in slow_uris)
    assert list(slow_uris) == [plain.uri("b.py")]


def test_links_are_resolved_only_on_the_indexer_thread(plain, tmp_path, monkeypatch):
    """On the event loop a slow disk would delay every keystroke."""
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    threads = set()

    def realpath(path, **options):
        threads.add(threading.current_thread().name)
        return real(path, **options)

    real = os.path.realpath
    monkeypatch.setattr(os.path, "realpath", realpath)
    monkeypatch.setattr(questions, "_real_path", str)  # queries have their own threads
    (tmp_path / "link").symlink_to(plain.folder)
    uri = path_to_uri(str(tmp_path / "link/a.py"))
    engine.open_buffer(uri, "python", function("alpha"))
    engine.change_buffer(uri, function("typed"))
    complete(engine)
    assert found(engine, "typed") == [("a.py", 0, True)]
    assert found(engine, "alpha") == []
    plain.write("a.py", function("typed"))
    engine.save_buffer(uri)
    complete(engine)
    engine.close_buffer(uri)
    complete(engine)
    assert found(engine, "typed") == [("a.py", 0, False)]
    assert threads == {"indexer"}


def text(number):
    return function("alpha", f"return {number}")


def _number(source):
    return int(source.split()[-1])


class Overlays:
    """The overlays of one document on this thread, with a pool and a model that record what they are asked.

    :ivar events: ``parse`` or ``embed``, and the number that the text returns.
    """

    URI = "untitled:a.py"

    def __init__(self):
        self.buffers, self.jobs, self.events, self.futures = OpenBuffers(), [], [], []
        pool = SimpleNamespace(parse_buffer=self._parse)
        self.indexer = OverlayIndexer(self.buffers, pool, self.jobs.append, lambda: None)
        self.tier = SimpleNamespace(
            role=TierRole.FIRST, error=None, accepts_unsaved=True, is_remote=False, fingerprint="f", model="",
            manifest=SimpleNamespace(architecture=Architecture.STATIC), cached_vectors=lambda _hashes: {},
            embed=self._embed,
        )  # fmt: skip

    def _parse(self, request):
        self.events.append(("parse", _number(request.text)))
        self.futures.append((request, Future()))
        return self.futures[-1][1]

    def _embed(self, tokens, *, cache_vectors):
        assert not cache_vectors
        self.events.append(("embed", *map(_number, tokens.values())))
        return EmbeddedPassages(tuple(tokens), np.ones((len(tokens), DIMENSION), np.int8), len(tokens))

    def step(self):
        return self.indexer.step({}, [self.tier])

    def ask_after_each(self, *numbers):
        """The document gets each of these texts, and a request waits for it."""
        for number in numbers:
            self.buffers.change(self.URI, text(number))
            self.indexer.skip_debounce()
            self.step()

    def refuse(self):
        """No process can be started for what was asked first."""
        self.futures.pop(0)[1].set_exception(OSError(errno.EAGAIN, "Resource temporarily unavailable"))
        self.run_jobs()

    def answer(self):
        """The worker answers what it was asked first, and the indexer's thread takes it."""
        request, future = self.futures.pop(0)
        result = _Worker(lambda _number: None).answer(request)
        future.set_result(ParsedBatch((replace(result, tokens=(request.text,) * len(result.outline.passages)),)))
        self.run_jobs()

    def run_jobs(self):
        while self.jobs:
            self.jobs.pop(0)()

    def hear(self):
        """The service answers what it was asked, and the indexer's thread takes it."""
        self.indexer._vectors._remote_executor.submit(lambda: None).result(DEADLINE_S)
        self.run_jobs()

    @property
    def n_vectors(self):
        return len(self.indexer.shown[self.URI].vectors.get("f", {}))


@pytest.fixture
def overlays(monkeypatch):
    monkeypatch.setattr(overlay_indexer, "DEBOUNCE_SECONDS", 3600.0)
    made = Overlays()
    made.buffers.put(made.URI, "", "a.py", "python", text(1))
    made.step()
    made.answer()
    assert made.events == [("parse", 1), ("embed", 1)]
    made.events.clear()
    yield made
    made.indexer.close()


def test_a_request_skips_the_debounce_of_text_that_waits_for_a_worker(overlays):
    overlays.buffers.change(overlays.URI, text(2))
    overlays.indexer.skip_debounce()
    assert overlays.step() is None
    overlays.buffers.change(overlays.URI, text(3))
    overlays.indexer.skip_debounce()
    assert overlays.step() is None  # the worker is busy
    overlays.answer()
    assert overlays.step() is None
    assert overlays.futures[0][0].text == text(3).encode()
    overlays.answer()
    overlays.buffers.change(overlays.URI, text(4))
    assert overlays.step() is not None  # no request waits for this text
    assert overlays.futures == []


def test_a_worker_has_the_newer_text_before_the_older_one_is_embedded(overlays):
    overlays.ask_after_each(2, 3)
    overlays.answer()
    assert overlays.events == [("parse", 2), ("parse", 3), ("embed", 2)]
    overlays.answer()
    assert overlays.events[3:] == [("embed", 3)]


def test_an_older_text_does_not_replace_a_newer_one_that_needs_no_worker(overlays):
    overlays.ask_after_each(2, 1)
    overlays.answer()
    assert overlays.indexer.shown[overlays.URI].buffer.text == text(1)
    assert overlays.events == [("parse", 2)]


def test_a_document_without_a_worker_is_tried_again_after_a_pause(overlays):
    """Requests do not wait for it, and other texts ask for no worker either."""
    overlays.ask_after_each(2)
    overlays.refuse()
    for number in (2, 3, 2):
        overlays.buffers.change(overlays.URI, text(number))
        overlays.indexer.skip_debounce()
        overlays.step()
        assert overlays.step() > time.monotonic()
        assert overlays.events == [("parse", 2)]
        assert not overlays.indexer.waiting
        assert not overlays.indexer.is_complete
    assert "Resource temporarily unavailable" in overlays.indexer.problems[overlays.URI].message
    overlays.indexer._backoff.due = time.monotonic()  # the pause is over
    overlays.step()
    overlays.answer()
    assert overlays.events == [("parse", 2), ("parse", 2), ("embed", 2)]
    assert overlays.step() is None
    assert overlays.indexer.is_complete
    assert overlays.indexer.problems == {}


@pytest.fixture
def remote(overlays):
    """Overlays whose first tier is a service."""
    overlays.tier.is_remote, overlays.tier.is_paused, overlays.tier.retry_at = True, False, 0.0
    return overlays


def test_a_service_that_failed_is_asked_again_after_its_pause(remote):
    answer = remote.tier.embed

    def fail(_tokens, *, cache_vectors):
        remote.events.append("fail")
        remote.tier.error, remote.tier.is_paused, remote.tier.retry_at = ModelError("no answer"), True, 5.0
        raise remote.tier.error

    remote.tier.embed = fail
    gate = threading.Event()
    remote.indexer._vectors._remote_executor.submit(gate.wait, DEADLINE_S)
    remote.ask_after_each(2)
    remote.answer()
    assert remote.step() is None
    assert not remote.indexer.is_complete
    gate.set()
    remote.hear()
    assert remote.step() == 5.0
    assert remote.indexer.is_complete  # as far as it can be now
    remote.hear()
    assert (remote.events, remote.n_vectors) == ([("parse", 2), "fail"], 0)
    remote.tier.embed, remote.tier.is_paused = answer, False
    assert remote.step() is None
    remote.tier.error = None
    remote.hear()
    assert remote.step() is None
    assert (remote.events[2:], remote.n_vectors) == ([("embed", 2)], 1)
    assert remote.indexer.is_complete


def changed_while_it_waits(remote):
    """The text changes while a request for its vectors waits. :returns: what lets the request go on."""
    gate = threading.Event()
    remote.indexer._vectors._remote_executor.submit(gate.wait, DEADLINE_S)
    remote.ask_after_each(2)
    remote.answer()
    remote.step()
    remote.buffers.change(remote.URI, text(3))
    return gate


def test_a_key_that_is_typed_and_taken_back_costs_no_vectors(remote):
    gate = changed_while_it_waits(remote)
    remote.ask_after_each(2)
    gate.set()
    remote.hear()
    assert (remote.events, remote.n_vectors) == ([("parse", 2), ("embed", 2)], 1)
    assert remote.indexer.is_complete


def test_text_that_changed_is_not_sent(remote):
    gate = changed_while_it_waits(remote)
    gate.set()
    remote.hear()
    remote.step()
    remote.hear()
    assert remote.events == [("parse", 2)]


def test_a_document_is_no_problem_any_more_once_it_has_the_text_of_its_file(plain, monkeypatch):
    plain.write("a.py", function("alpha"))
    engine = plain.engine()
    uri = plain.uri("a.py")
    refused = Future()
    refused.set_exception(OSError(errno.EAGAIN, "Resource temporarily unavailable"))
    monkeypatch.setattr(engine._session.overlays._pool, "parse_buffer", lambda _request: refused)
    engine.open_buffer(uri, "python", function("beta"))
    wait_for(engine, lambda: engine.status().problems)
    engine.change_buffer(uri, function("alpha"))
    assert complete(engine).problems == ()


def test_overlays_may_change_while_their_state_is_read():
    overlays = OverlayIndexer(OpenBuffers(), None, lambda _job: None, lambda: None)

    class Overlay:
        is_parsed = True

        @property
        def tokens(self):
            overlays.shown[f"untitled:{len(overlays.shown)}"] = self  # as the indexer thread may do at the same time
            return {}

    overlays.shown["untitled:0"] = Overlay()
    assert overlays.is_complete
    overlays.close()
