from __future__ import annotations

import numpy as np
import pytest
from search_cases import view_of

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.search.query.query import parse_query
from semlens.search.readers.reader import EVERYTHING, Question
from semlens.search.readers.view_reader import find_candidates

SAYING = {f"saying{number}.py": "def copy_file():\n    return 'a file is copied'\n" for number in range(250)}
SAYING_MORE = {"more.py": 'def copy_file():\n    """Copy a file. Files are copied by copying the file."""\n'}
SILENT = {f"silent{number}.py": "def add():\n    return 1 + 1\n" for number in range(30)}


def column(name, text, *files):
    views = [view_of(some) for some in files]
    question = Question(SearchRequest(text), parse_query(text), [], "", EVERYTHING, CancelToken())
    table = find_candidates(views, question)
    paths = [path for view in views for path in view.segment.files.paths]
    return dict(zip(paths, table.columns[name].tolist(), strict=True))


def test_files_of_equal_score_share_a_rank():
    halves = dict(list(SAYING.items())[::2]), dict(list(SAYING.items())[1::2])
    alone = column("words.rank", "how is a file copied", SAYING | SAYING_MORE | SILENT)
    assert alone["more.py"] == 0.0
    assert [alone[path] for path in SAYING] == pytest.approx([-np.log(2.0)] * len(SAYING))
    assert column("words.rank", "how is a file copied", *halves, SAYING_MORE, SILENT) == pytest.approx(alone)


def test_a_file_without_evidence_has_the_last_rank():
    ranks = column("words.rank", "how is a file copied", SAYING_MORE | SILENT)
    assert [ranks[path] for path in SILENT] == pytest.approx([-np.log(201.0)] * len(SILENT))
