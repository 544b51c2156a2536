"""The answers of a team's server beside the local ones: the user's own clone wins, and faults cost no local hit."""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future

import pytest
from engine_cases import complete, make_settings, wait_for
from page_server import RETRY, RunningPage

from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchResult
from semlens.core.request import SearchFilter, SearchRequest
from semlens.engine.shared_engine import SharedEngine
from semlens.http.team.tokens import FILE_NAME, TeamTokens
from semlens.settings.loading import load_settings
from semlens.settings.schema import TeamSettings
from semlens.team.answers import ServerAnswers
from semlens.team.client import TeamClient
from semlens.team.credentials import TeamError, checked_url, forget_token, keep_token, read_token
from semlens.team.merging import confidence_in, is_safe, merge, team_hits

NAME = "example.org/team/app"
OTHER = RETRY.replace("fetch_with_retry", "upload_with_retry")


def merged_by(answers, answer):
    """What is shown of an answer, beside no local hit."""
    asked = Future()
    asked.set_result(answer)
    local = SearchResult((), 1, complete=True, elapsed_ms=1.0)
    return answers.merged(local, asked, 20, lambda _repository, _path: False, CancelToken())


def clone(folder, name):
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(f'[remote "origin"]\n\turl = https://{name}.git\n')
    return folder


class Member:
    """An engine of a member with a clone of the team's repository, beside the team's server."""

    def __init__(self, tmp_path, monkeypatch, url=None):
        config = tmp_path / "config" / "semlens"
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        served = clone(tmp_path / "served", NAME)
        (served / "retry.py").write_text(RETRY)
        (served / "upload.py").write_text(OTHER)
        self.server = RunningPage(served, tmp_path / "server-cache")
        self.server.complete()
        url = url or self.server.url
        token = TeamTokens(config / FILE_NAME).add("ann", [NAME])
        keep_token(config, url, token)
        self.folder = clone(tmp_path / "mine", NAME)
        (self.folder / "retry.py").write_text(RETRY)
        self.settings = make_settings(None)
        object.__setattr__(self.settings, "team", TeamSettings(url=url))
        self.cache = tmp_path / "cache"
        self.engine = SharedEngine(self.settings, cache_folder=self.cache)
        self.engine.start()
        self.session = self.engine.open_session(self.settings)
        self.session.add_root(self.folder)
        complete(self.session)

    def search(self, query, **options):
        return self.session.search(SearchRequest(query, **options), CancelToken())

    def found(self, query, **options):
        return [(hit.path, hit.team, hit.dirty) for hit in self.search(query, **options).hits]

    def close(self):
        self.session.close()
        self.engine.close()
        self.server.close()


@pytest.fixture
def member(tmp_path, monkeypatch):
    opened = Member(tmp_path, monkeypatch)
    yield opened
    opened.close()


def test_the_own_clone_wins_over_the_shared_copy_of_the_same_file(member):
    assert sorted(member.found("fetch with retry")) == [("retry.py", "", False), ("upload.py", NAME, False)]
    assert member.found("upload_with_retry")[0] == ("upload.py", NAME, False)
    uri = (member.folder / "retry.py").as_uri()
    member.session.open_buffer(uri, "python", RETRY.replace("fetch_with_retry", "grab_with_retry"))
    assert member.found("grab_with_retry")[0] == ("retry.py", "", True)
    assert ("retry.py", NAME, False) not in member.found("fetch_with_retry")
    new = (member.folder / "upload.py").as_uri()  # a file that is only in the editor
    member.session.open_buffer(new, "python", OTHER)
    assert ("upload.py", NAME, False) not in member.found("upload_with_retry")


def test_local_hits_are_shown_while_the_team_is_asked(member, monkeypatch):
    answer, partial_hits = Future(), []
    monkeypatch.setattr(ServerAnswers, "start", lambda _self, _request, explain: answer)

    def on_partial(result, stage):
        partial_hits.append((stage, [hit.path for hit in result.hits]))
        answer.set_result({"hits": []})

    member.session.search(SearchRequest("fetch with retry"), CancelToken(), on_partial)
    assert partial_hits == [("refined", ["retry.py"])]


