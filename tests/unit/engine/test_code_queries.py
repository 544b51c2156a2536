"""Similar code, duplicates and context for prompts, through the engine on real files."""

from __future__ import annotations

import re

import pytest
from engine_cases import Workspace, complete, function
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from semlens.core.cancel import CancelToken
from semlens.core.context import ContextPack, ContextRequest, Relation
from semlens.core.errors import NotReadyError, UsageError
from semlens.embedding.token_counting import EstimatingCounter
from semlens.engine.engine import Engine
from semlens.engine.query import fingerprint_store as shape_store
from semlens.engine.query import query_service as questions
from semlens.search.context import seeds

RETRY = """\
import time


def pause(seconds):
    time.sleep(seconds)


def download_with_retry(url, attempts):
    '''Download a url, retry on failure.'''
    last = None
    for attempt in range(attempts):
        try:
            return fetch(url, timeout=attempt * 2)
        except OSError as error:
            last = error
            pause(2 ** attempt)
    raise RuntimeError(last)
"""
NETWORK = "def fetch(url, timeout):\n    '''Read a url.'''\n    return open(url, timeout)\n"
COPY = """\
def load_again(address, tries):
    \"\"\"Get something.\"\"\"
    failure = None
    for number in range(tries):
        try:
            return obtain(address, timeout=number * 3)
        except OSError as problem:
            failure = problem
            rest(3 ** number)
    raise RuntimeError(failure)
"""


def pack(engine: Engine, **wanted: object) -> ContextPack:
    return engine.context(ContextRequest(**wanted), CancelToken())  # type: ignore[arg-type]


@pytest.fixture
def engine(plain: Workspace) -> Engine:
    plain.write("retry.py", RETRY)
    plain.write("network.py", NETWORK)
    plain.write(
        "app/main.py", "from retry import download_with_retry\n\n\ndef main():\n    download_with_retry('x', 3)\n"
    )
    plain.write("tests/test_retry.py", "def test_retry():\n    download_with_retry('x', 1)\n")
    return plain.engine()


def test_a_context_for_a_query_has_the_best_hit_in_full(engine: Engine) -> None:
    found = pack(engine, query="download with retry", budget=400)
    assert "def download_with_retry(url, attempts):" in found.text
    forms = {item.name: item.form for item in found.items}
    assert forms["retry.download_with_retry"] == "full"
    assert found.items[0].path == "retry.py"  # the best file first, with its pieces in source order
    assert found.tokens == EstimatingCounter().count(found.text) <= 400
    assert found.counted_by == "estimate"


def test_the_best_hit_comes_before_shorter_ones_of_its_file(plain: Workspace) -> None:
    pool = "class Pool:\n    def __init__(self, size):\n        self.size = size\n        self.idle = []\n\n"
    pool += "    def acquire(self):\n        return self.idle.pop()\n\n    def release(self, one):\n        self.idle.append(one)\n"
    plain.write("retry.py", RETRY + "\n\n" + pool)
    found = pack(plain.engine(), query="download_with_retry", budget=150)
    assert "def download_with_retry(url, attempts):" in found.text


def test_a_context_for_a_position_has_its_definitions_and_callers(engine: Engine, plain: Workspace) -> None:
    found = pack(engine, uri=plain.uri("retry.py"), lines=(10, 10), budget=2000)
    why = {item.name: item.reason.text for item in found.items}
    assert why["retry.download_with_retry"] == "at the cursor"
    assert why["network.fetch"] == "used by download_with_retry"
    assert why["retry.pause"] == "used by download_with_retry"
    assert why["app.main.main"] == "uses download_with_retry"
    assert not any("test_retry" in name for name in why)
    with_tests = pack(engine, uri=plain.uri("retry.py"), lines=(10, 10), budget=2000, tests=True)
    assert any(item.reason == (Relation.TEST, "tests download_with_retry") for item in with_tests.items)


