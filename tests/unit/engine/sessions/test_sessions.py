"""Several sessions of one engine: what they share, and what no session learns of another."""

from __future__ import annotations

import os
import threading

import pytest
from engine_cases import complete, function, make_settings, paths_of, search, wait_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semlens.core.cancel import CancelToken
from semlens.core.status import EngineState
from semlens.engine.embedding.vector_scheduler import VectorScheduler
from semlens.engine.query import file_text_cache
from semlens.engine.sessions.snapshot_builder import SnapshotBuilder
from semlens.engine.shared_engine import SharedEngine
from semlens.syntax.parsing.decode import decode

NAMES = ["alpha_one", "beta_two", "gamma_three", "delta_four"]


@pytest.fixture
def shared(plain):
    """An engine without sessions. Roots close at once when their last session leaves."""
    engine = SharedEngine(make_settings(plain.model), cache_folder=plain.cache)
    engine.start()
    yield engine
    engine.close()


def open_session(shared, folder=None, settings=None, **options):
    session = shared.open_session(settings or make_settings(None), **options)
    if folder is not None:
        session.add_root(folder)
        complete(session)
    return session


def test_sessions_share_what_is_on_disk(plain, shared):
    plain.write("a.py", function("alpha_one"))
    first, second = open_session(shared, plain.folder), open_session(shared, plain.folder)
    assert paths_of(first, "alpha_one") == paths_of(second, "alpha_one") == ["a.py"]
    assert second.status().counters["parsed"] == 1


def test_sessions_share_the_texts_of_files(plain, shared, monkeypatch):
    os.utime(plain.write("a.py", function("alpha_one")), (0, 0))  # a new file would be read again each time
    read = []
    monkeypatch.setattr(file_text_cache, "decode", lambda data: read.append(data) or decode(data))
    for session in (open_session(shared, plain.folder), open_session(shared, plain.folder)):
        assert "alpha_one" in search(session, "alpha_one")[0].snippet
    assert len(read) == 1


