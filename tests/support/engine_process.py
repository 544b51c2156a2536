"""An engine in its own process, for tests that kill it. Reads one JSON command per line and answers with a line.

python engine_process.py CACHE ROOT MODEL|none
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from engine_cases import DEADLINE_S, found, make_settings

from semlens.engine.engine import Engine


def main() -> None:
    cache, root, model = sys.argv[1:]
    engine = Engine(make_settings(None if model == "none" else Path(model)), cache_folder=Path(cache))
    engine.start()
    engine.add_root(Path(root))
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        answer: object = None
        if command == "complete":
            answer = engine.wait_complete(timeout=DEADLINE_S)
        elif command == "changed":
            engine.files_changed([Path(root, path) for path in arguments])
            answer = engine.wait_complete(timeout=DEADLINE_S)
        elif command == "found":
            answer = found(engine, arguments[0])
        elif command == "status":
            status = engine.status()
            state = next(iter(engine._indexer.states.values()), None)
            answer = {
                "state": status.state.value,
                "writer": state is not None and state.index.writer,
                "committed": state is not None and not state.index.dirty and state.index.meta.get("complete", False),
                "files": status.roots[0].files if status.roots else 0,
                **status.counters,
            }
        elif command == "close":
            engine.close()
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
