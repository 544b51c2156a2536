"""The parse worker in this process, and the pool with real worker processes."""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from engine_cases import DEADLINE_S, function

from semlens.core.hashing import content_hash
from semlens.core.status import SkipReason
from semlens.files.reading import read_file
from semlens.index.segment.segment import segment_from_arrays
from semlens.workers import pool as parse_pool
from semlens.workers.limits import MAX_MEMORY_BYTES
from semlens.workers.messages import (
    NO_FILE,
    BufferRequest,
    FilesRequest,
    TokensRequest,
    TokensResult,
    receive,
    send,
)
from semlens.workers.parse_worker import _Worker
from semlens.workers.pool import SPARE_SECONDS, ParsePool
from semlens.workers.worker_process import WorkerDiedError, WorkerStartError


def request(root: Path, *paths: str, known: bytes = b"", model: str = "") -> FilesRequest:
    return FilesRequest(str(root), tuple((path, known) for path in paths), 1 << 20, model)


@pytest.fixture
def worker():
    announced: list[int] = []
    made = _Worker(announced.append)
    made.announced = announced  # type: ignore[attr-defined]
    return made


def test_a_worker_returns_a_result_for_each_file(worker, tmp_path, tiny_model):
    (tmp_path / "a.py").write_text(function("alpha"))
    (tmp_path / "b.py").write_bytes(b"\0\0")
    (tmp_path / "large.py").write_text("x" * (1 << 20) + "y")
    (tmp_path / "c.py").write_text(function("gamma") + function("delta"))
    result = worker.answer(request(tmp_path, "a.py", "b.py", "gone.py", "large.py", "c.py", model=str(tiny_model)))
    assert [(outcome.path, outcome.reason) for outcome in result.outcomes] == [
        ("a.py", ""),
        ("b.py", "binary"),
        ("gone.py", "gone"),
        ("large.py", "too large"),
        ("c.py", ""),
    ]
    assert worker.announced == [0, 1, 2, 3, 4, NO_FILE]
    segment = segment_from_arrays("s", result.segment)
    assert segment.files.paths.tolist() == ["a.py", "c.py"]
    assert segment.symbols.names.tolist() == ["alpha", "gamma", "delta"]
    assert len(result.tokens) == len(segment.passages) == 3


def test_unchanged_files_are_not_parsed(worker, tmp_path):
    (tmp_path / "a.py").write_text(function("alpha"))
    known = content_hash(function("alpha").encode())
    result = worker.answer(request(tmp_path, "a.py", known=known))
    assert [outcome.reason for outcome in result.outcomes] == [SkipReason.UNCHANGED]
    assert result.segment is None


def test_a_buffer(worker):
    result = worker.answer(BufferRequest("a.py", function("alpha").encode(), ""))
    assert [symbol.name for symbol in result.outline.symbols] == ["alpha"]


def test_tokens_of_unchanged_files_are_counted(worker, tmp_path, tiny_model):
    (tmp_path / "a.py").write_text(function("alpha"))
    (tmp_path / "b.py").write_text(function("changed"))
    (tmp_path / "gone.py").touch()
    (tmp_path / "gone.py").unlink()
    known = content_hash(function("alpha").encode())
    files = tuple((name, known) for name in ("a.py", "b.py", "gone.py"))
    result = worker.answer(TokensRequest(str(tmp_path), files, str(tiny_model)))
    assert isinstance(result, TokensResult)
    assert len(result.tokens) == 1


def test_a_model_that_does_not_load_is_not_blamed_on_the_file(worker, tmp_path):
    (tmp_path / "a.py").write_text(function("alpha"))
    result = worker.answer(request(tmp_path, "a.py", model=str(tmp_path / "no model")))
    assert result.tokens == ()
    assert result.outcomes[0].reason == ""


def test_truncated_messages_raise_eof():
    pipe = io.BytesIO()
    send(pipe, ("a", 1))
    whole = pipe.getvalue()
    assert receive(io.BytesIO(whole)) == ("a", 1)
    for size in range(len(whole)):
        with pytest.raises(EOFError):
            receive(io.BytesIO(whole[:size]))


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(os.system),
        pickle.dumps(subprocess.Popen),
        b"no pickle",
        pickle.dumps(parse_pool.ParsedBatch(())),
    ],
)
def test_messages_with_unexpected_types_are_rejected(data):
    with pytest.raises(EOFError):
        receive(io.BytesIO(len(data).to_bytes(8, "little") + data))
    with pytest.raises(EOFError):
        receive(io.BytesIO(b"\xff" * 8 + data))


