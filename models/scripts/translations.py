"""A bilingual word table, learnt from translated messages of programs: words of eight languages to English words.

    python models/scripts/translations.py --catalogues DIR --questions models/questions/*.jsonl
        --words models/semlens-static-v1/words.txt --out FILE

``--catalogues`` holds Debian packages and wheels with compiled message catalogues (``*.mo``). Which word stands for
which is learnt from how they occur together (IBM model 1); nothing of the messages is kept. The questions of the
training packages that have English twins count too. One line a language and key: language, key, English words with
the best first. A key is what ``keys_of`` makes of a word.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import tarfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from gettext import GNUTranslations
from pathlib import Path

import numpy as np

from archives import data_of_deb
from exclusions import is_excluded, is_heldout
from question_rules import OTHER_LANGUAGES
from semlens.embedding.local.question_language import keys_of
from semlens.index.segment.terms import STOP_WORDS

_CATALOGUE = re.compile(r"(?:^|/)(?:locales?|resource)/([a-z]{2})(?:[_-](\w+))?/LC_MESSAGES/[^/]+\.mo$")
_REGIONS = {"pt": "BR", "zh": "CN"}
_ENGLISH = re.compile(r"[a-z]{2,}")
_MARKUP = re.compile(r"<[^<>]*>|%\S*[a-z]|\{[^{}]*\}|&\w+;|\\[nt]|[_&~](?=\w)", re.IGNORECASE)
_MOST_WORDS = 14  # of a message: longer ones say little about single words
_FREQUENT = 8  # messages from which on a word is its own key
_RARE = 4  # messages below which a key says nothing
_TWINS_COUNT = 4  # a question and its twin count as so many messages
_ITERATIONS = 8
_LEAST, _MOST_ENGLISH = 0.18, 2  # of the probability of an English word; of words a key


def catalogues_of(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Language and messages of every catalogue in an archive."""
    if path.suffix == ".deb":
        with tarfile.open(fileobj=data_of_deb(path), mode="r:*") as archive:
            members = [(m.name, lambda m=m: archive.extractfile(m)) for m in archive if m.isfile()]
            yield from _read((name, file().read()) for name, file in members if _CATALOGUE.search(name))
    else:
        with zipfile.ZipFile(path) as wheel:
            yield from _read((name, wheel.read(name)) for name in wheel.namelist() if _CATALOGUE.search(name))


def _read(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, dict[str, str]]]:
    for name, data in files:
        found = _CATALOGUE.search(name)
        if found is None or found[1] not in OTHER_LANGUAGES:
            continue
        if found[2] and found[1] in _REGIONS and found[2].upper() not in {_REGIONS[found[1]], "HANS"}:
            continue
        try:
            catalogue = vars(GNUTranslations(io.BytesIO(data)))["_catalog"]
        except (OSError, UnicodeDecodeError, ValueError):
            continue
        yield found[1], {(key[0] if isinstance(key, tuple) else key): text for key, text in catalogue.items()}


def plain(text: str) -> str:
    return _MARKUP.sub(" ", text.rsplit("\x04", 1)[-1])


def english_words(text: str, known: frozenset[str]) -> list[str]:
    words = dict.fromkeys(_ENGLISH.findall(plain(text).lower()))
    return [word for word in words if word in known and word not in STOP_WORDS]


def aligned(messages: list[tuple[list[str], list[str]]]) -> dict[str, list[tuple[str, float]]]:
    """English words of each key with probabilities, the best first: IBM model 1 by expectation maximisation."""
    keys: dict[str, int] = {}
    words: dict[str, int] = {}
    ends, firsts, seconds = [], [], []
    for at, (ours, english) in enumerate(messages):
        ids = [keys.setdefault(key, len(keys)) for key in ours]
        for place, word in enumerate(english):
            number = words.setdefault(word, len(words))
            firsts += ids
            seconds += [number] * len(ids)
            ends += [(at << 6) + place] * len(ids)
    first, second, slot = (np.array(values, dtype=np.int64) for values in (firsts, seconds, ends))
    slot = np.unique(slot, return_inverse=True)[1]
    kinds, kind = np.unique(first * len(words) + second, return_inverse=True)
    key_of_kind = kinds // len(words)
    chance = np.ones(len(kinds))
    for _ in range(_ITERATIONS):
        share = chance[kind]
        share /= np.bincount(slot, share)[slot]
        count = np.bincount(kind, share, len(kinds))
        chance = count / (np.bincount(key_of_kind, count)[key_of_kind] + 0.5)
    seen = Counter(key for ours, _ in messages for key in ours)
    best: dict[str, list[tuple[str, float]]] = defaultdict(list)
    key_names, word_names = list(keys), list(words)
    for at in np.argsort(-chance):
        if chance[at] < _LEAST:
            break
        key = key_names[key_of_kind[at]]
        if seen[key] >= _RARE and len(best[key]) < _MOST_ENGLISH:
            best[key].append((word_names[kinds[at] % len(words)], float(chance[at])))
    return dict(best)


def twins(files: Iterable[Path]) -> Iterator[tuple[str, str, str]]:
    """Language, question and English twin of the packages that are trained on."""
    for path in files:
        for record in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if record["split"] == "train":
                for other in record.get("other", ()):
                    yield other["language"], other["question"], other["english"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalogues", type=Path, required=True)
    parser.add_argument("--questions", type=Path, nargs="+", required=True)
    parser.add_argument("--words", type=Path, required=True, help="English words that may stand for others")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    known = frozenset(arguments.words.read_text(encoding="utf-8").split())
    texts: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for path in sorted([*arguments.catalogues.glob("*.deb"), *arguments.catalogues.glob("*.whl")]):
        registry, name = (
            ("pypi", path.name.split("-")[0]) if path.suffix == ".whl" else ("debian", path.name.split("_")[0])
        )
        if is_excluded(registry, name) or is_heldout(registry, name):
            print(f"{path.name} is left out.")
            continue
        for language, messages in catalogues_of(path):
            for english, text in messages.items():
                if english and text and english != text and len(english.split()) <= _MOST_WORDS:
                    texts[language][text, english] = 1
    for language, question, english in twins(arguments.questions):
        texts[language][question, english] = _TWINS_COUNT
    lines = []
    for language in OTHER_LANGUAGES:
        counts = Counter(
            key for (text, _), n in texts[language].items() for key in set(keys_of(language, plain(text), _All()))
        )
        frequent = frozenset(key for key, n in counts.items() if n >= _FREQUENT)
        messages = [
            (keys_of(language, plain(text), frequent), english_words(english, known))
            for (text, english), n in texts[language].items()
            for _ in range(n)
        ]
        table = aligned([(ours[:40], english) for ours, english in messages if ours and english])
        lines += [f"{language}\t{key}\t{' '.join(word for word, _ in found)}\n" for key, found in sorted(table.items())]
        print(f"{language}: {len(messages)} messages, {len(table)} keys", flush=True)
    arguments.out.write_text("".join(lines), encoding="utf-8")


class _All(frozenset[str]):
    """Has every word in it."""

    def __contains__(self, word: object) -> bool:
        return True


if __name__ == "__main__":
    main()
