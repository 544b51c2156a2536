from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from semlens.core.errors import ModelError
from semlens.embedding import registry
from semlens.embedding.manifest import ModelFile, load_manifest
from semlens.embedding.registry import find_model, model_folders

GOOD = """
name = "m"
architecture = "static"
dimension = 4
max_tokens = 9
licence = "Apache-2.0"
files = [{ name = "a.bin", sha256 = "%s", size = 3 }]
"""
SHA_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def write(folder: Path, text: str = GOOD % SHA_OF_ABC) -> Path:
    (folder / "model.toml").write_text(text, encoding="utf-8")
    (folder / "a.bin").write_bytes(b"abc")
    return folder


def test_every_bundled_model_is_found_and_verified():
    folders = model_folders()
    assert {"semlens-minilm-v1", "semlens-static-v1"} <= {folder.name for folder in folders}
    for folder in folders:
        manifest = find_model(folder.name)
        assert manifest.name == folder.name
        assert manifest.licence == "Apache-2.0"
        manifest.verify()


def test_models_inside_the_installed_package_come_first(tmp_path, monkeypatch):
    inside = tmp_path / "_models" / "m"
    inside.mkdir(parents=True)
    write(inside)
    monkeypatch.setattr(registry, "_PACKAGE", tmp_path)
    assert model_folders() == [inside]
    assert find_model("m").dimension == 4


def test_missing_models_give_a_message(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_PACKAGE", tmp_path / "a" / "b")
    with pytest.raises(ModelError, match=r"There is no model named m; there are: none\."):
        find_model("m")


def test_an_unknown_name_lists_the_known_models():
    with pytest.raises(ModelError, match=r"There is no model named nonesuch; there are: .*semlens-minilm-v1"):
        find_model("nonesuch")


def test_a_missing_folder_is_named():
    with pytest.raises(ModelError, match=r"There is no model at .*nowhere"):
        find_model("./nowhere")


def test_a_file_must_match_the_manifest(tmp_path):
    manifest = load_manifest(write(tmp_path))
    assert manifest.read("a.bin") == b"abc"
    with pytest.raises(ModelError, match=r"lists no file b\.bin"):
        manifest.read("b.bin")
    (tmp_path / "a.bin").write_bytes(b"abd")
    with pytest.raises(ModelError, match="does not match its checksum"):
        manifest.read("a.bin")
    (tmp_path / "a.bin").unlink()
    with pytest.raises(ModelError, match=r"Model m lacks .*a\.bin"):
        manifest.verify()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name =", "is not a model manifest"),
        ("name = 'm'", "is not a model manifest: 'architecture'"),
        (GOOD.replace("dimension = 4", "dimension = 'four'"), "is not a model manifest"),
        (GOOD.replace("dimension = 4", "dimension = 0"), "must be positive"),
        (GOOD.replace("max_tokens = 9", "max_tokens = -1"), "must be positive"),
        (GOOD.replace("a.bin", "../a.bin"), "lies outside its folder"),
        (GOOD.replace("a.bin", "/etc/a.bin"), "lies outside its folder"),
    ],
)
def test_a_broken_manifest_gives_one_message(tmp_path, text, message):
    with pytest.raises(ModelError, match=message) as caught:
        load_manifest(write(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_the_fingerprint_depends_on_files_and_dimension(tmp_path):
    manifest = load_manifest(write(tmp_path))
    fingerprints = {
        manifest.fingerprint,
        load_manifest(write(tmp_path, (GOOD % SHA_OF_ABC).replace("dimension = 4", "dimension = 5"))).fingerprint,
        load_manifest(write(tmp_path, GOOD % ("0" * 64))).fingerprint,
    }
    assert len(fingerprints) == 3
    assert all(len(f) == 16 for f in fingerprints)
    assert manifest.files == (ModelFile("a.bin", SHA_OF_ABC, 3),)


@pytest.mark.parametrize("architecture", ["quantum", "remote"])
def test_an_architecture_that_no_local_model_has_is_named(tmp_path, architecture):
    folder = write(tmp_path, (GOOD % SHA_OF_ABC).replace('"static"', f'"{architecture}"'))
    with pytest.raises(ModelError, match=f"its architecture is '{architecture}', but it must be"):
        load_manifest(folder)


def test_importing_the_registry_loads_no_runtime():
    code = (
        "import sys, semlens.embedding.registry as r; r.find_model('semlens-minilm-v1');"
        "print([m for m in ('onnxruntime', 'tokenizers') if m in sys.modules])"
    )
    environment = {"PYTHONPATH": str(Path(registry.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