def test_a_context_has_unsaved_text(engine: Engine, plain: Workspace) -> None:
    engine.open_buffer(plain.uri("network.py"), "python", NETWORK.replace("Read a url", "Read it, unsaved"))
    complete(engine)
    found = pack(engine, uri=plain.uri("retry.py"), lines=(10, 10), budget=2000)
    assert "Read it, unsaved" in found.text
    assert [item.dirty for item in found.items if item.name == "network.fetch"] == [True]


def test_a_map_shows_the_most_used_symbols_by_folder(engine: Engine) -> None:
    found = pack(engine, budget=120)
    assert "app/\n  main.py\n" in found.text
    assert "8: def download_with_retry(url, attempts)" in found.text
    assert found.tokens <= 120
    assert pack(engine, budget=1).text == ""


def test_code_cannot_break_out_of_its_markdown_fence(plain: Workspace) -> None:
    plain.write("doc.py", "def shout_loudly():\n    '''\n    ````\n    code\n    ````\n    '''\n")
    found = pack(plain.engine(), query="shout_loudly", budget=500)
    assert found.text.startswith("`````python doc.py:1-6\n")
    assert found.text.rstrip().endswith("\n`````")


def test_secrets_are_masked_and_counted(plain: Workspace) -> None:
    secret = "hunter" + "2" * 20
    plain.write("settings.py", f"def connect_database():\n    password = '{secret}'\n    return login(password)\n")
    found = pack(plain.engine(), query="connect_database", budget=500)
    assert "password = '[masked]'" in found.text
    assert secret not in found.text
    assert found.masked == 1


