"""The tools of an agent over an engine without a model. The workspace is made once, so tests only read it."""

from __future__ import annotations

import subprocess

import pytest
from engine_cases import Workspace

from semlens.core.cancel import CancelToken
from semlens.mcp.root_policy import RootPolicy
from semlens.mcp.tools import AgentTools

SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
FILES = {
    "net/retry.py": (
        "import time\n\n\n"
        "def fetch_with_retry(url, attempts=3):\n"
        '    """Download a page, trying again after a failure."""\n'
        "    for number in range(attempts):\n"
        "        try:\n"
        "            return open(url).read()\n"
        "        except OSError:\n"
        "            time.sleep(next_delay(number))\n"
        "    return None\n\n\n"
        "def next_delay(failures):\n"
        "    return min(60, 2**failures)\n"
    ),
    "net/client.py": "from net.retry import fetch_with_retry\n\n\ndef load_page(url):\n    return fetch_with_retry(url)\n",
    "tests/test_retry.py": "def test_retry():\n    assert fetch_with_retry('x') is None\n",
    "keys.py": f'def github_headers():\n    token = "{SECRET}"\n    return {{"Authorization": token}}\n',
    "docs/retry.md": "# Retrying downloads\n\nHow fetch_with_retry waits between attempts.\n",
    "deploy.yaml": "retry:\n  attempts: 3\n  delay: 60\n",
    **{f"many/part{n}.py": f"def handle_event_{n}(event):\n    return event + {n}\n" for n in range(30)},
}


@pytest.fixture(scope="package")
def code(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agents")
    made = Workspace(folder / "code", folder / "cache", None)
    for path, text in FILES.items():
        made.write(path, text)
    (folder / "outside.py").write_text("def outside():\n    pass\n")
    (made.folder / "link.py").symlink_to(folder / "outside.py")
    (made.folder / "linked").symlink_to(folder)
    subprocess.run(["git", "init", "-q", str(made.folder)], check=True)
    made.engine()
    yield made
    made.close()


class Agent:
    """One session. `text` and `error` call a tool."""

    def __init__(self, engine, policy):
        self.tools = AgentTools(engine, policy)

    def call(self, name, **arguments):
        return self.tools.call(name, arguments, CancelToken())

    def text(self, name, **arguments):
        answer = self.call(name, **arguments)
        assert not answer.is_error, answer.text
        return answer.text

    def error(self, name, **arguments):
        answer = self.call(name, **arguments)
        assert answer.is_error, answer.text
        assert answer.text.endswith("."), answer.text
        return answer.text


@pytest.fixture
def agent(code):
    return _agent(code)


@pytest.fixture
def make_agent():
    """Makes an agent for a workspace."""

    def make(workspace):
        workspace.engine()
        return _agent(workspace)

    return make


def _agent(workspace):
    return Agent(workspace.engines[0], RootPolicy(lambda _folder: None, named=[str(workspace.folder)]))
