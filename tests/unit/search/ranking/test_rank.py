from __future__ import annotations

import pytest
from search_cases import label, labels, names, search, snapshot_of, view_of

from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled
from semlens.core.request import SearchFilter, SearchRequest, TestFilter
from semlens.core.symbol import SymbolKind
from semlens.search.query.query import parse_query
from semlens.search.ranking.rank import MOVED, rank
from semlens.search.ranking.reasons import reasons_of

FILES = {
    "net/retry.py": '''
        """Retries with growing delays."""

        MAX_ATTEMPTS = 5

        class RetryPolicy:
            """How often a request is repeated."""

            def next_delay(self, attempt):
                """Seconds to wait before the given attempt."""
                return 2 ** attempt

        def fetch_with_retry(url, policy):
            """Fetch a page, waiting between attempts."""
            for attempt in range(MAX_ATTEMPTS):
                wait(policy.next_delay(attempt))
        ''',
    "net/client.py": '''
        class Client:
            def send(self, request):
                """Send one request over the connection."""
                connection = self.pool.take()
                if connection is None:
                    raise RuntimeError("the pool of connections is exhausted")
                return connection.write(request)

            def close(self):
                self.pool.clear()

        class Server:
            def send(self, response):
                return self.socket.sendall(response)
        ''',
    "tests/test_retry.py": """
        def test_next_delay_doubles():
            assert RetryPolicy().next_delay(2) == 4

        def test_fetch_with_retry_gives_up():
            fetch_with_retry("url", RetryPolicy())
        """,
    "vendor/lib/retry.py": '''
        def fetch_with_retry(url):
            """Fetch a page, waiting between attempts."""
            return url
        ''',
    "web/scan.ts": """
        export function scanOnce(folder: string): number {
          let count = 0;
          for (const file of list(folder)) { count += file.size; }
          return count;
        }
        """,
}


@pytest.fixture(scope="module")
def snapshot():
    return snapshot_of(view_of(FILES))


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("fetch_with_retry", "net/retry.py::net.retry.fetch_with_retry"),
        ("FetchWithRetry", "net/retry.py::net.retry.fetch_with_retry"),
        ("fetch_wiht_retry", "net/retry.py::net.retry.fetch_with_retry"),
        ("fetch_wi", "net/retry.py::net.retry.fetch_with_retry"),
        ("fwr", "net/retry.py::net.retry.fetch_with_retry"),
        ("scanOnc", "web/scan.ts::scanOnce"),
        ("scan_onc", "web/scan.ts::scanOnce"),
        ("MAX_ATTEMPTS", "net/retry.py::net.retry.MAX_ATTEMPTS"),
        ("Client.send", "net/client.py::net.client.Client.send"),
        ("Server.send", "net/client.py::net.client.Server.send"),
        ("how long to wait before the next attempt", "net/retry.py::net.retry.RetryPolicy.next_delay"),
        ("RuntimeError: the pool of connections is exhausted", "net/client.py::net.client.Client.send"),
        ("test of the delay doubling", "tests/test_retry.py::tests.test_retry.test_next_delay_doubles"),
        ("connection = self.pool.take()\nif connection is None:", "net/client.py::net.client.Client.send"),
        ('  File "/srv/app/net/retry.py", line 17, in fetch_with_retry', "net/retry.py::net.retry.fetch_with_retry"),
    ],
)
def test_the_first_hit(snapshot, query, first):
    assert labels(search(snapshot, query))[0] == first


@pytest.mark.parametrize("query", ["net/client.py", "client.py", "net\\client", "what is in net/client.py"])
def test_a_path_ranks_its_file_first(snapshot, query):
    assert search(snapshot, query)[0].path == "net/client.py"


def test_own_code_ranks_before_tests_and_vendored_code(snapshot):
    paths = [hit.path for hit in search(snapshot, "fetch a page with retry", per_file=1)]
    assert paths[0] == "net/retry.py"
    assert set(paths[1:3]) == {"tests/test_retry.py", "vendor/lib/retry.py"}