def test_what_was_found_can_be_opened(member):
    (hit,) = [hit for hit in member.search("upload_with_retry").hits if hit.team]
    member.session.close()  # waits for the copies
    copy = member.cache / "team" / NAME / "upload.py"
    assert hit.uri == copy.as_uri()
    assert copy.read_text() == OTHER.rstrip("\n")
    assert copy.stat().st_mode & 0o277 == 0


def test_a_copy_has_all_lines_of_a_long_file(member):
    text = OTHER + "pass\n" * 6_000 + RETRY.replace("fetch_with_retry", "last_of_many")
    (member.server.folder / "upload.py").write_text(text)
    copy = member.cache / "team" / NAME / "upload.py"
    wait_for(member.session, lambda: member.search("last_of_many") and copy.exists())
    assert copy.read_text() == text.rstrip("\n")


def test_a_copy_follows_the_file_of_the_server(member, monkeypatch):
    monkeypatch.setattr("semlens.team.answers.FRESH_SECONDS", -1.0)
    copy = member.cache / "team" / NAME / "upload.py"
    member.search("upload_with_retry")
    wait_for(member.session, copy.exists)
    text = f"# a line more\n{OTHER}"
    (member.server.folder / "upload.py").write_text(text)
    wait_for(member.session, lambda: member.search("upload_with_retry") and copy.read_text() == text.rstrip("\n"))


def test_a_copy_that_is_fresh_is_not_fetched_again(member, monkeypatch):
    member.search("upload_with_retry")
    wait_for(member.session, (member.cache / "team" / NAME / "upload.py").exists)
    fetched, call = [], TeamClient.call
    monkeypatch.setattr(
        TeamClient, "call", lambda self, method, params: fetched.append(method) or call(self, method, params)
    )
    member.search("upload_with_retry")
    member.session.close()  # waits for the copies
    assert fetched == ["search"]


def test_a_file_that_the_server_does_not_give_costs_no_other_copy(tmp_path, monkeypatch):
    monkeypatch.setattr("semlens.team.answers.read_token", lambda _folder, _url: "semlens_a")

    asked = []

    def call(_self, _method, params):
        asked.append(params["path"])
        if params["path"] == "a/gone.py":
            raise TeamError("gone")
        return {"text": "pass"}

    monkeypatch.setattr(TeamClient, "call", call)
    answers = ServerAnswers("http://127.0.0.1:9", tmp_path)
    for _ in range(3):
        merged_by(answers, {"hits": [{**HIT, "path": "a/gone.py"}, HIT]})
    answers.close()
    assert (tmp_path / "team" / NAME / "a" / "b.py").read_text() == "pass"
    assert asked == ["a/gone.py", "a/b.py"]  # once, though the search was repeated


def test_a_keyring_that_waits_for_its_user_delays_no_local_hit(member, monkeypatch):
    unlocked = threading.Event()
    monkeypatch.setattr("semlens.team.answers.read_token", lambda _folder, _url: unlocked.wait() and "")
    result = member.search("fetch with retry")
    unlocked.set()
    assert [hit.path for hit in result.hits] == ["retry.py"]
    assert "took longer" in result.notes[-1]


def test_an_error_of_a_keyring_costs_no_local_hit(member, monkeypatch):
    def fail(_folder, _url):
        raise RuntimeError("no bus\x1b[2J")

    monkeypatch.setattr("semlens.team.answers.read_token", fail)
    result = member.search("fetch with retry")
    assert [hit.path for hit in result.hits] == ["retry.py"]
    assert "cannot be asked (RuntimeError: no bus" in result.notes[-1]
    assert result.notes[-1].isprintable()


def test_a_question_may_have_bytes_that_are_not_utf_8(member):
    assert sorted(member.found("upload_with_retry \udcff")) == [("retry.py", "", False), ("upload.py", NAME, False)]


def test_folders_that_the_user_named_are_not_asked_of_the_team(member):
    folders = SearchFilter(folders=(str(member.folder),))
    assert member.found("upload_with_retry", filter=folders) == [("retry.py", "", False)]


