"""The generated page of benchmarks is current, and the plots are well-formed."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
SCRIPT = CHECKOUT / "bench" / "report.py"


def load_report():
    specification = importlib.util.spec_from_file_location("report", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    sys.modules["report"] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


def test_docs_benchmarks_is_what_the_results_say():
    ran = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_a_plot_is_drawn_to_scale_with_its_bar():
    report = load_report()
    svg = report.plot("A < B", "s", [report.Bar("one", 1.0), report.Bar("three", 3.0)], limit=2.0)
    root = ET.fromstring(svg)
    space = "{http://www.w3.org/2000/svg}"
    _, one, three = root.findall(f"{space}rect")
    assert float(three.get("width")) == pytest.approx(3 * float(one.get("width")), abs=0.3)
    line = root.find(f"{space}line")
    assert float(line.get("x1")) - float(one.get("x")) == pytest.approx(2 * float(one.get("width")), abs=0.3)


def test_every_large_package_has_a_reason():
    report = load_report()
    for result in (CHECKOUT / "bench" / "results").glob("installed_size.json"):
        for row in json.loads(result.read_text())["packages"]:
            if row["mb"] > 20:
                assert report.REASONS.get(row["package"]), row