def test_a_link_in_place_of_a_file_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("outside")
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").symlink_to(tmp_path / "secret")
    assert read_file(str(root), "a.py", 100) == (None, b"", "gone")


def test_a_pipe_or_a_folder_in_place_of_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "folder.py").mkdir()
    assert read_file(str(tmp_path), "pipe.py", 100)[1:] == (b"", "not code")
    assert read_file(str(tmp_path), "folder.py", 100) == (None, b"", "gone")
    assert read_file(str(tmp_path), "pipe.py/below.py", 100) == (None, b"", "gone")
    assert read_file(str(tmp_path), "missing.py", 100) == (None, b"", "gone")


@pytest.fixture
def pool():
    made = ParsePool(1)
    yield made
    made.close()


IN_PARSE = """
    import semlens.syntax.parsing.parser as parser
    real = parser.parse
    def parse(path, source):
        if b"FAULT" in source: fault()
        return real(path, source)
    parser.parse = parse
"""
IN_SEGMENT = """
    import semlens.index.segment.builder as builder
    real = builder.build_segment
    def build_segment(files):
        if any(file.path == "b.py" for file in files): fault()
        return real(files)
    builder.build_segment = build_segment
"""
IN_TOKENS = """
    import semlens.embedding.local.transformer as transformer
    real = transformer.TransformerTokenizer.tokenize
    def tokenize(self, passages):
        if any("FAULT" in passage.body for passage in passages): fault()
        return real(self, passages)
    transformer.TransformerTokenizer.tokenize = tokenize
"""
CRASH = "os.write(2, b'last words'); os.kill(os.getpid(), signal.SIGSEGV)"
SLOW = (
    "signal.setitimer(signal.ITIMER_PROF, signal.getitimer(signal.ITIMER_PROF)[0] / 100); "  # 0 sets none
    "sum(range(10**12))"
)
ERROR = "raise ValueError('a fault of ours')"


