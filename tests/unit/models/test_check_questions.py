"""The checks of questions before training."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "models" / "scripts"
if str(SCRIPTS) not in sys.path:
    sys.path.append(str(SCRIPTS))  # as it is when a script runs

from check_questions import (  # noqa: E402
    Question,
    Rejection,
    _write,
    judged,
    merged,
    read_answers,
    read_earlier,
    report,
)
from question_rules import Register, alike, copies_name, own_name, problem_of, problem_of_other, terms_of  # noqa: E402

ITEM = {
    "id": "a17k",
    "registry": "pypi",
    "package": "tinydb",
    "version": "4.9",
    "path": "tinydb/storages.py",
    "language": "python",
    "qualifiedName": "tinydb.storages.touch_data_file",
    "kind": "function",
    "bodySha256": "0123456789abcdef",
    "split": "train",
}


@pytest.mark.parametrize(
    ("register", "question", "problem"),
    [
        ("words", "make sure that the place where records are kept exists on disk", None),
        ("need", "my program dies at first start because its folder is not there", None),
        ("keywords", "create missing parent folders", None),
        ("error", "FileNotFoundError: [Errno 2] No such file or directory: 'db.json'", None),
        ("words", "   ", "empty"),
        ("words", "creates it", "too short"),
        ("keywords", "create", "too short"),
        ("keywords", "one two three four five six seven eight", "too long"),
        ("need", "word " * 46, "too long"),
        ("error", "x" * 200 + " " + "y" * 201, "too long"),
        ("words", "where does touch_data_file make folders", "copies the name"),
        ("words", "where does touchDataFile make folders", "copies the name"),
        ("words", "how to touch data file at the start", "copies the name"),
        ("keywords", "what creates the folder?", "not keywords"),
        ("words", "how is it that it is so", "says nothing"),
        ("words", "создать файл базы данных на диске", "not English"),
        ("words", "call ```touch``` for me", "code"),
    ],
)
def test_english_questions(register, question, problem):
    assert problem_of(Register(register), question, "touch_data_file") == problem


@pytest.mark.parametrize(
    ("language", "question", "problem"),
    [
        ("de", "legt fehlende Ordner an, bevor gespeichert wird", None),
        ("zh", "保存前创建缺少的文件夹", None),
        ("ja", "保存前にフォルダを作成する", None),
        ("ko", "저장하기 전에 폴더를 만든다", None),
        ("ru", "создать папку перед сохранением", None),
        ("it", "creare la cartella prima di salvare", "unknown language"),
        ("ru", "create the folder before saving it", "not in its language"),
        ("zh", "保存前にフォルダを作成する", "not in its language"),
        ("fr", "create folder before saving", "not in its language"),
        ("es", "", "empty"),
        ("pt", "onde fica touch_data_file no projeto", "copies the name"),
    ],
)
def test_questions_in_other_languages(language, question, problem):
    assert problem_of_other(language, question, "create folder before saving", "touch_data_file") == problem


@pytest.mark.parametrize(
    ("qualified_name", "path", "name"),
    [
        ("net.retry.Client.fetch", "net/retry.py", "fetch"),
        ("Foo::bar_baz", "foo.rs", "bar_baz"),
        ("Set.insert(_:)", "Set.swift", "insert"),
        (None, "src/tableReader.test.ts", "tableReader"),
    ],
)
def test_own_name(qualified_name, path, name):
    assert own_name(qualified_name, path) == name


@pytest.mark.parametrize(
    ("question", "name", "copies"),
    [
        ("append one element", "append", False),  # the ordinary word for it
        ("parse config of the user", "parseConfig", False),  # two ordinary words
        ("what does parse_config read", "parse_config", True),
        ("parse the config file", "parse_config_file", False),
        ("parse config files", "parse_config_file", False),
        ("quickly parse config file", "parseConfigFile", True),
    ],
)
def test_copied_names(question, name, copies):
    assert copies_name(question, name) is copies


@pytest.mark.parametrize("threshold", [0.5, 0.6, 0.8, 1.0])
def test_near_duplicates_match_a_full_comparison(threshold):
    sets = [frozenset(f"{(i * k) % 11}" for k in range(1, 2 + i % 7)) for i in range(80)]
    kept: list[int] = []
    expected = []
    for number, terms in enumerate(sets):
        twins = [o for o in kept if len(terms & sets[o]) / len(terms | sets[o]) >= threshold - 1e-9]
        expected.append(twins[0] if twins else None)
        if not twins:
            kept.append(number)
    assert alike(sets, threshold) == expected


def test_terms_fold_inflection_and_drop_stop_words():
    assert terms_of("How do I create the folders?") == terms_of("creating a folder")
    assert terms_of("保存前", "zh") == {"zh:保存", "zh:存前"}


@pytest.mark.parametrize(
    "line",
    ["{", '{"words": ["no id"]}', '{"id": "a17k", "hint": ["x"]}', '{"id": "a17k", "words": [3]}', '["a17k"]',
     '{"id": "a17k", "other": [{"language": "de", "question": "ohne Zwilling"}]}'],
)  # fmt: skip
def test_malformed_lines_are_reported(line):
    (rejection,) = read_answers([line, ""])
    assert isinstance(rejection, Rejection)
    assert rejection.item == "line 1"


def test_answers_are_judged_and_merged():
    answer = {
        "id": "a17k",
        "words": ["make sure the place of the records exists", "makes sure that the place of records exists"],
        "need": ["my tool fails on a fresh machine without its folder"],
        "other": [{"language": "de", "question": "Datei vorher anlegen", "english": "create the file beforehand"}],
    }
    questions = [*read_answers([json.dumps(answer), '{"id": "zzzz", "words": ["ask about nothing that is known"]}'])]
    good, rejections = judged(questions, {"a17k": ITEM}, ["tool fails on fresh machine, folder missing"])
    assert sorted(rejection.reason.split(" ")[0] for rejection in rejections) == ["like", "like", "unknown"]
    (record,) = merged(good, {"a17k": ITEM})
    assert record["questions"] == {"words": ["make sure the place of the records exists"]}
    assert record["other"] == answer["other"]
    assert record["bodySha256"] == ITEM["bodySha256"]
    assert "validate" in report([record])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"package": "flask"}, "never-train-on"),
        ({"package": "boltons"}, "held out"),
        ({"path": "tinydb/_bundled/starlette/storages.py"}, "excluded project"),
    ],
)
def test_excluded_packages_have_no_questions(changes, reason):
    question = Question("a17k", Register.WORDS, "make sure the place of the records exists")
    good, (rejection,) = judged([question], {"a17k": {**ITEM, **changes}}, [])
    assert not good
    assert reason in rejection.reason


def test_earlier_questions_stay_and_those_of_the_first_trial_are_left_alone(tmp_path):
    question = Question("a17k", Register.WORDS, "make sure that the place where records are kept exists on disk")
    twin = Question("a17k", None, "wo Daten auf die Platte kommen", "de", "where data gets to the disk")
    _write(merged([question, twin], {"a17k": ITEM}), tmp_path)
    first = ITEM | {"id": "first0000", "questions": {"words": ["of old"]}}
    (tmp_path / "first.jsonl").write_text(json.dumps(first) + "\n", encoding="utf-8")

    items, questions = read_earlier(tmp_path)

    assert items == {"a17k": ITEM}
    assert questions == [question, twin]