def test_hits_of_one_file_are_limited(snapshot):
    for per_file in (1, 2):
        hits = search(snapshot, "retry attempt delay policy send request", per_file=per_file, limit=3)
        assert all([hit.path for hit in hits].count(hit.path) <= per_file for hit in hits)


def test_a_query_that_names_the_file_has_no_limit_per_file(snapshot):
    hits = search(snapshot, "attempt delay in retry.py", per_file=1)
    assert [hit.path for hit in hits[:3]].count("net/retry.py") > 1


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (SearchFilter(languages=frozenset({"typescript"})), {"web/scan.ts"}),
        (SearchFilter(tests=TestFilter.ONLY), {"tests/test_retry.py"}),
        (SearchFilter(paths=("net/**",)), {"net/retry.py", "net/client.py"}),
        (SearchFilter(exclude_paths=("net", "tests", "vendor")), {"web/scan.ts"}),
    ],
)
def test_filters_of_the_request(snapshot, filters, expected):
    hits = search(snapshot, "retry attempt send folder delay count", filter=filters)
    assert {hit.path for hit in hits} == expected


def test_filters_of_the_request_and_of_the_query_both_apply(snapshot):
    hits = search(snapshot, "retry send path:net/client.py", filter=SearchFilter(paths=("net/**",)))
    assert {hit.path for hit in hits} == {"net/client.py"}
    assert search(snapshot, "retry lang:go", filter=SearchFilter(languages=frozenset({"python"}))) == []


def test_kinds(snapshot):
    hits = search(snapshot, "retry policy kind:class")
    assert names(hits)[0] == "RetryPolicy"
    assert {int(hit.view.segment.symbols.kinds[hit.symbol]) for hit in hits} == {int(SymbolKind.CLASS)}


def test_in_a_container(snapshot):
    assert set(names(search(snapshot, "send in:Server"))) <= {"Server", "send"}
    assert labels(search(snapshot, "send in:Server"))[0] == "net/client.py::net.client.Server.send"


def test_filters_without_words_list_all_matches(snapshot):
    assert set(names(search(snapshot, "kind:class"))) == {"RetryPolicy", "Client", "Server"}


def test_quoted_words_must_occur(snapshot):
    assert {hit.path for hit in search(snapshot, 'send "exhausted"')} == {"net/client.py"}
    assert search(snapshot, 'send "nowhere"') == []


def test_symbols_without_evidence_are_no_hits(snapshot):
    assert search(snapshot, "zebra quantum") == []


@pytest.mark.parametrize("query", ["", "   ", "\n"])
def test_an_empty_query_has_no_hits(snapshot, query):
    assert search(snapshot, query) == []


def test_an_empty_snapshot_has_no_hits():
    assert search(snapshot_of(), "anything") == []


def test_deleted_files_are_never_hits():
    snapshot = snapshot_of(view_of(FILES, dead=["net/retry.py"]))
    for query in ("fetch_with_retry", "MAX_ATTEMPTS", "wait between attempts", "net/retry.py"):
        assert all(hit.path != "net/retry.py" for hit in search(snapshot, query))


def test_a_buffer_competes_with_the_disk():
    typed = view_of(
        {"net/new.py": "def lease_expired(lease):\n    return lease.until < now()\n"}, uri="file:///ws/net/new.py"
    )
    hits = search(snapshot_of(view_of(FILES), typed), "lease expired")
    assert labels(hits)[0] == "net/new.py::net.new.lease_expired"
    assert hits[0].view.dirty


