"""Which tests belong to a change that no call leads to, and in which order."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from semlens.core.hashing import content_hash
from semlens.graph.impact import FEW_TESTS, NEARBY_CONFIDENCE, impact_of
from semlens.graph.resolver import Resolver
from semlens.graph.segment_names import SymbolPlace
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.snapshot import SegmentView
from semlens.syntax.parsing.parser import parse

CODE = {
    "src/net/retry.py": "def fetch():\n    pass\n",
    "src/net/__init__.py": "",
    "src/other.py": "",
}


def listed(files: Mapping[str, str], changed: str, symbol: str = "") -> list[tuple[str, float]]:
    parsed = [ParsedFile(path, content_hash(text.encode()), parse(path, text.encode())) for path, text in files.items()]
    resolver = Resolver([SegmentView("/work/project", build_segment(parsed))])
    segment = resolver.views[0].segment
    places = [SymbolPlace(0, segment.symbols.names.tolist().index(symbol))] if symbol else []
    impact = impact_of(resolver, places, [(0, segment.files.paths.tolist().index(changed))])
    return [(segment.files.paths[resolver.file_of(one.view, one.row)], one.confidence) for one in impact.tests]


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ({"tests/test_retry.py": ""}, [("tests/test_retry.py", 0.6)]),
        ({"tests/test_http.py": "from net.retry import fetch\n"}, [("tests/test_http.py", 0.4)]),
        ({"tests/test_http.py": "from net import retry\n"}, [("tests/test_http.py", 0.4)]),
        ({"tests/test_http.py": "import net.retry as other\n"}, [("tests/test_http.py", 0.4)]),
        ({"tests/test_http.py": "import retry\nfrom other import fetch\n"}, [("tests/test_http.py", 0.1)]),
        (
            {"tests/a/test_x.py": "", "tests/test_many.py": "", "tests/test_fetch_twice.py": "", "src/net/test_y.py": ""},
            [("src/net/test_y.py", 0.1), ("tests/test_fetch_twice.py", 0.1), ("tests/test_many.py", 0.1),
             ("tests/a/test_x.py", 0.1)],
        ),
        (
            {"tests/test_x.py": "", "tests/test_retry.py": "", "tests/test_y.py": "from net.retry import fetch\n"},
            [("tests/test_retry.py", 0.6), ("tests/test_y.py", 0.4), ("tests/test_x.py", 0.1)],
        ),
    ],
)  # fmt: skip
def test_tests_by_name_by_import_and_near_the_change(tests, expected):
    assert listed({**CODE, **tests}, "src/net/retry.py", "fetch") == expected


FIXTURE = "import pytest\nfrom net.retry import fetch\n\n@pytest.fixture\ndef page():\n    return fetch()\n"


@pytest.mark.parametrize("symbol", ["fetch", "page"])
def test_tests_take_what_a_conftest_offers_below_its_folder(symbol):
    tests = {
        "tests/conftest.py": FIXTURE,
        "tests/deep/conftest.py": "def site(page):\n    pass\n",
        "tests/deep/test_a.py": "class TestA:\n    async def test_it(self, x: int, site):\n        pass\n",
        "tests/test_b.py": "def test_b(page):\n    pass\n",
        "tests/test_c.py": "def test_c(pages, other: page = 1):\n    pass\n",
        "elsewhere/test_d.py": "def test_d(page):\n    pass\n",
    }
    changed = "src/net/retry.py" if symbol == "fetch" else "tests/conftest.py"
    found = {path for path, confidence in listed({**CODE, **tests}, changed, symbol) if confidence > NEARBY_CONFIDENCE}
    assert found - {"tests/conftest.py"} == {"tests/deep/conftest.py", "tests/deep/test_a.py", "tests/test_b.py"}


def test_a_conftest_at_the_root_is_for_all_tests():
    tests = {"conftest.py": FIXTURE, "tests/test_a.py": "def test_a(page):\n    pass\n"}
    assert ("tests/test_a.py", 0.95**2) in listed({**CODE, **tests}, "src/net/retry.py", "fetch")


def test_only_functions_of_a_conftest_are_fixtures():
    fake = "from net.retry import fetch\n\nclass Fake:\n    def path(self):\n        return fetch()\n"
    tests = {"tests/conftest.py": fake, "tests/test_a.py": "def test_a(path):\n    pass\n"}
    assert ("tests/test_a.py", NEARBY_CONFIDENCE) in listed({**CODE, **tests}, "src/net/retry.py", "fetch")


def test_where_many_tests_are_known_none_is_guessed():
    importing = {f"tests/test_{number}.py": "from net.retry import fetch\n" for number in range(FEW_TESTS)}
    found = listed({**CODE, **importing, "tests/test_fetch_twice.py": ""}, "src/net/retry.py", "fetch")
    assert len(found) == FEW_TESTS
    assert NEARBY_CONFIDENCE not in [confidence for _, confidence in found]


def test_a_changed_test_is_not_guessed_and_takes_no_place():
    others = {f"tests/test_{number}.py": "" for number in range(FEW_TESTS)}
    found = listed({**CODE, **others, "tests/test_x.py": ""}, "tests/test_x.py")
    assert found[0] == ("tests/test_x.py", 0.6)
    assert len(found) == FEW_TESTS


def test_a_change_of_prose_reaches_no_test():
    assert listed({**CODE, "README.md": "# Words\n", "tests/test_x.py": ""}, "README.md") == []


def test_tests_of_rust_stand_beside_the_code():
    source = (
        "fn fetch() {}\nfn run() { fetch(); }\nfn test_fetch() { fetch(); }\n"
        "mod tests {\n    fn twice() { super::fetch(); }\n    fn latest_() {}\n}\n"
    )
    parsed = [ParsedFile("src/a.rs", content_hash(source.encode()), parse("src/a.rs", source.encode()))]
    resolver = Resolver([SegmentView("/work/project", build_segment(parsed))])
    names = resolver.views[0].segment.symbols.names
    impact = impact_of(resolver, [SymbolPlace(0, names.tolist().index("fetch"))], [])
    assert {names[one.row] for one in impact.tests} == {"test_fetch", "twice"}
    assert [names[one.row] for one in impact.affected] == ["run"]
