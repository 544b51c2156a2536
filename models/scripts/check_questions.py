"""Checks written questions, and merges them with where they belong.

    python models/scripts/check_questions.py --items items.jsonl ANSWERS [ANSWERS ...] [--earlier models/questions]
        [--out models/questions]

``ANSWERS`` are files, or folders of ``*.jsonl``, with what the writers wrote, one JSON line an item: ``id``;
``words``, ``need``, ``keywords``, ``error`` and ``where``, each a list of questions; ``other``, a list of objects
with ``language``, ``question`` and ``english``. ``sample_questions.py`` makes ``items.jsonl``.

``--earlier`` names a folder of questions that were kept before: they stay, and new ones must differ from them.
Prints what was rejected and why, then counts. With ``--out`` it writes ``OUT/<language>.jsonl``: one line an item
with its provenance and its questions, no code. Exits with 1 if a line could not be read.

Rejected are: items of excluded, held-out or unknown packages; questions that are empty or too long, that copy the whole
name of what they ask for, or that resemble an earlier question or one of ``bench/paraphrases``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exclusions import is_excluded, is_excluded_path, is_heldout
from question_rules import (
    ALIKE,
    ALIKE_TO_TEST,
    OTHER_LANGUAGES,
    Register,
    alike,
    own_name,
    problem_of,
    problem_of_other,
    terms_of,
)

PARAPHRASES = Path(__file__).resolve().parents[2] / "bench" / "paraphrases"
_KEYS = frozenset({"id", "other", *(register.value for register in Register)})
_OTHER_KEYS = frozenset({"language", "question", "english"})


@dataclass(frozen=True, slots=True)
class Question:
    """One question as written.

    :ivar register: None for one in another language.
    :ivar language: ``en`` or one of the eight others.
    :ivar english: its twin; "" for an English question.
    """

    item: str
    register: Register | None
    text: str
    language: str = "en"
    english: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why something was left out; ``question`` is "" where a whole line was."""

    item: str
    reason: str
    question: str = ""

    def __str__(self) -> str:
        return f"{self.item}: {self.reason}" + (f": {self.question}" if self.question else "")


