"""Measures how often the secret mask finds a secret in public code, which should have hardly any.

    python bench/secret_mask.py [--corpus M] [--show] [--json bench/results/secret_mask.json]

Every masked place counts. Some are correct: keys and passwords in tests and examples look like real ones.
``--show`` prints each masked line for a manual review.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from corpora import corpus
from semlens.core.text.secrets import RULES_VERSION, is_environment_file, mask_secrets
from semlens.syntax.parsing.decode import decode

_MAX_BYTES = 1 << 20  # the default limit of the index


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Relative path and text of every text file."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= _MAX_BYTES:
            text = decode(path.read_bytes())
            if text is not None and "\0" not in text:
                yield path.relative_to(folder).as_posix(), text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=("S", "M", "L"), default="M")
    parser.add_argument("--show", action="store_true", help="print each masked line, before and after")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    n_files = n_characters = n_masked = n_touched = 0
    seconds = 0.0
    by_suffix: Counter[str] = Counter()
    for path, text in texts(corpus(options.corpus)):
        started = time.process_time()
        masked, count = mask_secrets(text, environment=is_environment_file(path))
        seconds += time.process_time() - started
        n_files += 1
        n_characters += len(text)
        n_masked += count
        n_touched += count > 0
        by_suffix[Path(path).suffix] += count
        if options.show and count:
            lines = zip(text.split("\n"), masked.split("\n"), strict=True)
            for number, (before, after) in enumerate(lines, 1):
                if before != after:
                    print(f"{path}:{number}: {before.strip()[:160]!r} -> {after.strip()[:160]!r}")
    result = {
        "corpus": options.corpus,
        "rules": RULES_VERSION,
        "files": n_files,
        "characters": n_characters,
        "masked": n_masked,
        "maskedPerThousandFiles": round(1000 * n_masked / n_files, 2),
        "filesTouchedPerThousand": round(1000 * n_touched / n_files, 2),
        "megabytesPerSecond": round(n_characters / seconds / 1e6, 2),
        "bySuffix": dict(by_suffix.most_common(8)),
    }
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