@pytest.fixture
def code(tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    for name in ("a.py", "b.py", "c.py"):
        (folder / name).write_text(function(name[0] * 3) + ("# FAULT\n" if name == "b.py" else ""))
    return folder


@pytest.fixture
def faulty(tmp_path, monkeypatch):
    """Starts workers with a simulated fault of the parser."""

    def prepare(place: str, fault: str) -> None:
        (tmp_path / "sitecustomize.py").write_text(
            f"import os, signal, sys\nif 'semlens.workers.parse_worker' in sys.orig_argv:\n"
            f"    def fault(): {fault}\n{place}"
        )
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return prepare


@pytest.mark.parametrize(
    ("place", "fault", "reason", "cause"),
    [
        (IN_PARSE, CRASH, SkipReason.PLAIN_TEXT, "ended by SIGSEGV"),
        (IN_PARSE, SLOW, SkipReason.PLAIN_TEXT, "more than 8 s of processor time"),
        (IN_PARSE, ERROR, SkipReason.FAILED_PARSER, "ValueError"),
        (IN_TOKENS, CRASH, SkipReason.CRASHED_PARSER, "ended by SIGSEGV"),
        (IN_TOKENS, SLOW, SkipReason.CRASHED_PARSER, "more than 8 s of processor time"),
        (IN_TOKENS, ERROR, SkipReason.FAILED_PARSER, "ValueError"),
        (IN_SEGMENT, CRASH, SkipReason.CRASHED_PARSER, "ended by SIGSEGV"),
        (IN_SEGMENT, SLOW, SkipReason.CRASHED_PARSER, "more than 8 s of processor time"),
        (IN_SEGMENT, ERROR, SkipReason.FAILED_PARSER, "ValueError"),
    ],
)
def test_an_error_loses_only_its_file(pool, code, faulty, tiny_model, caplog, place, fault, reason, cause):
    faulty(place, fault)
    batch = pool.parse_files(request(code, "a.py", "b.py", "c.py", model=str(tiny_model))).result(300)
    outcomes = {outcome.path: outcome for result in batch.results for outcome in result.outcomes}
    assert {path: outcome.reason for path, outcome in outcomes.items()} == {"a.py": "", "b.py": reason, "c.py": ""}
    assert outcomes["b.py"].cause == cause
    assert outcomes["b.py"].stamp is not None
    assert batch.crashing_files == (() if reason == SkipReason.FAILED_PARSER else ("b.py",))
    if fault is CRASH:
        assert "last words" in caplog.text
        assert "b.py" in caplog.text
    for result in batch.results:
        if result.segment is not None:
            assert len(segment_from_arrays("s", result.segment).passages) == len(result.tokens)


@pytest.mark.parametrize("fault", [CRASH, ERROR])
def test_an_error_in_token_counting_loses_only_its_file(pool, code, faulty, tiny_model, fault):
    faulty(IN_TOKENS, fault)
    known = [(path.name, content_hash(path.read_bytes())) for path in sorted(code.iterdir())]
    result = pool.tokenize(TokensRequest(str(code), tuple(known), str(tiny_model))).result(60)
    assert len(result.tokens) == 2


@pytest.mark.parametrize(
    ("place", "fault", "cause", "n_results"),
    [
        (IN_PARSE, CRASH, "ended by SIGSEGV", 1),
        (IN_PARSE, SLOW, "more than 8 s of processor time", 1),
        (IN_PARSE, ERROR, "ValueError", 0),
        (IN_SEGMENT, CRASH, "ended by SIGSEGV", 0),
        (IN_SEGMENT, SLOW, "more than 8 s of processor time", 0),
    ],
)
def test_an_error_loses_only_its_buffer(pool, faulty, place, fault, cause, n_results):
    faulty(place, fault)
    batch = pool.parse_buffer(BufferRequest("b.py", b"# FAULT\n", "")).result(60)
    assert (len(batch.results), batch.crashing_files, batch.cause) == (n_results, ("b.py",), cause)


def test_a_file_that_crashes_its_grammar_is_searched_as_plain_text(pool, code, faulty, tiny_model):
    """Its memory may run out, too. Files of the same batch keep their symbols."""
    faulty(IN_PARSE, "bytes(2 << 30)" if sys.platform == "linux" else CRASH)
    batch = pool.parse_files(request(code, "a.py", "b.py", "c.py", model=str(tiny_model))).result(300)
    segments = [segment_from_arrays("s", result.segment) for result in batch.results]
    assert sorted(name for segment in segments for name in segment.symbols.names.tolist()) == ["aaa", "ccc"]
    assert sorted(path for segment in segments for path in segment.files.paths.tolist()) == ["a.py", "b.py", "c.py"]
    assert sum(len(segment.passages) for segment in segments) == 3
    known = (("b.py", content_hash((code / "b.py").read_bytes())),)
    assert len(pool.tokenize(TokensRequest(str(code), known, str(tiny_model), ("b.py",))).result(60).tokens) == 1


def test_a_worker_that_cannot_start_is_not_blamed_on_a_file(pool, code, faulty):
    faulty("    os._exit(3)", "pass")
    with pytest.raises(WorkerStartError, match="ended with code 3"):
        pool.parse_files(request(code, "a.py", "b.py")).result(60)


def test_a_lone_surrogate_in_a_notebook_is_accepted(worker, tmp_path, tiny_model):
    cell = '{"cell_type": "%s", "source": ["# \\ud800 heading\\n", "%s"]}'
    cells = [cell % ("markdown", "text \\udfff"), cell % ("code", "def alpha(): return '\\ud83d'")]
    (tmp_path / "a.ipynb").write_text('{"cells": [' + ",\n".join(cells) + "]}")
    result = worker.answer(request(tmp_path, "a.ipynb", model=str(tiny_model)))
    assert [outcome.reason for outcome in result.outcomes] == [""]
    names = segment_from_arrays("s", result.segment).symbols.names.tolist()
    assert names == ["\ufffd heading", "\ufffd heading", "alpha"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits are those of Linux")
def test_a_worker_has_restricted_rights(pool, code):
    pool.parse_files(request(code, "a.py")).result(60)
    (pid,) = pool.pids()
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    limits = {line[:25].strip(): line[25:].split()[:2] for line in lines}
    assert limits["Max file size"] == limits["Max core file size"] == ["0", "0"]
    assert limits["Max open files"] == ["64", "64"]
    assert limits["Max address space"] == [str(MAX_MEMORY_BYTES)] * 2
    assert "NoNewPrivs:\t1" in Path(f"/proc/{pid}/status").read_text()


def test_a_file_that_times_out_is_not_retried(pool, code, faulty, monkeypatch):
    """The kernel sends the alarm, so it works while no Python code runs."""
    faulty(IN_PARSE, SLOW)
    n_started = []
    start = parse_pool.WorkerProcess

    def count(**options):
        n_started.append(1)
        return start(**options)

    monkeypatch.setattr(parse_pool, "WorkerProcess", count)
    batch = pool.parse_files(request(code, "a.py", "b.py", "c.py")).result(60)
    assert batch.crashing_files == ("b.py",)
    assert len(n_started) == 2


def test_a_closed_pool_raises_and_leaves_no_process(tmp_path):
    pool = ParsePool(1)
    (tmp_path / "a.py").write_text("")
    pool.parse_files(request(tmp_path, "a.py")).result(60)
    (pid,) = pool.pids()
    pool.close()
    assert pool.pids() == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises((WorkerDiedError, RuntimeError)):
        pool.parse_files(request(tmp_path, "a.py")).result(60)


def test_a_pool_works_on_no_more_requests_than_are_allowed(monkeypatch):
    pool, gate, asked = ParsePool(4), threading.Event(), []

    def ask(_pool, request):
        asked.append(request)
        assert gate.wait(DEADLINE_S)
        raise WorkerStartError

    def wait_until_all(n_requests):
        deadline = time.monotonic() + DEADLINE_S
        while len(asked) + len(pool._lock._waiters) < n_requests:
            assert time.monotonic() < deadline

    monkeypatch.setattr(ParsePool, "_ask", ask)
    pool.allow(1)
    answers = [pool.parse_buffer(BufferRequest("a.py", b"", "")) for _ in range(4)]
    wait_until_all(4)
    assert len(asked) == 1
    pool.allow(3)
    wait_until_all(4)
    assert len(asked) == 3
    gate.set()
    assert [type(answer.exception(DEADLINE_S)) for answer in answers] == [WorkerStartError] * 4
    pool.close()


def test_released_workers_start_again(pool, tmp_path):
    (tmp_path / "a.py").write_text(function("alpha"))
    for _ in range(2):
        assert pool.parse_files(request(tmp_path, "a.py")).result(60).crashing_files == ()
        pool.release()
        assert pool.pids() == []


def test_a_worker_over_its_memory_limit_is_replaced(pool, code, faulty):
    faulty(
        IN_PARSE, "from semlens.workers import limits; limits._MAX_IDLE_BYTES = 1 << 20"
    )  # less than any process has
    pids = set()
    for _ in range(3):
        batch = pool.parse_files(request(code, "b.py")).result(60)
        assert batch.results[0].outcomes[0].reason == ""
        pids.update(pool.pids())
    assert len(pids) == 3


def test_a_worker_that_died_while_idle_is_replaced(pool, tmp_path):
    (tmp_path / "a.py").write_text(function("alpha"))
    pool.parse_files(request(tmp_path, "a.py")).result(60)
    (pid,) = pool.pids()
    os.kill(pid, signal.SIGKILL)
    batch = pool.parse_files(request(tmp_path, "a.py")).result(60)
    assert batch.crashing_files == ()
    assert batch.results[0].segment is not None
    assert pool.pids() != [pid]


def test_a_slow_document_does_not_block_another(tmp_path):
    pool = ParsePool(2, n_kept=1)
    easy = BufferRequest("a.py", function("alpha").encode(), "")
    try:
        pool.parse_buffer(easy).result(60)
        (pid,) = pool.pids()
        os.kill(pid, signal.SIGSTOP)  # simulates a slow document
        held = pool.parse_buffer(easy)
        assert pool.parse_buffer(easy).result(60).results[0].segment is not None
        assert not held.done()
        os.kill(pid, signal.SIGCONT)
        assert held.result(60).results[0].segment is not None
    finally:
        pool.close()


def test_a_worker_that_is_busy_for_a_moment_is_waited_for(monkeypatch):
    monkeypatch.setattr(parse_pool, "PATIENCE_SECONDS", 60.0)
    pool = ParsePool(2, n_kept=1)
    try:
        first = pool._acquire()
        with ThreadPoolExecutor(1) as thread:
            second = thread.submit(pool._acquire)
            pool._return(first)
            assert second.result(60) is first
        assert pool.pids() == [first.pid]
    finally:
        pool.close()


def test_a_pool_ends_a_worker_that_it_does_not_need_for_a_while():
    pool = ParsePool(2, n_kept=1)
    try:
        first, second = pool._acquire(), pool._acquire()
        pool._return(first)
        pool._return(second)
        due = pool.release_spare(first.idle_since)
        assert due == first.idle_since + SPARE_SECONDS
        assert set(pool.pids()) == {first.pid, second.pid}
        assert pool.release_spare(due) is None
        assert pool.pids() == [second.pid]
        assert not first.is_alive
    finally:
        pool.close()