def read_answers(lines: Iterable[str]) -> Iterator[Question | Rejection]:
    """The questions of JSON lines; a rejection for each line that has another form."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            answer = json.loads(line)
            questions = list(_questions_of(answer))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            yield Rejection(f"line {number}", f"cannot be read: {error}")
            continue
        yield from questions


def _questions_of(answer: dict[str, Any]) -> Iterator[Question]:
    unknown = answer.keys() - _KEYS
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    item = str(answer["id"])
    for register in Register:
        for text in answer.get(register.value) or ():
            if not isinstance(text, str):
                raise TypeError(f"{register.value} holds something that is no string")
            yield Question(item, register, " ".join(text.split()))
    for other in answer.get("other") or ():
        if other.keys() != _OTHER_KEYS:
            raise ValueError(f"another language needs {sorted(_OTHER_KEYS)}")
        text, english = (" ".join(other[key].split()) for key in ("question", "english"))
        yield Question(item, None, text, other["language"], english)


def problem_of_item(item: dict[str, Any]) -> str | None:
    """Why nothing may be asked about an item, or None."""
    registry, package = item["registry"], item["package"]
    if is_excluded(registry, package):
        return f"{package} is in never-train-on.txt"
    if is_heldout(registry, package):
        return f"{package} is held out"
    return f"{item['path']} lies in an excluded project" if is_excluded_path(item["path"]) else None


def judged(
    questions: Iterable[Question], items: dict[str, dict[str, Any]], test_questions: Iterable[str]
) -> tuple[list[Question], list[Rejection]]:
    """The questions that can be used, and the rest with reasons."""
    good: list[Question] = []
    rejections: list[Rejection] = []
    item_problems = {identifier: problem_of_item(item) for identifier, item in items.items()}
    for question in questions:
        item = items.get(question.item)
        problem = "unknown id" if item is None else item_problems[question.item]
        if item is not None and problem is None:
            name = own_name(item["qualifiedName"], item["path"])
            if question.register is None:
                problem = problem_of_other(question.language, question.text, question.english, name)
            else:
                problem = problem_of(question.register, question.text, name)
        if problem:
            rejections.append(Rejection(question.item, problem, question.text))
        else:
            good.append(question)
    good, like_tests = _without_test_questions(good, list(test_questions))
    good, doubles = _without_doubles(good)
    return good, rejections + like_tests + doubles


def _without_test_questions(
    questions: list[Question], test_questions: list[str]
) -> tuple[list[Question], list[Rejection]]:
    good, rejections = [], []
    tests = [terms_of(text) for text in test_questions]
    for question in questions:
        terms = terms_of(question.english or question.text)
        # each alone: what resembles a test says nothing about its neighbours
        twin = next((i for i, test in enumerate(tests) if len(terms & test) >= ALIKE_TO_TEST * len(terms | test)), None)
        if twin is None:
            good.append(question)
        else:
            rejections.append(Rejection(question.item, f"like the test's {test_questions[twin]!r}", question.text))
    return good, rejections


def _without_doubles(questions: list[Question]) -> tuple[list[Question], list[Rejection]]:
    twins = alike([terms_of(question.text, question.language) for question in questions], ALIKE)
    good = [question for question, twin in zip(questions, twins, strict=True) if twin is None]
    rejections = [
        Rejection(question.item, f"like {questions[twin].item}'s {questions[twin].text!r}", question.text)
        for question, twin in zip(questions, twins, strict=True)
        if twin is not None
    ]
    return good, rejections


def merged(questions: Iterable[Question], items: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """One record an item: its provenance, ``questions`` by register, ``other`` in other languages."""
    by_item: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_item[question.item].append(question)
    records = []
    for identifier, item in items.items():
        mine = by_item.get(identifier)
        if not mine:
            continue
        registers = {
            register.value: texts
            for register in Register
            if (texts := [question.text for question in mine if question.register is register])
        }
        other = [
            {"language": question.language, "question": question.text, "english": question.english}
            for question in mine
            if question.register is None
        ]
        records.append({**item, "questions": registers, **({"other": other} if other else {})})
    order = ("language", "registry", "package", "path")
    return sorted(records, key=lambda record: (*(record[key] for key in order), record["qualifiedName"] or ""))


def read_earlier(folder: Path) -> tuple[dict[str, dict[str, Any]], list[Question]]:
    """The items and the questions that `_write` wrote into a folder."""
    items: dict[str, dict[str, Any]] = {}
    questions: list[Question] = []
    for path in sorted(folder.glob("*.jsonl")):
        if path.stem == "first":  # of the first trial; they stay in a file of their own
            continue
        for record in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            asked, other = record.pop("questions"), record.pop("other", [])
            items[record["id"]] = record
            questions += _questions_of({"id": record["id"], **asked, "other": other})
    return items, questions


def report(records: list[dict[str, Any]]) -> str:
    """Counts by programming language, register and split."""
    columns = [*(register.value for register in Register), "other"]
    lines = [f"{'language':12}{'packages':>9}{'items':>7}" + "".join(f"{column:>10}" for column in columns) + "    all"]
    for split in ("train", "validate"):
        mine = [record for record in records if record["split"] == split]
        for language in (*sorted({record["language"] for record in mine}), ""):
            group = [record for record in mine if language in {"", record["language"]}]
            counts = [sum(len(record["questions"].get(column, ())) for record in group) for column in columns[:-1]]
            counts.append(sum(len(record.get("other", ())) for record in group))
            packages = len({(record["registry"], record["package"]) for record in group})
            row = f"{language or split:12}{packages:9}{len(group):7}" + "".join(f"{count:10}" for count in counts)
            lines.append(f"{row}{sum(counts):7}")
    spoken = Counter(other["language"] for record in records for other in record.get("other", ()))
    lines.append("other languages: " + ", ".join(f"{language} {spoken[language]}" for language in OTHER_LANGUAGES))
    return "\n".join(lines)


def _lines_of(answers: Iterable[Path]) -> Iterator[tuple[Path, list[str]]]:
    for path in answers:
        for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
            yield file, file.read_text(encoding="utf-8").splitlines()


def _test_questions() -> Iterator[str]:
    for path in sorted(PARAPHRASES.glob("*.json")):
        for question in json.loads(path.read_text(encoding="utf-8"))["questions"]:
            yield question["question"]


def _write(records: list[dict[str, Any]], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    by_language: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        by_language[record["language"]].append(record)
    for language, group in by_language.items():
        lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in group)
        (out / f"{language}.jsonl").write_text("".join(lines), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("answers", type=Path, nargs="+")
    parser.add_argument("--items", type=Path, required=True)
    parser.add_argument("--earlier", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quiet", action="store_true", help="print only how often each reason came up")
    arguments = parser.parse_args()
    with arguments.items.open(encoding="utf-8") as file:
        items = {item["id"]: item for item in map(json.loads, file)}
    earlier_items, questions = read_earlier(arguments.earlier) if arguments.earlier else ({}, [])
    items = earlier_items | items
    unreadable: list[Rejection] = []
    for path, lines in _lines_of(arguments.answers):
        for read in read_answers(lines):
            if isinstance(read, Rejection):
                unreadable.append(Rejection(f"{path.name} {read.item}", read.reason))
            else:
                questions.append(read)
    good, rejections = judged(questions, items, _test_questions())
    if not arguments.quiet:
        print(*unreadable, *rejections, sep="\n")
    reasons = Counter(rejection.reason.split("'")[0].rstrip() for rejection in rejections)
    records = merged(good, items)
    print(report(records))
    print(f"{len(questions)} questions, {len(good)} kept; rejected: {dict(reasons.most_common(12))}")
    print(f"{len(unreadable)} lines could not be read")
    if arguments.out:
        _write(records, arguments.out)
    return 1 if unreadable else 0


if __name__ == "__main__":
    sys.exit(main())
