"""A repository whose index is pushed to a folder, and clones of it with caches of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from engine_cases import Workspace, complete, function, make_settings, write_model

pytest.importorskip("obstore")
pytest.importorskip("cryptography")

from semlens.core.cancel import CancelToken
from semlens.engine.embedding.tiers import choose_tiers
from semlens.files.discovery import Discovery
from semlens.share import publishing, pulling
from semlens.share.object_store import ObjectStore
from semlens.share.sampling import Sampler
from semlens.share.signing import make_key
from semlens.share.work_tree import work_tree_of
from semlens.workers.pool import ParsePool

SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
FILES = {
    **{f"part{n}.py": function(f"download_part_{n}", "return retry(url)") for n in range(12)},
    "paint.py": function("paint_wall", "return colour"),
    "keys.py": f'def github_token():\n    return "{SECRET}"\n',
}


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    ran = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


class Team:
    """:ivar origin: the repository. :ivar url: of the store. :ivar key: of whoever pushes."""

    def __init__(self, tmp_path: Path) -> None:
        self.tmp_path = tmp_path
        self.model = write_model(tmp_path / "model")
        self.origin = self.workspace("origin")
        for path, text in FILES.items():
            self.origin.write(path, text)
        git(self.origin.folder, "init", "-q", "-b", "main")
        self.commit("first")
        self.store_folder = tmp_path / "store"
        self.url = self.store_folder.as_uri()
        self.key = make_key(tmp_path / "config")
        self.pool = ParsePool(1)
        self.sampler = Sampler(self.pool, choose_tiers(str(self.model), "none", (), None)[0], 1 << 20)

    def workspace(self, name: str) -> Workspace:
        return Workspace(self.tmp_path / name, self.tmp_path / f"{name}-cache", self.model)

    def commit(self, message: str) -> None:
        git(self.origin.folder, "add", "-A")
        git(self.origin.folder, "commit", "-q", "-m", message)

    def clone(self, name: str) -> Workspace:
        git(self.tmp_path, "clone", "-q", str(self.origin.folder), name)
        return self.workspace(name)

    def index(self, workspace: Workspace) -> dict[str, int]:
        """Bring the index up to date in an engine that ends. :returns: its counters."""
        engine = workspace.engine(settings=make_settings(self.model))
        counters = dict(complete(engine).counters)
        engine.wait_saved()
        engine.close()
        return counters

    def push(self, workspace: Workspace | None = None, *, trusted: tuple[str, ...] = ()) -> publishing.Pushed:
        one = workspace or self.origin
        self.index(one)
        return publishing.push(
            work_tree_of(one.folder),
            one.cache,
            ObjectStore(self.url),
            self.key,
            self.pool,
            trusted=trusted,
            cancel=CancelToken(),
            progress=lambda *_: None,
        )

    def pull(
        self, workspace: Workspace, *, trusted: tuple[str, ...] | None = None, cancel: CancelToken | None = None
    ) -> pulling.Pulled:
        return pulling.pull(
            work_tree_of(workspace.folder),
            workspace.cache,
            ObjectStore(self.url),
            (self.key.public,) if trusted is None else trusted,
            self.sampler,
            Discovery(workspace.folder, make_settings(self.model)),
            cancel=cancel or CancelToken(),
            progress=lambda *_: None,
        )


@pytest.fixture
def team(tmp_path):
    made = Team(tmp_path)
    yield made
    made.pool.close()
