"""What the thread that writes to the client sends."""

from __future__ import annotations

import io
import json

from semlens.lsp.connection.transport import MessageWriter


def test_no_lone_surrogate_is_written() -> None:
    """Neovim's decoder refuses a message with one. Pairs, and backslashes in code, stay as they are."""
    stream = io.BytesIO()
    writer = MessageWriter(stream, lambda: None)  # type: ignore[arg-type]
    writer.start()
    message = {"path": "a\udcff\udcfe.py", "text": "\U0001f600 \\udcff \ud83d", "high": "\ud83d\n"}
    body = json.dumps(message).encode()
    writer.write(body)
    writer.close()
    writer.join()
    expected = {"path": "a\ufffd\ufffd.py", "text": "\U0001f600 \\udcff \ufffd", "high": "\ufffd\n"}
    assert json.loads(stream.getvalue()) == expected
    assert len(stream.getvalue()) == len(body)
