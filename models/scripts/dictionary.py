"""WordNet's definitions in the form of mined symbols: what a word means, in other words, for questions that share none.

    python models/scripts/dictionary.py --wordnet DIR --words data/words.txt --out DIR

A synset becomes a record whose documentation is its definition and whose name and body are its words and those of the
synset above it. Only synsets with a word of the vocabulary are taken. Writes ``OUT/wordnet.jsonl``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

_PARTS = ("verb", "noun", "adj", "adv")


def synsets(folder: Path, part: str) -> dict[str, tuple[list[str], list[str], str]]:
    """By offset: words, offsets of the synsets above, definition without examples."""
    found = {}
    for line in (folder / f"data.{part}").read_text(encoding="latin-1").splitlines():
        if line.startswith(" "):
            continue
        head, _, gloss = line.partition(" | ")
        fields = head.split(" ")
        n_words = int(fields[3], 16)
        words = [fields[4 + 2 * i].split("(")[0].lower().replace("_", " ") for i in range(n_words)]
        at = 4 + 2 * n_words
        n_pointers = int(fields[at])
        pointers = [fields[at + 1 + 4 * i : at + 5 + 4 * i] for i in range(n_pointers)]
        above = [pointer[1] for pointer in pointers if pointer[0] == "@" and pointer[2] == part[0]]
        found[fields[0]] = (words, above, gloss.split(";")[0].strip())
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--words", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    known = set(arguments.words.read_text(encoding="utf-8").split("\n"))
    arguments.out.mkdir(parents=True, exist_ok=True)
    n = 0
    with (arguments.out / "wordnet.jsonl").open("w", encoding="utf-8") as file:
        for part in _PARTS:
            all_of_part = synsets(arguments.wordnet, part)
            for words, above, gloss in all_of_part.values():
                if not any(word in known for word in words):
                    continue
                higher = [word for offset in above if offset in all_of_part for word in all_of_part[offset][0]]
                record = {"p": f"wordnet:{part}", "l": "english", "k": 12, "n": " ".join(words), "s": "", "d": gloss}
                file.write(json.dumps({**record, "b": " ".join([*words, *higher])}) + "\n")
                n += 1
    print(f"{n} definitions")


if __name__ == "__main__":
    main()
