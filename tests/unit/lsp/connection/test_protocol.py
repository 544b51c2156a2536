"""Messages that do not match their type."""

from __future__ import annotations

import pytest
from lsprotocol import types

from semlens.lsp.connection.protocol import converter


@pytest.mark.parametrize("added", ["characters" * 3, [1, 2, 3]])
def test_structuring_stops_at_the_first_error(added):
    """An error for each item took a minute for a string of a megabyte, and no other message was read meanwhile."""
    body = {"jsonrpc": "2.0", "method": "x", "params": {"event": {"added": added, "removed": []}}}
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any error, but only one
        converter().structure(body, types.DidChangeWorkspaceFoldersNotification)
    assert not isinstance(caught.value, ExceptionGroup)
