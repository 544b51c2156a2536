"""The hits of every query over a small project, as golden files. A change of ranking becomes a reviewable diff.

pytest tests/ranking --update-golden
"""

from __future__ import annotations

from pathlib import Path

import pytest
from search_cases import label, search, snapshot_of, view_of

FOLDER = Path(__file__).parent
PROJECT = FOLDER / "project"
GOLDEN = FOLDER / "golden"
N_SHOWN = 6

QUESTIONS = {
    "bare name": "RateLimiter",
    "bare method": "acquire",
    "qualified name": "RateLimiter.acquire",
    "half typed": "parse_dur",
    "mistyped": "prase_duration",
    "initials": "pd",
    "constant": "DEFAULT_TIMEOUT",
    "other naming style": "open-session",
    "path": "store/cache.ts",
    "prose": "how long may a cached value live",
    "prose with a name": "where does LruCache drop old entries",
    "other words": "throttle callers that ask too often",
    "message": "ValueError: unknown unit 'x' in duration",
    "trace": '  File "/srv/app/limits/rate.py", line 17, in acquire',
    "code": "if self.tokens < cost:\n    return False",
    "test wanted": "tests for durations",
    "test not wanted": "parse a duration",
    "filter": "kind:class cache",
    "within": "in:Session close",
    "quoted": 'the "signature" of a session',
    "go": "verify the signature of a session cookie",
}


@pytest.fixture(scope="module")
def files():
    return {
        path.relative_to(PROJECT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(PROJECT.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def snapshot(files):
    return snapshot_of(view_of(files))


@pytest.mark.parametrize("name", QUESTIONS)
def test_ranks(name, snapshot, request):
    hits = search(snapshot, QUESTIONS[name], limit=N_SHOWN)
    page = f"# {QUESTIONS[name]!r}\n" + "".join(f"{label(hit)}\n" for hit in hits)
    golden = GOLDEN / f"{name.replace(' ', '_')}.txt"
    if request.config.getoption("--update-golden", default=False):
        golden.write_text(page, encoding="utf-8")
    assert golden.exists(), "no golden ranks yet: run pytest tests/ranking --update-golden and read what it wrote"
    assert page == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("n_segments", [2, 5, 100])
def test_results_do_not_depend_on_segments(files, snapshot, n_segments):
    paths = list(files)
    parts = [paths[start::n_segments] for start in range(min(n_segments, len(paths)))]
    parted = snapshot_of(*(view_of({path: files[path] for path in part}) for part in parts))
    for question in QUESTIONS.values():
        one, many = ({label(hit): hit.score for hit in search(which, question)} for which in (snapshot, parted))
        assert many == pytest.approx(one, abs=1e-4), question


def test_every_golden_file_is_used():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {name.replace(" ", "_") for name in QUESTIONS}
