"""Searches over shards: the page is that of one index, whatever the number of shards, and rights come first."""

from __future__ import annotations

import pytest
from cluster_cases import CountedRounds, Site
from engine_cases import function

from semlens.cluster.serve import coordinator
from semlens.cluster.serve.coordinator import search_shards
from semlens.cluster.serve.placing import place_segments
from semlens.cluster.serve.shard import Shard, fetch, root_of
from semlens.core.cancel import CancelToken
from semlens.core.request import SearchFilter, SearchRequest
from semlens.core.symbol import SymbolKind
from semlens.engine.embedding.tiers import choose_tiers
from semlens.index.snapshot import IndexSnapshot
from semlens.search.query.query import parse_query
from semlens.search.ranking.rank import rank_answer
from semlens.search.readers.reader import CandidateLimit
from semlens.share import publishing
from semlens.share.errors import RejectedError, ShareError

QUERIES = (
    "retry a download",
    "app_part_3",
    "paint the wall",
    "AppParser",
    "paint_walll",
    "downlaod part",
    "kind:class parser",
    "path:legacy",
    "lang:python",
    '"return retry(url)"',
    "part3.py",
    "def tools_part_1(url): return retry(url)",
    'File "legacy/v1/old.py", line 2, in lint_old\nFile "tools/part1.py", line 1, in tools_part_1\nValueError: bad',
    "xyzzy nothing like it",
)


class LocalShards:
    """Shards of this process."""

    def __init__(self, shards, placed):
        self.shards = shards
        self.n_shards = len(shards)
        self._of_view = {one.number: at for at, of_shard in enumerate(placed) for one in of_shard}

    def ask(self, method, *arguments, **named):
        return [getattr(shard, method)(*arguments, **named) for shard in self.shards]

    def ask_each(self, method, arguments, **named):
        return [getattr(self.shards[shard], method)(*own, **named) for shard, own in arguments.items()]

    def shard_of(self, view):
        return self._of_view[view]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A site of three repositories with many small segments, and a function that opens so many shards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "MAX_PASSAGES", 4)
        patch.setattr("semlens.cluster.indexing.batches.MAX_FILES", 2)
        site = Site(tmp_path_factory.mktemp("site"))
        for name in ("app", "lib", "tools"):
            parser = f"class {name.title()}Parser:\n" + "".join(
                f"    def step_{n}(self):\n        return {n}\n" for n in range(4)
            )
            folder = site.repository(name, 9, parser=parser)
            (folder / "legacy" / "v1").mkdir(parents=True)
            (folder / "legacy" / "v2").mkdir(parents=True)
            for version in ("v1", "v2"):
                (folder / "legacy" / version / "old.py").write_text(function(f"{name}_old", "return lint(url)"))
            site.commit(folder)
            site.build(folder)
    entries, objects = site.fetched()

    def open_shards(n_shards, names=None):
        placed = place_segments([one for one in entries if names is None or one.name in names], n_shards)
        n_views = sum(map(len, placed))
        return LocalShards([Shard(of_shard, n_views, objects) for of_shard in placed], placed)

    tiers, _ = choose_tiers(str(site.model), "none", (), None)
    return open_shards, tiers, site


def page(shards, tiers, text, roots=None, **options):
    request = SearchRequest(text, limit=20, **options)
    query = parse_query(text)
    vectors = [vector for tier in tiers if query.text and (vector := tier.query_vector(query.text)) is not None]
    hits, confidence = search_shards(shards, roots, request, query, vectors, CancelToken(), explain=True)
    return [hit._replace(features={}) for hit in hits], [hit.features for hit in hits], confidence


@pytest.mark.parametrize("text", QUERIES)
def test_the_page_over_1_4_and_16_shards_is_that_of_one_index(served, text):
    open_shards, tiers, _ = served
    one = open_shards(1)
    assert len(one.shards[0]._views) >= 16
    views = [view for _, view in sorted(one.shards[0]._views.items())]
    query = parse_query(text)
    vectors = [vector for tier in tiers if query.text and (vector := tier.query_vector(query.text)) is not None]
    snapshot = IndexSnapshot(1, tuple(views), complete=True)
    answer = rank_answer(snapshot, SearchRequest(text, limit=20), query, vectors, CancelToken())
    expected = [(hit.view.root, hit.path, round(hit.score, 6)) for hit in answer.hits]
    for n_shards in (1, 4, 16):
        hits, features, confidence = page(open_shards(n_shards), tiers, text)
        assert [(hit.root, hit.path, round(hit.score, 6)) for hit in hits] == expected, n_shards
        assert confidence == pytest.approx(answer.confidence)
        for found, own in zip(features, answer.hits, strict=True):
            assert found == pytest.approx(dict(own.features), abs=1e-5)


