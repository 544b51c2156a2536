"""Builds on this machine: the same bytes whatever happens on the way, and nothing that must not be shared."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest
from cluster_cases import SECRET, Site, git
from engine_cases import function

from semlens.cluster.catalogue import all_entries, read_texts, write_texts
from semlens.cluster.errors import ClusterError
from semlens.cluster.indexing import batches as batches_module
from semlens.cluster.indexing.batches import Plan, batches_of
from semlens.cluster.indexing.computing import read_computed
from semlens.cluster.indexing.local_executor import LocalExecutor
from semlens.core.cancel import CancelToken
from semlens.files.discovery import Discovery
from semlens.search.signals.file_status import FileStatus
from semlens.settings.loading import Settings
from semlens.share import publishing, pulling
from semlens.share.cleaning import delete_old
from semlens.share.errors import RejectedError, ShareError
from semlens.share.sampling import Sampler
from semlens.share.signing import make_key
from semlens.share.work_tree import work_tree_of


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(batches_module, "MAX_FILES", 2)


class Shuffled:
    """Gives the results of another executor in another order."""

    def __init__(self, inner, seed):
        self._inner = inner
        self._random = random.Random(seed)

    def run(self, batches, cancel):
        results = list(self._inner.run(batches, cancel))
        self._random.shuffle(results)
        yield from results


class Failing:
    """Ends after some results, as a process that is killed."""

    def __init__(self, inner, n_results):
        self._inner = inner
        self._left = n_results

    def run(self, batches, cancel):
        for result in self._inner.run(batches, cancel):
            if not self._left:
                raise ClusterError("The connection to Ray was lost.")
            self._left -= 1
            yield result


def test_a_build_has_the_same_bytes_in_any_order_and_after_a_stop(tmp_path):
    plain, shuffled, stopped = (Site(tmp_path, name) for name in ("plain", "shuffled", "stopped"))
    folder = plain.repository("app", 9)
    executor = LocalExecutor(plain.recipe, 2)
    built = plain.build(folder, executor)
    assert (built.is_new, built.name, built.files, built.batches, built.resumed) == (
        True, "example.org/team/app", 9, 5, 0,
    )  # fmt: skip
    shuffled.build(folder, Shuffled(executor, 3))
    with pytest.raises(ClusterError, match="lost"):
        stopped.build(folder, Failing(executor, 2))
    assert stopped.objects() == {}
    again = stopped.build(folder, executor)
    assert (again.resumed, again.batches) == (2, 5)
    executor.close()
    assert plain.objects() == shuffled.objects() == stopped.objects() != {}
    assert list(stopped.job.spool.parent.glob("spool-*/*")) == []
    assert not plain.build(folder).is_new


@pytest.mark.parametrize("data", [b"", b"PK"])
def test_a_damaged_result_of_an_earlier_build_is_computed_again(site, data):
    folder = site.repository("app", 5)
    executor = LocalExecutor(site.recipe, 1)
    with pytest.raises(ClusterError, match="lost"):
        site.build(folder, Failing(executor, 2))
    damaged, _ = site.job.spool.iterdir()
    damaged.write_bytes(data)
    built = site.build(folder, executor)
    executor.close()
    assert (built.is_new, built.resumed, built.batches) == (True, 1, 3)


def test_a_build_goes_on_when_another_deletes_the_folder_of_results(site):
    class Deleting:
        """As a build that ends meanwhile."""

        def __init__(self, inner):
            self._inner = inner

        def run(self, batches, cancel):
            for result in self._inner.run(batches, cancel):
                shutil.rmtree(site.job.spool, ignore_errors=True)
                yield result

    executor = LocalExecutor(site.recipe, 1)
    folder = site.repository("app", 2)
    assert site.build(folder, Deleting(executor)).is_new
    executor.close()


def test_results_of_batches_are_private_and_a_full_disk_leaves_no_part(site, monkeypatch):
    folder = site.repository("app", 3)
    executor = LocalExecutor(site.recipe, 1)
    with pytest.raises(ClusterError, match="lost"):
        site.build(folder, Failing(executor, 1))
    (kept,) = site.job.spool.iterdir()
    assert [path.stat().st_mode & 0o777 for path in (kept, site.job.spool)] == [0o600, 0o700]
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail_to_write)
        with pytest.raises(OSError, match="No space left"):
            site.build(folder, executor)
    executor.close()
    assert list(site.job.spool.iterdir()) == [kept]


def fail_to_write(*_arguments):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_change_computes_only_its_batch_again_and_replaces_the_entry(site):
    folder = site.repository("app", 6)
    site.build(folder)
    (folder / "part5.py").write_text(function("another", "return 1"))
    site.commit(folder)
    site.build(folder)
    (entry,) = site.entries()
    assert entry.tree == work_tree_of(folder).trees()[0]
    deleted = delete_old(site.store, 0, cancel=CancelToken())
    assert deleted.manifests == 2  # ; the objects of the entry stay
    assert {one.sha256 for one in entry.objects} <= set(site.objects())


def test_a_clone_begins_with_what_a_build_shared(site):
    folder = site.repository("app", 6)
    site.build(folder)
    workspace = site.tmp_path / "clone"
    git(site.tmp_path, "clone", "-q", str(folder), "clone")
    executor = LocalExecutor(site.recipe, 1)
    sampler = Sampler(executor._computer._pool, executor._computer._tiers, 1 << 20)
    pulled = pulling.pull(
        work_tree_of(workspace), site.tmp_path / "cache", site.store, [site.key.public], sampler,
        Discovery(workspace, Settings()), cancel=CancelToken(), progress=lambda *_: None,
    )  # fmt: skip
    executor.close()
    assert pulled.is_used
    assert pulled.files == 6
    assert pulled.n_compared > 0


def test_secrets_and_uncommitted_files_stay_out(site):
    folder = site.repository("app", 2, keys=f'def token():\n    return "{SECRET}"\n')
    (folder / "new.py").write_text("x = 1\n")
    with pytest.raises(ShareError, match=r"new\.py"):
        site.build(folder)
    (folder / "new.py").unlink()
    (folder / ".gitignore").write_text("ignored.py\n")
    (folder / ".semlensignore").write_text("!ignored.py\n")
    (folder / "ignored.py").write_text(function("ignored", "return 1"))
    site.commit(folder)
    built = site.build(folder)
    assert (built.files, built.left_out) == (2, 1)
    assert not any(
        b"ignored.py" in data or b"keys.py" in data or SECRET.encode() in data for data in site.objects().values()
    )


def test_attributes_reach_the_nodes(site):
    folder = site.repository("app", 2)
    (folder / "sub").mkdir()
    (folder / "sub" / "made.py").write_text(function("made", "return 1"))
    (folder / ".gitattributes").write_text("*.py linguist-documentation\n")
    (folder / "sub" / ".gitattributes").write_text("made.py linguist-generated\n")
    site.commit(folder)
    batches = list(batches_of(folder, ["sub/made.py", "part0.py"], site.settings, Plan({}), CancelToken()))
    assert [path for path, _ in batches[-1].attributes] == [".gitattributes", "sub/.gitattributes"]
    executor = LocalExecutor(site.recipe, 1)
    (segment,) = read_computed(executor._computer.compute(batches[-1])).segments
    executor.close()
    assert segment.files.roles.all()


def test_entries_of_others_are_rejected(site, tmp_path):
    site.build(site.repository("app", 2))
    stranger = make_key(tmp_path / "stranger")
    with pytest.raises(RejectedError, match="trustedKeys"):
        all_entries(site.store, site.recipe.segments, [stranger.public])
    (path,) = (path for path in (site.store_folder / "semlens/1/repositories").rglob("app") if path.is_file())
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    with pytest.raises(RejectedError, match="signature"):
        all_entries(site.store, site.recipe.segments, [site.key.public])
    path.rename(path.with_name("other"))
    data[-20] ^= 1
    path.with_name("other").write_bytes(data)
    with pytest.raises(RejectedError, match="place of another"):
        all_entries(site.store, site.recipe.segments, [site.key.public])


@pytest.mark.parametrize("fault", ["empty", "other key", "lost object", "damaged object"])
def test_what_cannot_be_used_is_built_again(site, tmp_path, fault):
    folder = site.repository("app", 4)
    site.build(folder)
    before = site.objects()
    if fault == "empty":
        for path in site.entry_paths():
            path.write_bytes(b"")
    elif fault == "other key":
        site.job = replace(site.job, key=make_key(tmp_path / "new"))
    else:
        path = next(path for path in (site.store_folder / "semlens/1/objects").rglob("*") if path.is_file())
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1])) if fault == "damaged object" else path.unlink()
    assert site.build(folder).is_new
    assert site.objects() == before
    ((entry,), _) = all_entries(site.store, site.recipe.segments, [site.job.key.public])
    assert {one.sha256 for one in entry.objects} == set(before)
    assert publishing.is_shared(site.store, entry.tree, [site.job.key.public])
    assert not site.build(folder).is_new


def test_an_entry_of_another_trusted_key_is_kept(site, tmp_path):
    folder = site.repository("app", 2)
    site.build(folder)
    settings = replace(site.settings, share=replace(site.settings.share, trusted_keys=(site.key.public.upper(),)))
    site.job = replace(site.job, key=make_key(tmp_path / "second"), settings=settings)
    assert not site.build(folder).is_new


def test_one_entry_that_cannot_be_used_leaves_the_others(site):
    site.build(site.repository("app", 2))
    site.build(site.repository("lib", 2))
    next(path for path in site.entry_paths() if path.name == "app").write_bytes(b"")
    entries, problems = all_entries(site.store, site.recipe.segments, [site.key.public])
    assert [one.name for one in entries] == ["example.org/team/lib"]
    assert problems == ["example.org/team/app is left out: The shared index is damaged: it has no signature."]


@pytest.mark.parametrize("fault", ["cut", "bits", "other segment", "offsets"])
def test_damaged_texts_are_rejected(tmp_path, fault):
    nothing = FileStatus(*np.zeros((2, 2), np.float32))
    path = write_texts(tmp_path, "0" * 32, ["a", "b"], nothing)
    assert read_texts(tmp_path, "0" * 32, 2).texts[1] == "b"
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-3])
    elif fault == "bits":
        path.write_bytes(path.read_bytes()[:-3] + b"xyz")
    elif fault == "other segment":
        write_texts(tmp_path, "1" * 32, ["a", "b"], nothing).rename(path)
    with pytest.raises(RejectedError):
        read_texts(tmp_path, "0" * 32, 3 if fault == "offsets" else 2)


@pytest.mark.parametrize("data", [b"", b"PK", b"\x80\x04.", json.dumps({}).encode()])
def test_a_damaged_result_of_a_batch_is_told(data):
    with pytest.raises(ClusterError, match="damaged"):
        read_computed(data)
