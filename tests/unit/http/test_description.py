"""The OpenAPI document has every parameter that is read and every field that is answered."""

from __future__ import annotations

import contextlib

import pytest
from engine_cases import write_model
from page_server import RETRY, RunningPage

from semlens.core.cancel import CancelToken
from semlens.http.description.schemas import ANSWERS, PARAMETERS, SCHEMAS
from semlens.service.code_query_methods import CODE_QUERY_METHODS
from semlens.service.codec import LineNumbers
from semlens.service.params import SearchDefaults, search_params

PLACE = {"path": "net/retry.py", "position": {"line": 1}}
ADDED = "".join(f"+{line}\n" for line in RETRY.splitlines())
DIFF = f"diff --git a/net/retry.py b/net/retry.py\n--- a/net/retry.py\n+++ b/net/retry.py\n@@ -0,0 +1,3 @@\n{ADDED}"

REQUESTS = [
    ("search", {"query": "fetch with retry", "explain": True}),
    ("similar", PLACE),
    ("duplicates", {}),
    ("context", {"query": "fetch with retry"}),
    ("callers", PLACE),
    ("callees", {"path": "many.py", "position": {"line": 4}, "depth": 2}),
    ("callers", {"name": "twin"}),
    ("impact", {"diff": DIFF}),
    ("unused", {}),
    ("status", {}),
    ("reindex", {}),
    ("pause", {}),
    ("resume", {}),
    ("session", {}),
    ("file", {"path": "net/retry.py"}),
    ("outline", {"path": "net/retry.py"}),
    ("folders", {"folder": ""}),
    ("skipped", {}),
    ("link", {}),
]
NOT_HERE = {"map", "map/symbols", "map/locate"}  # they need an extra; `test_map` asks them

FILES = {
    "net/retry.py": RETRY,
    "many.py": "from net.retry import fetch_with_retry\n\n\ndef fetch_all(urls):\n"
    "    return [fetch_with_retry(url) for url in urls]\n\n\ndef twin():\n    return fetch_all([])\n",
    "twin.py": "def twin():\n    return 2\n",
    "test_many.py": "from many import fetch_all\n\n\ndef test_fetch_all():\n    assert fetch_all([]) == []\n",
    "one.py": "def total(items):\n" + "".join(f"    items.append({n})\n" for n in range(9)) + "    return items\n",
    "two.py": "def summed(items):\n" + "".join(f"    items.append({n})\n" for n in range(9)) + "    return items\n",
    "picture.png": "\0",
}


@pytest.fixture(scope="module")
def described(tmp_path_factory):
    folder = tmp_path_factory.mktemp("described")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    running = RunningPage(
        folder, tmp_path_factory.mktemp("cache"), write_model(tmp_path_factory.mktemp("model") / "tiny")
    )
    running.complete()
    yield running
    running.close()


def differences(schema, value, place):
    """What the schema demands and the value lacks, and what the value has and the schema does not name."""
    schema = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(value, list):
        return [one for item in value for one in differences(schema["items"], item, f"{place}[]")]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    known = schema["properties"]
    found = [f"{place}.{name} is missing" for name in schema.get("required", ()) if name not in value]
    found += [f"{place}.{name} is not described" for name in value if name not in known]
    for name in value.keys() & known.keys():
        found += differences(known[name], value[name], f"{place}.{name}")
    return found


def test_every_method_is_asked():
    assert {name for name, _ in REQUESTS} == PARAMETERS.keys() - NOT_HERE


@pytest.mark.parametrize(("method", "params"), REQUESTS)
def test_every_field_of_an_answer_is_described(described, method, params):
    answer = described.result(method, **params)
    lists = [value for value in answer.values() if isinstance(value, list)]
    assert any(lists) or method in ("file", "link", "pause", "resume"), "an answer of nothing shows no fields"
    assert sorted(set(differences(ANSWERS[method], answer, method))) == []


class Fields(dict):
    """Parameters that remember what was looked for."""

    def __init__(self, **values):
        super().__init__(values)
        self.read = set()

    def get(self, name, default=None):
        self.read.add(name)
        return super().get(name, default)


class NoAnswerError(Exception):
    pass


class NoService:
    def __getattr__(self, _name):
        def answer(*_values):
            raise NoAnswerError

        return answer


@pytest.mark.parametrize("method", CODE_QUERY_METHODS)
def test_every_parameter_that_is_read_is_described(method):
    fields = Fields(textDocument={"uri": "file:///a.py"}, position={"line": 1})
    with contextlib.suppress(NoAnswerError):
        CODE_QUERY_METHODS[method](NoService(), LineNumbers(), fields, CancelToken())
    assert fields.read - {"tokenizer"} <= PARAMETERS[method]["properties"].keys()  # the page passes it not on


def test_every_parameter_of_a_search_is_described():
    fields = Fields(query="a")
    search_params(fields, SearchDefaults())
    assert fields.read - {"refineToken"} <= PARAMETERS["search"]["properties"].keys()