def test_a_position_outside_the_index_gives_one_message(engine: Engine, plain: Workspace) -> None:
    with pytest.raises(UsageError, match=r"is not in the index\. .*\.$"):
        pack(engine, uri=plain.uri("nowhere.py"), lines=(1, 1))
    with pytest.raises(UsageError, match="There is no tokenizer file"):
        pack(engine, query="x", tokenizer=str(plain.folder / "none.json"))
    plain.write("bad.json", "{}")
    with pytest.raises(UsageError, match="is not a readable tokenizer"):
        pack(engine, query="x", tokenizer=str(plain.folder / "bad.json"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    budget=st.integers(1, 800),
    query=st.sampled_from(["", "retry a download", "fetch", "main test url", "import time", "????"]),
    line=st.integers(-1, 18),
    numbers=st.booleans(),
)
def test_a_context_never_exceeds_its_budget(
    engine: Engine, plain: Workspace, budget: int, query: str, line: int, numbers: bool
) -> None:
    uri = plain.uri("retry.py") if line >= 0 else ""
    found = pack(engine, query=query, uri=uri, lines=(line, line), budget=budget, line_numbers=numbers)
    assert found.tokens == EstimatingCounter().count(found.text) <= budget
    shown = [(item.path, item.span.start_line, item.span.end_line, item.form) for item in found.items]
    assert len(shown) == len(set(shown))
    whole = [item for item in found.items if item.form == "full"]
    for item in found.items:
        for outer in whole:
            inside = outer.path == item.path and outer.span.start_line <= item.span.start_line
            assert outer is item or not (inside and item.span.end_line <= outer.span.end_line)


def test_renamed_copies_are_found(plain: Workspace) -> None:
    plain.write("retry.py", RETRY)
    plain.write("lib/again.py", COPY)
    plain.write("other.py", function("something_else"))
    engine = plain.engine()
    (group,) = engine.duplicates("", 10, (), CancelToken()).groups
    assert {hit.reasons for hit in group.hits} == {()}
    assert sorted(hit.name for hit in group.hits) == ["download_with_retry", "load_again"]
    assert group.similarity == 1.0
    assert group.saved_lines == 10
    assert engine.duplicates(plain.uri("other.py"), 10, (), CancelToken()).groups == ()
    assert len(engine.duplicates(plain.uri("lib/again.py"), 10, (), CancelToken()).groups) == 1


def test_duplicates_of_a_folder_are_those_inside_it(plain: Workspace) -> None:
    long = COPY.replace("    failure = None\n", "    failure = None\n    print(address, tries)\n    check(tries)\n" * 9)
    for number in range(2):
        plain.write(f"a/long{number}.py", long)
        plain.write(f"b/short{number}.py", RETRY)
    plain.write("a/short.py", RETRY)
    engine = plain.engine()
    assert [hit.path for hit in engine.duplicates("", 1, (), CancelToken()).groups[0].hits] == [
        "a/long0.py",
        "a/long1.py",
    ]
    (group,) = engine.duplicates("", 1, (str(plain.folder / "b"),), CancelToken()).groups
    assert [hit.path for hit in group.hits] == ["b/short0.py", "b/short1.py"]
    assert group.saved_lines == 10, "the copy in another folder does not count"


def test_similar_omits_itself_and_merges_copies(workspace: Workspace) -> None:
    workspace.write("a.py", "def retry_download(url):\n    retry\n    download\n    url\n")
    workspace.write("b.py", "def download_retry(url):\n    retry\n    download\n    url\n")
    workspace.write("c.py", "def paint_wall(colour):\n    paint\n    wall\n    colour\n")
    for name in ("d", "e"):
        workspace.write(f"{name}.py", "def sail_boat(river):\n    sail\n    boat\n    river\n")
    engine = workspace.engine()
    hits = engine.similar(workspace.uri("a.py"), 1, 10, CancelToken()).hits
    assert hits[0].name == "download_retry"
    names = [hit.name for hit in hits]
    assert "retry_download" not in names
    assert names.count("sail_boat") == 1
    with pytest.raises(UsageError, match="no code at this place"):
        engine.similar(workspace.uri("a.py"), 400, 10, CancelToken())


def test_similar_without_a_model_gives_a_message(engine: Engine, plain: Workspace) -> None:
    with pytest.raises(NotReadyError, match="no vector yet"):
        engine.similar(plain.uri("retry.py"), 10, 5, CancelToken())


def test_line_numbers_match_the_file(engine: Engine, plain: Workspace) -> None:
    text = pack(engine, uri=plain.uri("network.py"), lines=(0, 0), budget=300, line_numbers=True).text
    assert re.search(r"^ +1  def fetch\(url, timeout\):$", text, re.MULTILINE)


class CrowdedCounter:
    """Counts more tokens for joined blocks than for single ones, as a subword tokenizer may."""

    name = "crowded"

    def count(self, text: str) -> int:
        return len(text.split()) + 30 * max(0, text.count("```python") - 1)


def test_tokens_of_the_whole_context_are_counted(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "load_counter", lambda _tokenizer: CrowdedCounter())
    for budget in (30, 60, 90, 120):
        found = pack(engine, query="download with retry fetch url", budget=budget)
        assert found.tokens == CrowdedCounter().count(found.text) <= budget
        assert found.items


@pytest.mark.parametrize("few_lines", [0, 1_000_000])
def test_fingerprints_by_workers_equal_those_in_process(
    plain: Workspace, few_lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shape_store, "_MAX_INLINE_LINES", few_lines)
    monkeypatch.setattr(shape_store, "_BATCH_LINES", 5)
    plain.write("retry.py", RETRY)
    plain.write("lib/again.py", COPY)
    engine = plain.engine()
    engine.open_buffer(plain.uri("typed.py"), "python", COPY.replace("load_again", "typed_again"))
    complete(engine)
    (group,) = engine.duplicates("", 10, (), CancelToken()).groups
    assert sorted(hit.name for hit in group.hits) == ["download_with_retry", "load_again", "typed_again"]


def test_duplicates_omit_generated_files_and_list_tests_last(plain: Workspace) -> None:
    long = COPY.replace("    failure = None\n", "    failure = None\n    print(address, tries)\n    check(tries)\n" * 9)
    plain.write("retry.py", RETRY)
    plain.write("lib/again.py", COPY)
    plain.write("dist/again.py", COPY)
    plain.write("src/build/again.py", COPY)
    plain.write("tests/test_one.py", long)
    plain.write("tests/test_two.py", long)
    groups = plain.engine().duplicates("", 10, (), CancelToken()).groups
    paths = [sorted(hit.path for hit in group.hits) for group in groups]
    assert paths == [["lib/again.py", "retry.py", "src/build/again.py"], ["tests/test_one.py", "tests/test_two.py"]]
    assert groups[0].saved_lines < groups[1].saved_lines


def test_similar_lists_equal_fingerprints_first_and_tests_last(workspace: Workspace) -> None:
    body = "    sail\n    boat\n    river\n"
    other = "".join(f"    for x{n} in y{n}:\n        z{n}[x{n}] = {n}\n" for n in range(10))
    same = "".join(f"    while a{n}(b{n}, c{n}):\n        del d{n}\n" for n in range(10))
    workspace.write("a.py", f"def sail_boat(river):\n{body}{same}")
    workspace.write("b.py", f"def sail_boat_too(river):\n{body}{other}")
    workspace.write("c.py", f"def sail_boat_again(river):\n{body}{same.replace('b', 'k')}")
    workspace.write("tests/test_c.py", f"def test_sail_boat(river):\n{body}{same.replace('c', 'k')}")
    hits = workspace.engine().similar(workspace.uri("a.py"), 1, 10, CancelToken()).hits
    names = [hit.name for hit in hits]
    assert names.index("sail_boat_again") < names.index("sail_boat_too")
    assert names.index("sail_boat_again") < names.index("test_sail_boat")
    assert hits[names.index("sail_boat_again")].features["shape"] == 1.0


def test_a_map_masks_secrets_and_shows_documentation(plain: Workspace) -> None:
    secret = "hunter" + "2" * 20
    plain.write("pkg/__init__.py", '"""Keeps things."""\nFIRST_THING = 1\n')
    plain.write(
        "pkg/store.py",
        f"'''Stores things. On disk.'''\nPASSWORD = '{secret}'\n\n\nclass Store:\n    '''One store.'''\n\n"
        "    def put(self):\n        return PASSWORD\n",
    )
    found = pack(plain.engine(), budget=400)
    assert secret not in found.text
    assert found.masked == 1
    assert "pkg/  # Keeps things.\n" in found.text
    assert "  store.py  # Stores things.\n" in found.text
    assert "    5: class Store  # One store.\n      8: def put(self)\n" in found.text


def test_the_middle_of_a_key_is_masked(plain: Workspace) -> None:
    rows = "".join(f"{'Zz' * 20}{n}\n" for n in range(40))
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{rows}-----END RSA PRIVATE KEY-----"
    plain.write("keys.py", f"def connect_database():\n    use('''{key}''')\n    return login('database')\n")
    engine = plain.engine()
    for line in (0, 20, 43):
        found = pack(engine, query="connect database login", uri=plain.uri("keys.py"), lines=(line, line), budget=120)
        assert found.items
        assert "ZzZz" not in found.text


def test_tests_rank_lower_unless_the_query_names_them(plain: Workspace) -> None:
    body = "".join(f"    upload part {n} of the file again\n" for n in range(6))
    plain.write("tests/test_upload.py", f"def test_retry_upload():\n{body}")
    plain.write("upload.py", f"def retry_upload():\n{body.replace('again', 'later')}")
    engine = plain.engine()
    assert pack(engine, query="retry upload of a file", budget=150).items[0].path == "upload.py"
    found = pack(engine, query="tests of retry upload", budget=150)
    assert any(item.path == "tests/test_upload.py" for item in found.items)


def test_a_whole_file_that_is_selected_takes_the_related_code_of_some_symbols(
    plain: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.write("many.py", "".join(f"def part_{n}():\n    return {n}\n\n\n" for n in range(300)))
    engine = plain.engine()
    asked = []
    monkeypatch.setattr(seeds, "around", lambda *place, **_: asked.append(place) or [])
    found = pack(engine, uri=plain.uri("many.py"), lines=(0, 1_200), budget=1_000)
    assert "part_1" in found.text
    assert len(asked) == 50