def test_scores_descend_within_0_and_1(snapshot):
    scores = [hit.score for hit in search(snapshot, "retry attempt delay", per_file=0)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_the_limit_is_respected(snapshot):
    assert len(search(snapshot, "retry attempt send", limit=2)) == 2


def test_a_cancelled_query_stops(snapshot):
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        rank(snapshot, SearchRequest("retry"), parse_query("retry"), [], cancel)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("fetch_with_retry", "name"), ("the pool of connections is exhausted", "words"), ("net/client.py", "path")],
)
def test_the_reason_of_a_hit(snapshot, text, reason):
    query = parse_query(text)
    assert reasons_of(search(snapshot, text)[0].features, query)[0] == reason


def test_a_query_of_filters_only_gives_no_reasons(snapshot):
    query = parse_query("lang:python test:include")
    assert {reasons_of(hit.features, query) for hit in search(snapshot, "lang:python test:include")} == {()}


def test_scores_never_rise_and_explain_says_what_the_limit_per_file_moved():
    many = "".join(f"def retry_{name}():\n    retry()\n\n\n" for name in ("page", "file", "mail", "job"))
    files = {"retry.py": many, **{f"other{n}.py": f"def step_{n}():\n    retry()\n" for n in range(12)}}
    hits = search(snapshot_of(view_of(files)), "retry", limit=16, per_file=1)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    moved = [place for place, hit in enumerate(hits) if MOVED in hit.features]
    assert moved
    assert min(moved) >= 10
    assert {hits[place].path for place in moved} == {"retry.py"}


def test_of_several_symbols_with_a_name_the_nearest_comes_first():
    source = "def render():\n    return page\n"
    snapshot = snapshot_of(view_of({f"{folder}/views/page.py": source for folder in ("shop", "blog", "news")}))
    for folder in ("shop", "blog", "news"):
        hits = search(snapshot, "render", near_uri=f"file:///ws/{folder}/urls.py")
        assert hits[0].path == f"{folder}/views/page.py"
    assert [hit.path for hit in search(snapshot, "render", near_uri="file:///elsewhere/a.py")] == [
        hit.path for hit in search(snapshot, "render")
    ]


def test_proximity_does_not_outrank_a_better_hit():
    files = {"a/x.py": "def rendered_page():\n    return 1\n", "b/y.py": "def render():\n    return 1\n"}
    assert search(snapshot_of(view_of(files)), "render", near_uri="file:///ws/a/x.py")[0].path == "b/y.py"


@pytest.mark.parametrize("name", ["Channel", "Phoenix.Channel", "phoenix.channel"])
def test_a_module_is_found_by_the_last_part_of_its_name(name):
    files = {
        "lib/a.ex": "defmodule Phoenix.Channel do\n  def join(topic), do: topic\nend\n",
        "lib/b.ex": "defmodule Phoenix.ChannelTest.Helper do\n  def channel_of(x), do: x\nend\n",
    }
    assert label(search(snapshot_of(view_of(files)), name)[0]) == "lib/a.ex::Phoenix.Channel"


def test_typed_capitals_distinguish_a_class_from_a_function():
    source = "class Helpers:\n    def read(self):\n        return 1\n\n\ndef helpers():\n    return Helpers\n"
    snapshot = snapshot_of(view_of({"base.py": source}))
    assert label(search(snapshot, "Helpers")[0]) == "base.py::base.Helpers"
    assert label(search(snapshot, "helpers")[0]) == "base.py::base.helpers"


def test_two_words_of_a_query_find_the_name_that_joins_them():
    files = {
        "b.py": "def parse(text):\n    return jsonarray(text)\n",
        "c.py": "def parse(text):\n    return other(text)\n",
    }
    words = {
        hit.path: hit.features["file.words.file"] for hit in search(snapshot_of(view_of(files)), "parse a json array")
    }
    assert words["b.py"] > words["c.py"]


def test_equal_files_share_a_rank():
    source = "def send():\n    return parcel\n"
    hits = search(snapshot_of(view_of({"a.py": source, "b.py": source})), "send a parcel")
    assert {hit.features["file.words.rank"] for hit in hits} == {0.0}