def test_a_secret_in_a_question_is_not_sent(member, monkeypatch):
    sent = []

    def call(_self, method, params):
        if method == "search":
            sent.append(params)
        return {}

    monkeypatch.setattr(TeamClient, "call", call)
    member.search("upload_with_retry(token = 'ghp_0123456789abcdefghijklmnopqrstuvwxyz')")
    assert "upload_with_retry" in sent[0]["query"]
    assert "0123456789" not in json.dumps(sent)


def test_a_server_that_is_gone_costs_no_local_hit_and_is_reported(member):
    member.server.close()
    result = member.search("fetch with retry")
    assert [(hit.path, hit.team) for hit in result.hits] == [("retry.py", "")]
    assert "team's server" in result.notes[-1]
    assert any("team's server" in problem.message for problem in member.session.status().problems)
    member.server = RunningPage(member.folder, member.cache / "another")  # for `close`


def test_a_member_without_a_token_is_told_what_to_do(tmp_path, monkeypatch):
    opened = Member(tmp_path, monkeypatch)
    forget_token(tmp_path / "config" / "semlens", opened.server.url)
    assert "semlens team join" in opened.search("fetch").notes[-1]
    opened.close()


@pytest.mark.parametrize(
    "token", ["semlens_abc\u201d", "semlens_é", "semlens_a b", "semlens_a\nX-Y: z", "semlens_\x1b[1m"]
)
def test_a_token_with_odd_characters_costs_no_local_hit(tmp_path, monkeypatch, token):
    opened = Member(tmp_path, monkeypatch)
    monkeypatch.setenv("SEMLENS_TEAM_TOKEN", token)
    result = opened.search("fetch with retry")
    assert result.hits[0].path == "retry.py"
    assert "The token in SEMLENS_TEAM_TOKEN has characters that no token has" in result.notes[-1]
    opened.close()


def test_a_workspace_file_cannot_name_a_server(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / ".semlens.toml").write_text('[team]\nurl = "https://evil.example"\n')
    settings, problems = load_settings(tmp_path)
    assert settings.team.url == ""
    assert any("team.url" in problem.name for problem in problems)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://code.example.org/", None),
        ("http://127.0.0.1:8300", None),
        ("http://code.example.org", "https"),
        ("https://user:secret@code.example.org", "without a user"),
        ("ftp://x", "address such as"),
        ("code.example.org", "address such as"),
        ("https://x:99999", "address such as"),
    ],
)
def test_addresses(url, problem):
    if problem is None:
        assert checked_url(url) == url.rstrip("/")
        return
    with pytest.raises(TeamError, match=problem):
        checked_url(url)


def test_the_token_is_kept_in_a_private_file(tmp_path, monkeypatch):
    url = "https://code.example.org"
    with pytest.raises(TeamError, match="semlens team join"):
        read_token(tmp_path, url)
    assert keep_token(tmp_path, url, "semlens_abc") == str(tmp_path / "team-token.json")
    assert (tmp_path / "team-token.json").stat().st_mode & 0o077 == 0
    assert read_token(tmp_path, url) == "semlens_abc"
    monkeypatch.setenv("SEMLENS_TEAM_TOKEN", "of-ci")
    assert read_token(tmp_path, url) == "of-ci"
    monkeypatch.delenv("SEMLENS_TEAM_TOKEN")
    (tmp_path / "team-token.json").chmod(0o644)
    with pytest.raises(TeamError, match="Others may have read"):
        read_token(tmp_path, url)


