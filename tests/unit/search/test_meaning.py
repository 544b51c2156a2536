from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest
from search_cases import labels, search, snapshot_of, view_of

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchFilter, SearchRequest
from semlens.core.status import TierRole
from semlens.embedding.registry import find_model, load_embedder
from semlens.index.segment.vectors import VectorBlock
from semlens.search.query.query import parse_query
from semlens.search.ranking.prose_weights import PROSE
from semlens.search.ranking.rank import rank, rank_answer
from semlens.search.signals import meaning
from semlens.search.signals.text_evidence import QueryVector

DISK = {
    "net/retry.py": """
        def fetch_with_retry(url, attempts=3):
            for attempt in range(attempts):
                response = request(url)
                if response.ok:
                    return response
        """,
    "store/cache.py": """
        class LruCache:
            def get(self, key):
                value = self.entries.pop(key)
                self.entries[key] = value
                return value

            def evict(self):
                self.entries.popitem(last=False)
        """,
    "web/session.py": """
        def open_session(visitor):
            return Session(visitor.id, now())

        def close_session(session):
            session.closed = True
        """,
}
TYPED = """
    def shrink_picture(source, width):
        image = load_image(source)
        ratio = width / image.width
        return image.resize((width, round(image.height * ratio)))
    """


@pytest.fixture(scope="module")
def embedder():
    return load_embedder(find_model("semlens-static-v1"))


@pytest.mark.parametrize(
    "question", ["make a photo smaller", "scale an image down", "thumbnail with the same proportions"]
)
def test_a_function_typed_but_not_saved_is_found_by_what_it_does(embedder, question):
    disk = view_of(DISK, embedder=embedder)
    typed = view_of({"media/pictures.py": TYPED}, embedder=embedder, uri="file:///ws/media/pictures.py")
    hits = search(snapshot_of(disk, typed), question, embedder=embedder)
    assert labels(hits)[0] == "media/pictures.py::media.pictures.shrink_picture"
    assert hits[0].view.dirty


def test_what_the_second_model_has_not_read_ranks_as_if_it_had(embedder):
    """It is guessed from the first model: neither the average nor nothing."""
    files = DISK | {"media/pictures.py": TYPED}
    whole = view_of(files, embedder=embedder)
    ((block,),) = whole.tiers.values()
    unread = [
        row
        for row, file in enumerate(whole.segment.passages.files)
        if whole.segment.files.paths[file] == "media/pictures.py"
    ]
    read = np.setdiff1d(block.rows, unread)
    view = dataclasses.replace(whole, tiers={**whole.tiers, "second": (VectorBlock(read, block.matrix[read]),)})
    question = "make a photo less wide"
    vector = embedder.embed_query(parse_query(question).text)
    vectors = [
        QueryVector(embedder.manifest.fingerprint, TierRole.FIRST, vector),
        QueryVector("second", TierRole.REFINE, vector),
    ]
    hits = rank(snapshot_of(view), SearchRequest(question), parse_query(question), vectors, CancelToken())
    assert labels(hits)[0] == "media/pictures.py::media.pictures.shrink_picture"
    refined = {hit.path: hit.features["file.refine.best"] for hit in hits}
    assert max(refined, key=refined.get) == "media/pictures.py"


def test_meaning_decides_between_files_that_no_word_speaks_for(embedder):
    hits = search(snapshot_of(view_of(DISK, embedder=embedder)), "throw away the stalest item", embedder=embedder)
    assert hits[0].path == "store/cache.py"


def test_files_without_vectors_still_compete(embedder):
    snapshot = snapshot_of(
        view_of(DISK, embedder=embedder),
        view_of({"late/queue.py": "def drain_queue(queue):\n    queue.clear()\n    return queue\n"}),
    )
    assert labels(search(snapshot, "drain queue", embedder=embedder))[0] == "late/queue.py::late.queue.drain_queue"


BY_CHANCE = DISK | {
    "media/pictures.py": TYPED,
    "albums/order.py": """
        class PhotoOrder:
            def smaller_first(self, album):
                self.pages = sorted(album)
                return self.pages
        """,
}


