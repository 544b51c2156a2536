from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from model_cases import copy_model, passage, rewrite_hash
from tiny_onnx import lookup_graph, write_own_folder

from semlens.core.errors import ModelError
from semlens.embedding.registry import find_model, load_embedder, load_tokenizer

NAME = "semlens-minilm-v1"


@pytest.fixture(scope="module")
def minilm():
    return load_embedder(find_model(NAME), threads=2)


def test_the_model_bytes_are_freed_after_loading(minilm):
    """ONNX Runtime keeps these 22 MB, which are never read again."""
    assert minilm._session._model_bytes is None


def test_a_vector_does_not_depend_on_its_batch(minilm, passages):
    tokens = minilm.tokenizer.tokenize(passages)
    together = minilm.embed(tokens)
    for row, one in enumerate(tokens):
        np.testing.assert_array_equal(minilm.embed([one])[0], together[row])


@pytest.mark.parametrize(
    ("question", "expected"),
    [("download again after a failure", 0), ("user preferences file", 1), ("order from largest to smallest", 3)],
)
def test_a_query_is_nearest_to_the_matching_code(minilm, passages, question, expected):
    vectors = minilm.embed(minilm.tokenizer.tokenize(passages))
    assert int(np.argmax(vectors @ minilm.embed_query(question))) == expected


def test_long_and_unusual_text_is_embedded(minilm):
    odd = [passage("x" * 5000, "y = 1\n" * 50_000), passage("\ud800", "\x00\udfff"), passage("", "")]
    tokens = minilm.tokenizer.tokenize(odd)
    assert max(len(t) for t in tokens) <= 256 * 4
    assert np.isfinite(minilm.embed(tokens)).all()


def test_an_empty_query_gives_a_zero_vector(minilm):
    assert not minilm.embed_query("  ").any()
    assert np.isfinite(minilm.embed_query("\ud800 " * 10_000)).all()


def test_an_invalid_graph_is_an_error(tmp_path):
    folder = copy_model(NAME, tmp_path / "m")
    (folder / "model.onnx").write_bytes(b"not a graph")
    rewrite_hash(folder, "model.onnx")
    with pytest.raises(ModelError, match="is not a valid ONNX graph"):
        load_embedder(find_model(folder))


def test_a_tokenizer_that_contradicts_the_manifest_is_rejected(tmp_path):
    folder = copy_model(NAME, tmp_path / "m")
    toml = folder / "model.toml"
    toml.write_text(toml.read_text("utf-8").replace("vocabulary = 30522", "vocabulary = 30000"), encoding="utf-8")
    with pytest.raises(ModelError, match=r"tokenizer .* has 30522 tokens, but its manifest says 30000"):
        load_tokenizer(find_model(folder))


def test_an_unreadable_tokenizer_is_an_error(tmp_path):
    folder = copy_model(NAME, tmp_path / "m")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    rewrite_hash(folder, "tokenizer.json")
    with pytest.raises(ModelError, match="The tokenizer of model semlens-minilm-v1 cannot be read"):
        load_tokenizer(find_model(folder))


class TestFolderOfTheUsersOwn:
    WORDS = ("[UNK]", "open", "file", "close")
    TABLE = np.asarray([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)

    def test_its_hidden_states_are_pooled(self, tmp_path):
        folder = write_own_folder(tmp_path / "mine", self.TABLE, list(self.WORDS))
        embedder = load_embedder(find_model(str(folder)))
        assert embedder.manifest.name == "mine"
        vector = embedder.embed_query("open file")
        np.testing.assert_allclose(vector, [0.5**0.5, 0.5**0.5, 0], atol=1e-6)

    def test_first_token_pooling_is_read_from_its_configuration(self, tmp_path):
        folder = write_own_folder(tmp_path / "mine", self.TABLE, list(self.WORDS))
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(
            '{"word_embedding_dimension": 3, "pooling_mode_cls_token": true}', encoding="utf-8"
        )
        vector = load_embedder(find_model(folder)).embed_query("close file")
        np.testing.assert_allclose(vector, [0, 0, 1], atol=1e-6)

    def test_a_dimension_other_than_configured_is_an_error(self, tmp_path):
        folder = write_own_folder(tmp_path / "mine", self.TABLE, list(self.WORDS), dimension=4)
        with pytest.raises(ModelError, match="gives vectors of dimension 3, but its manifest says 4"):
            load_embedder(find_model(folder))

    def test_a_tokenizer_larger_than_the_graph_is_an_error(self, tmp_path):
        folder = write_own_folder(tmp_path / "mine", self.TABLE, [*self.WORDS, "more"])
        with pytest.raises(ModelError, match="The tokenizer of model mine does not fit its graph"):
            load_embedder(find_model(folder))

    def test_an_unknown_operator_is_named(self, tmp_path):
        folder = write_own_folder(tmp_path / "mine", self.TABLE, list(self.WORDS))
        (folder / "model.onnx").write_bytes(lookup_graph(self.TABLE, operator="Gutter"))
        with pytest.raises(ModelError, match=r"uses the operator Gutter"):
            load_embedder(find_model(folder))

    def test_the_fingerprint_depends_on_the_bytes(self, tmp_path):
        folder = write_own_folder(tmp_path / "mine", self.TABLE, list(self.WORDS))
        before = find_model(folder).fingerprint
        assert find_model(folder).fingerprint == before
        (folder / "model.onnx").write_bytes(lookup_graph(self.TABLE * 2))
        assert find_model(folder).fingerprint != before

    @pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
    def test_a_folder_without_graph_or_tokenizer_is_no_model(self, tmp_path, missing):
        folder = write_own_folder(tmp_path / "mine", self.TABLE, list(self.WORDS))
        (folder / missing).unlink()
        with pytest.raises(ModelError, match=r"There is no model at .*mine: it needs model\.toml, or"):
            find_model(folder)

    @pytest.mark.parametrize(
        ("config", "message"), [("{}", "does not state its dimension"), ("{", "is not readable JSON")]
    )
    def test_a_broken_configuration_is_an_error(self, tmp_path, config, message):
        folder = write_own_folder(tmp_path / "mine", self.TABLE, list(self.WORDS))
        (folder / "config.json").write_text(config, encoding="utf-8")
        with pytest.raises(ModelError, match=message):
            find_model(Path(folder))
