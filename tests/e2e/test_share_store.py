"""The shared index on an S3 that is not ours: SeaweedFS. `make test-long` installs it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

WEED = os.environ.get("SEAWEEDFS") or shutil.which("weed")
SECONDS = 120
pytestmark = [
    pytest.mark.share_long,
    pytest.mark.skipif(not WEED, reason="SEAWEEDFS does not name the program weed"),
]


class Store:
    """One process: master, volume server, filer and S3."""

    def __init__(self, folder):
        folder.mkdir()
        master, volume, filer, self.port = (_free_port() for _ in range(4))
        self._log = (folder.parent / "store.log").open("wb")
        self.process = subprocess.Popen(
            [
                *(WEED, "server", "-dir", folder, "-filer", "-s3", "-ip", "127.0.0.1", "-ip.bind", "127.0.0.1"),
                *("-master.port", str(master), "-volume.port", str(volume), "-filer.port", str(filer)),
                *("-s3.port", str(self.port), "-volume.max", "20", "-master.volumeSizeLimitMB", "64"),
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.url = f"http://127.0.0.1:{self.port}"
        deadline = time.monotonic() + SECONDS
        while not self._makes_bucket():
            assert time.monotonic() < deadline, "the store does not start"
            time.sleep(0.5)

    def _makes_bucket(self):
        try:
            request = urllib.request.Request(f"{self.url}/team", data=b"", method="PUT")
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def close(self):
        self.process.kill()
        self.process.wait()
        self._log.close()


def _free_port():
    """Below 20,000: SeaweedFS takes this port plus 10,000 for gRPC."""
    for port in range(15_000 + os.getpid() % 4_000, 30_000):
        with socket.socket() as one, socket.socket() as other:
            try:
                one.bind(("127.0.0.1", port))
                other.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            if port not in _free_port.given:
                _free_port.given.add(port)
                return port
    raise AssertionError("no port is free")


_free_port.given = set()


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def share(tmp_path, store, environment):
    variables = {
        **os.environ,
        **environment,
        "SEMLENS_CONFIG_DIR": str(tmp_path / "config"),
        "SEMLENS_SHARE_KEY": "ab" * 32,
        "AWS_ENDPOINT_URL": store.url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
    }

    def share(*arguments, **more):
        return subprocess.run(
            [sys.executable, "-m", "semlens", "share", *map(str, arguments), "--json"],
            env=variables | more,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    key = json.loads(share("key").stdout)["key"]
    variables["SEMLENS_USER_SETTINGS"] = json.dumps(
        {"models.refine": "none", "share.url": "s3://team/x", "share.trustedKeys": [key]}
    )
    return share


def test_push_and_pull_over_s3(share, store, workspace, tmp_path):
    git = ["git", "-C", str(workspace), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], check=True)
    pushed = json.loads(share("push", workspace, "--no-daemon").stdout)
    assert pushed["isNew"]
    assert json.loads(share("push", workspace, "--no-daemon").stdout)["isNew"] is False
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(workspace), str(clone)], check=True)
    pulled = json.loads(share("pull", clone, "--no-daemon", SEMLENS_CACHE_DIR=str(tmp_path / "other")).stdout)
    assert (pulled["used"], pulled["computed"], pulled["complete"]) == (True, 0, True)
    missing = share("status", workspace, "--to", "s3://nobody/x")
    assert missing.stderr.strip() == "semlens: s3://nobody/x does not exist. Create the bucket, or check the URL."
    store.close()
    gone = share("pull", clone, "--no-daemon", SEMLENS_CACHE_DIR=str(tmp_path / "third"))
    assert gone.returncode == 1
    assert gone.stderr.startswith("semlens: The store s3://team/x cannot be used:")
