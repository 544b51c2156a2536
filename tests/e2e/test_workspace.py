"""Folders, changes on disk, settings, progress and control, through the real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsp_client import ProcessClient, names

Start = Callable[..., ProcessClient]
WATCHES = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}


def found(client: ProcessClient, name: str) -> None:
    client.until(name, lambda: names(client.search(name)), lambda hits: hits[:1] == [name])


def gone(client: ProcessClient, name: str) -> None:
    client.until(f"{name} gone", lambda: names(client.search(name)), lambda hits: name not in hits)


def test_statuses_arrive_in_order_and_responses_have_the_change(server: ProcessClient, workspace: Path) -> None:
    """Files change while status requests overtake each other."""
    received: list[dict[str, Any]] = []
    server.on_message = received.append
    for number in range(200):
        (workspace / "colour.py").write_text(f"def parse_colour_{number}(text):\n    return text\n")
        others = [server.request(f"semlens/{method}", {}) for method in ("reindex", "status")]
        assert server.call("semlens/pause", {})["state"] == "paused", number
        assert server.call("semlens/resume", {})["state"] != "paused", number
        for one in others:
            one.result()
    bodies = [message.get("params") or message.get("result") for message in received]
    numbers = [body["number"] for body in bodies if isinstance(body, dict) and "lagMs" in body]
    assert len(numbers) > 800  # four responses per round, and the notifications
    assert numbers == sorted(numbers)


def test_status_has_every_field(server: ProcessClient, workspace: Path) -> None:
    status = server.call("semlens/status", {})
    assert set(status) >= {
        *("state", "complete", "refining", "roots", "tiers", "generation", "lagMs"),
        *("rssBytes", "indexBytes", "remote", "problems"),
    }
    assert (status["state"], status["complete"], status["remote"]) == ("ready", True, [])
    (root,) = status["roots"]
    assert (root["uri"], root["files"], root["pending"]) == (workspace.as_uri(), 4, 0)
    assert root["watching"] in ("native", "polling")
    assert root["symbols"] >= 7
    assert status["tiers"]
    assert all(set(tier) == {"model", "role", "embedded", "pending"} for tier in status["tiers"])
    assert status["rssBytes"] > 10_000_000
    assert status["indexBytes"] > 0


def test_status_notifications_lead_to_ready(server: ProcessClient) -> None:
    server.wait_for("ready", lambda m: m.get("method") == "semlens/statusChanged" and m["params"]["state"] == "ready")


@pytest.mark.parametrize("mode", ["auto", "polling"])
def test_changes_on_disk_are_seen_by_the_server_itself(start: Start, workspace: Path, mode: str) -> None:
    client = start()
    client.initialize(root=workspace, options={"watch": {"mode": mode, "pollSeconds": 1}})
    status = client.wait_ready()
    assert status["roots"][0]["watching"] == ("native" if mode == "auto" else "polling")
    (workspace / "fresh").mkdir()
    (workspace / "fresh" / "oven.py").write_text("def bake_bread():\n    pass\n")
    found(client, "bake_bread")
    (workspace / "fresh" / "oven.py").rename(workspace / "kitchen.py")
    client.until(
        "the new place",
        lambda: [hit["path"] for hit in client.search("bake_bread")["hits"] if hit["name"] == "bake_bread"],
        lambda paths: paths == ["kitchen.py"],
    )
    (workspace / "kitchen.py").unlink()
    gone(client, "bake_bread")


def test_changes_on_disk_are_reported_by_the_client(start: Start, workspace: Path) -> None:
    client = start()
    client.initialize(root=workspace, capabilities=WATCHES)
    request = client.wait_for_request("client/registerCapability")
    (registration,) = request["params"]["registrations"]
    assert registration["method"] == "workspace/didChangeWatchedFiles"
    assert registration["registerOptions"]["watchers"]
    assert client.wait_ready()["roots"][0]["watching"] == "client"
    path = workspace / "oven.py"
    path.write_text("def bake_bread():\n    pass\n")
    event = {"changes": [{"uri": path.as_uri(), "type": 1}]}
    client.notify("workspace/didChangeWatchedFiles", event)
    client.notify("workspace/didChangeWatchedFiles", event)
    found(client, "bake_bread")
    path.unlink()
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": path.as_uri(), "type": 3}]})
    gone(client, "bake_bread")


def test_a_stale_hit_is_never_returned(start: Start, workspace: Path) -> None:
    """No event told the server that the file changed."""
    client = start()
    client.initialize(root=workspace, options={"watch": {"mode": "off"}})
    client.wait_ready()
    assert "parse_colour" in names(client.search("parse_colour"))
    (workspace / "colour.py").write_text("\n\n\ndef parse_colour(text):\n    return text\n")
    for hit in client.search("parse_colour")["hits"]:
        if hit["name"] == "parse_colour":
            assert hit["selectionRange"]["start"]["line"] == 3
    (workspace / "colour.py").unlink()
    assert "parse_colour" not in names(client.search("parse_colour"))


def test_several_folders_are_searched_together(start: Start, tmp_path: Path) -> None:
    folders = []
    for name in ("alpha", "beta"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "same.py").write_text(f"def only_in_{name}():\n    pass\n")
        folders.append(folder)
    client = start()
    client.initialize(folders=folders)
    status = client.wait_ready()
    assert [root["uri"] for root in status["roots"]] == [folder.as_uri() for folder in folders]
    assert {"only_in_alpha", "only_in_beta"} <= set(names(client.search("only in")))
    gamma = tmp_path / "gamma"
    gamma.mkdir()
    (gamma / "same.py").write_text("def only_in_gamma():\n    pass\n")

    def change(added: list[Path], removed: list[Path]) -> None:
        event = {
            "added": [{"uri": folder.as_uri(), "name": folder.name} for folder in added],
            "removed": [{"uri": folder.as_uri(), "name": folder.name} for folder in removed],
        }
        client.notify("workspace/didChangeWorkspaceFolders", {"event": event})

    change([gamma], [folders[0]])
    found(client, "only_in_gamma")
    gone(client, "only_in_alpha")
    assert "only_in_beta" in names(client.search("only_in_beta"))


def test_settings_from_the_client_apply(start: Start, workspace: Path) -> None:
    client = start(configuration={"files": {"exclude": ["net/"]}})
    client.initialize(root=workspace, capabilities={"workspace": {"configuration": True}})
    client.wait_ready()
    gone(client, "fetch_with_retry")  # settings that come late are applied then
    client.configuration = {"files": {"exclude": []}}
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    found(client, "fetch_with_retry")


def test_a_setting_of_the_workspace_that_only_the_user_may_set(start: Start, workspace: Path) -> None:
    (workspace / ".semlens.toml").write_text('[models]\nfirst = "evil"\n')
    client = start()
    client.initialize(root=workspace)
    message = client.wait_for("a warning", lambda m: m.get("method") == "window/showMessage")["params"]["message"]
    assert "models.first" in message
    client.wait_ready()
    assert names(client.search("parse_colour"))[0] == "parse_colour"


def test_reindex_reads_again(server: ProcessClient, workspace: Path) -> None:
    before = server.call("semlens/status", {})["counters"]["parsed"]
    assert "state" in server.call("semlens/reindex", {"full": True})
    server.wait_status("parsed again", lambda status: status["counters"]["parsed"] >= before + 4)
    server.wait_ready()
    (workspace / "oven.py").write_text("def bake_bread():\n    pass\n")
    server.call("semlens/reindex", {"uri": (workspace / "oven.py").as_uri()})
    found(server, "bake_bread")


def test_pause_and_resume(start: Start, workspace: Path) -> None:
    client = start()
    client.initialize(root=workspace)
    client.wait_ready()
    client.call("semlens/pause", {})
    client.wait_status("paused", lambda status: status["state"] == "paused")
    assert names(client.search("parse_colour"))[0] == "parse_colour"
    client.call("semlens/resume", {})
    client.wait_ready()


def test_long_indexing_shows_progress_with_counts(start: Start, workspace: Path) -> None:
    for number in range(1500):
        (workspace / f"module_{number}.py").write_text(
            "".join(f"def function_{number}_{n}(a, b):\n    return a * {n} + b\n\n" for n in range(10))
        )
    client = start()
    client.initialize(root=workspace, capabilities={"window": {"workDoneProgress": True}})
    token = client.wait_for_request("window/workDoneProgress/create")["params"]["token"]

    def is_kind(kind: str) -> Callable[[dict[str, Any]], bool]:
        return lambda m: m.get("method") == "$/progress" and m["params"]["value"].get("kind") == kind

    begin = client.wait_for("begin", is_kind("begin"))
    assert begin["params"]["token"] == token
    client.call("semlens/status", {})
    client.wait_for("a report", is_kind("report"))
    # This test does not check the end, which depends on the indexer's speed.
    reports = [m["params"]["value"] for m in client.notifications if is_kind("report")(m)]
    assert any("files" in report["message"] for report in reports)
    percentages = [report["percentage"] for report in reports]
    assert percentages == sorted(percentages)
    changes = [m for m in client.notifications if m.get("method") == "semlens/statusChanged"]
    assert changes


ADVERSARIES = {
    "brackets.py": "(" * 50_000,
    "brackets.lua": "{" * 50_000,
    "line.js": "x = [" + "1," * 2_000_000 + "]",
    "broken.py": "def (((:\n  class\n\x00\x01" * 500,
    "empty.py": "",
    "deep.json": "[" * 100_000,
}


def test_adversarial_documents_do_not_affect_others(server: ProcessClient, workspace: Path) -> None:
    for name, text in ADVERSARIES.items():
        uri = (workspace / name).as_uri()
        server.open(uri, text, name.partition(".")[2])
        assert names(server.search("parse_colour"))[0] == "parse_colour", name
        server.change(uri, 2, {"text": text + "\n"})
        assert names(server.search("parse_colour"))[0] == "parse_colour", name
        server.close_document(uri)
    assert server.process.poll() is None


def test_adversarial_files_on_disk_do_not_affect_others(start: Start, workspace: Path) -> None:
    (workspace / "brackets.py").write_text("(" * 50_000)
    (workspace / "binary.py").write_bytes(b"\x00\xff" * 1000)
    (workspace / "latin.py").write_bytes(b"def gr\xfc\xdfe():\n    pass\n")
    (workspace / "huge.py").write_text("x = 1\n" * 300_000)
    (workspace / "loop").symlink_to(workspace)
    (workspace / "outside").symlink_to("/etc")
    client = start()
    client.initialize(root=workspace)
    status = client.wait_ready()
    assert names(client.search("parse_colour"))[0] == "parse_colour"
    assert sum(status["roots"][0]["skipped"].values()) >= 3
    assert status["state"] == "ready"


def test_each_root_has_its_own_settings_and_follows_them(start: Start, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("alpha", "beta")]
    for folder in folders:
        (folder / "made").mkdir(parents=True)
        (folder / "made" / "code.py").write_text(f"def made_in_{folder.name}():\n    pass\n")
    (folders[1] / ".semlens.toml").write_text('[files]\nexclude = ["made/"]\n')
    client = start()
    client.initialize(folders=folders)
    client.wait_ready()
    found(client, "made_in_alpha")
    assert "made_in_beta" not in names(client.search("made_in_beta"))
    (folders[1] / ".semlens.toml").write_text("")
    found(client, "made_in_beta")
    (folders[0] / ".semlens.toml").write_text('[files]\nexclude = ["made/"]\nnonsense = 1\n')
    message = client.wait_for("a warning", lambda m: m.get("method") == "window/showMessage")["params"]["message"]
    assert "files.nonsense" in message
    gone(client, "made_in_alpha")
    found(client, "made_in_beta")
