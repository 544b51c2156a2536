"""A store and repositories for one test."""

from __future__ import annotations

import pytest

pytest.importorskip("obstore")
pytest.importorskip("cryptography")

from cluster_cases import Site


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)
