"""An application that is made at its first request."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from semlens.http.lazy_app import LazyApp


async def test_a_failure_is_for_its_requests_alone():
    calls = []

    @asynccontextmanager
    async def made():
        calls.append("enter")
        yield serve
        calls.append("leave")

    async def serve(_scope, _receive, _send):
        calls.append("serve")

    def make():
        calls.append("make")
        if len(calls) == 1:
            raise OSError("not now")
        return made()

    app = LazyApp(make)
    with pytest.raises(OSError, match="not now"):
        await app({}, None, None)
    for _ in range(2):
        await app({}, None, None)
    await app.close()
    assert calls == ["make", "make", "enter", "serve", "serve", "leave"]
