"""First on PYTHONPATH, this makes `semlens daemon run` host the fake host: tests of the process need no engine."""

from __future__ import annotations

import sys
import types
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from fake_host import FakeHost

module = types.ModuleType("semlens.daemon.host")
module.Host = FakeHost  # type: ignore[attr-defined]
sys.modules[module.__name__] = module
