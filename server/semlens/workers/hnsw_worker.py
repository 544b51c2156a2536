"""Builds the graph (HNSW) of one segment's vectors, in a process of its own, at a low priority.

    python -m semlens.workers.hnsw_worker FOLDER SEGMENT FINGERPRINT

The engine starts it. It reads the vectors beside the segment, writes the graph beside them, whole or not at all, and
ends. It ends too when its input ends, so it does not outlive the server.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
import threading
from pathlib import Path

from semlens.index.nearest.hnsw import build_graph, write_graph
from semlens.index.storage.root_store import read_vector_file
from semlens.workers.priority import lower_priority


def main() -> int:
    """:returns: the exit code: 0 when the graph was written."""
    folder, segment_id, fingerprint = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    lower_priority()
    faulthandler.enable()
    ended = threading.Event()
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
    block = read_vector_file(folder, segment_id, fingerprint)
    if block is None:
        return 1
    try:
        data = build_graph(block.matrix, is_wanted=lambda: not ended.is_set())
    except InterruptedError:
        return 1
    write_graph(folder, segment_id, fingerprint, data)
    return 0


def _wait_for_end(ended: threading.Event) -> None:
    """Set the event when the server closes the input or ends."""
    while os.read(0, 1024):  # not sys.stdin, whose lock Python needs at its end
        pass
    ended.set()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
