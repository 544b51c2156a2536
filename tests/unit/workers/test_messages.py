"""Messages between the server and a parse worker."""

from __future__ import annotations

import enum
import io

import pytest

from semlens.core.reference import ReferenceKind
from semlens.core.status import SkipReason
from semlens.core.symbol import Role, SymbolKind
from semlens.workers.messages import receive, send


def _members_by_getattr(kind: type[enum.Enum], _protocol: int) -> tuple[object, tuple[object, str]]:
    """How Python 3.11.0 to 3.11.3 pickle a member; Debian 12 has 3.11.2."""
    return getattr, (type(kind), kind.name)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [SkipReason, Role, SymbolKind, ReferenceKind])
def test_members_of_enums_pass_on_every_python(kind: type[enum.Enum], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kind, "__reduce_ex__", _members_by_getattr)
    pipe = io.BytesIO()
    send(pipe, tuple(kind))
    pipe.seek(0)
    assert receive(pipe) == tuple(kind)


@pytest.mark.parametrize("message", [getattr, print, io.BytesIO])
def test_nothing_else_is_unpickled(message: object) -> None:
    pipe = io.BytesIO()
    send(pipe, message)
    pipe.seek(0)
    with pytest.raises(EOFError):
        receive(pipe)
