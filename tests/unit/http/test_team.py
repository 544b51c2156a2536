"""Members of a team: what their tokens let them see, and what the log keeps of it."""

from __future__ import annotations

import asyncio
import json

import pytest
from page_server import RETRY, RunningPage

from semlens.core.errors import UsageError, WorkspaceError
from semlens.core.status import Problem
from semlens.engine.engine_session import EngineSession
from semlens.files.git_origin import name_of_url, repository_name
from semlens.http.team import gate
from semlens.http.team.audit import AuditLog
from semlens.http.team.tokens import FILE_NAME, TeamTokenError, TeamTokens

OPEN, CLOSED = "example.org/team/open", "example.org/team/closed"


def clone(folder, url):
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {url}\n')
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Two repositories, and a server of only the first."""
    tmp = tmp_path_factory.mktemp("team")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp / "config"))
        open_folder = clone(tmp / "open", f"https://{OPEN}.git")
        closed_folder = clone(tmp / "closed", "git@example.org:team/closed.git")
        (open_folder / "retry.py").write_text(RETRY)
        (open_folder / "local.py").write_text(RETRY)
        (open_folder / ".gitignore").write_text("local.py\n")
        for n in range(8):
            (closed_folder / f"secret{n}.py").write_text(RETRY.replace("fetch_with_retry", f"fetch_with_retry_{n}"))
        tokens = TeamTokens(tmp / "config" / "semlens" / FILE_NAME)
        both = RunningPage(open_folder, tmp / "cache", more_folders=(closed_folder,))
        alone = RunningPage(open_folder, tmp / "cache-alone")
        for running in (both, alone):
            running.complete()
        yield both, alone, tokens, tmp / "cache"
        both.close()
        alone.close()


def as_member(page, token, method="search", **params):
    status, _, body = page.send("POST", f"/api/{method}", params, signed_in=False, Authorization=f"Bearer {token}")
    return status, json.loads(body or b"{}")


def without_time(answer):
    return {name: value for name, value in answer.items() if name != "elapsedMs"}


def test_a_member_gets_the_answer_of_a_server_that_has_only_what_it_may_read(served):
    """Hits, scores, confidence and counts do not depend on what the member may not read."""
    both, alone, tokens, _ = served
    token = tokens.add("ann", [OPEN])
    other = tokens.add("ann-alone", ["example.org/team/*"])
    for query in ("fetch with retry", "fetch_with_retry", "secret", "download"):
        status, answer = as_member(both, token, query=query, explain=True)
        assert status == 200
        assert without_time(answer) == without_time(as_member(alone, other, query=query, explain=True)[1])
        assert {hit["repository"] for hit in answer["hits"]} <= {OPEN}
    _, status = as_member(both, token, "status")
    assert (status["generation"], status["number"]) == (0, 0)  # they would tell when another repository changes
    assert len(status["roots"]) == 1
    assert "sessions" not in status
    assert "closed" not in json.dumps(status)
    assert both.result("search", query="fetch_with_retry_3")["hits"][0]["path"] == "secret3.py"


def test_what_a_member_may_not_do(served):
    both, _, tokens, _ = served
    token = tokens.add("bob", [OPEN])
    closed = str(both.folder.parent / "closed")
    for method, params in (("reindex", {}), ("pause", {}), ("link", {}), ("map", {}), ("skipped", {})):
        assert as_member(both, token, method, **params)[0] == 404, method
    assert as_member(both, token, "file", root=closed, path="secret1.py")[0] == 403
    assert as_member(both, token, "search", query="x", roots=[closed])[0] == 403
    assert both.send("GET", "/", signed_in=False, Authorization=f"Bearer {token}")[0] == 404
    assert as_member(both, token, "file", path="retry.py")[1]["text"] == RETRY.rstrip("\n")
    assert as_member(both, token + "x", query="fetch")[0] == 401


@pytest.mark.parametrize("path", [".git/config", "local.py"])
def test_a_member_reads_no_file_that_is_not_indexed(served, path):
    """The origin in `.git/config` may have the server's own credentials."""
    both, _, tokens, _ = served
    token = tokens.add(f"reader-of-{path.partition('/')[0]}", [OPEN])
    for method in ("file", "outline"):
        status, answer = as_member(both, token, method, path=path)
        assert (status, answer["error"]["message"]) == (404, "There is no such file in the index.")
        assert both.send("POST", f"/api/{method}", {"root": str(both.folder), "path": path})[0] == 200


