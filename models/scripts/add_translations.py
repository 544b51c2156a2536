"""Puts a table of translations into model folders, and into their manifests.

python models/scripts/add_translations.py --table translations.tsv models/semlens-static-v1 models/semlens-minilm-v1
"""

from __future__ import annotations

import argparse
import shutil
import tomllib
from pathlib import Path

from model_toml import write_model_toml
from semlens.embedding.local.question_language import TRANSLATIONS_FILE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--table", type=Path, required=True)
    arguments = parser.parse_args()
    for folder in arguments.folders:
        shutil.copyfile(arguments.table, folder / TRANSLATIONS_FILE)
        manifest = tomllib.loads((folder / "model.toml").read_text(encoding="utf-8"))
        head = {key: value for key, value in manifest.items() if not isinstance(value, dict) and key != "files"}
        tables = {key: value for key, value in manifest.items() if isinstance(value, dict)}
        names = [file["name"] for file in manifest["files"]]
        write_model_toml(folder, head, list(dict.fromkeys([*names, TRANSLATIONS_FILE])), tables)


if __name__ == "__main__":
    main()