HIT = {
    "path": "a/b.py", "name": "f", "qualifiedName": "f", "language": "python", "score": 0.5, "signature": "def f()",
    "reasons": ["name"], "dirty": False, "startLine": 1, "endLine": 2, "nameLine": 1, "nameColumn": 5, "root": "/srv/a",
    "snippet": {"text": "def f():", "startLine": 1, "endLine": 1}, "kind": "function", "highlights": [[1, 1]],
    "repository": NAME,
}  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"path": "../../etc/passwd"}, {"path": "/etc/passwd"}, {"path": "a\0b"}, {"path": ""}, {"path": 7},
        {"repository": "../x"}, {"repository": ""}, {"repository": "a//b"}, {"score": "high"}, {"score": 7},
        {"startLine": 1 << 40}, {"startLine": -5}, {"kind": "spell"}, {"snippet": None}, {"name": None},
        {"signature": "x" * 1_000_000}, {"reasons": ["because"]}, {"reasons": [[]]}, {"highlights": [["a", 2]]},
        {"features": None}, {"features": [1]}, {"features": {"word": "many"}}, {"features": {"word": 10**400}},
        {"features": {"word": float("nan")}},
    ],
)  # fmt: skip
def test_hits_of_a_wrong_form_are_left_out(changed):
    assert len(team_hits({"hits": [HIT]})) == 1
    assert [hit.name for hit in team_hits({"hits": [{**HIT, **changed}, HIT]})] == ["f"]


@pytest.mark.parametrize("answer", [{}, {"hits": 3}, {"hits": [3, None, []]}, json.loads('{"hits": {"a": 1}}')])
def test_answers_of_a_wrong_form_have_no_hits(answer):
    assert team_hits(answer) == []


@pytest.mark.parametrize(
    ("said", "confidence"),
    [(0.25, 0.25), (7, 1.0), (-1, 0.0), (10**400, 1.0), (float("nan"), 0.0), ("high", 0.0), (None, 0.0)],
)
def test_a_confidence_is_a_number_of_its_range(said, confidence):
    assert confidence_in({"confidence": said}) == confidence


@pytest.mark.parametrize("path", ["x" * 300, "/".join(["y" * 200] * 19)])
def test_a_path_too_long_for_this_disk_costs_no_hit(tmp_path, path):
    (tmp_path / "team" / NAME).mkdir(parents=True)
    answers = ServerAnswers("http://127.0.0.1:9", tmp_path)
    assert [hit.path for hit in merged_by(answers, {"hits": [{**HIT, "path": path}]}).hits] == [path]
    answers.close()


def test_each_list_keeps_its_order_and_the_better_score_comes_first():
    def hits(team, *scores):
        (made,) = team_hits({"hits": [HIT]})
        return tuple(made._replace(team=team, path=f"{team}{n}", score=score) for n, score in enumerate(scores))

    local = SearchResult(hits("", 0.9, 0.5, 0.7), 3, complete=True, elapsed_ms=1.0, confidence=0.2)
    merged = merge(local, hits("t", 0.95, 0.6, 0.6), 0.8, 5, lambda _repository, _path: False)
    assert [hit.path for hit in merged.hits] == ["t0", "0", "t1", "t2", "1"]
    assert (merged.confidence, merged.nothing_fits, merged.generation) == (0.8, False, 3)
    assert merge(local, hits("t", 0.95), 0.8, 5, lambda _repository, _path: True) == local
    assert merge(local, hits("t", 0.1), 0.8, 5, lambda _repository, _path: False).confidence == 0.2


def test_names_that_lead_out_of_a_folder():
    assert is_safe(NAME, "src/a b.py")
    assert not any(is_safe(NAME, path) for path in ("..", "a/../b", "a//b", "C:x", "a\\b", "/a"))
    assert not any(is_safe(name, "a.py") for name in ("", "..", "a/../b", "a//b", "a b", "/a"))


def test_a_keyring_that_is_unlocked_too_late_leaves_no_open_connection(tmp_path, monkeypatch):
    closed, unlocked = [], threading.Event()
    monkeypatch.setattr("semlens.team.answers.read_token", lambda _folder, _url: unlocked.wait() and "semlens_a")
    monkeypatch.setattr(TeamClient, "close", lambda _self: closed.append(True))
    answers = ServerAnswers("http://127.0.0.1:9", tmp_path)
    asked = answers.start(SearchRequest("retry"), explain=False)
    answers.close()
    unlocked.set()
    with pytest.raises(TeamError, match="not asked any more"):
        asked.result(30)
    assert len(closed) == 1