def test_a_member_hears_of_problems_in_its_own_folders_alone(served):
    """By the API and as an agent; and not of a folder whose name begins alike."""
    both, _, tokens, _ = served
    token = tokens.add("status", [OPEN])
    folder = str(both.folder)
    problems = [Problem(path, "x") for path in (f"{folder}/a.py", f"{folder}-closed/b.py", "")]
    both._engine.indexer.errors.extend(problems)
    try:
        shown = [{"path": f"{folder}/a.py", "message": "x"}]
        assert as_member(both, token, "status")[1]["problems"] == shown
        assert as_agent(both, token, "index_status")["problems"] == shown
        assert len(both.result("status")["problems"]) == len(problems)
    finally:
        both._engine.indexer.errors.clear()


def as_agent(page, token, tool):
    """The structured answer of a tool, asked without a session."""
    version = "2026-07-28"
    meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": tool, "arguments": {}, "_meta": meta}
    headers = {
        "Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": version, "Mcp-Method": "tools/call", "Mcp-Name": tool,
    }  # fmt: skip
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    status, _, answer = page.send("POST", "/mcp", body, signed_in=False, **headers)
    assert status == 200, answer
    line = next(line for line in answer.decode().splitlines() if line.startswith(("{", "data:")))
    return json.loads(line.removeprefix("data:"))["result"]["structuredContent"]


def test_sets_of_repositories_that_no_token_may_read_any_more_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(gate, "MAX_APPS", 2)
    tokens = TeamTokens(tmp_path / FILE_NAME)
    made, closed, answers = [], [], []

    def make(repositories):
        async def app(_scope, _receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})

        made.append(repositories)
        return app

    async def close(app):
        closed.append(app)

    async def send(message):
        if "status" in message:
            answers.append(message["status"])

    async def ask(one, token):
        app = await one.app_of([f"Bearer {token}"])
        await app({"type": "http", "method": "POST", "path": "/api/search"}, None, send)

    async def run():
        one = gate.TeamGate(tokens, AuditLog(tmp_path / "log"), lambda: ["a", "b", "c", "d"], make, close)
        for name in "abc":
            await ask(one, tokens.add(name, [name]))
        tokens.remove("a")
        await ask(one, tokens.add("d", ["d"]))
        await ask(one, tokens.add("again", ["b"]))

    asyncio.run(run())
    assert answers == [200, 200, 503, 200, 200]
    assert (made, len(closed)) == ([("a",), ("b",), ("d",)], 1)


def test_a_removed_token_stops_working_at_once(served):
    both, _, tokens, _ = served
    token = tokens.add("eve", ["*"])
    assert as_member(both, token, query="fetch")[0] == 200
    tokens.remove("eve")
    assert as_member(both, token, query="fetch")[0] == 401


def test_a_member_of_no_repository_finds_nothing(served):
    both, _, tokens, _ = served
    status, answer = as_member(both, tokens.add("new", ["example.org/none"]), query="fetch with retry")
    assert (status, answer["hits"], answer["confidence"]) == (200, [], 0.0)


def test_a_session_that_cannot_be_opened_now_is_opened_by_a_later_request(served, monkeypatch):
    """And the failed attempt leaves no session behind."""
    both, _, tokens, _ = served
    token = tokens.add("late", [CLOSED])
    sessions = both._engine.indexer.sessions
    n_sessions = len(list(sessions))

    def refuse(*_arguments, **_options):
        raise WorkspaceError("The folder cannot be read now. Try again.")

    with monkeypatch.context() as patch:
        patch.setattr(EngineSession, "add_root", refuse)
        status, answer = as_member(both, token, query="fetch")
        assert (status, answer["error"]["message"]) == (409, "The folder cannot be read now. Try again.")
    status, answer = as_member(both, token, query="fetch_with_retry_3")
    assert (status, answer["hits"][0]["path"]) == (200, "secret3.py")
    assert len(list(sessions)) == n_sessions + 1


