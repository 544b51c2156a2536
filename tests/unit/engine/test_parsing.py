"""The parse worker in this process, and the pool over real ones."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path

import pytest
from engine_cases import function

from semlens.core.hashing import content_hash
from semlens.engine import parse_pool
from semlens.engine.file_reading import read_file
from semlens.engine.parse_messages import (
    KILLED,
    SAME,
    BufferRequest,
    FilesRequest,
    TokensRequest,
    TokensResult,
    receive,
    send,
)
from semlens.engine.parse_pool import ParsePool, WorkerDiedError
from semlens.engine.worker import _Worker
from semlens.index.segment import segment_from_arrays


def request(root: Path, *paths: str, known: bytes = b"", model: str = "") -> FilesRequest:
    return FilesRequest(str(root), tuple((path, known) for path in paths), 1 << 20, model)


@pytest.fixture
def worker():
    announced: list[int] = []
    made = _Worker(announced.append)
    made.announced = announced  # type: ignore[attr-defined]
    return made


def test_a_worker_answers_for_each_file(worker, tmp_path, tiny_model):
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
    assert worker.announced == [0, 1, 2, 3, 4]
    segment = segment_from_arrays("s", result.segment)
    assert segment.files.paths.tolist() == ["a.py", "c.py"]
    assert segment.symbols.names.tolist() == ["alpha", "gamma", "delta"]
    assert len(result.tokens) == len(segment.passages) == 3


def test_what_is_known_is_not_parsed(worker, tmp_path):
    (tmp_path / "a.py").write_text(function("alpha"))
    known = content_hash(function("alpha").encode())
    result = worker.answer(request(tmp_path, "a.py", known=known))
    assert [outcome.reason for outcome in result.outcomes] == [SAME]
    assert result.segment is None


def test_a_buffer(worker):
    result = worker.answer(BufferRequest("a.py", function("alpha").encode(), ""))
    assert [symbol.name for symbol in result.outline.symbols] == ["alpha"]


def test_tokens_of_files_that_are_as_they_were(worker, tmp_path, tiny_model):
    (tmp_path / "a.py").write_text(function("alpha"))
    (tmp_path / "b.py").write_text(function("changed"))
    (tmp_path / "gone.py").touch()
    (tmp_path / "gone.py").unlink()
    known = content_hash(function("alpha").encode())
    files = tuple((name, known) for name in ("a.py", "b.py", "gone.py"))
    result = worker.answer(TokensRequest(str(tmp_path), files, str(tiny_model)))
    assert isinstance(result, TokensResult)
    assert len(result.tokens) == 1


def test_a_model_that_does_not_load_is_not_the_files_fault(worker, tmp_path):
    (tmp_path / "a.py").write_text(function("alpha"))
    result = worker.answer(request(tmp_path, "a.py", model=str(tmp_path / "no model")))
    assert result.tokens == ()
    assert result.outcomes[0].reason == ""


def test_messages_come_whole_or_not_at_all():
    pipe = io.BytesIO()
    send(pipe, ("a", 1))
    whole = pipe.getvalue()
    assert receive(io.BytesIO(whole)) == ("a", 1)
    for size in range(len(whole)):
        with pytest.raises(EOFError):
            receive(io.BytesIO(whole[:size]))


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


def test_a_file_that_runs_out_of_time_is_named_at_once(pool, tmp_path, monkeypatch):
    """The alarm is the kernel's: no Python code has to run for it."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import sys, signal\n"
        "if 'semlens.engine.worker' in sys.orig_argv:\n"
        "    import semlens.syntax.parser as parser\n"
        "    real = parser.parse\n"
        "    def parse(path, source):\n"
        "        if b'SLOW' in source:\n"
        "            signal.setitimer(signal.ITIMER_PROF, 0.01)\n"
        "            sum(range(10**12))\n"
        "        return real(path, source)\n"
        "    parser.parse = parse\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    code = tmp_path / "code"
    code.mkdir()
    for name in ("a.py", "c.py"):
        (code / name).write_text(function(name[0] * 3))
    (code / "b.py").write_text("# SLOW\n")
    n_started = []
    start = parse_pool._WorkerProcess

    def count(**options):
        n_started.append(1)
        return start(**options)

    monkeypatch.setattr(parse_pool, "_WorkerProcess", count)
    batch = pool.parse_files(request(code, "a.py", "b.py", "c.py")).result(60)
    assert batch.killers == ("b.py",)
    assert len(n_started) == 2  # not tried a second time
    outcomes = {outcome.path: outcome for result in batch.results for outcome in result.outcomes}
    assert {path: outcome.reason for path, outcome in outcomes.items()} == {"a.py": "", "b.py": KILLED, "c.py": ""}
    assert outcomes["b.py"].stamp is not None


def test_a_closed_pool_says_so_and_leaves_no_process(tmp_path):
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


def test_released_workers_start_again(pool, tmp_path):
    (tmp_path / "a.py").write_text(function("alpha"))
    for _ in range(2):
        assert pool.parse_files(request(tmp_path, "a.py")).result(60).killers == ()
        pool.release()
        assert pool.pids() == []


def test_a_worker_that_died_while_idle_is_replaced(pool, tmp_path):
    (tmp_path / "a.py").write_text(function("alpha"))
    pool.parse_files(request(tmp_path, "a.py")).result(60)
    (pid,) = pool.pids()
    os.kill(pid, signal.SIGKILL)
    batch = pool.parse_files(request(tmp_path, "a.py")).result(60)
    assert batch.killers == ()
    assert batch.results[0].segment is not None
    assert pool.pids() != [pid]


def test_a_hard_document_does_not_hold_up_another(tmp_path):
    pool = ParsePool(2, n_kept=1)
    easy = BufferRequest("a.py", function("alpha").encode(), "")
    try:
        pool.parse_buffer(easy).result(60)
        (pid,) = pool.pids()
        os.kill(pid, signal.SIGSTOP)  # as if it had a hard one in hand
        held = pool.parse_buffer(easy)
        assert pool.parse_buffer(easy).result(60).results[0].segment is not None
        assert not held.done()
        os.kill(pid, signal.SIGCONT)
        assert held.result(60).results[0].segment is not None
    finally:
        pool.close()


def test_a_pool_keeps_no_more_idle_workers_than_it_should(tmp_path):
    pool = ParsePool(2, n_kept=1)
    try:
        first, second = pool._take(), pool._take()
        pool._give_back(first)
        pool._give_back(second)
        assert pool.pids() == [first.pid]
        assert not second.is_alive
    finally:
        pool.close()
