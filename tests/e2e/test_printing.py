"""A repository with control characters in every name and line. No command prints such a character."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EVIL = "\x1b[2J\x9b1m\u202e\u2028\x07"
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800-\udfff]")
CODE = f'''\
def steer_the_terminal(count):
    """Steers {EVIL} things."""
    \u202etext = "{EVIL}"\x0c
    for number in range(count):
        print(number, text, count)
        count += number * 2
        if count > 100 and number < 50:
            text = text.replace("a", "b").strip() or str(count)
    return text
'''


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two equal files, for duplicates; names with line ends, back-ticks and invalid UTF-8."""
    root = tmp_path_factory.mktemp("hostile")
    folder = root / f"dir{EVIL}"
    folder.mkdir()
    for name in (f"one\n```{EVIL}.py", f"two[x](command:y)`{EVIL}.py"):
        (folder / name).write_text(CODE, encoding="utf-8")
    (root / os.fsdecode(b"three\xff\x1b.py")).write_text(CODE, encoding="utf-8")
    keys = "".join(f'"key\\u00{code}" = 1\n' for code in ("1b", "9b", "07")) + '"[x](command:y)\\u202e" = 1\n'
    (root / ".semlens.toml").write_text(keys, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEMLENS_")}
    home = tmp_path_factory.mktemp("home")
    return kept | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "SEMLENS_CACHE_DIR": str(home / "cache")}


@pytest.mark.skipif(os.name != "posix", reason="such file names need a POSIX file system")
@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["index"], r"key\x9b"),
        (["search", f"steer the terminal {EVIL}"], r"def steer_the_terminal"),
        (["search", "--lang", EVIL, "x"], r"There is no language '\x1b[2j"),
        (["search", f"--{EVIL}", "x"], r"\x1b[2J"),
        (["similar", "three\udcff\x1b.py:1"], r"\x1b[2J"),
        (["similar", f"none{EVIL}:1"], r"\u202e"),
        (["duplicates"], r"three\xff\x1b.py"),
        (["context", "steer the terminal"], r"three\xff\x1b.py:1-9"),
        (["context", "--at", "three\udcff\x1b.py:2"], r"three\xff\x1b.py:1-9"),
        (["context"], r"one\n```\x1b[2J"),
        (["outline", "three\udcff\x1b.py"], r"steer_the_terminal"),
        (["outline", f"none{EVIL}.py"], r"\u202e"),
        (["status"], r"hostile"),
        (["doctor"], r"key\x9b"),
        (["--debug", "models", "show", f"none{EVIL}"], r"\x1b[2J"),
    ],
)
def test_nothing_of_a_repository_controls_the_terminal(
    hostile: Path, environment: dict[str, str], arguments: list[str], printed: str
) -> None:
    command = [sys.executable, "-m", "semlens", *arguments]
    done = subprocess.run(command, cwd=hostile, env=environment, capture_output=True, timeout=120, check=False)
    text = (done.stdout + done.stderr).decode("utf-8", "surrogateescape")
    assert not STEERS.search(text), text
    assert printed in text
