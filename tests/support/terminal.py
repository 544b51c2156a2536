"""A person's terminal: a shell in tmux, of a given size. What is on the screen can be waited for and kept as a picture."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
SECONDS = 180


class Terminal:
    """Closes the shell at the end of the `with` block."""

    def __init__(self, folder: Path, environment: dict[str, str], columns: int, lines: int) -> None:
        self.columns, self.lines = columns, lines
        self._tmux = ["tmux", "-S", str(folder.parent / f"tmux-{columns}"), "-f", "/dev/null"]
        shell = "env TERM=tmux-256color PS1='ready\\#$ ' bash --norc --noprofile"
        self._environment = os.environ | environment
        self._n_commands = 0
        self._run("new-session", "-d", "-c", str(folder), "-x", str(columns), "-y", str(lines), shell)
        self._wait_for_prompt()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)

    def type(self, command: str) -> list[str]:
        """Run a command on a clear screen. :returns: the lines on the screen once the prompt is back, without it."""
        self._run("send-keys", "C-l")
        self._run("send-keys", "-l", command)
        self._run("send-keys", "Enter")
        return self._wait_for_prompt()[1:-1]

    def _wait_for_prompt(self) -> list[str]:
        """Wait until the prompt of the next command is the last line. Prompts are numbered, so an old screen has another."""
        self._n_commands += 1
        deadline = time.monotonic() + SECONDS
        while True:
            shown = self._run("capture-pane", "-p").rstrip("\n").splitlines()
            if shown and shown[-1].strip() == f"ready{self._n_commands}$":
                return shown
            assert time.monotonic() < deadline, "\n".join(shown)
            time.sleep(0.05)  # between two looks at a state

    def pictures(self, name: str) -> None:
        """Keep the screen, as a dark and a light terminal show it, in the folder that PICTURES names, where a browser is."""
        chromium, folder = shutil.which("chromium"), os.environ.get("PICTURES")
        if not folder or chromium is None:
            return
        ansi = Path(folder) / f"{name}.ansi"
        shown = re.sub(r"ready\d+\$", "$", self._run("capture-pane", "-pe").rstrip("\n"))
        ansi.write_text(shown)
        page = ansi.with_suffix(".html")
        script = ROOT / "clients" / "nvim" / "tests" / "picture.py"
        size = f"{self.columns * 843 // 100 + 18},{len(shown.splitlines()) * 17 + 18}"
        for background in ("dark", "light"):
            page.write_bytes(
                subprocess.run([sys.executable, script, ansi, background], capture_output=True, check=True).stdout
            )
            subprocess.run(
                [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--hide-scrollbars", f"--window-size={size}",
                 f"--user-data-dir={folder}/profile", f"--screenshot={folder}/{name}-{background}.png", page.as_uri()],
                capture_output=True, check=True,
            )  # fmt: skip
        shutil.rmtree(Path(folder) / "profile", ignore_errors=True)
        ansi.unlink()
        page.unlink()

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._tmux, *arguments], env=self._environment, capture_output=True, text=True, check=True
        )
        return done.stdout
