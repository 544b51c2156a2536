"""Which weights a query uses: by its kind, by how well its words fit, and by what the models have read."""

from __future__ import annotations

import dataclasses

import pytest
from search_cases import view_of

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.core.status import TierRole
from semlens.embedding.registry import find_model, load_embedder
from semlens.search.query.query import parse_query
from semlens.search.ranking import weights as w
from semlens.search.ranking.prose_weights import PROSE
from semlens.search.ranking.query_weights import weights_of
from semlens.search.ranking.word_fit import models_of
from semlens.search.readers.reader import EVERYTHING, Question
from semlens.search.readers.view_reader import find_candidates
from semlens.search.signals.text_evidence import QueryVector

FILES = {
    f"mail/part{number}.py": f"def send_letter_{number}(address):\n    return post(address)\n" for number in range(4)
}
QUESTION = "hand over some correspondence to somebody"


@pytest.fixture(scope="module")
def table_of():
    embedder = load_embedder(find_model("semlens-static-v1"))
    view = view_of(FILES, embedder=embedder)

    def make(text, n_refined=0):
        query = parse_query(text)
        vector = QueryVector(embedder.manifest.fingerprint, TierRole.FIRST, embedder.embed_query(query.text))
        table = find_candidates([view], Question(SearchRequest(text), query, [vector], "", EVERYTHING, CancelToken()))
        return dataclasses.replace(table, n_compared={**table.n_compared, TierRole.REFINE: n_refined}), query

    return make


@pytest.mark.parametrize(
    ("n_refined", "models"), [(0, TierRole.FIRST), (1, TierRole.FIRST), (2, TierRole.REFINE), (4, TierRole.REFINE)]
)
def test_the_second_model_counts_once_it_has_read_half(table_of, n_refined, models):
    table, _ = table_of(QUESTION, n_refined)
    assert models_of(table) is models


def test_without_models_nothing_has_read(table_of):
    table, query = table_of(QUESTION)
    table = dataclasses.replace(table, n_compared={})
    assert models_of(table) is None
    assert weights_of(table, query).files == w.FILE_WEIGHTS


@pytest.mark.parametrize(("n_refined", "models"), [(0, TierRole.FIRST), (4, TierRole.REFINE)])
@pytest.mark.parametrize("fit", [0.0, 1.0])
def test_a_question_takes_the_table_that_fits(table_of, monkeypatch, n_refined, models, fit):
    """What is set by hand counts once, whatever the fit."""
    for name in ("fit", "fit_within"):
        monkeypatch.setitem(PROSE[models][name], "bias", 99.0 if fit else -99.0)
    files, symbols, behind = weights_of(*table_of(QUESTION, n_refined))
    assert behind == w.BEHIND_IN_PROSE > 1.0
    tables = PROSE[models]
    wanted = w.FILE_WEIGHTS if fit else {**tables["files"], **w.BY_HAND}
    assert {name: files[name] for name in wanted} == pytest.approx(dict(wanted))
    wanted = w.SYMBOL_WEIGHTS if fit else tables["symbols"]
    assert {name: symbols[name] for name in wanted} == pytest.approx(dict(wanted))


@pytest.mark.parametrize(
    ("text", "files", "behind"),
    [
        ("send_letter_1", w.NAME_SHARE * w.FILE_WEIGHTS["definition"] + w.NAME_WEIGHTS["definition"], w.NAME_SHARE),
        ("ValueError: no such address 'x'", 0.0, 1.0),
        (" ".join(["the letter is not sent\n"] * 20), w.REPORT_WEIGHTS["definition"], 1.0),
    ],
)
def test_names_messages_and_reports_have_their_own(table_of, text, files, behind):
    found = weights_of(*table_of(text))
    assert (found.files.get("definition", 0.0), found.behind) == (pytest.approx(files), behind)
