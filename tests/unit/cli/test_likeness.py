"""``similar``, ``duplicates`` and ``context`` with a fake engine: arguments and output formats."""

from __future__ import annotations

import json
import sys

import pytest
from hit_cases import HIT

from semlens.core.context import ContextItem, ContextPack, ContextReason, DuplicateSet, DuplicatesResult, Relation
from semlens.core.span import Span

PACK = ContextPack(
    text="# net\n\n```python\ndef fetch(): ...\n```\n",
    tokens=120,
    counted_by="estimate",
    budget=200,
    items=(
        ContextItem(
            uri="file:///work/net.py",
            path="net.py",
            span=Span(2, 0, 9, 4),
            name="fetch",
            form="signature",
            tokens=12,
            reason=ContextReason(Relation.ANSWER, "matches"),
            dirty=False,
            last_line_text="    return 1",
        ),
    ),
    omitted=3,
    masked=1,
    generation=7,
)


@pytest.fixture
def asked(script, monkeypatch, workspace):
    """The requests to the engine, by method."""
    # `import` would find the real module as an attribute of its package, if another test has imported it
    scripted = sys.modules["semlens.engine.engine"]
    (workspace / "net.py").write_text("def fetch():\n    return 1\n")
    calls = {}

    def similar(_self, uri, line, limit, _cancel):
        calls["similar"] = (uri, line, limit)
        return script.result

    def duplicates(_self, uri, limit, folders, _cancel):
        calls["duplicates"] = (uri, limit, folders)
        hit = HIT._replace(root=str(workspace))
        twin = hit._replace(path="src/net/again.py", name="fetch_again")
        return DuplicatesResult((DuplicateSet((hit, twin), 0.93456, 31),), 12)

    def context(_self, request, _cancel):
        calls["context"] = request
        return PACK

    for method in (similar, duplicates, context):
        monkeypatch.setattr(scripted.Engine, method.__name__, method, raising=False)
    return calls


def test_similar_sends_a_zero_based_line(semlens, asked, workspace):
    code, out, _ = semlens("similar", "net.py:2", "-n", "4", "--json")
    assert code == 0
    assert asked["similar"] == ((workspace / "net.py").as_uri(), 1, 4)
    assert json.loads(out)["hits"][0]["name"] == "fetch_with_retry"
    assert "fetch_with_retry" in semlens("similar", "net.py:2")[1]


def test_duplicates_are_groups_with_their_savings(semlens, asked):
    code, out, _ = semlens("duplicates", "--json")
    (group,) = json.loads(out)["groups"]
    assert code == 0
    assert (group["similarity"], group["savedLines"]) == (0.9346, 31)
    assert [symbol["path"] for symbol in group["symbols"]] == ["src/net/retry.py", "src/net/again.py"]
    printed = semlens("duplicates")[1]
    assert "2 copies, 93% similar, 31 lines could be saved" in printed
    assert "src/net/again.py:40-71" in printed
    assert asked["duplicates"] == ("", 20, ())


def test_duplicates_of_a_named_folder_are_asked_of_it_alone(semlens, asked, workspace):
    semlens("duplicates", str(workspace), "-n", "3")
    assert asked["duplicates"] == ("", 3, (str(workspace),))


def test_context_is_text_or_json(semlens, asked, workspace):
    code, out, err = semlens("context", "fetch", "again", "--budget", "200")
    assert (code, out) == (0, PACK.text)
    assert "120 of 200 tokens" in err
    assert "1 secrets masked" in err
    assert (asked["context"].query, asked["context"].budget) == ("fetch again", 200)
    found = json.loads(semlens("context", "--at", "net.py:2", "--json")[1])
    assert asked["context"].lines == (1, 1)
    assert asked["context"].folders == ()
    assert asked["context"].uri == (workspace / "net.py").as_uri()
    assert (found["tokens"], found["countedBy"], found["omitted"], found["masked"]) == (120, "estimate", 3, 1)
    assert (found["items"][0]["startLine"], found["items"][0]["endLine"]) == (3, 10)
    semlens("context", "fetch", "-w", str(workspace))
    assert asked["context"].folders == (str(workspace),)
