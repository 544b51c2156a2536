"""Measures what a person types and reads until the answer is on the screen, with semlens, ripgrep and semble.

    python bench/usability.py [--refined] [--semble PYTHON] [--check]

Ten tasks about the standard library of Python. Each has a question in words, the places that answer it, and patterns
that a person greps in turn. `keystrokes` are the characters of all commands, each with Enter. `lines` are the lines of
output up to the first one that shows an answer, and `tokens` are those lines by the project's estimate. A tool that
never shows an answer counts with all that it printed, and is marked.

semlens is measured with its first model, as after a first `semlens index`. `--refined` waits for the second model and
measures that too. What is not measured again keeps its old figures.

PYTHON has semble. Its model has to be downloaded, which is not possible here, so its BM25 and its ranking rules are
measured without the model. Writes bench/results/usability.json, and the table in docs/comparison.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from corpora import named_folder
from pickers import List, live_grep, semlens_list, typed
from semlens.embedding.token_counting import EstimatingCounter

REPOSITORY = Path(__file__).resolve().parents[1]
RESULT = REPOSITORY / "bench" / "results" / "usability.json"
PAGE = REPOSITORY / "docs" / "comparison.md"
BEGIN, END = "<!-- generated: usability -->", "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Task:
    """:ivar answers: each is a path and the beginning of a definition. :ivar patterns: what a person greps, in turn."""

    question: str
    answers: tuple[tuple[str, str], ...]
    patterns: tuple[str, ...]


TASKS = (
    Task("delete the oldest log files", (("logging/handlers.py", "def getFilesToDelete("),),
         ("oldest", "delete.*log", "backupCount")),
    Task("wait longer before the next try to connect", (("logging/handlers.py", "def createSocket("),),
         ("reconnect", "retry")),
    Task("guess the type of a file from its name", (("mimetypes.py", "def guess_type("),), ("guess.*type",)),
    Task("split a shell command line into words", (("shlex.py", "def split("),), ("command line.*words", "def split")),
    Task("remove a folder and everything in it",
         (("shutil.py", "def rmtree("), ("distutils/dir_util.py", "def remove_tree(")),
         ("remove.*(folder|directory)", "def rm")),
    Task("read a password without showing it",
         (("getpass.py", "def unix_getpass("), ("getpass.py", "def win_getpass(")), ("password",)),
    Task("date for the header of an email",
         (("email/utils.py", "def formatdate("), ("email/utils.py", "def format_datetime(")),
         ("date.*header", "RFC 2822.*date", "formatdate")),
    Task("run a function when an object is garbage collected", (("weakref.py", "class finalize"),),
         ("garbage collected", "finalize")),
    Task("show the lines that differ between two texts",
         (("difflib.py", "def unified_diff("), ("difflib.py", "class Differ"), ("difflib.py", "def ndiff(")),
         ("lines.*differ", "def .*diff")),
    Task("check that a certificate belongs to the host", (("ssl.py", "def match_hostname("),),
         ("certificate.*host", "match.*host")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effort:
    """What one task took with one tool."""

    keystrokes: int
    lines: int
    tokens: int
    seen: bool


def output_of(command: list[str], folder: Path) -> list[str]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


def read(outputs: list[tuple[str, list[str]]], shows: re.Pattern[str]) -> Effort:
    """:param outputs: each command with what it printed, in order. :param shows: a line with the answer."""
    keystrokes, seen_lines = 0, list[str]()
    for command, lines in outputs:
        keystrokes += len(command) + 1
        for line in lines:
            seen_lines.append(line)
            if shows.search(line):
                return Effort(keystrokes, len(seen_lines), tokens_of(seen_lines), seen=True)
    return Effort(keystrokes, len(seen_lines), tokens_of(seen_lines), seen=False)


def tokens_of(lines: list[str]) -> int:
    return EstimatingCounter().count("\n".join(lines))


def with_semlens(task: Task, folder: Path) -> Effort:
    """A question needs neither a command nor quotes. On a terminal, 8 hits are shown, and how to see more.

    Who sees no answer takes the command from the history with one key, adds ` -n 20`, and reads all of it.
    """
    command = [sys.executable, "-m", "semlens", *task.question.split(), "-n"]
    outputs = [
        (f"semlens {task.question}", output_of([*command, "8"], folder)),
        ("\N{UPWARDS ARROW} -n 20", output_of([*command, "20"], folder)),
    ]
    return read(outputs, re.compile(rf"^ ?\d+  {_semlens_answers(task)}"))


def _semlens_answers(task: Task) -> str:
    """An expression for the place and the name of an answer."""
    names = [rf"{re.escape(path)}:.*\b{re.escape(re.split(r'[ (]', text)[1])}\b" for path, text in task.answers]
    return f"({'|'.join(names)})"


def in_semlens_list(task: Task, rows_of: List) -> Effort:
    keys, rows, seen = typed([task.question], rows_of, re.compile(f"^{_semlens_answers(task)}"))
    return Effort(keys, len(rows), tokens_of(rows), seen)


def in_live_grep(task: Task, folder: Path) -> Effort:
    keys, rows, seen = typed(task.patterns, live_grep(folder), _body_of(task, folder))
    return Effort(keys, len(rows), tokens_of(rows), seen)


def _body_of(task: Task, folder: Path) -> re.Pattern[str]:
    """A person stops at the line of a definition that answers, or at a line of its body, which they recognise."""
    places = []
    for path, definition in task.answers:
        text = (folder / path).read_text(encoding="utf-8").splitlines()
        start = next(number for number, line in enumerate(text, 1) if line.lstrip().startswith(definition))
        indent = _indent(text[start - 1])
        ends = (n for n, line in enumerate(text[start:], start + 1) if line.strip() and _indent(line) <= indent)
        body = "|".join(str(number) for number in range(start, next(ends, len(text) + 1)))
        places.append(f"{re.escape(path)}:({body}):")
    return re.compile(f"^({'|'.join(places)})")


def with_ripgrep(task: Task, folder: Path) -> Effort:
    outputs = []
    for pattern in task.patterns:
        command = ["rg", "-n", "-i", "--sort", "path", pattern]
        outputs.append((f'rg -ni "{pattern}"', output_of(command, folder)))
    return read(outputs, _body_of(task, folder))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


WITHOUT_MODEL = """
import sys
import numpy
import semble.index.index as index_module

