"""Records a session of the terminal as an SVG that plays: what was printed, and when.

    python release/terminal_recording.py                       # docs/pictures/terminal.svg
    python release/terminal_recording.py --workspace FOLDER    # only copy the code that is searched

The commands really run, in a terminal of their own, over a copy of some packages of Python's standard library, with an
index that is up to date. A line appears in the SVG as long after its command as it appeared in the terminal, but no
wait is longer than a second. Where the reader wants no motion, the picture shows the end.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

CHECKOUT = Path(__file__).resolve().parents[1]
PICTURE = CHECKOUT / "docs" / "pictures" / "terminal.svg"
COMMANDS = (
    'semlens search "start a new log file when the old one grows too big" -n 1',
    'semlens search "delete the oldest log files" -n 1',
)
PACKAGES = ("logging", "shutil.py")
MORE_PACKAGES = ("email", "http", "json", "mimetypes.py", "tempfile.py", "zipfile.py")
"""What the recordings of the editors search beside them."""
COLUMNS = 104
TYPING_S, PAUSE_S, LONGEST_WAIT_S = 1.2, 1.5, 1.0

_FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>A session of the terminal</title>
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, Menlo, Consolas, monospace; font-size: {char_height}px; line-height: {line_height}px
}}
@keyframes appear {{ from {{ opacity: 0 }} to {{ opacity: 1 }} }}
@media (prefers-reduced-motion: no-preference) {{
/* timing */
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def played(command: str, folder: Path, environment: dict[str, str]) -> list[tuple[float, str]]:
    """Run a command in a terminal. :returns: its lines, with the seconds after which each was there."""
    started = time.perf_counter()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["sh", "-c", f"stty cols {COLUMNS} rows 50; exec {command}"],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.DEVNULL,  # a bar of progress, on a busy machine
        env=environment,
        cwd=folder,
        close_fds=True,
    )
    os.close(theirs)
    lines: list[tuple[float, str]] = []
    rest = ""
    while True:
        try:
            data = os.read(ours, 65_536)
        except OSError:  # the end, on Linux
            break
        if not data:
            break
        *whole, rest = (rest + data.decode()).split("\n")
        lines += [(time.perf_counter() - started, line.rstrip("\r")) for line in whole]
    assert process.wait() == 0, lines
    return lines


def record(folder: Path, environment: dict[str, str]) -> tuple[list[Text], list[float]]:
    """The lines of the session, and the second in which each appears."""
    texts, times = [], []
    now = 0.5
    for command in COMMANDS:
        texts.append(Text.assemble(("$ ", "bold green"), command))
        times.append(now)
        now += TYPING_S
        before_s = 0.0
        for after_s, line in played(command, folder, environment):
            now += min(after_s - before_s, LONGEST_WAIT_S)
            before_s = after_s
            texts.append(Text.from_ansi(line))
            times.append(now)
        now += PAUSE_S
    return texts, times


def drawn(texts: list[Text], times: list[float]) -> str:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for text in texts:
        console.print(text, no_wrap=True, overflow="crop", crop=True)
    svg = console.export_svg(title="semlens", code_format=_FORMAT, unique_id="session")
    timing = "\n".join(
        f'[clip-path="url(#session-line-{number})"] {{ animation: appear 0.01s linear {second:.2f}s both }}'
        for number, second in enumerate(times)
    )
    svg = svg.replace("/* timing */", timing)
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)


def copied(folder: Path, packages: tuple[str, ...]) -> Path:
    folder.mkdir()
    for name in packages:
        source = Path(sysconfig.get_paths()["stdlib"], name)
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def main() -> None:
    if sys.argv[1:2] == ["--workspace"]:
        copied(Path(sys.argv[2]), PACKAGES + MORE_PACKAGES)
        return
    with tempfile.TemporaryDirectory() as scratch:
        environment = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": scratch,
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "SEMLENS_CACHE_DIR": f"{scratch}/cache",
            "SEMLENS_CONFIG_DIR": f"{scratch}/config",
            "CI": "1",  # no resident server is left running
        }
        folder = copied(Path(scratch, "python"), PACKAGES)
        program = Path(sys.executable).parent / "semlens"
        subprocess.run([program, "index", "--wait"], env=environment, cwd=folder, check=True)
        PICTURE.write_text(drawn(*record(folder, environment)), encoding="utf-8")


if __name__ == "__main__":
    main()
