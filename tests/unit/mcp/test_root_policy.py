"""Which folders an agent may search, whatever its arguments say."""

from __future__ import annotations

import subprocess

import pytest

from semlens.core.errors import UsageError
from semlens.mcp.root_policy import RootPolicy


@pytest.fixture
def added():
    return []


@pytest.fixture
def policy_of(added):
    def make(**options):
        return RootPolicy(added.append, **options)

    return make


def reals(policy):
    return [root.real for root in policy.roots]


def test_named_roots_win_over_the_working_folder(policy_of, tmp_path, added):
    (tmp_path / "a").mkdir()
    subprocess.run(["git", "init", "-q", str(tmp_path / "top")], check=True)
    (tmp_path / "top" / "sub").mkdir()
    assert reals(policy_of(named=[str(tmp_path / "a")], working_folder=str(tmp_path / "top"))) == [str(tmp_path / "a")]
    assert reals(policy_of(working_folder=str(tmp_path / "top" / "sub"))) == [str(tmp_path / "top")]
    assert added == [tmp_path / "a", tmp_path / "top"]


def test_a_working_folder_outside_of_git_is_no_root(policy_of, tmp_path, added):
    policy = policy_of(working_folder=str(tmp_path))
    with pytest.raises(UsageError, match="--root DIR"):
        policy.folders(())
    assert added == []


@pytest.mark.parametrize("folder", ["/", "~", "~/..", "/nonexistent", "a\0b"])
def test_the_home_folder_and_the_file_system_are_no_roots(policy_of, added, folder):
    policy = policy_of(named=[folder], configured=[folder])
    policy.declare(["file:///", "https://example.org/x", "not a uri"])
    with pytest.raises(UsageError):
        policy.folders(())
    with pytest.raises(UsageError):
        policy.folders([folder])
    assert added == []


def test_declared_roots_are_added_and_configured_ones_only_when_named(policy_of, tmp_path, added):
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    policy = policy_of(named=[str(tmp_path / "a")], configured=[str(tmp_path / "c")])
    policy.declare([(tmp_path / "b").as_uri(), (tmp_path / "a").as_uri()])
    assert reals(policy) == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert policy.folders(()) == ()
    assert policy.folders(["c"]) == (str(tmp_path / "c"),)
    assert added == [tmp_path / "a", tmp_path / "b", tmp_path / "c"]


NAMES = [
    "https://github.com/a/b", "ssh://host/x", "git@github.com:a/b.git", "file:///etc", "/etc", "/", "..", "../x", "a/../..",
    "net/../../x", "~", "--everywhere", "*", "linked", "", "\0", "net/retry.py", "x" * 300, "a\udce9",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tool", ["search_code", "get_context", "explore_symbol", "index_status"])
def test_arguments_add_no_root(agent, tool, name):
    arguments = {
        "search_code": {"query": "outside"},
        "get_context": {"query": "outside"},
        "explore_symbol": {"place": "x"},
    }
    assert "def outside" not in agent.error(tool, roots=[name], **arguments.get(tool, {}))


@pytest.mark.parametrize(
    "place",
    [
        "/etc/passwd:1",
        "../outside.py:1",
        "net/../../outside.py:1",
        "link.py:1",
        "linked/outside.py:1",
        "file:///etc/passwd:1",
        "net:1",
    ],
)
def test_places_outside_of_the_roots_are_refused(agent, place):
    assert "root" in agent.error("explore_symbol", place=place)
    assert "root" in agent.error("get_context", place=place)


def test_a_folder_inside_a_root_narrows_every_tool(agent, code):
    hits = agent.call("search_code", query="retry", roots=["net"], limit=50).structured["hits"]
    assert {hit["path"].partition("/")[0] for hit in hits} == {"net"}
    for arguments in ({"query": "retry or handle event"}, {}):
        text = agent.text("get_context", roots=[str(code.folder / "many")], **arguments)
        assert "many/" in text
        assert "fetch_with_retry" not in text
    text = agent.text("explore_symbol", place="fetch_with_retry", roots=["net"])
    assert "used by:\n  net/client.py:4-5" in text
    assert "tests: none found" in text