class NoModel:
    dim = 1
    def encode(self, texts, **_):
        return numpy.ones((len(texts), 1), numpy.float32)

search = index_module.search
index_module.load_model = lambda path=None: (NoModel(), "no model")
index_module.search = lambda *arguments, **options: search(*arguments, **{**options, "alpha": 0.0})
from semble.cli import main
sys.exit(main())
"""
"""semble's own command line. Only its BM25 counts."""


def with_semble(task: Task, folder: Path, python: str) -> Effort:
    """The answer is seen where its definition stands in a snippet of its file."""
    command = [python, "-c", WITHOUT_MODEL, "search", task.question, "--format", "text", "-k", "8"]
    lines, file = output_of(command, folder), ""
    marked = []
    for line in lines:
        heading = re.fullmatch(r"(\S+):\d+-\d+", line)
        file = heading[1] if heading else file
        is_answer = any(file == path and definition in line for path, definition in task.answers)
        marked.append(f"ANSWER {line}" if is_answer else line)
    return read([(f'semble search "{task.question}" --format text', marked)], re.compile(r"^ANSWER "))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--semble", metavar="PYTHON", help="a Python that has semble")
    parser.add_argument("--refined", action="store_true", help="also with both models")
    parser.add_argument("--check", action="store_true", help="fail if the table is not that of the result")
    options = parser.parse_args()
    if not options.check:
        _, folder = named_folder("S")
        tools = {FIRST: with_semlens, RIPGREP: with_ripgrep, GREP_LIST: in_live_grep}
        if options.semble:
            tools[SEMBLE] = lambda task, folder: with_semble(task, folder, options.semble)
        os.environ["SEMLENS_USER_SETTINGS"] = '{"models.refine": "none"}'
        output_of([sys.executable, "-m", "semlens", "index"], folder)
        efforts = {tool: [asdict(measure(task, folder)) for task in TASKS] for tool, measure in tools.items()}
        with semlens_list(folder) as rows_of:
            efforts[LIST] = [asdict(in_semlens_list(task, rows_of)) for task in TASKS]
        if options.refined:
            del os.environ["SEMLENS_USER_SETTINGS"]
            output_of([sys.executable, "-m", "semlens", "index", "--wait"], folder)
            efforts[BOTH] = [asdict(with_semlens(task, folder)) for task in TASKS]
        kept = json.loads(RESULT.read_text(encoding="utf-8"))["efforts"]
        efforts = {tool: efforts.get(tool) or kept[tool] for tool in TOOLS if tool in {**efforts, **kept}}
        result = {"tasks": [task.question for task in TASKS], "efforts": efforts}
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    new = rendered(text, json.loads(RESULT.read_text(encoding="utf-8")))
    if options.check:
        return int(new != text)
    PAGE.write_text(new, encoding="utf-8")
    return 0


FIRST, BOTH, LIST = "semlens", "semlens, both models", "semlens in an editor's list"
RIPGREP, GREP_LIST, SEMBLE = "ripgrep", "ripgrep in a live grep", "semble 0.7.0 without its model"
TOOLS = (FIRST, BOTH, LIST, RIPGREP, GREP_LIST, SEMBLE)


def rendered(text: str, result: dict[str, Any]) -> str:
    """The page with the table of the result."""
    tools = list(result["efforts"])
    rows = [f"| task | {' | '.join(tools)} |", f"|---|{'---|' * len(tools)}"]
    for number, task in enumerate(result["tasks"]):
        cells = [cell(result["efforts"][tool][number]) for tool in tools]
        rows.append(f"| {task} | {' | '.join(cells)} |")
    totals = []
    for tool in tools:
        efforts = result["efforts"][tool]
        sums = [sum(effort[name] for effort in efforts) for name in ("keystrokes", "lines", "tokens")]
        totals.append(
            f"**{sums[0]:,} / {sums[1]:,} / {sums[2]:,}; {sum(e['seen'] for e in efforts)} of {len(efforts)} seen**"
        )
    rows.append(f"| **all** | {' | '.join(totals)} |")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n" + "\n".join(rows) + f"\n{END}{after}"


def cell(effort: dict[str, Any]) -> str:
    return f"{effort['keystrokes']} / {effort['lines']} / {effort['tokens']:,}{'' if effort['seen'] else ' †'}"


if __name__ == "__main__":
    sys.exit(main())
