"""Of a file with a secret, vectors of the passages without one are shared, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from engine_cases import function, make_settings, paths_of

from semlens.index.segment.columns import write_column_file
from semlens.share import manifest, publishing, withheld
from semlens.share.errors import RejectedError
from semlens.share.publishing import object_of
from semlens.workers.messages import BufferRequest
from semlens.workers.pool import ParsePool

from .conftest import SECRET
from .test_sampling import TeamWithTwoModels
from .test_sharing import manifest_path, objects, unpacked

CLEAN = function("clean_alpha", "return retry(url)") + "\n\n" + function("clean_beta", "return colour(wall)")
DIRTY = f'def hidden_gamma():\n    return "{SECRET}"\n'
KEY = "-----BEGIN RSA PRIVATE KEY-----\n{}-----END RSA PRIVATE KEY-----\n".format("MIIEowIBAAKCAQEAx7Rk2v9Q\n" * 90)


@pytest.fixture(scope="module")
def pool():
    made = ParsePool(1)
    yield made
    made.close()


def passages(pool, path, text):
    (parsed,) = pool.parse_buffer(BufferRequest(path, text.encode(), "")).result().results
    return {one.content_hash: one for one in parsed.outline.passages}


@pytest.mark.parametrize(
    ("path", "text", "shared"),
    [
        ("a.py", f"{CLEAN}\n\n{DIRTY}", ["clean_alpha", "clean_beta"]),
        ("a.py", f'TOKEN = "{SECRET}"\n\n\n{CLEAN}', ["clean_alpha", "clean_beta"]),
        ("a.py", f'def one():\n    """Uses {SECRET}."""\n    return 1\n\n\n{CLEAN}', ["clean_alpha", "clean_beta"]),
        ("a.py", f'class Box:\n    key = "{SECRET}"\n\n    def clean_delta(self):\n        return 1\n', ["clean_delta"]),
        # seen by its name in one place, and by nothing in the other
        ("a.py", f'password = "hunter2-hunter2"\n\n\ndef again():\n    send("hunter2-hunter2")\n\n\n{CLEAN}',
         ["clean_alpha", "clean_beta"]),
        ("a.py", f'KEY = """{KEY}"""\n\n\n{CLEAN}', ["clean_alpha", "clean_beta"]),
        ("notes.txt", KEY, []),
        ("a.env", "# clean\nNAME=value\n", []),
        ("a.py", "\0" * 50, []),
    ],
)  # fmt: skip
def test_passages_that_a_mask_changes_stay_here(pool, path, text, shared):
    allowed = withheld.shareable_passages(path, text.encode(), pool)
    known = passages(pool, path, text)
    assert sorted(known[key].name for key in allowed & known.keys()) == shared


def test_no_part_of_a_long_key_is_shared(pool):
    known = passages(pool, "key.txt", KEY)
    assert known
    assert not withheld.shareable_passages("key.txt", KEY.encode(), pool) & known.keys()


@pytest.fixture
def team(tmp_path):
    made = TeamWithTwoModels(tmp_path)
    made.origin.write("mixed.py", f"{CLEAN}\n\n{DIRTY}")
    made.commit("a file with a secret")
    yield made
    made.pool.close()


def loose_objects(team):
    data = manifest_path(team).read_bytes()
    known = manifest.decode(data, [team.key.public], recipe=publishing.recipe(), tree=manifest_path(team).name)
    return known, [one for one in known.objects if one.segment == manifest.LOOSE]


def test_a_clone_computes_only_passages_with_a_secret(team):
    pushed = team.push()
    assert pushed.left_out == 2
    clone = team.clone("clone")
    pulled = team.pull(clone)
    assert pulled.is_used
    counters = team.index(clone)
    assert [counters.get(name, 0) for name in ("parsed", "computed.first", "computed.refine")] == [0, 2, 2], counters
    engine = clone.engine(settings=make_settings(team.model, refine=team.refine))
    assert paths_of(engine, "clean_beta") == ["mixed.py"]
    assert paths_of(engine, "hidden_gamma") == ["mixed.py"]


def test_hashes_and_vectors_are_all_that_is_stored(team):
    team.push()
    _, loose = loose_objects(team)
    assert len(loose) == 2, "one for each model"
    files = [path for path in objects(team) if path.is_file()]
    stored = b"".join(unpacked(path.read_bytes()) for path in files) + str(loose_objects(team)[0]).encode()
    assert [name in stored for name in (SECRET.encode(), b"clean_alpha", b"hidden_gamma", b"mixed.py", b"keys.py")] == (
        [False] * 5
    )
    known = passages(team.pool, "mixed.py", f"{CLEAN}\n\n{DIRTY}")
    of_dirty = [key for key, one in known.items() if one.name == "hidden_gamma"]
    assert of_dirty
    assert [key in stored for key in of_dirty] == [False]
    assert all(key in stored for key in known.keys() - set(of_dirty))


def replace_loose(team, **columns):
    """As a pusher with a trusted key would do it."""
    known, loose = loose_objects(team)
    path = team.tmp_path / "forged"
    write_column_file(path, columns, {"model": loose[0].model})
    forged = object_of(path, manifest.LOOSE, loose[0].model)
    target = next(one for one in objects(team) if one.name == loose[0].sha256).parents[1] / forged.sha256[:2]
    target.mkdir(exist_ok=True)
    path.replace(target / forged.sha256)
    others = tuple(one for one in known.objects if one != loose[0])
    manifest_path(team).write_bytes(manifest.encode(replace(known, objects=(*others, forged)), team.key))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (lambda hashes: {"hashes": hashes}, "damaged"),
        (lambda hashes: {"hashes": hashes, "matrix": np.ones((1, 8), np.int8)}, "damaged"),
        (lambda hashes: {"hashes": hashes[:, :8], "matrix": np.ones((len(hashes), 8), np.int8)}, "damaged"),
        (lambda hashes: {"hashes": hashes, "matrix": np.ones((len(hashes), 8), np.float32)}, "damaged"),
        (lambda hashes: {"hashes": hashes, "matrix": np.ones((len(hashes), 0), np.int8)}, "damaged"),
        (lambda hashes: {"hashes": hashes, "matrix": np.ones((len(hashes), 3), np.int8)}, "a wrong length"),
        (None, "vectors that the model does not compute"),
    ],
)
def test_forged_vectors_reject_the_source(team, columns, message):
    team.push()
    _, loose = loose_objects(team)
    path = next(one for one in objects(team) if one.name == loose[0].sha256)
    folder = team.tmp_path / "read"
    folder.mkdir()
    (folder / loose[0].path_in(folder).name).write_bytes(path.read_bytes())
    vectors = withheld.read_loose(folder, loose[0].model)
    forged = columns(vectors.hashes) if columns else {"hashes": vectors.hashes, "matrix": -vectors.matrix}
    replace_loose(team, **forged)
    with pytest.raises(RejectedError, match=message):
        team.pull(team.clone("clone"))


def test_a_file_that_changed_since_takes_the_vectors_of_what_stayed(team):
    team.push()
    team.origin.write("mixed.py", f"{function('clean_alpha', 'return retry(url)')}\n\n{DIRTY}")
    team.commit("without one of the functions")
    clone = team.clone("clone")
    assert team.pull(clone).behind == 1
    assert team.index(clone)["computed.first"] == 2, "the passages with a secret"
