"""The generated page of benchmark results, and its plots."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
SCRIPT = CHECKOUT / "bench" / "report.py"


def load_report():
    specification = importlib.util.spec_from_file_location("report", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    sys.modules["report"] = module  # dataclasses look up their module
    if str(SCRIPT.parent) not in sys.path:
        sys.path.append(str(SCRIPT.parent))  # as when the script runs
    specification.loader.exec_module(module)
    return module


RUN = {
    "corpus": "S",
    "model": "static",
    "files": 7,
    "symbols": 21440,
    "cold": {"names_and_words_s": 8.5, "complete_s": 12.25, "processor_s": 7.0, "peak_pss_mb": 325},
    "nothing_to_do": {"complete_s": 0.5},
    "search_process": {"median_s": 0.55, "p95_s": 0.6, "processor_median_s": 0.5},
    "search_process_no_update": {"median_s": 0.5, "processor_median_s": 0.45},
    "index_mb": 22.0,
    "machine": {"cores": 2},
}


@pytest.fixture
def report(tmp_path, monkeypatch):
    """The module with temporary results and documents."""
    report = load_report()
    for name in ("RESULTS", "DOCS"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setattr(report, name, folder)
    monkeypatch.setattr(report, "REPOSITORY", tmp_path)
    (report.RESULTS / "command_line_S.json").write_text(json.dumps(RUN))
    (report.RESULTS / "other.json").write_text(json.dumps({"group": {"value": 3.5}, "list": [1, 2]}))
    return report


def test_every_result_has_its_table(report):
    files = report.build()
    text = files[report.DOCS / "benchmarks.md"]
    assert "| S | static | 7 | 21,440 | 8.5 | 12.2 | 7 | 325 | 22 | 0.5 |" in text
    assert "| group: value | 3.5 |" in text
    assert "| list | 1, 2 |" in text
    for path in files:
        assert path.suffix == ".md" or f"plots/{path.name}" in text


def test_a_cell_has_no_raw_samples(report):
    said = "The server ended before it answered. This process answers instead."
    samples = [{"s": 60 * n, "server": 100, "anonymous": 50, "all": 200} for n in range(1, 11)]
    (report.RESULTS / "soak.json").write_text(json.dumps({"edits": 3, "samples": samples}))
    (report.RESULTS / "other.json").write_text(json.dumps({"lost": [{"loop": [said, said]}]}))
    text = report.build()[report.DOCS / "benchmarks.md"]
    assert "| samples | 10, kept with the result |" in text
    assert "| 9 to 10 | 100 | 50 | 200 | 0 |" in text
    assert f"| lost | loop: {said} (2 times) |" in text


def test_the_page_of_this_checkout_has_no_objects_in_cells():
    assert "{'" not in (CHECKOUT / "docs" / "benchmarks.md").read_text(encoding="utf-8")


def test_every_section_says_how_it_was_measured():
    page = (CHECKOUT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)\n\n(?=[|!]|[\w ,]+:\n)", page, re.MULTILINE) == []


def test_check_reports_whether_the_page_is_current(report, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["report.py", "--check"])
    assert report.main() == 1
    assert "benchmarks.md" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["report.py"])
    assert report.main() == 0
    monkeypatch.setattr(sys, "argv", ["report.py", "--check"])
    assert report.main() == 0
    (report.RESULTS / "other.json").write_text("{}")
    assert report.main() == 1


def test_a_plot_is_drawn_to_scale_with_its_bar(report):
    svg = report.plot("A < B", "s", [report.Bar("one", 1.0), report.Bar("three", 3.0)], limit=2.0)
    root = ET.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    _, one, three = root.findall(f"{space}rect")
    assert float(three.get("width")) == pytest.approx(3 * float(one.get("width")), abs=0.3)
    line = root.find(f"{space}line")
    assert float(line.get("x1")) - float(one.get("x")) == pytest.approx(2 * float(one.get("width")), abs=0.3)


def test_every_large_package_has_a_reason(report):
    for result in (CHECKOUT / "bench" / "results").glob("installed_size.json"):
        for row in json.loads(result.read_text())["packages"]:
            if row["mb"] > 20:
                assert report.REASONS.get(row["package"]), row


def quality_run(ndcg10: float, seconds: float) -> dict[str, object]:
    return {
        "commit": "abc1234", "first": "model", "refine": "", "median_ms": 2.5, "index_s": {"all": seconds},
        "overall": {"ndcg10": ndcg10, "ndcg10_95": [ndcg10 - 0.02, ndcg10 + 0.02]},
        "by_kind": {"prose": {"ndcg10": 0.8}},
    }  # fmt: skip


def test_quality_is_drawn_against_the_time_to_index(report):
    for name, run in {"engine_words": quality_run(0.8, 10.0), "engine_static": quality_run(0.9, 20.0)}.items():
        (report.RESULTS / f"quality_{name}.json").write_text(json.dumps(run))
    files = report.build()
    assert "| engine static | abc1234 | 0.900 | 0.880 to 0.920 |" in files[report.DOCS / "benchmarks.md"]
    drawn = ET.fromstring(files[report.DOCS / "plots" / "quality.svg"])
    static, words = [(float(c.get("cx")), float(c.get("cy"))) for c in drawn.iter("{http://www.w3.org/2000/svg}circle")]
    assert static[0] > words[0]  # later
    assert static[1] < words[1]  # and better
