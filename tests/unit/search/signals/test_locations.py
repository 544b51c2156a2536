from __future__ import annotations

import pytest
from search_cases import view_of

from semlens.search.query.query import parse_query
from semlens.search.query.stack_traces import find_frames
from semlens.search.signals.locations import match_paths, resolve_frames
from semlens.search.signals.static_signals import static_signals_of

FILES = {
    "src/net/client.py": "class Client:\n    def send(self):\n        return 1\n\n    def close(self):\n        return 2\n",
    "src/web/client.py": "def send():\n    return 3\n",
    "site-packages/lib/pool.py": "def take():\n    return 4\n",
}


@pytest.fixture(scope="module")
def view():
    return view_of(FILES)


def resolved(view, text):
    symbols = view.segment.symbols
    return [
        symbols.qualified_names[place.symbol].rpartition("client.")[2]
        if place.symbol >= 0
        else view.segment.files.paths[place.file]
        for place in resolve_frames([view], find_frames(text))
    ]


def test_a_frame_is_resolved_by_the_longest_path_suffix(view):
    assert resolved(view, 'File "/home/me/src/net/client.py", line 3, in send') == ["Client.send"]
    assert resolved(view, 'File "/home/me/src/web/client.py", line 2, in send') == ["send"]


def test_a_file_of_the_same_name_elsewhere_does_not_match(view):
    assert resolved(view, 'File "/usr/lib/other/client.py", line 3, in send') == []


def test_a_moved_line_is_found_by_its_function(view):
    assert resolved(view, 'File "src/net/client.py", line 3, in close') == ["Client.close"]


def test_own_code_ranks_before_vendored_code(view):
    trace = (
        'File "src/net/client.py", line 3, in send\n    x\n'
        'File "/venv/site-packages/lib/pool.py", line 2, in take\n    y\n'
    )
    places = resolve_frames([view], find_frames(trace))
    assert [view.segment.files.paths[place.file] for place in places] == [
        "src/net/client.py",
        "site-packages/lib/pool.py",
    ]
    assert places[0].worth > 2 * places[1].worth * 0.9


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("net/client.py", "src/net/client.py"),
        ("src/web", "src/web/client.py"),
        ("lib/pool", "site-packages/lib/pool.py"),
    ],
)
def test_paths(view, text, best):
    found = match_paths(view, parse_query(text))
    assert view.segment.files.paths[int(found.argmax())] == best
    assert (found > 0).sum() == 1


def test_a_query_without_paths_matches_none(view):
    assert match_paths(view, parse_query("send a request")) is None


def test_static_signals_of_files():
    files = ("pkg/_internal/b.py", "pkg/c.py")
    segment = view_of(dict.fromkeys(files, "x = 1\n")).segment
    static = static_signals_of(segment)
    assert static.constant["inner"].tolist() == [1.0, 0.0]
    assert static_signals_of(segment) is static