@pytest.mark.parametrize(
    ("bias", "first"), [(-99.0, "albums.order.PhotoOrder.smaller_first"), (99.0, "albums.order.PhotoOrder")]
)
def test_meaning_counts_more_for_a_question_in_other_words(embedder, monkeypatch, bias, first):
    """The words of the question name the class; what it asks for is what the method does."""
    for name in ("fit", "fit_within"):
        monkeypatch.setitem(PROSE[TierRole.FIRST][name], "bias", bias)
    hits = search(snapshot_of(view_of(BY_CHANCE, embedder=embedder)), "make a photo less wide", embedder=embedder)
    assert labels(hits)[0].rpartition("::")[2] == first


@pytest.mark.parametrize(("busy", "part"), [(False, 1), (True, 1), (False, 1000)])
def test_a_scan_on_two_threads_gives_the_same(embedder, monkeypatch, busy, part):
    view = view_of(DISK, embedder=embedder)
    vector = QueryVector(embedder.manifest.fingerprint, TierRole.FIRST, embedder.embed_query("throw the stalest away"))
    views = [view, view_of({"a.py": "def f(): pass"}), view]  # one without vectors
    here = meaning.ViewScans(views, vector).result()
    monkeypatch.setattr(meaning, "_LEAST_SHARED_VECTORS", 0)
    monkeypatch.setattr(meaning, "_PART_PASSAGES", part)
    may_end = threading.Event()
    other = meaning._thread.submit(may_end.wait, 60) if busy else None
    alongside = meaning.ViewScans(views, vector).result()  # comes although the thread works for another search
    assert other is None or not other.done()
    may_end.set()
    assert here[1] is alongside[1] is None
    for number in (0, 2):
        assert all(np.array_equal(*columns) for columns in zip(here[number], alongside[number], strict=True))


@pytest.mark.parametrize("dead", [[], ["web/session.py"]])
def test_an_answer_with_kept_scans_equals_a_fresh_one(embedder, dead):
    """Also after an answer with a filter, whose masks must not stay in what is kept, and for a newer snapshot."""
    question, fingerprint, random = "throw the stalest away", embedder.manifest.fingerprint, np.random.default_rng(7)
    view = view_of(DISK, dead=dead, embedder=embedder)
    n_passages = len(view.segment.passages)

    def block(dimension):
        matrix = random.integers(-127, 128, (n_passages, dimension), np.int8)
        return (VectorBlock(np.arange(n_passages, dtype=np.uint32), matrix),)

    view = dataclasses.replace(view, tiers={**view.tiers, "other": block(8)})
    changed = dataclasses.replace(view, tiers={**view.tiers, fingerprint: block(embedder.manifest.dimension)})
    vectors = [
        QueryVector(fingerprint, TierRole.FIRST, embedder.embed_query(question)),
        QueryVector("other", TierRole.REFINE, random.normal(size=8).astype(np.float32)),
    ]
    scans = meaning.KeptScans()
    for snapshot in (snapshot_of(view), snapshot_of(changed)):
        for search_filter in (SearchFilter(paths=("store/**",)), SearchFilter()):
            request = SearchRequest(question, filter=search_filter)
            for known in (vectors[:1], vectors):
                asked = (snapshot, request, parse_query(question), known, CancelToken())
                kept, fresh = rank_answer(*asked, scans=scans), rank_answer(*asked)
                assert fresh.hits
                assert (kept.hits, kept.confidence) == (fresh.hits, fresh.confidence)


def test_a_deleted_file_takes_no_rank_by_meaning(embedder):
    question = "throw away the stalest item"
    whole = search(snapshot_of(view_of(DISK, embedder=embedder)), question, embedder=embedder)
    assert whole[0].path == "store/cache.py"
    hits = search(snapshot_of(view_of(DISK, dead=["store/cache.py"], embedder=embedder)), question, embedder=embedder)
    assert {hit.path for hit in hits} == DISK.keys() - {"store/cache.py"}
    assert max(hit.features["file.first.rank"] for hit in hits) == 0.0
