"""Writes what ``bench/embedding.py --json`` measured into each ``model.toml``: tables ``quality`` and ``speed``.

python models/scripts/record_quality.py bench/results/embedding.json
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

_MODELS = Path(__file__).resolve().parent.parent


def with_table(toml: str, name: str, values: dict[str, Any]) -> str:
    """The text with ``[name]`` replaced, or added at the end."""
    rest = re.sub(rf"\n*^\[{name}\]\n(?:(?!\[).*\n?)*", "\n", toml, flags=re.MULTILINE)
    lines = "".join(
        f"{json.dumps(key) if '/' in key else key} = {json.dumps(value)}\n" for key, value in values.items()
    )
    return f"{rest.rstrip()}\n\n[{name}]\n{lines}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    results = json.loads(parser.parse_args().results.read_text(encoding="utf-8"))
    docstrings, paraphrases, speed = results["docstrings"], results["paraphrases"], results["speed"]
    for folder in sorted(path.parent for path in _MODELS.glob("*/model.toml")):
        name = folder.name
        quality = {
            f"docstring_mrr10_{case.replace('/', '_')}": row[name] for case, row in docstrings.items() if name in row
        }
        if name in paraphrases.get("all", {}):
            quality["paraphrase_mrr10"] = paraphrases["all"][name]
        path = folder / "model.toml"
        text = with_table(path.read_text(encoding="utf-8"), "quality", quality)
        if name in speed:
            text = with_table(text, "speed", {"on": "2 shared cores, 2 threads", **speed[name]})
        path.write_text(text, encoding="utf-8")
        print(name, quality)


if __name__ == "__main__":
    main()
