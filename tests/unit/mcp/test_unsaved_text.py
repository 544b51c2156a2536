"""What an agent sees of an editor where the user's setting says so, and what it never sees."""

from __future__ import annotations

import time

import pytest
from engine_cases import DEADLINE_S, Workspace, complete, function, make_settings, search

from semlens.core.cancel import CancelToken
from semlens.core.paths import path_to_uri
from semlens.engine.sessions.borrowed_buffers import BorrowedBuffers
from semlens.engine.shared_engine import SharedEngine
from semlens.mcp.root_policy import RootPolicy
from semlens.mcp.tools import AgentTools

from .conftest import SECRET

TYPED = "def typed_a_moment_ago(url):\n" + "".join(f"    step_{n}(url)\n" for n in range(20)) + "    return url\n"


class Desk:
    """An editor and an agent with sessions of one engine."""

    def __init__(self, tmp_path):
        self.code = Workspace(tmp_path / "code", tmp_path / "cache", None)
        for path in ("a.py", "b.py"):
            self.code.write(path, function(f"saved_in_{path[0]}"))
        self.code.write(".gitignore", "ignored.py\n")
        self.code.write("outside/c.py", function("saved_outside"))
        self.shared = SharedEngine(make_settings(None), cache_folder=self.code.cache)
        self.shared.start()
        self.editors = []
        self.session = self.open(self.code.folder)
        borrowed = BorrowedBuffers(self.session, lambda: [one for one in self.editors if one.lends_buffers])
        policy = RootPolicy(lambda _folder: None, named=[str(self.code.folder)])
        self.tools = AgentTools(self.session, policy, borrowed)

    def open(self, folder, **settings):
        session = self.shared.open_session(make_settings(None, **settings))
        session.add_root(folder)
        complete(session)
        return session

    def editor(self, *, lends=True):
        self.editors.append(self.open(self.code.folder, agents={"unsaved_text": lends}))
        return self.editors[-1]

    def call(self, tool, **arguments):
        """The answer over a complete index: a call waits only briefly for the parser."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            answer = self.tools.call(tool, arguments, CancelToken())
            if answer.structured["complete"]:
                return answer
            assert time.monotonic() < deadline, answer.text

    def ask(self, query, **arguments):
        answer = self.call("search_code", query=query, **arguments)
        names = [hit["name"].rpartition(".")[2] for hit in answer.structured["hits"]]
        return answer.text, [name for name in names if name == query]


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.shared.close()


def test_what_is_typed_is_found_whole_and_marked(desk):
    desk.editor().open_buffer(desk.code.uri("a.py"), "python", TYPED)
    text, names = desk.ask("typed_a_moment_ago", detail="full")
    assert names == ["typed_a_moment_ago"]
    assert text.splitlines()[1] == "Not saved yet, as in the editor: a.py"
    assert "step_19(url)" in text
    answer = desk.call("search_code", query="typed_a_moment_ago")
    assert {(hit["path"], hit.get("dirty")) for hit in answer.structured["hits"]} >= {("a.py", True)}
    status = desk.call("index_status")
    assert status.text.splitlines()[:2] == ["Complete and up to date.", "Not saved yet, as in the editor: a.py"]


def test_packs_have_what_is_typed(desk):
    desk.editor().open_buffer(desk.code.uri("a.py"), "python", TYPED)
    desk.ask("typed_a_moment_ago")
    for tool in ("explore_symbol", "get_context"):
        text = desk.call(tool, place="typed_a_moment_ago").text
        assert text.splitlines()[0] == "Not saved yet, as in the editor: a.py"
        assert ("step_19(url)" in text) == (tool == "explore_symbol"), "the second is a reference to the first"


def test_edits_and_closing_are_followed(desk):
    editor = desk.editor()
    uri = desk.code.uri("a.py")
    editor.open_buffer(uri, "python", function("first_name"))
    assert desk.ask("first_name")[1] == ["first_name"]
    editor.change_buffer(uri, function("second_name"))
    assert desk.ask("second_name")[1] == ["second_name"]
    assert desk.ask("first_name")[1] == []
    editor.close_buffer(uri)
    assert desk.ask("second_name")[1] == []
    assert desk.ask("saved_in_a")[0].splitlines()[1] == "a.py:1-2  def saved_in_a()"


def test_the_editor_that_was_typed_in_last_is_followed(desk):
    first, second = desk.editor(), desk.editor()
    first.open_buffer(desk.code.uri("a.py"), "python", function("typed_in_first"))
    second.open_buffer(desk.code.uri("b.py"), "python", function("typed_in_second"))
    assert desk.ask("typed_in_second")[1] == ["typed_in_second"]
    assert desk.ask("typed_in_first")[1] == []
    assert not [hit for hit in search(first, "typed_in_second") if hit.name == "typed_in_second"]


def test_nothing_is_lent_without_consent(desk):
    desk.editor(lends=False).open_buffer(desk.code.uri("a.py"), "python", function("not_for_agents"))
    assert desk.ask("not_for_agents")[1] == []


@pytest.mark.parametrize("path", ["ignored.py", "../elsewhere.py", "node_modules/x.py"])
def test_documents_outside_the_index_are_not_lent(desk, path):
    editor = desk.editor()
    editor.open_buffer("untitled:one", "python", function("not_for_agents"))
    editor.open_buffer(desk.code.uri(path), "python", function("not_for_agents"))
    editor.open_buffer(desk.code.uri("a.py"), "python", function("for_agents"))
    assert desk.ask("for_agents")[1] == ["for_agents"]
    assert desk.ask("not_for_agents")[1] == []


def test_secrets_are_masked(desk):
    text = f'def typed_headers():\n    token = "{SECRET}"\n    return token\n'
    desk.editor().open_buffer(desk.code.uri("a.py"), "python", text)
    answer, names = desk.ask("typed_headers", detail="full")
    assert names == ["typed_headers"]
    assert SECRET not in answer
    context = desk.call("get_context", place="typed_headers")
    assert SECRET not in context.text


def test_a_link_to_a_file_of_the_root_is_the_same_document(desk, tmp_path):
    (tmp_path / "link").symlink_to(desk.code.folder)
    desk.editor().open_buffer(path_to_uri(str(tmp_path / "link" / "a.py")), "python", function("typed_by_a_link"))
    assert desk.ask("typed_by_a_link")[1] == ["typed_by_a_link"]
