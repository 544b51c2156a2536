"""The resident server with its real host: commands, editors through the bridge, and clients of the api share it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys

import psutil
import pytest
from lsp_client import ProcessClient

from semlens.core.cancel import CancelToken
from semlens.core.request import SearchRequest
from semlens.service.connection import connect
from semlens.service.daemon_control import server_status
from semlens.service.endpoint import endpoint_of
from semlens.service.hello import hello_line
from semlens.service.remote_service import RemoteService

from .conftest import RETRY

SECONDS = 120


class Shared:
    """Runs commands and bridges with a resident server of their own."""

    def __init__(self, tmp_path, environment):
        self.endpoint = endpoint_of(tmp_path / "cache")
        self.environment = {**os.environ, **environment}
        self._tmp_path = tmp_path
        self._clients = []

    def run(self, *arguments, **more):
        return subprocess.run(
            [sys.executable, "-m", "semlens", *map(str, arguments)],
            env=self.environment | more.pop("env", {}),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            **more,
        )

    def json(self, *arguments, **more):
        ran = self.run(*arguments, "--json", **more)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def editor(self, root, env=None, **options):
        """An editor that uses the bridge, with its session ready."""
        client = ProcessClient(
            [sys.executable, "-m", "semlens", "serve", "--shared"],
            stderr_path=self._tmp_path / f"bridge-{len(self._clients)}.txt",
            env=self.environment | (env or {}),
        )
        self._clients.append(client)
        client.initialize(root=root, **options)
        client.wait_ready()
        return client

    def api(self, root, **hello):
        connection = connect(self.endpoint)
        connection.write(hello_line("api", {"client": "test", **hello}))
        service = RemoteService(connection)
        service.add_root(root)
        return service

    def kill(self):
        """Kill the server, and wait until it is gone."""
        process = psutil.Process(server_status(self.endpoint)["processId"])
        process.send_signal(signal.SIGKILL)
        with contextlib.suppress(psutil.NoSuchProcess):
            process.wait(SECONDS)

    def close(self):
        for client in self._clients:
            client.kill()
        self.run("daemon", "stop")


@pytest.fixture
def shared(tmp_path, environment):
    shared = Shared(tmp_path, environment)
    assert shared.run("daemon", "start").returncode == 0
    yield shared
    shared.close()


def names(answer):
    return [hit["name"] for hit in answer["hits"]]


def wait_for(editor, name):
    """Search until the name is found. One search waits only briefly for what was typed."""
    editor.until(f"{name} is found", lambda: names(editor.search(name)), lambda found: name in found)


def test_commands_answer_alike_with_and_without_the_server(shared, workspace):
    shared.environment["SEMLENS_USER_SETTINGS"] = '{"models.refine": "none"}'  # the server would refine meanwhile
    arguments = ("search", "try a download again", "-w", workspace)
    here, there = shared.json(*arguments, "--no-daemon"), shared.json(*arguments)
    assert (here.pop("servedBy"), there.pop("servedBy")) == ("process", "daemon")
    for answer in (here, there):
        del answer["elapsedMs"], answer["generation"]
    assert here == there
    assert names(here)[0] == "fetch_with_retry"
    place = f"{workspace / 'colour.py'}:2"
    for command in (
        ("similar", place, "-w", workspace),
        ("duplicates", workspace),
        ("context", "colour", "-w", workspace),
        ("context", "--at", place, "-w", workspace),
    ):
        answers = [shared.json(*command, *more) for more in ((), ("--no-daemon",))]
        for answer in answers:
            for key in ("servedBy", "elapsedMs", "generation"):
                answer.pop(key, None)
        assert answers[0] == answers[1], command
    assert shared.json("index", workspace)["servedBy"] == "daemon"
    assert shared.json("status", workspace)["servedBy"] == "daemon"
    lines = shared.run("search", "-", "--format", "lines", "-w", workspace, input="parse_colour").stdout
    assert lines.splitlines()[0] == "colour.py:1:5: def parse_colour(text)"


def test_a_file_that_was_just_written_is_found(shared, workspace):
    shared.json("search", "colour", "-w", workspace)
    for number in range(5):
        (workspace / f"new{number}.py").write_text(f"def just_written_{number}():\n    pass\n")
        assert f"just_written_{number}" in names(shared.json("search", f"just_written_{number}", "-w", workspace))


def test_editors_share_the_disk_and_not_what_is_unsaved(shared, workspace):
    uri = (workspace / "colour.py").as_uri()
    first, second = shared.editor(workspace), shared.editor(workspace)
    first.open(uri, "def typed_by_first():\n    pass\n")
    second.open(uri, "def typed_by_second():\n    pass\n")
    wait_for(first, "typed_by_first")
    wait_for(second, "typed_by_second")
    assert "typed_by_second" not in names(first.search("typed_by_second"))
    assert "typed_by_first" not in names(second.search("typed_by_first"))
    assert not {"typed_by_first", "typed_by_second"} & set(names(shared.json("search", "typed by", "-w", workspace)))
    sessions = first.call("semlens/status", {})["sessions"]
    assert [(one["protocol"], one["openDocuments"]) for one in sessions] == [("lsp", 1), ("lsp", 1)]
    assert len(server_status(shared.endpoint)["roots"]) == 1
    first.kill()
    wait_for(second, "typed_by_second")


def test_exit_of_one_editor_ends_only_its_session(shared, workspace):
    first, second = shared.editor(workspace), shared.editor(workspace)
    process_id = server_status(shared.endpoint)["processId"]
    first.notify("exit")  # without shutdown
    assert first.process.wait(SECONDS) is not None
    assert names(second.search("parse_colour"))[0] == "parse_colour"
    assert server_status(shared.endpoint)["processId"] == process_id


def test_the_settings_of_one_client_do_not_reach_another(shared, workspace, tmp_path):
    """Neither a service, nor a limit, nor the environment of whoever started the server."""
    settings = json.dumps({"search.limit": 1, "models.first": "none", "models.refine": "none"})
    (workspace / ".semlens.toml").write_text("[search]\nlimits = 3\n")
    assert "`semlens.search.limits`" in shared.run("search", "x", "-w", workspace).stderr
    few = shared.json("search", "fetch", "-w", workspace, env={"SEMLENS_USER_SETTINGS": settings})
    many = shared.json("search", "fetch", "-w", workspace)
    assert (len(few["hits"]), few["servedBy"]) == (1, "daemon")
    assert len(many["hits"]) > 1
    limited = shared.api(workspace, settings={"models.first": "none", "models.refine": "none"})
    usual = shared.api(workspace)
    assert usual.wait_complete(timeout=SECONDS)
    assert limited.status().tiers == ()
    assert usual.status().tiers
    for service in (limited, usual):
        service.close()


def test_after_a_kill_everyone_goes_on(shared, workspace):
    editor = shared.editor(workspace)
    service = shared.api(workspace)
    service.wait_complete(timeout=SECONDS)
    shared.kill()
    assert editor.process.wait(SECONDS) == 1
    assert shared.json("search", "parse_colour", "-w", workspace)["servedBy"] == "process"
    again = shared.editor(workspace)  # starts the server
    assert names(again.search("parse_colour"))[0] == "parse_colour"
    assert shared.json("search", "parse_colour", "-w", workspace)["servedBy"] == "daemon"
    service.close()


def test_several_roots_and_everywhere(shared, workspace, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "boat.py").write_text("def sail_the_boat():\n    pass\n")
    answer = shared.json("search", "parse_colour sail_the_boat", "-w", workspace, "-w", other)
    places = {(hit["root"], hit["path"]) for hit in answer["hits"]}
    assert {(str(workspace), "colour.py"), (str(other), "boat.py")} <= places
    assert answer["workspaces"] == [str(workspace), str(other)]
    everywhere = shared.json("search", "sail_the_boat", "--everywhere")
    assert (everywhere["hits"][0]["root"], everywhere["hits"][0]["path"]) == (str(other), "boat.py")
    one = shared.json("search", "sail_the_boat", "-w", other)
    assert "root" not in one["hits"][0]


@pytest.mark.parametrize("daemon", [(), ("--no-daemon",)])
def test_a_folder_of_a_repository_uses_the_index_of_its_top(shared, workspace, tmp_path, daemon):
    subprocess.run(["git", "init", "-q", str(workspace)], check=True)
    net = workspace / "net"
    inside = shared.json("search", "fetch_with_retry", "-w", net, *daemon)
    assert inside["workspace"] == str(net)
    assert {hit["path"] for hit in inside["hits"]} == {"retry.py"}
    assert shared.json("search", "retry", "-w", net, "--path", "retry.py", *daemon)["hits"]
    whole = shared.json("search", "parse_colour", *daemon, cwd=net)
    assert whole["hits"][0]["path"] == "../colour.py"
    assert [root["path"] for root in server_status(shared.endpoint)["roots"]] in ([], [str(workspace)])
    roots = list((tmp_path / "cache").glob("roots-*/*/root.txt"))
    assert [path.read_text() for path in roots] == [str(workspace)]


def test_an_api_client_that_leaves_in_the_middle_harms_nobody(shared, workspace):
    connection = connect(shared.endpoint)
    connection.write(hello_line("api") + b"Content-Length: 500\r\n\r\n{")
    connection.close()
    greedy = connect(shared.endpoint)
    greedy.write(hello_line("api"))
    body = json.dumps({"id": 1, "method": "semlens/search", "params": {"query": "x", "roots": [workspace.as_uri()]}})
    for _ in range(200):  # it never reads its answers
        greedy.write(f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
    service = shared.api(workspace)
    assert service.wait_complete(timeout=SECONDS)
    assert service.search(SearchRequest("parse_colour", limit=1), CancelToken()).hits[0].name == "parse_colour"
    service.close()
    greedy.close()


def test_a_root_that_vanishes_is_a_problem_and_the_server_lives_on(shared, workspace, tmp_path):
    service = shared.api(workspace)
    service.wait_complete(timeout=SECONDS)
    workspace.rename(tmp_path / "elsewhere")
    ran = shared.run("search", "colour", "-w", workspace)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "does not exist" in ran.stderr
    (workspace / "net").mkdir(parents=True)
    (workspace / "net" / "retry.py").write_text(RETRY)
    assert "fetch_with_retry" in names(shared.json("search", "fetch_with_retry", "-w", workspace))
    service.close()


def test_forget_closes_a_root_that_nobody_uses(shared, workspace):
    shared.json("search", "colour", "-w", workspace)
    assert shared.run("forget", workspace).stdout == f"Forgot the index of {workspace}.\n"
    assert server_status(shared.endpoint)["roots"] == []
    assert shared.run("forget", "--all").stdout.endswith("Forgot every index and all vectors.\n")
