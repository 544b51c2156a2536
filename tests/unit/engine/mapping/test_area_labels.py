"""Words of areas: frequent there and rare elsewhere."""

from __future__ import annotations

import numpy as np

from semlens.engine.mapping.area_labels import area_labels


def test_an_area_is_named_by_its_own_words():
    rng = np.random.default_rng(0)
    corners = {"parseJsonValue": (-0.9, -0.9), "paintRedWall": (0.9, 0.9), "open_socket": (-0.9, 0.9)}
    names = [f"{name}{number}" for name in corners for number in range(20)] + ["lonely"]
    positions = np.array([place for place in corners.values() for _ in range(20)] + [(0.9, -0.9)], np.float32)
    labels = area_labels(positions + rng.normal(size=positions.shape).astype(np.float32) * 0.001, names)
    texts = {label.text for label in labels}
    for words in ({"parse", "json", "value"}, {"paint", "red", "wall"}, {"open", "socket"}):
        assert any(set(text.split()) <= words for text in texts), texts
    assert not any("lonely" in text for text in texts)
    assert [label.symbols for label in labels] == sorted((label.symbols for label in labels), reverse=True)


def test_no_word_is_named_in_two_forms():
    names = ["open_folder", "list_folders"] * 20 + ["other"] * 100
    positions = np.array([(-0.9, -0.9)] * 40 + [(0.9, 0.9)] * 100, np.float32)
    (text,) = {label.text for label in area_labels(positions, names) if label.symbols == 40}
    assert not {"folder", "folders"} <= set(text.split())


def test_dull_names_give_no_label():
    assert area_labels(np.zeros((30, 2), np.float32), ["get"] * 30) == []
    assert area_labels(np.zeros((0, 2), np.float32), []) == []
