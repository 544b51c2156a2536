"""The four tools over a small workspace."""

from __future__ import annotations

import json
import re

import pytest
from engine_cases import Workspace

from semlens.core.cancel import CancelToken
from semlens.mcp.answers import token_counter
from semlens.mcp.root_policy import RootPolicy
from semlens.mcp.tool_list import INSTRUCTIONS, TOOLS
from semlens.mcp.tools import AgentTools

from .conftest import SECRET

BODY = "    for number in range(attempts):"


def tokens(text):
    return token_counter().count(text)


def test_the_tool_list_is_short_and_read_only():
    assert [tool["name"] for tool in TOOLS] == ["search_code", "get_context", "explore_symbol", "index_status"]
    assert tokens(json.dumps({"tools": TOOLS})) <= 1500
    assert len(INSTRUCTIONS.split()) <= 120
    for tool in TOOLS:
        assert tool["annotations"]["readOnlyHint"] is True
        assert tool["inputSchema"]["type"] == tool["outputSchema"]["type"] == "object"


def test_locations_come_first_with_relative_paths(agent):
    answer = agent.call("search_code", query="fetch_with_retry")
    assert answer.text.splitlines()[1] == "net/retry.py:4-11  def fetch_with_retry(url, attempts=3)"
    assert BODY not in answer.text
    assert answer.structured["hits"][0] == {
        "path": "net/retry.py",
        "startLine": 4,
        "endLine": 11,
        "name": "net.retry.fetch_with_retry",
        "kind": "function",
        "signature": "def fetch_with_retry(url, attempts=3)",
    }
    assert answer.structured["complete"] is True


@pytest.mark.parametrize(
    ("query", "first_line", "nothing_fits"),
    [
        ("fetch_with_retry", r"confidence 0\.[5-9]\d\.", False),
        (
            "which zebra delays the migration of wildebeest herds",
            r"confidence 0\.\d\d: nothing here seems to fit; .* nearest places\.",
            True,
        ),
    ],
)
def test_the_first_line_says_the_confidence(agent, query, first_line, nothing_fits):
    answer = agent.call("search_code", query=query)
    assert re.fullmatch(first_line, answer.text.splitlines()[0])
    assert f"confidence {answer.structured['confidence']:.2f}" in answer.text
    assert answer.structured["nothingFits"] is nothing_fits
    assert answer.structured["hits"]


def test_ten_locations_cost_at_most_500_tokens(agent):
    answer = agent.call("search_code", query="handle event")
    assert len(answer.structured["hits"]) == 10
    assert tokens(answer.text) <= 500


def test_pages_follow_each_other_without_repeats(agent):
    pages, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = agent.call("search_code", query="handle event", limit=7, paths=["many/**"], **more)
        pages.append([hit["path"] for hit in answer.structured["hits"]])
        cursor = answer.structured.get("cursor")
        if cursor is None:
            break
    paths = [path for page in pages for path in page]
    assert sorted(paths) == sorted(f"many/part{n}.py" for n in range(30))
    assert len(pages) == 5
    assert "another question" in agent.error("search_code", query="something else", cursor="7.zz")


@pytest.mark.parametrize("budget", [50, 80, 150, 400, 2000, 10**6])
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search_code", {"query": "retry", "detail": "full", "limit": 50}),
        ("search_code", {"query": "retry", "detail": "snippets"}),
        ("get_context", {"query": "retry"}),
        ("get_context", {"place": "net/retry.py:6"}),
        ("get_context", {}),
        ("explore_symbol", {"place": "fetch_with_retry"}),
        ("explore_symbol", {"place": "next_delay", "depth": 3}),
    ],
)
def test_budgets_are_kept(agent, tool, arguments, budget):
    assert 0 < tokens(agent.text(tool, budget_tokens=budget, **arguments)) <= budget


def test_code_that_was_given_before_is_a_reference(agent):
    ask = {"query": "fetch_with_retry", "detail": "full", "limit": 1}
    assert BODY in agent.text("search_code", **ask)
    assert "lines 4-11 were given before" in agent.text("search_code", **ask)
    for tool, arguments in (
        ("get_context", {"place": "net/retry.py:6"}),
        ("explore_symbol", {"place": "net.retry.fetch_with_retry"}),
    ):
        text = agent.text(tool, **arguments)
        assert BODY not in text
        assert "were given before" in text or "was given before" in text


def test_explore_says_what_is_used_and_who_uses_it(agent):
    answer = agent.call("explore_symbol", place="fetch_with_retry")
    sections = {
        name: [item["name"] for item in answer.structured[name]] for name in ("definition", "uses", "usedBy", "tests")
    }
    assert sections["definition"] == ["net.retry.fetch_with_retry"]
    assert "net.retry.next_delay" in sections["uses"]
    assert "net.client.load_page" in sections["usedBy"]
    assert any("test_retry" in name for name in sections["tests"])
    assert BODY in answer.text


