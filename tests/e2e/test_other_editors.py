"""The recipes of docs/editors.md, in the editors that are installed: Emacs in batch mode, Kakoune in a terminal."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "editors.md").read_text(encoding="utf-8")
QUESTION = "download a page and try again after a failure"
SECONDS = 120


def recipes(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def environ(workspace: Path, environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """With a program named semlens, which is this server. The workspace is indexed."""
    program = tmp_path / "bin" / "semlens"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m semlens "$@"\n')
    program.chmod(0o755)
    env = (
        os.environ
        | environment
        | {
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "CI": "1",  # a search on a terminal, as the editor's, starts no server that outlives the test
        }
    )
    subprocess.run([str(program), "index"], cwd=workspace, env=env, check=True, capture_output=True)
    return env


def emacs(code: str, workspace: Path, environ: dict[str, str]) -> str:
    """What a batch Emacs prints for the code, run in a buffer of the workspace."""
    if shutil.which("emacs") is None:
        pytest.skip("emacs is not installed")
    command = ["emacs", "-q", "--batch", "--eval", "(package-initialize)", "--eval", f"(progn {code})"]
    done = subprocess.run(
        command, cwd=workspace, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_emacs_command_lists_places_that_next_error_visits(workspace: Path, environ: dict[str, str]) -> None:
    [command, _, _] = recipes("elisp")
    code = f"""
      {command}
      (find-file "colour.py")
      (let ((buffer (semlens "{QUESTION}")))
        (while (process-live-p (get-buffer-process buffer)) (accept-process-output nil 0.1))
        (with-current-buffer buffer (next-error 1 t))
        (with-current-buffer (window-buffer)
          (princ (format "%s:%d" (buffer-name) (line-number-at-pos (window-point))))))"""
    (workspace / ".git").mkdir(exist_ok=True)
    assert emacs(code, workspace, environ) == "retry.py:4"


def test_eglot_finds_symbols_by_a_question(workspace: Path, environ: dict[str, str]) -> None:
    [_, setting, _] = recipes("elisp")
    code = f"""
      (unless (require 'eglot nil t) (princ "no eglot") (kill-emacs 0))
      {setting}
      (setq eglot-sync-connect t)
      (find-file "notes.sh")
      (insert "echo hello\\n")
      (save-buffer)
      (sh-mode)
      (call-interactively 'eglot)
      (let (found)
        (while (null found)
          (setq found (xref-backend-apropos 'eglot "{QUESTION}"))
          (accept-process-output nil 0.1))
        (princ (xref-item-summary (car found))))"""
    (workspace / ".git").mkdir(exist_ok=True)
    printed = emacs(code, workspace, environ)
    if printed == "no eglot":
        pytest.skip("eglot is not installed")
    assert "fetch_with_retry" in printed


def test_lsp_mode_finds_symbols_by_a_question(workspace: Path, environ: dict[str, str]) -> None:
    [_, _, setting] = recipes("elisp")
    code = f"""
      (unless (require 'lsp-mode nil t) (princ "no lsp-mode") (kill-emacs 0))
      {setting}
      (setq lsp-auto-guess-root t lsp-enable-snippet nil lsp-enable-file-watchers nil lsp-session-file "lsp-session")
      (find-file "colour.py")
      (lsp-workspace-folders-add default-directory)
      (lsp)
      (let (found (deadline (+ (float-time) {SECONDS})))
        (while (and (not found) (< (float-time) deadline))
          (accept-process-output nil 0.1)
          (setq found (ignore-errors (xref-backend-apropos 'xref-lsp "{QUESTION}"))))
        (princ (xref-item-summary (car found))))"""
    (workspace / ".git").mkdir(exist_ok=True)
    printed = emacs(code, workspace, environ)
    if printed == "no lsp-mode":
        pytest.skip("lsp-mode is not installed")
    assert "fetch_with_retry" in printed


def vim(arguments: str, workspace: Path, environ: dict[str, str], tmp_path: Path) -> str:
    """The place at which Vim is after its commands: `path:line:column`. The arguments are those of a line of bash."""
    for program in ("vim", "bash"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    place = tmp_path / "place"
    tell = f"call writefile([expand('%') .. ':' .. line('.') .. ':' .. col('.')], '{place}')"
    command = f'vim -N -u NONE -i NONE -n -es {arguments} -c "{tell}" -c qa!'
    subprocess.run(["bash", "-c", command], cwd=workspace, env=environ, timeout=SECONDS, check=False)
    return place.read_text().strip()


def test_the_vim_command_goes_to_the_best_hit(workspace: Path, environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "semlens.vim").write_text(recipes("vim")[0])
    arguments = f"-c 'source {tmp_path}/semlens.vim' -c 'Semlens {QUESTION}'"
    assert vim(arguments, workspace, environ, tmp_path) == ":1:1", "the list is in front"
    assert vim(f"{arguments} -c cc", workspace, environ, tmp_path) == "net/retry.py:4:5"


def test_vim_opens_at_the_best_hit(workspace: Path, environ: dict[str, str], tmp_path: Path) -> None:
    [command] = re.findall(r"`vim (-q <\(.*?\))`", PAGE)
    assert vim(command, workspace, environ, tmp_path) == "net/retry.py:4:5"


@pytest.fixture
def terminal(workspace: Path, environ: dict[str, str], tmp_path: Path) -> Iterator[list[str]]:
    """The beginning of a tmux command. Its server ends with the test."""
    for program in ("kak", "tmux"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    command = ["tmux", "-S", str(tmp_path / "tmux"), "-f", "/dev/null"]
    yield command
    subprocess.run([*command, "kill-server"], capture_output=True, check=False)


def test_the_kakoune_command_lists_places_that_enter_opens(
    workspace: Path, environ: dict[str, str], terminal: list[str], tmp_path: Path
) -> None:
    [command] = recipes("kak")
    (tmp_path / "semlens.kak").write_text(command)

    def tmux(*arguments: str) -> str:
        done = subprocess.run(
            [*terminal, *arguments], cwd=workspace, env=environ, capture_output=True, text=True, check=True
        )
        return done.stdout

    def wait_for(text: str) -> None:
        deadline = time.monotonic() + SECONDS
        while text not in (screen := tmux("capture-pane", "-p")):
            assert time.monotonic() < deadline, screen
            time.sleep(0.05)  # between two looks at a state

    tmux("new-session", "-d", "-x", "120", "-y", "30", f"kak -e 'source {tmp_path}/semlens.kak' colour.py")
    wait_for("def parse_colour")
    tmux("send-keys", "-l", f":semlens {QUESTION}")
    tmux("send-keys", "Enter")
    wait_for("net/retry.py:4:5: def fetch_with_retry")
    tmux("send-keys", "g", "g", "Enter")
    wait_for("net/retry.py 4:5")