def test_what_may_not_be_read_changes_nothing(served):
    """The answer for one repository is that of a cluster which has no other."""
    open_shards, tiers, _ = served
    name = "example.org/team/lib"
    all_of_them, alone = open_shards(4), open_shards(4, {name})
    for text in QUERIES:
        assert page(all_of_them, tiers, text, roots={root_of(name)}) == page(alone, tiers, text), text
    assert page(all_of_them, tiers, "app_part_3", roots=set()) == ([], [], 0.0)


def test_hits_have_text_and_filters_hold(served):
    open_shards, tiers, _ = served
    shards = open_shards(4)
    hits, _, _ = page(shards, tiers, "app_part_3")
    assert (hits[0].root, hits[0].path, hits[0].name) == (
        "/semlens-cluster/example.org/team/app",
        "part3.py",
        "app_part_3",
    )
    assert "return retry(url)" in hits[0].snippet
    assert shards.ask("text", "/semlens-cluster/example.org/team/app", "none.py") == [None] * 4
    found = [one for one in shards.ask("text", "/semlens-cluster/example.org/team/app", "part3.py") if one]
    assert "def app_part_3" in found[0][0]
    (outline,) = [one for one in shards.ask("outline", "/semlens-cluster/example.org/team/app", "parser.py") if one]
    assert [(one.name, one.kind, one.parent, one.span.start_line) for one in outline.symbols] == [
        ("AppParser", SymbolKind.CLASS, -1, 0),
        *((f"step_{n}", SymbolKind.METHOD, 0, 1 + 2 * n) for n in range(4)),
    ]
    assert (outline.language, outline.n_lines) == ("python", 9)
    classes, _, _ = page(shards, tiers, "parser", filter=SearchFilter(kinds=frozenset({SymbolKind.CLASS})))
    assert {hit.kind for hit in classes} == {SymbolKind.CLASS}
    folders = SearchFilter(folders=("/semlens-cluster/example.org/team/lib",))
    assert {hit.root for hit in page(shards, tiers, "retry", filter=folders)[0]} == {
        "/semlens-cluster/example.org/team/lib"
    }


class CountingShards(CountedRounds, LocalShards):
    def __init__(self, inner):
        super().__init__(inner.shards, [])
        self._of_view = inner._of_view
        self.rounds = []


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("return the wall", []),
        ("app_part_3", []),
        ("the paresr class", ["spell", "statistics"]),
        (QUERIES[12], ["statistics"]),  # frames
    ],
)
def test_a_search_takes_four_rounds_and_more_only_for_spelling_and_frames(served, text, more):
    open_shards, tiers, _ = served
    shards = CountingShards(open_shards(4))
    page(shards, tiers, text)
    assert shards.rounds == ["look", *more, "candidates", "symbols", "hits"]


@pytest.mark.parametrize("is_large", [True, False])
def test_shards_of_a_large_index_offer_their_best_files_only(served, monkeypatch, is_large):
    """As one process with all of it would. All repositories of a shard are one reader."""
    open_shards, tiers, _ = served
    shards = open_shards(2)
    n_passages = [sum(len(view.segment.passages) for view in shard._views.values()) for shard in shards.shards]
    least = 2 * min(n_passages) if is_large else 2 * (max(n_passages) + 1)
    monkeypatch.setattr(coordinator, "DEFAULT_LIMIT", CandidateLimit(least_passages=least))
    page(shards, tiers, "return the wall")
    for shard in shards.shards:
        reader = list(shard._searches.values())[-1].reader
        assert reader._is_limited is is_large
        assert len(reader._views) == len(shard._views)


def test_a_shard_forgets_old_searches(served):
    open_shards, tiers, _ = served
    shards = open_shards(1)
    for _ in range(70):
        page(shards, tiers, "retry")
    assert len(shards.shards[0]._searches) == 64


def test_missing_and_damaged_objects_are_told(served, tmp_path):
    _, _, site = served
    (placed,) = place_segments(site.entries(), 1)
    path = next(path for path in (site.store_folder / "semlens/1/objects").rglob("*") if path.is_file())
    data = path.read_bytes()
    try:
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        with pytest.raises(RejectedError, match="damaged"):
            fetch(placed, site.store, site.recipe.fingerprints, tmp_path)
        path.unlink()
        (tmp_path / "again").mkdir()
        with pytest.raises(ShareError, match="lacks an object"):
            fetch(placed, site.store, site.recipe.fingerprints, tmp_path / "again")
    finally:
        path.write_bytes(data)
