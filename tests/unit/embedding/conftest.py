from __future__ import annotations

import sys
from pathlib import Path

import pytest

from semlens.core.symbol import Passage

sys.path.insert(0, str(Path(__file__).parent))  # test folders are no packages, so helpers need the path

from model_cases import passage


@pytest.fixture
def passages() -> list[Passage]:
    return [
        passage("fetchWithRetries", "for attempt in range(3):\n    try_again()", signature="def fetchWithRetries(url)"),
        passage("parse_config", "return toml.loads(text)", documentation="Read the settings of the user."),
        passage("", "import os\nimport sys"),
        passage("sortDescending", "return items.sort((a, b) => b - a);", qualifier="Table"),
    ]
