"""``semlens callers``, ``callees``, ``impact`` and ``unused`` with a fake engine: what is asked, and what is printed."""

from __future__ import annotations

import json
import sys

import pytest
from hit_cases import HIT

from semlens.core.graph import (
    AffectedSymbol,
    EdgeKind,
    GraphEdge,
    ImpactResult,
    NeighboursResult,
    UnusedResult,
    UnusedSymbol,
)
from semlens.core.span import Span

OTHER = HIT._replace(path="src/app.py", name="main", qualified_name="app.main", span=Span(9, 0, 20, 0))
EDGES = (
    GraphEdge(OTHER, EdgeKind.CALL, 0.95, (Span(11, 4, 11, 20), Span(14, 8, 14, 24))),
    GraphEdge(OTHER._replace(name="maybe", qualified_name="app.maybe"), EdgeKind.USE, 0.3, (Span(15, 0, 15, 4),)),
)
NEIGHBOURS = NeighboursResult(HIT, EDGES, 3, 12, (OTHER,), 1, 7)
IMPACT = ImpactResult(
    (HIT,),
    (AffectedSymbol(OTHER, ("fetch_with_retry",), 1, 0.95),),
    (AffectedSymbol(OTHER._replace(path="tests/test_app.py", name="test_main"), ("fetch_with_retry", "main"), 2, 0.6),),
    4,
    ("2 deleted files: what used them is not followed.",),
    7,
)
UNUSED = UnusedResult((UnusedSymbol(OTHER, 0.5, "it is public"),), {"entry points": 4}, 0, 7)


def in_root(value, root):
    """The value with all hits in a root."""
    if isinstance(value, type(HIT)):
        return value._replace(root=root)
    if isinstance(value, tuple):
        parts = [in_root(part, root) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


@pytest.fixture
def asked(script, workspace, monkeypatch):
    calls = []
    engine = sys.modules["semlens.engine.engine"].Engine

    def answer(name, result):
        def method(_self, *arguments):
            calls.append((name, arguments[:-1]))
            return in_root(result, str(workspace))

        monkeypatch.setattr(engine, name, method, raising=False)

    answer("callers", NEIGHBOURS)
    answer("callees", NEIGHBOURS)
    answer("impact", IMPACT)
    answer("unused", UNUSED)
    return calls


def test_callers_of_callers_stand_below_them(semlens, asked, workspace, monkeypatch):
    far = EDGES[0]._replace(hit=OTHER._replace(name="cli", qualified_name="app.cli"), distance=2, through=0)
    result = NEIGHBOURS._replace(edges=(*EDGES, far), omitted=0, omitted_at=(0, 0), unseen=0, n_others=0, others=())
    engine, placed = sys.modules["semlens.engine.engine"].Engine, in_root(result, str(workspace))
    monkeypatch.setattr(engine, "callers", lambda _self, *arguments: asked.append(arguments[0]) or placed)
    _, out, _ = semlens("callers", "fetch_with_retry", "--depth", "2")
    assert (asked[0].depth, out.splitlines()[1:4]) == (
        2,
        ["used by:", "  src/app.py:10-20  main  lines 12, 15", "    src/app.py:10-20  cli  lines 12, 15"],
    )


def test_callers_by_name_and_by_place(semlens, asked, workspace):
    (workspace / "net.py").write_text("x\ny\n")
    code, out, err = semlens("callers", "fetch_with_retry", "-n", "5")
    ((_, (request,)),) = asked
    assert (code, request.name, request.limit) == (0, "fetch_with_retry", 5)
    assert out.splitlines() == [
        "src/net/retry.py:40-71  fetch_with_retry",
        "used by:",
        "  src/app.py:10-20  main  lines 12, 15",
        "used by, perhaps:",
        "  src/app.py:10-20  maybe  line 16, uses it, 30%",
        "3 more; raise --limit to see them",
        "12 more uses of the name were not looked at, because it is very common",
    ]
    assert "Another symbol has this name. Give PATH:LINE or a longer name to choose:" in err
    semlens("callees", "net.py:2")
    assert (asked[1][0], asked[1][1][0].uri, asked[1][1][0].line) == ("callees", (workspace / "net.py").as_uri(), 1)


def test_callers_as_json(semlens, asked):
    found = json.loads(semlens("callers", "fetch_with_retry", "--json")[1])
    assert (found["symbol"]["name"], found["servedBy"], found["omitted"], found["otherCount"]) == (
        "fetch_with_retry", "process", 3, 1,
    )  # fmt: skip
    first = found["edges"][0]
    assert (first["hit"]["name"], first["confidence"], first["kind"]) == ("main", 0.95, "call")
    assert first["ranges"][0] == {"startLine": 12, "startColumn": 5, "endLine": 12, "endColumn": 20}


def test_impact_says_why(semlens, asked):
    code, out, err = semlens("impact", "main")
    assert (code, asked[0][1][0].ref, asked[0][1][0].staged) == (0, "main", False)
    assert "via main < fetch_with_retry, 60%" in out
    assert [line for line in out.splitlines() if not line.startswith(" ")] == [
        "changed (1):",
        "tests (1):",
        "may be affected (1):",
        "4 more; raise --limit to see them",
    ]
    assert "2 deleted files" in err
    semlens("impact", "--staged")
    assert asked[1][1][0].staged
    found = json.loads(semlens("impact", "--json")[1])
    assert (found["tests"][0]["name"], found["tests"][0]["distance"]) == ("test_main", 2)
    assert found["affected"][0]["via"] == ["fetch_with_retry"]


def test_unused_says_what_was_assumed(semlens, asked):
    _, out, err = semlens("unused")
    assert out.rstrip().endswith("main  it is public")
    assert "Taken as used: 4 entry points." in err
    assert json.loads(semlens("unused", "--json")[1])["assumed"] == {"entry points": 4}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("callers", "missing.py:3"), "There is no file missing.py"),
        (("callers", " "), "Name a symbol, or give PATH:LINE."),
        (("impact", "main", "--diff", "-"), "Give either --diff, or a commit or --staged."),
        (("impact", "--diff", "no.diff"), "Cannot read no.diff"),
    ],
)
def test_wrong_usage(semlens, asked, arguments, message):
    code, _, err = semlens(*arguments)
    assert code == 2
    assert message in err
