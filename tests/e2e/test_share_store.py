"""The shared index on an S3 that is not ours: SeaweedFS. `make test-long` installs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from seaweed import SECONDS, WEED, Seaweed

pytestmark = [
    pytest.mark.share_long,
    pytest.mark.skipif(not WEED, reason="SEAWEEDFS does not name the program weed"),
]


@pytest.fixture
def store(tmp_path):
    made = Seaweed(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def share(tmp_path, store, environment):
    variables = {
        **os.environ,
        **environment,
        "SEMLENS_CONFIG_DIR": str(tmp_path / "config"),
        "SEMLENS_SHARE_KEY": "ab" * 32,
        **store.variables,
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
