"""ONNX Runtime reports nothing to its makers. Its telemetry begins with a folder in the user's cache folder."""

import os
import subprocess
import sys
from pathlib import Path

from semlens.embedding.registry import model_folders

_OPEN = """
import sys
from pathlib import Path
from semlens.embedding.local.runtime import open_session
open_session(Path(sys.argv[1]), "model")
"""


def test_telemetry_is_off(tmp_path: Path) -> None:
    graph = next(path for folder in model_folders() for path in folder.glob("*.onnx"))
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    folders = dict.fromkeys(("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME", "XDG_DATA_HOME"), str(tmp_path))
    subprocess.run([sys.executable, "-c", _OPEN, str(graph)], env=kept | folders, check=True, timeout=120)
    assert list(tmp_path.iterdir()) == []
