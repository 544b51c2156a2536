"""Caches of words stay small in a server that runs for days."""

from __future__ import annotations

import importlib
from typing import Any

MAX_WORDS = 200_000
"""Total over all caches; an entry takes about 250 bytes."""


def test_caches_of_words_are_small() -> None:
    modules = [
        importlib.import_module(f"semlens.{name}")
        for name in ("core.text.identifiers", "index.segment.terms", "search.ranking.highlight")
    ]
    caches: dict[int, Any] = {
        id(function): function
        for module in modules
        for function in vars(module).values()
        if hasattr(function, "cache_parameters")
    }
    assert len(caches) >= 5
    assert sum(function.cache_parameters()["maxsize"] for function in caches.values()) <= MAX_WORDS
