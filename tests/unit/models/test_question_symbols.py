"""Which passages of a package answer the questions that were written about it."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "models" / "scripts"
if str(SCRIPTS) not in sys.path:
    sys.path.append(str(SCRIPTS))  # as it is when a script runs

from question_symbols import AskedPackage, asked_packages, read_items  # noqa: E402
from text_pairs import Variation  # noqa: E402

SOURCE = '''
class Basket:
    """What is bought, and for how much, before anything has been paid or sent."""

    def total(self):
        rows = self.rows
        if not rows:
            raise LookupError
        return sum(row.price for row in rows)


def one(row):
    return row
'''


def item(name: str | None, path: str = "shop/basket.py", **changed: Any) -> dict[str, Any]:
    head = {"registry": "pypi", "package": "tinyshop", "path": path, "language": "python", "qualifiedName": name}
    return {**head, "kind": "function", "split": "train", "questions": {"words": ["what it all costs"]}, **changed}


@pytest.fixture
def asked(tmp_path: Path) -> Any:
    """Reads items out of a wheel that holds ``SOURCE``."""
    (tmp_path / "pypi").mkdir()
    with zipfile.ZipFile(tmp_path / "pypi" / "tinyshop-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("shop/basket.py", SOURCE)

    def read(*items: dict[str, Any], split: str | None = None) -> list[AskedPackage]:
        (tmp_path / "items.jsonl").write_text("".join(json.dumps(one) + "\n" for one in items), encoding="utf-8")
        return list(asked_packages([tmp_path], read_items([tmp_path / "items.jsonl"], split=split), most=10, workers=1))

    return read


@pytest.mark.parametrize(
    ("name", "path", "answers"),
    [
        ("shop.basket.Basket.total", "shop/basket.py", ["Basket.total"]),
        ("Basket.total", "shop/basket.py", ["Basket.total"]),
        ("shop.basket.one", "shop/basket.py", ["one"]),  # short, but asked about
        (None, "shop/basket.py", ["Basket.total"]),
        ("Basket.total", "tinyshop-1.0/shop/basket.py", ["Basket.total"]),  # the archive's own folder
        ("shop.basket.gone", "shop/basket.py", None),
        ("shop.basket.Basket.total", "shop/gone.py", None),
    ],
)
def test_answers_of_an_item(asked: Any, name: str | None, path: str, answers: list[str] | None) -> None:
    (package,) = asked(item(name, path))
    found = [[package.records[row]["n"] for row in one.rows] for one in package.asked]
    assert found == ([] if answers is None else [answers])


def test_only_the_wanted_split_is_read(asked: Any) -> None:
    total = item("Basket.total")
    assert asked({**total, "split": "validate"}, split="train") == []
    assert [package.split for package in asked({**total, "split": "validate"}, split="validate")] == ["validate"]
    assert len(asked({key: value for key, value in total.items() if key != "split"}, split="train")) == 1


@pytest.mark.parametrize("changed", [{"package": "flask"}, {"registry": "git", "package": "clap-rs/clap"}])
def test_what_must_not_be_trained_on_is_not_read(asked: Any, changed: dict[str, str]) -> None:
    assert asked({**item("Basket.total"), **changed}) == []


def test_different_questions_of_one_pair() -> None:
    pair = {"t": "question", "q": "a", "qs": ["first thing", "second thing"], "o": ["etwas"]}
    variation = Variation([], None, np.random.default_rng(1))
    drawn = [variation.questions({**pair, "k": 12, "n": "", "s": "", "d": "", "b": "x"}, 2) for _ in range(20)]
    assert all(one != other for one, other in drawn)
    assert {text for some in drawn for text in some} >= {"first thing", "second thing", "etwas"}
