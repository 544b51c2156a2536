"""Settings of all tests. Property tests have no deadline, because the machine may be busy."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("semlens", deadline=None)
settings.load_profile("semlens")


@pytest.fixture
def run_time(monkeypatch):
    """XDG_RUNTIME_DIR with a short path: that of a test may be too long for a socket."""
    with tempfile.TemporaryDirectory(prefix="run-", dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture
def no_garbage():
    """For tests that interrupt the main thread: Python drops an interrupt that falls into a destructor."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
