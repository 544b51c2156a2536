"""Repositories, a store and builds of them on this machine."""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path

import pytest
from engine_cases import function, make_settings, write_model

pytest.importorskip("obstore")
pytest.importorskip("cryptography")

from semlens.cluster.catalogue import Repository, all_entries
from semlens.cluster.commands import recipe_of
from semlens.cluster.indexing.building import BuildJob, build
from semlens.cluster.indexing.local_executor import LocalExecutor
from semlens.cluster.serve.placing import place_segments
from semlens.cluster.serve.shard import fetch
from semlens.core.cancel import CancelToken
from semlens.files.git_repository import index_root_of
from semlens.share.object_store import ObjectStore
from semlens.share.signing import make_key
from semlens.share.work_tree import work_tree_of

SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, check=True)


class Site:
    """A store and repositories whose indexes are built into it. :ivar job: what builds work with."""

    def __init__(self, tmp_path: Path, name: str = "store") -> None:
        self.tmp_path = tmp_path
        model = tmp_path / "model"
        self.model = model if model.exists() else write_model(model)
        self.settings = make_settings(self.model)
        self.recipe = recipe_of(self.settings)
        self.store_folder = tmp_path / name
        self.store = ObjectStore(self.store_folder.as_uri())
        self.key = make_key(tmp_path / "config")
        self.job = BuildJob(self.settings, self.recipe, self.store, self.key, tmp_path / f"spool-{name}")

    def repository(self, name: str, n_files: int = 6, **files: str) -> Path:
        folder = self.tmp_path / "repositories" / name
        folder.mkdir(parents=True)
        for number in range(n_files):
            text = function(f"{name}_part_{number}", "return retry(url)") + function(f"paint_{number}", "return wall")
            (folder / f"part{number}.py").write_text(text)
        for path, text in files.items():
            (folder / f"{path}.py").write_text(text)
        git(folder, "init", "-q", "-b", "main")
        git(folder, "remote", "add", "origin", f"git@example.org:team/{name}.git")
        self.commit(folder)
        return folder

    def commit(self, folder: Path) -> None:
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "more")

    def build(self, folder: Path, executor=None):
        own = executor or LocalExecutor(self.recipe, 1)
        try:
            root = index_root_of(folder, lambda _root: self.settings)[0]
            return build(work_tree_of(root), self.job, own, cancel=CancelToken(), progress=lambda *_: None)
        finally:
            if executor is None:
                own.close()

    def entries(self) -> list[Repository]:
        """What is built in the store."""
        return all_entries(self.store, self.recipe.segments, [self.key.public])[0]

    def fetched(self) -> tuple[list[Repository], Path]:
        """What is built, and a folder with its objects."""
        entries, folder = self.entries(), self.tmp_path / "objects"
        folder.mkdir()
        fetch(
            [one for of_shard in place_segments(entries, 1) for one in of_shard],
            self.store,
            self.recipe.fingerprints,
            folder,
        )
        return entries, folder

    def entry_paths(self) -> list[Path]:
        """The files of all entries and manifests."""
        folder = self.store_folder / "semlens" / "1"
        return [path for kind in ("repositories", "trees") for path in (folder / kind).rglob("*") if path.is_file()]

    def objects(self) -> dict[str, bytes]:
        """The bytes of all objects by name, unpacked."""
        folder = self.store_folder / "semlens" / "1" / "objects"
        return {path.name: _unpacked(path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def _unpacked(data: bytes) -> bytes:
    return data if data.startswith(b"SEML") else zlib.decompress(data)


class CountedRounds:
    """Mixed into shards: notes what they are asked.

    :ivar rounds: the methods, in order.
    """

    rounds: list[str]

    def ask(self, method, *arguments, **named):
        self.rounds.append(method)
        return super().ask(method, *arguments, **named)

    def ask_each(self, method, arguments, **named):
        self.rounds.append(method)
        return super().ask_each(method, arguments, **named)