def test_explore_follows_callers_of_callers(agent):
    near = agent.call("explore_symbol", place="next_delay")
    assert ("load_page" in near.text, "distance" in str(near.structured)) == (False, False)
    far = agent.call("explore_symbol", place="next_delay", depth=2)
    assert (
        "used by, 2 steps away:\n  net/client.py:4-5  net.client.load_page  via net.retry.fetch_with_retry" in far.text
    )
    assert [item["name"] for item in far.structured["usedBy"] if item.get("distance") == 2] == [
        "net.client.load_page",
        "tests.test_retry.test_retry",
    ]
    assert "uses, 2 steps away:\n  net/retry.py:14-15  net.retry.next_delay  via" in agent.text(
        "explore_symbol", place="load_page", depth=2
    )


def test_places_far_away_leave_room_for_the_definition(agent):
    text = agent.text("explore_symbol", place="next_delay", depth=2, budget_tokens=100)
    assert "used by, 2 steps away: 2, which the budget leaves out" in text


@pytest.mark.parametrize(
    "place",
    [
        "net/retry.py:5",
        "net/retry.py:5-8",
        "net.retry.fetch_with_retry",
        "retry::fetch_with_retry",
        "fetch_with_retry()",
    ],
)
def test_places_are_lines_or_names(agent, place):
    answer = agent.call("explore_symbol", place=place)
    assert answer.structured["definition"][0]["name"] == "net.retry.fetch_with_retry"


def test_a_method_is_defined_also_where_its_class_is_shown_whole(tmp_path, make_agent):
    plain = Workspace(tmp_path / "code", tmp_path / "cache", None)
    plain.write("client.py", "class Client:\n    limit = 3\n\n    def send(self, text):\n        return text\n")
    agent = make_agent(plain)
    for place in ("Client.send", "client.py:5"):
        answer = agent.call("explore_symbol", place=place)
        assert answer.text.splitlines()[:2] == ["definition:", "  client.py:4-5  client.Client.send"]
        assert [one["name"] for one in answer.structured["definition"]] == ["client.Client.send"]
    plain.close()


def test_kinds_of_files_are_not_mixed_unless_asked(agent):
    def suffixes(**more):
        hits = agent.call("search_code", query="retry attempts", limit=50, **more).structured["hits"]
        return {hit["path"].rpartition(".")[2] for hit in hits}

    assert suffixes() == {"py"}
    assert suffixes(kind_of_file="docs") == {"md"}
    assert suffixes(kind_of_file="config") == {"yaml"}
    assert suffixes(kind_of_file="all") == {"py", "md", "yaml"}
    assert suffixes(languages=["markdown"]) == {"md"}
    assert agent.text("search_code", query="zebra", kind_of_file="docs", paths=["*.none"]).splitlines() == [
        "confidence 0.00.",
        "No file here has a path like '*.none'.",
        "The index has no documentation that fits.",
    ]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search_code", {"query": "github_headers", "detail": "full"}),
        ("search_code", {"query": "github_headers", "detail": "snippets"}),
        ("search_code", {"query": SECRET}),
        ("get_context", {"query": "github_headers"}),
        ("explore_symbol", {"place": "github_headers"}),
        ("index_status", {}),
    ],
)
def test_secrets_are_masked(agent, tool, arguments):
    answer = agent.call(tool, **arguments)
    assert SECRET not in answer.text
    assert SECRET not in json.dumps(answer.structured)


def test_the_status_says_what_is_indexed(agent, code):
    answer = agent.call("index_status")
    assert answer.text.startswith("Complete and up to date.\n")
    (root,) = answer.structured["roots"]
    assert root["root"] == str(code.folder)
    assert root["files"] > 30
    assert answer.structured["state"] in ("ready", "degraded")


def test_an_incomplete_index_answers_and_says_so(tmp_path):
    plain = Workspace(tmp_path / "code", tmp_path / "cache", None)
    plain.write("a.py", "def alpha():\n    pass\n")
    engine = plain.engine()
    engine.pause()
    plain.write("b.py", "def beta():\n    pass\n")
    engine.files_changed([plain.folder / "b.py"])
    tools = AgentTools(engine, RootPolicy(lambda _folder: None, named=[str(plain.folder)]))
    for tool, arguments in (
        ("search_code", {"query": "alpha"}),
        ("get_context", {"query": "alpha"}),
        ("index_status", {}),
    ):
        answer = tools.call(tool, arguments, CancelToken())
        assert re.match(r"(confidence [\d.]+\. )?(Stale|Incomplete): ", answer.text), answer.text
        assert answer.structured["complete"] is False
    plain.close()
