from __future__ import annotations

import numpy as np
import pytest
from search_cases import names, snapshot_of, view_of

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchFilter
from semlens.search.query.filter_masks import is_path_below, passage_mask
from semlens.search.query.query import parse_query
from semlens.search.ranking.recent import recent_hits
from semlens.search.signals.text_evidence import score_words


def test_an_empty_filter_makes_no_mask():
    assert passage_mask(view_of({"a.py": "x = 1\n"}), SearchFilter()) is None


@pytest.mark.parametrize(
    ("root", "folder", "separator", "expected"),
    [
        ("/w", "/w/src", "/", True),
        ("/w", "/w/sr", "/", False),
        ("/w", "/w", "/", True),
        ("/w/src", "/w", "/", True),
        ("/", "/src", "/", True),
        ("C:\\w", "C:\\w\\src", "\\", True),
        ("C:\\w", "C:\\w\\src\\net", "\\", True),
        ("C:\\w", "C:\\w\\sr", "\\", False),
        ("C:\\", "C:\\src", "\\", True),
        ("\\\\host\\share", "\\\\host\\share\\src", "\\", True),
    ],
)
def test_a_file_is_below_the_folders_that_its_root_and_its_path_name(root, folder, separator, expected):
    assert is_path_below(root, "src/net/a.py", [folder], separator=separator) is expected


FILES = {
    "a.py": 'def send():\n    """Send a parcel."""\n    return wrap(parcel)\n',
    "b.py": "def weigh():\n    return scale.read() + parcel\n",
}


def evidence(view, text, mask=None):
    (found,) = score_words([view], [mask], parse_query(text), CancelToken())
    return found


def test_words_in_documentation_and_name_count_more_than_in_the_body():
    found = evidence(view_of(FILES), "parcel")
    assert found.files[0] > found.files[1] > 0


def test_coverage_is_the_fraction_of_the_query():
    found = evidence(view_of(FILES), "send parcel")
    assert found.covered[0] == pytest.approx(1.0)
    assert 0 < found.covered[1] < 1
    assert found.named[0] > 0 == found.named[1]


def test_unknown_words_do_not_lower_coverage():
    assert evidence(view_of(FILES), "send zebra").covered[0] == pytest.approx(1.0)


def test_masked_passages_have_no_score():
    view = view_of(FILES)
    found = evidence(view, "parcel", np.zeros(len(view.segment.passages), bool))
    assert not found.passages.any()
    assert not found.files.any()


def test_open_documents_come_before_recent_files():
    view = view_of(FILES, root="/ws")
    hits = recent_hits(snapshot_of(view), [("/ws", "b.py")], [("/ws", "a.py")], 10)
    assert names(hits) == ["weigh", "send"]
    assert names(recent_hits(snapshot_of(view), [], [], 10)) == []
