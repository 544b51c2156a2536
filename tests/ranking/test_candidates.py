"""The page of limited candidates is the page of all files, however the files lie in segments and readers.

The files are those of semlens itself. Their vectors are drawn by chance from the hash of each passage: they stand for a
model that puts other files first than the words do.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from search_cases import label, snapshot_of

import semlens
from semlens.core.cancel import CancelToken
from semlens.core.hashing import content_hash
from semlens.core.request import SearchFilter, SearchRequest, TestFilter
from semlens.core.status import TierRole
from semlens.index.nearest.hnsw import HnswGraph, build_graph
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.segment.vectors import VectorBlock, quantise
from semlens.index.snapshot import SegmentView
from semlens.search.query.query import parse_query
from semlens.search.ranking.rank import rank
from semlens.search.readers.reader import EVERYTHING, CandidateLimit, Question
from semlens.search.readers.view_reader import find_candidates
from semlens.search.signals.text_evidence import QueryVector
from semlens.syntax.parsing.parser import parse

FORCED = CandidateLimit(least_passages=0, least_graph_passages=0)
MODEL, DIMENSION = "by-chance", 16

QUESTIONS = (
    "how are hits ranked",
    "read a file",
    "retry after a failure with a growing delay",
    "merge segments of the index",
    "RankedHit",
    "score_wrods",
    "parse",
    "index/segment/merge.py",
    "ValueError: the path 'x' is not inside the root",
    "for row, path in enumerate(paths):\n    if path == name:",
    '  File "/srv/semlens/search/ranking/rank.py", line 90, in rank',
    "tests for the merger",
    'the "vector" of a passage',
    "lang:python",
)
FILTERS = (
    SearchFilter(),
    SearchFilter(paths=("index",)),
    SearchFilter(exclude_paths=("cli", "lsp")),
    SearchFilter(tests=TestFilter.ONLY),
    SearchFilter(paths=("no/such/folder",)),
)


@pytest.fixture(scope="module")
def files():
    folder = Path(semlens.__file__).parent
    paths = sorted(folder.rglob("*.py"))
    texts = {f"semlens/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}
    return [ParsedFile(path, content_hash(data), parse(path, data)) for path, data in texts.items()]


def view_of(files, *, graph=False):
    segment = build_segment(files)
    hashes = segment.passages.hashes
    matrix = np.stack([np.random.default_rng(row[:8].tolist()).normal(size=DIMENSION) for row in hashes])
    block = VectorBlock(np.arange(len(hashes), dtype=np.uint32), quantise(matrix.astype(np.float32)))
    if graph:
        block = replace(block, graph=HnswGraph(build_graph(block.matrix)))
    return SegmentView("/ws", segment, None, {MODEL: (block,)})


def parted(files, n_segments, *, graph=False):
    return snapshot_of(*(view_of(files[start::n_segments], graph=graph) for start in range(n_segments)))


def vectors_of(text):
    direction = np.random.default_rng(len(text)).normal(size=DIMENSION).astype(np.float32)
    return [QueryVector(MODEL, TierRole.FIRST, direction / np.linalg.norm(direction))]


def page(snapshot, text, limit, search_filter=FILTERS[0], *, meaning=True):
    request = SearchRequest(text, limit=10, filter=search_filter)
    vectors = vectors_of(text) if meaning else []
    hits = rank(snapshot, request, parse_query(text), vectors, CancelToken(), limit)
    return {label(hit): hit.score for hit in hits}


def n_candidates(snapshot, text, limit):
    question = Question(SearchRequest(text), parse_query(text), vectors_of(text), "", limit, CancelToken())
    return len(find_candidates(snapshot.views, question).rows)


@pytest.fixture(scope="module")
def oracle(files):
    return parted(files, 1)


@pytest.mark.parametrize("n_segments", [1, 2, 5])
def test_the_page_is_that_of_all_files(files, oracle, n_segments):
    limited = parted(files, n_segments)
    for text in QUESTIONS:
        assert page(limited, text, FORCED) == pytest.approx(page(oracle, text, EVERYTHING), abs=1e-4), text


def test_as_many_segments_as_files(files):
    some = files[::2]
    limited, every = parted(some, len(some)), parted(some, 1)
    for text in QUESTIONS[::2]:
        assert page(limited, text, FORCED) == pytest.approx(page(every, text, EVERYTHING), abs=1e-4), text


@pytest.mark.parametrize("search_filter", FILTERS)
def test_a_filter_leaves_no_page_short(files, oracle, search_filter):
    limited = parted(files, 2, graph=True)
    for text in QUESTIONS[:6]:
        expected = page(oracle, text, EVERYTHING, search_filter)
        found = page(limited, text, FORCED, search_filter)
        assert len(found) == len(expected)
        assert len(found.keys() & expected.keys()) >= len(expected) - 1, text


def test_a_graph_gives_the_same_page(files, oracle):
    limited = parted(files, 1, graph=True)
    same = [page(limited, text, FORCED).keys() == page(oracle, text, EVERYTHING).keys() for text in QUESTIONS]
    assert sum(same) >= len(QUESTIONS) - 1


def test_readers_do_not_depend_on_how_many_there_are(files, oracle):
    """Two roots, and one."""
    first, second = files[: len(files) // 2], files[len(files) // 2 :]
    roots = snapshot_of(view_of(first), replace(view_of(second), root="/other"))
    for text in QUESTIONS:
        assert page(roots, text, FORCED).keys() == page(oracle, text, EVERYTHING).keys(), text


def test_candidates_are_fewer_than_files(files, oracle):
    assert n_candidates(oracle, "retry after a failure", EVERYTHING) == len(files)
    few = replace(FORCED, n_files=5)
    assert n_candidates(oracle, "retry after a failure", few) < 40
    assert n_candidates(oracle, "lang:python", few) == len(files)
    assert n_candidates(oracle, "retry after a failure", replace(few, least_passages=1 << 40)) == len(files)


def test_tests_do_not_crowd_out_what_they_test(files):
    source = b'def test_retry():\n    """Retry after a failure with a growing delay."""\n    retry(failure, delay)\n'
    test = ParsedFile("tests/test_retry.py", content_hash(source), parse("tests/test_retry.py", source))
    crowd = [replace(test, path=f"tests/test_retry_{number}.py") for number in range(FORCED.n_files + 1)]
    snapshot = parted([*files, *crowd], 1)
    text = "retry after a failure with a growing delay"
    expected = page(snapshot, text, EVERYTHING, meaning=False)
    assert not all(name.startswith("tests/") for name in expected)
    assert page(snapshot, text, FORCED, meaning=False) == pytest.approx(expected, abs=1e-4)
