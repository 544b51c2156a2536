"""What holds for both bundled models."""

from __future__ import annotations

import re

import numpy as np
import pytest
from model_cases import copy_model, rewrite_hash

from semlens.core.errors import ModelError
from semlens.embedding.registry import find_model, load_embedder, load_tokenizer

STATIC, MINILM = "semlens-static-v1", "semlens-minilm-v1"


@pytest.fixture(scope="module", params=[STATIC, MINILM])
def embedder(request):
    return load_embedder(find_model(request.param), threads=2)


def test_vectors_are_normalised_and_have_the_dimension_of_the_manifest(embedder, passages):
    vectors = embedder.embed(embedder.tokenizer.tokenize(passages))
    assert vectors.shape == (len(passages), embedder.manifest.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_tokenizer_alone_gives_the_same_tokens(embedder, passages):
    assert load_tokenizer(embedder.manifest).tokenize(passages) == embedder.tokenizer.tokenize(passages)


def test_no_texts_give_no_vectors(embedder):
    assert embedder.tokenizer.tokenize([]) == []
    assert embedder.embed([]).shape == (0, embedder.manifest.dimension)


@pytest.mark.parametrize("name", [STATIC, MINILM])
def test_an_altered_file_is_rejected(tmp_path, name):
    folder = copy_model(name, tmp_path / "m")
    data = bytearray((folder / "model.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "model.onnx").write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.onnx does not match its checksum: install semlens again"):
        load_embedder(find_model(folder))


@pytest.mark.parametrize(
    ("name", "missing"), [(STATIC, "model.onnx"), (STATIC, "words.txt"), (MINILM, "tokenizer.json")]
)
def test_a_missing_file_is_named(tmp_path, name, missing):
    folder = copy_model(name, tmp_path / "m")
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=f"lacks .*{re.escape(missing)}: install semlens again"):
        load_embedder(find_model(folder))


@pytest.mark.parametrize(("name", "dimension", "stated"), [(STATIC, 256, 128), (MINILM, 384, 383)])
def test_a_wrong_dimension_is_an_error(tmp_path, name, dimension, stated):
    folder = copy_model(name, tmp_path / "m")
    toml = folder / "model.toml"
    text = toml.read_text("utf-8").replace(f"dimension = {dimension}", f"dimension = {stated}")
    toml.write_text(text, encoding="utf-8")
    message = rf"gives vectors of dimension {dimension}, but its manifest says {stated}\."
    with pytest.raises(ModelError, match=message):
        load_embedder(find_model(folder))


@pytest.mark.parametrize(
    ("name", "operator", "replaced"), [(STATIC, b"ReduceL2", b"ReduceQ2"), (MINILM, b"BiasGelu", b"BiasGelx")]
)
def test_an_unknown_operator_is_named(tmp_path, name, operator, replaced):
    folder = copy_model(name, tmp_path / "m")
    graph = folder / "model.onnx"
    graph.write_bytes(graph.read_bytes().replace(operator, replaced))
    rewrite_hash(folder, "model.onnx")
    message = rf"uses the operator .*{replaced.decode()}.*, which ONNX Runtime .* does not know"
    with pytest.raises(ModelError, match=message):
        load_embedder(find_model(folder))
