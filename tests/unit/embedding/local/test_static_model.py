from __future__ import annotations

import numpy as np
import pytest
from model_cases import copy_model, passage, rewrite_hash

from semlens.core.errors import ModelError
from semlens.embedding.local.question_language import TRANSLATIONS_FILE
from semlens.embedding.registry import find_model, load_embedder, load_tokenizer

NAME = "semlens-static-v1"


@pytest.fixture(scope="module")
def static():
    return load_embedder(find_model(NAME), threads=2)


def test_a_vector_does_not_depend_on_its_batch(static, passages):
    many = [passage(f"name{i}", "word " * i + "return parse_file(path)") for i in range(100)]
    together = static.embed(static.tokenizer.tokenize([*passages, *many]))
    alone = np.concatenate([static.embed(static.tokenizer.tokenize([p])) for p in [*passages, *many]])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("try again when the download did not work", 0),
        ("load the preferences", 1),
        ("order the rows from largest to smallest", 3),
    ],
)
def test_a_query_is_nearest_to_the_matching_code(static, passages, question, expected):
    vectors = static.embed(static.tokenizer.tokenize(passages))
    assert int(np.argmax(vectors @ static.embed_query(question))) == expected


def test_documentation_is_embedded(static):
    documented = passage("f", "pass", documentation="Compress a folder into an archive.")
    vectors = static.embed(static.tokenizer.tokenize([documented, passage("f", "pass")]))
    scores = vectors @ static.embed_query("zip a directory")
    assert scores[0] > scores[1]


def test_text_without_words_gives_a_zero_vector(static):
    empty = [passage("", "{} 1 + 1"), passage("", "")]
    assert not static.embed(static.tokenizer.tokenize(empty)).any()
    assert not static.embed_query("?? !!").any()
    assert not static.embed_query("").any()


def test_the_model_is_small():
    sizes = {file.name: file.size for file in find_model(NAME).files}
    assert sizes.pop(TRANSLATIONS_FILE) < 2_000_000
    assert sum(sizes.values()) < 12_000_000


def test_a_word_list_of_another_length_is_rejected(tmp_path):
    folder = copy_model(NAME, tmp_path / "m")
    with (folder / "words.txt").open("a", encoding="utf-8") as file:
        file.write("onemore\n")
    rewrite_hash(folder, "words.txt")
    with pytest.raises(ModelError, match=r"word list of model .* has \d+ words, but its manifest says \d+"):
        load_tokenizer(find_model(folder))


def test_a_word_list_longer_than_the_graph_is_rejected(tmp_path):
    folder = copy_model(NAME, tmp_path / "m")
    with (folder / "words.txt").open("a", encoding="utf-8") as file:
        file.write("onemore\n")
    rewrite_hash(folder, "words.txt")
    toml = folder / "model.toml"
    number = find_model(folder).details["vocabulary"]
    text = toml.read_text("utf-8").replace(f"vocabulary = {number}", f"vocabulary = {number + 1}")
    toml.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="The word list of model semlens-static-v1 does not fit its graph"):
        load_embedder(find_model(folder))


def test_a_binary_word_list_is_rejected(tmp_path):
    folder = copy_model(NAME, tmp_path / "m")
    (folder / "words.txt").write_bytes(b"\xff\xfe")
    rewrite_hash(folder, "words.txt")
    with pytest.raises(ModelError, match="is not UTF-8 text"):
        load_tokenizer(find_model(folder))
