from __future__ import annotations

from semlens.engine.overlays.open_buffers import OpenBuffers


def test_each_text_has_a_unique_number():
    buffers = OpenBuffers()
    first = buffers.put("file:///a", "/r", "a", "python", "one")
    other = buffers.put("file:///b", "/r", "b", "python", "two")
    changed = buffers.change("file:///a", "three")
    assert changed is not None
    assert len({first.revision, other.revision, changed.revision}) == 3
    assert buffers.get("file:///a") == changed
    assert (changed.text, changed.root, changed.path, changed.language_id) == ("three", "/r", "a", "python")
    assert first.text == "one"  # a value, not a view


def test_changes_to_closed_documents_are_ignored():
    buffers = OpenBuffers()
    assert buffers.change("file:///a", "text") is None
    assert buffers.close("file:///a") is None
    buffers.move("file:///a", "/r", "a")
    assert buffers.all() == []


def test_closing_and_opening_again():
    buffers = OpenBuffers()
    first = buffers.put("file:///a", "/r", "a", "python", "one")
    assert buffers.close("file:///a") == first
    assert buffers.get("file:///a") is None
    assert buffers.put("file:///a", "/r", "a", "python", "one").revision > first.revision


def test_moving_keeps_the_text_and_its_number():
    buffers = OpenBuffers()
    before = buffers.put("file:///r/in/a", "/r", "in/a", "python", "one")
    buffers.move("file:///r/in/a", "/r/in", "a")
    after = buffers.get("file:///r/in/a")
    assert after is not None
    assert (after.root, after.path, after.text, after.revision) == ("/r/in", "a", "one", before.revision)
