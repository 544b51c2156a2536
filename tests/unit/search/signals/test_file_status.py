from __future__ import annotations

import pytest
from search_cases import view_of

from semlens.search.signals.file_status import file_statuses

NAMES = ("fields", "main", "types")
FILES = (
    "lib/v3/types.py", "lib/v4/types.py", "lib/v4/__init__.py", "inc/a.h", "inc/alone.h", "src/a.c", "legacy/c.py",
    "old_api.py", "types.d.ts", *(f"pkg/v1/{name}.py" for name in NAMES), *(f"pkg/{name}.py" for name in NAMES),
    *(f"api/v1/{name}.py" for name in NAMES),
)  # fmt: skip
OLD = {"lib/v3/types.py", "legacy/c.py", "old_api.py", *(f"pkg/v1/{name}.py" for name in NAMES)}


def views_of(*parts, root="/ws"):
    return [view_of(dict.fromkeys(paths, "int a;\n"), root=root) for paths in parts]


def having(views, column):
    return {
        path
        for view, standing in zip(views, file_statuses(views), strict=True)
        for path, value in zip(view.segment.files.paths, getattr(standing, column).tolist(), strict=True)
        if value
    }


@pytest.mark.parametrize("n_segments", [1, 2, 5, len(FILES)])
def test_results_do_not_depend_on_segments(n_segments):
    views = views_of(*(FILES[start::n_segments] for start in range(n_segments)))
    assert having(views, "old") == OLD
    assert having(views, "header") == {"inc/a.h"}


def test_an_open_document_does_not_change_the_status_of_other_files():
    views = views_of(FILES)
    before = file_statuses(views)[0]
    opened = view_of({"lib/v3/types.py": "int b;\n"}, uri="file:///ws/lib/v3/types.py")
    new = view_of({"lib/v5/types.py": "int b;\n"}, uri="file:///ws/lib/v5/types.py")
    assert [standing.old.tolist() for standing in file_statuses([*views, opened, new])[1:]] == [[1.0], [0.0]]
    assert file_statuses([*views, opened, new])[0] is before


def test_newer_files_on_disk_make_others_older():
    first, second = views_of(["lib/v3/a.py"]), views_of(["lib/v4/a.py"])
    assert having(first, "old") == set()
    assert having(first + second, "old") == {"lib/v3/a.py"}
    assert having(first, "old") == set()


def test_other_roots_are_ignored():
    views = views_of(["lib/v3/a.py", "a.h"]) + views_of(["lib/v4/a.py", "a.c"], root="/other")
    assert having(views, "old") == having(views, "header") == set()


@pytest.mark.parametrize(
    ("source", "n_lines", "is_demoted"),
    [("src/a.c", 4, True), ("tests/a.c", 4, False), ("examples/a.cpp", 4, False), ("src/a.cpp", 1, False)],
)
def test_a_header_without_sources_is_code(source, n_lines, is_demoted):
    view = view_of({"inc/a.h": "int a;\n" * 4, source: "int b;\n" * n_lines})
    assert having([view], "header") == ({"inc/a.h"} if is_demoted else set())
