"""Measures how often the secret mask finds a secret in public code, which should have hardly any, and how many random
tokens behind a weak name it misses.

    python bench/secret_mask.py [--corpus M] [--show] [--json bench/results/secret_mask.json]

Every masked place counts. Some are correct: keys and passwords in tests and examples look like real ones.
``--show`` prints each masked line for a manual review.
"""

from __future__ import annotations

import argparse
import json
import random
import string
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


_ALPHABETS = {
    "hexadecimal digits": "0123456789abcdef",
    "small letters and digits": string.ascii_lowercase + string.digits,
    "letters and digits": string.ascii_letters + string.digits,
}


def missed_tokens(length: int, n_tokens: int = 3000) -> dict[str, float]:
    """The percentage of random tokens of a length that are not masked behind ``X_TOKEN``, by their characters."""
    source = random.Random(1)
    return {
        f"{name}, {length}": round(
            100
            * sum(
                not mask_secrets(f'X_TOKEN = "{"".join(source.choices(alphabet, k=length))}"')[1]
                for _ in range(n_tokens)
            )
            / n_tokens,
            2,
        )
        for name, alphabet in _ALPHABETS.items()
    }


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
        "missedTokensPercent": missed_tokens(20) | missed_tokens(32),
        "bySuffix": dict(by_suffix.most_common(8)),
    }
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
