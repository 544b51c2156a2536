"""The answers of a team's server beside the local ones: the user's own clone wins, and faults cost no local hit."""

from __future__ import annotations

import json
from concurrent.futures import Future

import pytest
from engine_cases import complete, make_settings
from page_server import RETRY, RunningPage

from semlens.core.cancel import CancelToken
from semlens.core.hit import SearchResult
from semlens.core.request import SearchFilter, SearchRequest
from semlens.engine.shared_engine import SharedEngine
from semlens.http.team.tokens import FILE_NAME, TeamTokens
from semlens.settings.loading import load_settings
from semlens.settings.schema import TeamSettings
from semlens.team.client import TeamClient
from semlens.team.credentials import TeamError, checked_url, forget_token, keep_token, read_token
from semlens.team.merging import is_safe, merge, team_hits

NAME = "example.org/team/app"
OTHER = RETRY.replace("fetch_with_retry", "upload_with_retry")


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
    monkeypatch.setattr(TeamClient, "start", lambda _self, _method, _params: answer)

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


def test_folders_that_the_user_named_are_not_asked_of_the_team(member):
    folders = SearchFilter(folders=(str(member.folder),))
    assert member.found("upload_with_retry", filter=folders) == [("retry.py", "", False)]


def test_a_secret_in_a_question_is_not_sent(member, monkeypatch):
    sent = []
    monkeypatch.setattr(TeamClient, "start", lambda self, method, params: sent.append(params))
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
    ],
)  # fmt: skip
def test_hits_of_a_wrong_form_are_left_out(changed):
    assert len(team_hits({"hits": [HIT]})) == 1
    assert [hit.name for hit in team_hits({"hits": [{**HIT, **changed}, HIT]})] == ["f"]


@pytest.mark.parametrize("answer", [{}, {"hits": 3}, {"hits": [3, None, []]}, json.loads('{"hits": {"a": 1}}')])
def test_answers_of_a_wrong_form_have_no_hits(answer):
    assert team_hits(answer) == []


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
