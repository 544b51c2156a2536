"""The parameter `batch` of every script: the short batch, and those of the long round."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import chaos_batches
import pytest
from chaos_batches import Batch
from chaos_server import Lab


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("chaos")
    if marker is None:
        return
    parameters = [
        pytest.param(batch, id=f"{batch.name}-{batch.seed}", marks=[pytest.mark.chaos_long] if is_long else [])
        for batch, is_long in chaos_batches.batches(*marker.args, **marker.kwargs)
    ]
    metafunc.parametrize("batch", parameters, indirect=True)


@pytest.fixture
def batch(request: pytest.FixtureRequest) -> Iterator[Batch]:
    one: Batch = request.param
    is_long = request.node.get_closest_marker("chaos_long") is not None
    if is_long and os.environ.get("CHAOS_RESUME") and chaos_batches.passed_before(one):
        pytest.skip("passed before with this code")
    one.started = time.monotonic()
    yield one
    if is_long:
        if failure := getattr(request.node, "failure_of_call", ""):
            one.fault(f"the test itself failed: {failure[-2000:]}")
        chaos_batches.record(one)
        reporter = request.config.pluginmanager.getplugin("terminalreporter")
        reporter.write_line(f" {request.node.name}: {dict(one.done)} faults: {len(one.faults)}")
        reporter.flush()
    assert not one.faults, f"seed {one.seed}: " + "\n".join(one.faults)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if call.when == "call" and report.failed:
        item.failure_of_call = report.longreprtext  # type: ignore[attr-defined]
    return report


@pytest.fixture
def lab(tmp_path: Path, batch: Batch) -> Iterator[Lab]:
    """A workspace, a cache, and their servers. Checks the output of the servers at the end."""
    one = Lab(tmp_path, batch)
    yield one
    one.close()