def test_the_audit_log_has_no_code(served):
    both, _, tokens, folder = served
    token = tokens.add("log", [OPEN])
    as_member(both, token, query="def my_private_code(): pass")
    as_member(both, token, "reindex")
    log = (folder / "team-audit.log").read_text()
    entries = [json.loads(line) for line in log.splitlines()]
    mine = [(one["method"], one["status"]) for one in entries if one["member"] == "log"]
    assert mine == [("POST /api/search", 200), ("POST /api/reindex", 404)]
    assert "private_code" not in log
    assert token not in log
    assert (folder / "team-audit.log").stat().st_mode & 0o077 == 0


def test_the_audit_log_is_bounded(tmp_path):
    log = AuditLog(tmp_path / "log", max_bytes=500)
    for number in range(20):
        log.write("ann", f"POST /api/{number}", 200, 1.0)
    assert log.path.stat().st_size <= 500
    assert (tmp_path / "log.1").stat().st_size <= 500
    assert "/19" in log.path.read_text()


def test_the_file_of_tokens(tmp_path):
    tokens = TeamTokens(tmp_path / "new" / FILE_NAME)
    assert tokens.all() == []
    token = tokens.add("ann", ["github.com/org/*", "tools"])
    assert tokens.path.stat().st_mode & 0o077 == 0
    assert token not in tokens.path.read_text()
    member = TeamTokens(tokens.path).member_of(f"Bearer {token}")
    assert member is not None
    readable = ["github.com/org/app", "tools"]
    assert [name for name in (*readable, "github.com/other/app", "tools2") if member.may_read(name)] == readable
    for name, patterns in (("ann", ["x"]), ("", ["x"]), ("a b", ["x"]), ("bob", []), ("bob", ["a\nb"])):
        with pytest.raises(UsageError):
            tokens.add(name, patterns)
    with pytest.raises(UsageError, match="no token named bob"):
        tokens.remove("bob")


@pytest.mark.parametrize("fault", ["damaged", "readable by others", "a folder"])
def test_a_file_of_tokens_that_cannot_be_used_lets_nobody_in(tmp_path, fault):
    tokens = TeamTokens(tmp_path / FILE_NAME)
    token = tokens.add("ann", ["*"])
    if fault == "damaged":
        tokens.path.write_text('{"0": 1}')
    elif fault == "readable by others":
        tokens.path.chmod(0o644)
    else:
        tokens.path.unlink()
        tokens.path.mkdir()
    for _ in range(2):
        with pytest.raises(TeamTokenError, match="cannot be used"):
            tokens.member_of(f"Bearer {token}")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/org/app.git", "github.com/org/app"),
        ("https://user:password@GitHub.com:443/org/app", "github.com/org/app"),
        ("git@github.com:org/app.git", "github.com/org/app"),
        ("ssh://git@host.example:2222/group/sub/app.git/", "host.example/group/sub/app"),
        ("https://host/../../etc/*", "host/etc/-"),
        ("/srv/git/app.git", ""),
        ("file:///srv/app", ""),
        ("", ""),
    ],
)
def test_the_name_of_a_repository_is_that_of_its_origin(url, name):
    assert name_of_url(url) == name


def test_a_folder_without_origin_has_its_own_name(tmp_path):
    (tmp_path / "my app").mkdir()
    assert repository_name(str(tmp_path / "my app")) == "my-app"
    clone(tmp_path / "one", "https://host/org/one.git")
    (tmp_path / "one" / "packages" / "web").mkdir(parents=True)
    assert repository_name(str(tmp_path / "one" / "packages" / "web")) == "host/org/one/packages/web"