def test_a_session_sees_only_its_own_roots(plain, shared, tmp_path):
    plain.write("a.py", function("alpha_one"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "b.py").write_text(function("beta_two"))
    first, second = open_session(shared, plain.folder), open_session(shared, other)
    assert (paths_of(first, "alpha_one"), paths_of(first, "beta_two")) == (["a.py"], [])
    assert (paths_of(second, "alpha_one"), paths_of(second, "beta_two")) == ([], ["b.py"])
    assert [root.root for root in second.status().roots] == [str(other)]


def test_each_session_names_the_root_as_its_client_does(plain, shared, tmp_path):
    plain.write("a.py", function("alpha_one"))
    link = tmp_path / "link"
    link.symlink_to(plain.folder)
    first, second = open_session(shared, plain.folder), open_session(shared, link)
    assert search(first, "alpha_one")[0].root == str(plain.folder)
    assert search(second, "alpha_one")[0].root == str(link)
    assert [root.root for root in second.status().roots] == [str(link)]


texts = st.lists(st.sampled_from(NAMES), max_size=4, unique=True)


@pytest.fixture
def embedding(workspace):
    """An engine with a model."""
    engine = SharedEngine(make_settings(workspace.model), cache_folder=workspace.cache)
    engine.start()
    yield engine
    engine.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(on_disk=texts, of_first=texts, of_second=texts)
def test_no_session_sees_the_unsaved_text_of_another(workspace, embedding, on_disk, of_first, of_second):
    """Symbols, vectors and snippets: each session finds its own text and nothing of the other's."""
    workspace.write("a.py", text_with(on_disk, "saved"))
    sessions = [open_session(embedding, workspace.folder) for _ in range(3)]
    sessions[0].rescan()  # the file of the example before was another
    for session, names, mark in zip(sessions, (of_first, of_second), ("first", "second"), strict=False):
        session.open_buffer(workspace.uri("a.py"), "python", text_with(names, mark))
    all_names = (of_first, of_second, on_disk)
    for session, names, mark in zip(sessions, all_names, ("first", "second", "saved"), strict=True):
        complete(session)
        hits = [hit for hit in search(session, " ".join(NAMES)) if hit.name in NAMES]
        assert {hit.name for hit in hits} == set(names)
        assert all(mark in hit.snippet for hit in hits)
        views = session._session.snapshot.views
        assert {name for view in views for name in living_symbols(view)} == set(names)
        (first,) = session.status().tiers
        assert (first.embedded, first.pending) == (sum(view.n_passages for view in views), 0)
    for session in sessions:
        session.close()


def living_symbols(view):
    files = view.segment.symbols.files
    return [
        name
        for name, file in zip(view.segment.symbols.names.tolist(), files.tolist(), strict=True)
        if view.alive is None or view.alive[file]
    ]


def text_with(names, mark):
    return "".join(f"def {name}():\n    return '{mark}'\n\n" for name in names)


def test_what_a_session_opened_is_gone_with_it(plain, shared):
    plain.write("a.py", function("alpha_one"))
    stays, leaves = open_session(shared, plain.folder), open_session(shared, plain.folder)
    leaves.open_buffer(plain.uri("a.py"), "python", function("beta_two"))
    complete(leaves)
    assert paths_of(leaves, "beta_two") == ["a.py"]
    leaves.close()
    wait_for(stays, lambda: len(list(shared.indexer.sessions)) == 1)
    assert (paths_of(stays, "alpha_one"), paths_of(stays, "beta_two")) == (["a.py"], [])


def test_recent_files_and_outlines_belong_to_a_session(plain, shared):
    plain.write("a.py", function("alpha_one"))
    first, second = open_session(shared, plain.folder), open_session(shared, plain.folder)
    uri = plain.uri("a.py")
    first.open_buffer(uri, "python", function("beta_two"))
    complete(first)
    assert [symbol.name for symbol in first.outline_of_buffer(uri, CancelToken()).symbols] == ["beta_two"]
    assert second.outline_of_buffer(uri, CancelToken()) is None
    assert [hit.name for hit in first.symbols("", 5, CancelToken()).hits] == ["beta_two"]
    assert second.symbols("", 5, CancelToken()).hits == ()


def test_a_root_closes_when_its_last_session_left(plain, shared):
    plain.write("a.py", function("alpha_one"))
    first, second = open_session(shared, plain.folder), open_session(shared, plain.folder)
    first.close()
    assert paths_of(second, "alpha_one") == ["a.py"]
    second.close()
    third = open_session(shared)
    wait_for(third, lambda: not shared.indexer.states)
    third.add_root(plain.folder)
    complete(third)
    assert third.status().counters["parsed"] == 1  # what was committed is read, not parsed again


def test_a_root_stays_open_for_a_while(plain):
    plain.write("a.py", function("alpha_one"))
    shared = SharedEngine(make_settings(plain.model), cache_folder=plain.cache, root_idle_s=1000.0)
    shared.start()
    try:
        open_session(shared, plain.folder).close()
        session = open_session(shared)
        wait_for(session, lambda: shared.indexer.idle.roots == [str(plain.folder)])
        assert list(shared.indexer.states) == [str(plain.folder)]
        session.release_root(plain.folder)
        assert (shared.indexer.idle.roots, shared.indexer.states) == ([], {})
    finally:
        shared.close()


def test_a_root_stays_open_until_its_vectors_are_made(plain, monkeypatch):
    """A command hands its folder to the resident server and leaves. `finishing` keeps the process alive meanwhile."""
    plain.write("a.py", function("alpha_one"))
    shared = SharedEngine(make_settings(plain.model), cache_folder=plain.cache, root_idle_s=0.01)
    work = iter([True, True])
    seen = []

    def has_work(_scheduler, _index):
        seen.append(set(shared.indexer.idle.finishing))
        return next(work, False)

    monkeypatch.setattr(VectorScheduler, "has_work", has_work)
    shared.start()
    try:
        open_session(shared, plain.folder).close()
        wait_for(open_session(shared), lambda: not shared.indexer.states)
        assert seen == [set(), {str(plain.folder)}, {str(plain.folder)}]
        assert not shared.indexer.idle.finishing
    finally:
        shared.close()


@pytest.mark.parametrize("moment", ["while a snapshot is made", "before its status is told"])
def test_work_that_changes_nothing_does_not_hide_that_the_index_is_ready(plain, monkeypatch, moment):
    """A document that is opened, or a question, posts work at any moment. The last status must be the final one."""
    plain.write("a.py", function("alpha_one"))
    shared = SharedEngine(make_settings(None), cache_folder=plain.cache)
    told, posted = [], []
    compose = SnapshotBuilder.compose

    def post():
        if len(posted) < 30:  # more often than anything changes here
            posted.append(True)
            shared.indexer.post_change(lambda: None)

    def composed(builder, states, overlays):
        if moment.startswith("while"):
            post()
        return compose(builder, states, overlays)

    def on_change(_generation):
        if moment.startswith("before"):
            post()

    monkeypatch.setattr(SnapshotBuilder, "compose", composed)
    shared.start()
    try:
        session = shared.open_session(make_settings(None), on_status=told.append, on_change=on_change)
        session.add_root(plain.folder)
        wait_for(session, lambda: told and told[-1].state is EngineState.READY and told[-1].complete)
    finally:
        shared.close()


def test_a_pause_ends_with_its_session(plain, shared):
    first, second = open_session(shared, plain.folder), open_session(shared, plain.folder)
    first.pause()
    assert second.status().state is EngineState.PAUSED
    first.close()
    wait_for(second, lambda: second.status().state is not EngineState.PAUSED)
    plain.write("b.py", function("beta_two"))
    second.rescan()
    complete(second)
    assert paths_of(second, "beta_two") == ["b.py"]


@pytest.mark.parametrize("leaves", ["before", "meanwhile"])
def test_a_session_that_is_closed_pauses_nothing(plain, shared, monkeypatch, leaves):
    """The request of a client that has left may still wait for a thread."""
    first, second = open_session(shared, plain.folder), open_session(shared, plain.folder)
    set_paused = shared.indexer.set_paused

    def leave() -> None:
        first.close()
        wait_for(second, lambda: first._session not in shared.indexer.sessions)

    def leave_and_pause(*arguments, **options):
        leave()
        set_paused(*arguments, **options)

    if leaves == "before":
        leave()
    else:
        monkeypatch.setattr(shared.indexer, "set_paused", leave_and_pause)
    first.pause()
    assert not shared.indexer.paused
    assert second.status().state is not EngineState.PAUSED


def test_the_settings_of_the_oldest_session_decide_what_a_root_holds(plain, shared):
    plain.write("a.py", function("alpha_one"))
    plain.write("b.py", function("beta_two"))
    first = open_session(shared, plain.folder, make_settings(None, files={"exclude": ("b.py",)}))
    second = open_session(shared, plain.folder)
    assert paths_of(second, "beta_two") == []
    first.close()
    wait_for(second, lambda: paths_of(second, "beta_two") == ["b.py"])


def test_the_session_that_opens_a_root_again_brings_its_settings(plain):
    """As a command does that follows another, after the user changed what is left out."""
    plain.write("a.py", function("alpha_one"))
    plain.write("b.py", function("beta_two"))
    shared = SharedEngine(make_settings(plain.model), cache_folder=plain.cache, root_idle_s=1000.0)
    shared.start()
    try:
        first = open_session(shared, plain.folder, make_settings(None, files={"exclude": ("a.py",)}))
        assert (paths_of(first, "alpha_one"), paths_of(first, "beta_two")) == ([], ["b.py"])
        first.close()
        wait_for(first, lambda: shared.indexer.idle.roots == [str(plain.folder)])
        noted = threading.Event()
        shared.indexer.post(lambda: shared.indexer.files_changed([str(plain.folder / ".semlens.toml")]))
        shared.indexer.post(noted.set)
        assert noted.wait(60)
        assert shared.indexer.states[str(plain.folder)].settings.files.exclude == ("a.py",)
        second = open_session(shared, plain.folder, make_settings(None, files={"exclude": ("b.py",)}))
        assert (paths_of(second, "alpha_one"), paths_of(second, "beta_two")) == (["a.py"], [])
    finally:
        shared.close()


def test_a_session_with_much_work_does_not_hold_up_the_answers_of_another(plain, shared, tmp_path, monkeypatch):
    """While the files of one root wait for a worker, the other root answers, and counts as complete."""
    plain.write("a.py", function("alpha_one"))
    quick = open_session(shared, plain.folder)
    slow_root = tmp_path / "slow"
    slow_root.mkdir()
    (slow_root / "b.py").write_text(function("beta_two"))
    monkeypatch.setattr(shared.indexer.parser, "request", lambda *_: None)  # the workers take for ever
    slow = shared.open_session(make_settings(None))
    slow.add_root(slow_root)
    wait_for(slow, lambda: any(state.pending for state in slow._session.states.values()))
    assert complete(quick).complete
    assert paths_of(quick, "alpha_one") == ["a.py"]
    assert not slow.status().complete