def test_an_error_message_finds_the_code_with_the_whole_text():
    files = {
        "pool.py": "def take():\n    raise PoolError('no worker is left in the pool')\n",
        "worker.py": "\n".join(
            f'def worker_{n}(pool):\n    """A worker of the pool, one of the pool\'s workers."""\n    return pool\n'
            for n in range(12)
        ),
    }
    assert search(snapshot_of(view_of(files)), "PoolError: no worker is left in the pool")[0].path == "pool.py"


def test_short_symbols_are_limited_in_a_file_and_not_in_a_segment():
    files = {f"{letter}.py": "".join(f"LIMIT_{letter.upper()}_{n} = {n}\n" for n in range(25)) for letter in ("a", "b")}
    together = names(search(snapshot_of(view_of(files)), "LIMIT_", limit=100, per_file=100, first_page=0))
    apart = [view_of({path: source}) for path, source in files.items()]
    assert len([name for name in together if name]) == 50
    assert sorted(names(search(snapshot_of(*apart), "LIMIT_", limit=100, per_file=100, first_page=0))) == sorted(
        together
    )


def test_the_frames_of_a_report_are_evidence_beside_its_words(snapshot):
    frame = '  File "net/client.py", line 4, in send'
    report = f"""Waiting between attempts takes far too long

The delay before the next attempt of fetch_with_retry doubles each time, and RetryPolicy.next_delay never
stops at a limit, so that the wait after the tenth attempt is as long as the whole page took.

Traceback:
{frame}
"""
    paths = [hit.path for hit in search(snapshot, report, per_file=1)]
    assert paths[:2] == ["net/retry.py", "net/client.py"]
    assert search(snapshot, frame)[0].path == "net/client.py"


CASES = {
    "http/session.py": '''
        def session():
            """A session for requests: the session of the session module."""
            created = make(session_settings)
            return created
        ''',
    "http/store.py": """
        class Session:
            def __init__(self):
                self.jar = Jar()

            def send(self, request):
                return self.jar.fill(request)
        """,
}


@pytest.mark.parametrize(
    ("query", "first"),
    [("Session", "http/store.py"), ("session", "http/session.py"), ("what does a Session send", "http/store.py")],
)
def test_the_case_of_a_name_decides(query, first):
    assert search(snapshot_of(view_of(CASES)), query)[0].path == first


@pytest.mark.parametrize(
    ("question", "first"),
    [("configuration of the pool", "db/cfg.py"), ("utility functions for a path", "db/utils.py")],
)
def test_a_word_finds_the_short_form_that_code_writes(question, first):
    files = {
        "db/cfg.py": "def load(name):\n    return read(name)\n",
        "db/utils.py": "def clean(path):\n    return path.strip()\n",
        "db/links.py": "def follow(path, functions):\n    return functions[path](path)\n",
    }
    assert search(snapshot_of(view_of(files)), question)[0].path == first


TITLE = "Waiting between two attempts to fetch a page takes twice as long as it should\n"


@pytest.mark.parametrize(
    "below",
    [
        "It happens on every machine of ours, whatever the time of the day may be.\n" * 700,
        "This is the code that I call, as the editor shows it to me with its numbers:\n"
        + "".join(f"{n:4} | file_{n}.size += count_{n}\n" for n in range(900)),
        "The log of the whole night says this, and I cannot see anything wrong with it:\n"
        + "".join(f"2024-01-02 03:04:{n % 60:02} INFO worker {n} scans a folder of files\n" for n in range(2_000)),
        "I have looked at these files, and none of them seems to be to blame for it:\n"
        + "".join(f"- app/{letter}{letter}/page.ts\n" for letter in "abcdefghijklmnopqrs")
        + "- web/scan.ts\n",
    ],
    ids=["50 KB", "numbered code", "log", "twenty files"],
)
def test_what_follows_a_report_does_not_hide_what_it_is_about(snapshot, below):
    assert search(snapshot, TITLE + "\n" + below)[0].path == "net/retry.py"
