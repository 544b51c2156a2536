"""`semlens cluster` as a user types it. Serving needs Ray, so where its extra is not installed, the command says so."""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from cluster_cases import Site

from semlens.cli import main
from semlens.cluster.indexing.spool import Spool
from semlens.share.signing import KEY_NAME

HAS_RAY = importlib.util.find_spec("ray") is not None
SECONDS = 180


@pytest.fixture
def user(site: Site, monkeypatch):
    """The settings and the key of whoever builds."""
    config = site.tmp_path / "user" / "semlens"
    config.mkdir(parents=True)
    (site.tmp_path / "config" / KEY_NAME).rename(config / KEY_NAME)
    (config / "config.toml").write_text(
        f'[models]\nfirst = "{site.model}"\nrefine = "none"\n[share]\ntrustedKeys = ["{site.key.public}"]\n'
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", str(site.tmp_path / "user"))
    monkeypatch.setenv("SEMLENS_CACHE_DIR", str(site.tmp_path / "cache"))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return config


def run(capsys, *arguments):
    code = main(["cluster", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_build_and_serve(site, user, capsys):
    good, bad = site.repository("app", 3), site.repository("lib", 2)
    (bad / "new.py").write_text("x = 1\n")
    code, out, err = run(capsys, "build", good, bad, "--to", site.store.url)
    assert code == 1  # one is not built, the other is
    assert out.startswith("example.org/team/app: 3 files in 1 batches")
    assert err.startswith(f"semlens: {bad} is not built: Files differ from the commit: new.py.")
    code, out, _ = run(capsys, "build", good, "--to", site.store.url, "--json")
    assert (code, json.loads(out)["repositories"][0]["isNew"]) == (0, False)
    code, out, _ = run(capsys, "status", "--from", site.store.url)
    assert (code, out.split()[:2]) == (0, ["example.org/team/app", "tree"])
    code, out, _ = run(capsys, "status", "--from", site.store.url, "--json")
    (built,) = json.loads(out)["repositories"]
    assert (code, built["repository"], built["segments"]) == (0, "example.org/team/app", 1)
    assert built["bytes"] > 0
    if HAS_RAY:
        serve_and_ask(site)


def test_a_full_disk_costs_one_repository(site, user, capsys, monkeypatch):
    first, second = site.repository("app", 1), site.repository("lib", 1)
    real, n_kept = Spool._keep, []

    def keep(spool, digest, data):
        n_kept.append(digest)
        if len(n_kept) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(spool, digest, data)

    monkeypatch.setattr(Spool, "_keep", keep)
    code, out, err = run(capsys, "build", first, second, "--to", site.store.url)
    assert (code, out.split(":")[0]) == (1, "example.org/team/lib")
    assert err.startswith(f"semlens: {first} is not built: ")
    assert "No space left on device. Check the disk" in err


def test_status_names_what_cannot_be_used(site, user, capsys):
    for name in ("app", "lib"):
        assert run(capsys, "build", site.repository(name, 1), "--to", site.store.url)[0] == 0
    next(path for path in site.entry_paths() if path.name == "app").write_bytes(b"")
    code, out, err = run(capsys, "status", "--from", site.store.url)
    assert (code, out.split()[0]) == (0, "example.org/team/lib")
    assert err == "semlens: example.org/team/app is left out: The shared index is damaged: it has no signature.\n"
    _, out, _ = run(capsys, "status", "--from", site.store.url, "--json")
    assert ["app is left out" in problem for problem in json.loads(out)["problems"]] == [True]


def test_status_of_an_empty_store(site, user, capsys):
    code, out, _ = run(capsys, "status", "--from", site.store.url)
    assert (code, out.startswith("Nothing is built in file://")) == (0, True)


def serve_and_ask(site):
    command = [
        sys.executable,
        "-P",
        "-m",
        "semlens",
        "cluster",
        "serve",
        "--from",
        site.store.url,
        "--port",
        "0",
        "--json",
    ]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3] / "server")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    timer = threading.Timer(SECONDS, process.kill)
    timer.start()
    facts = json.loads(process.stdout.readline())
    token = Path(facts["tokenFile"]).read_text().strip()
    body = json.dumps({"query": "app_part_1", "limit": 1}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{facts['url']}/api/search", body, headers)) as response:
        (hit,) = json.loads(response.read())["hits"]
    assert (hit["repository"], hit["path"], hit["name"]) == ("example.org/team/app", "part1.py", "app_part_1")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    timer.cancel()
    assert (process.returncode, errors) == (130, "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("build", ".", "--to", "s3:/bucket"), "is not the URL of a store|cannot be used"),
        (("build", "none", "--to", "file:///tmp/x"), "none"),
        (("serve", "--from", "file://{tmp}/empty"), "Nothing is built|extra"),
        (("serve", "--from", "file://{tmp}/empty", "--host", "0.0.0.0"), "other machines|extra"),
        (("build", ".", "--to", "file://{tmp}/x", "--address", "127.0.0.1:1"), "no head of Ray|extra"),
    ],
)
def test_bad_input_gives_one_sentence(site, user, arguments, sentence):
    folder = site.repository("app", 1)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3] / "server")}
    words = [word.format(tmp=site.tmp_path) for word in arguments]
    command = [sys.executable, "-P", "-m", "semlens", "cluster", *words]
    ran = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode in (1, 2)
    assert ran.stderr.count("\n") == 1, ran.stderr
    assert any(part in ran.stderr for part in sentence.split("|")), ran.stderr


def test_without_a_key_nothing_is_built(site, user, capsys):
    (user / KEY_NAME).unlink()
    code, _, err = run(capsys, "build", site.repository("app", 1), "--to", site.store.url)
    assert (code, "semlens share key" in err) == (1, True)


def test_importing_the_command_loads_no_ray():
    program = "import sys, semlens.cluster.commands, semlens.cluster.serve.serving; print('ray' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3] / "server")}
    ran = subprocess.run(
        [sys.executable, "-P", "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "False"
