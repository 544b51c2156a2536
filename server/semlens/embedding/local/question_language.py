"""Puts questions in eight languages into English words, so that models that know English find what they ask for.

Each word is looked up in a table that a model may bring (``translations.tsv``: language, key, English words). The
script tells the language; in Latin letters the function words do. A question that may be English stays as it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container
from functools import cached_property

from semlens.embedding.manifest import ModelManifest

TRANSLATIONS_FILE = "translations.tsv"
_MAX_CHARACTERS = 2000
_STEM_LETTERS = 6
_STEM_SYLLABLES = 2

_HANGUL = re.compile(r"[\uac00-\ud7af]+")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN_OR_KATAKANA = re.compile(r"[\u4e00-\u9fff]+|[\u30a1-\u30ff]{2,}")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_LINE = re.compile(r"^(\w+)\t([^\t\n]+)\t([^\t\n]+)$", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]+")
_IDENTIFIER = re.compile(r"[A-Za-z][\w.]*", re.ASCII)

_FUNCTION_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "de": """
            auf aus bei beim das dem den der des ein eine einem einen einer eines für ich im ist kein keine mit nach
            nicht ob oder sich sie sind über und vom von vor wann warum was wenn werden wie wird wo wurde zu zum zur
        """,
        "es": """
            al como con cuando cuándo cómo de del desde donde dónde el en entre es está la las lo los no para por
            que qué se si sin sobre su sus un una unos y
        """,
        "fr": """
            au aux avec ce ces comment dans de des du elle en entre est et la le les leur lorsque ne où ou par pas pour
            quand que qui sa sans se ses si son sont sur un une vers
        """,
        "pt": """
            ao aos as com como da das de do dos e em entre está foi na nas no nos não o onde os para pela pelo por
            quando que se sem seu sua um uma
        """,
    }.items()
}
_ENGLISH_FUNCTION_WORDS = frozenset(
    """
    a an and are as at by can does for from has have how i if in into is it its my not of on or so than that the their
    then there this to up was we what when where which while who why will with you
    """.split()
)


def keys_of(language: str, text: str, words: Container[str]) -> list[str]:
    """Return the keys of a text for the table, in order.

    A key is a word, or the first letters of one that is not among ``words``, with ``*``. Where words are not spaced a
    key is a pair of letters.
    """
    text = text.lower()
    if language in {"zh", "ja"}:
        keys = []
        for run in _HAN_OR_KATAKANA.findall(text):
            is_word = run[0] < "\u3400" or len(run) < 3
            keys += [run] if is_word else [run[at : at + 2] for at in range(len(run) - 1)]
        return list(dict.fromkeys(keys))
    letters = _STEM_SYLLABLES if language == "ko" else _STEM_LETTERS
    found = (_HANGUL if language == "ko" else _LETTERS).findall(text)
    return list(dict.fromkeys(w if w in words or len(w) <= letters else f"{w[:letters]}*" for w in found))


def language_of(question: str) -> str | None:
    """Return the language of a question that is not in English, or None."""
    if _HANGUL.search(question):
        return "ko"
    if _KANA.search(question):
        return "ja"
    if _HAN_OR_KATAKANA.search(question):
        return "zh"
    if _CYRILLIC.search(question):
        return "ru"
    words = _WORD.findall(question.lower())
    counts = {language: sum(word in known for word in words) for language, known in _FUNCTION_WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    english = sum(word in _ENGLISH_FUNCTION_WORDS for word in words)
    least = 1 if not question.isascii() else 2
    return best if counts[best] >= least and counts[best] > english else None


class QuestionTranslator:
    """Thread-safe. The table is parsed when the first question needs it."""

    def __init__(self, table: bytes) -> None:
        """:param table: the content of ``translations.tsv``; lines of another form are skipped."""
        self._lines = table

    @cached_property
    def _english(self) -> dict[str, dict[str, str]]:
        english: dict[str, dict[str, str]] = defaultdict(dict)
        for language, key, words in _LINE.findall(self._lines.decode("utf-8", "replace")):
            english[language][key] = words
        return dict(english)

    def english(self, question: str) -> str:
        """Return the question in English words, or as it is when it may be English or no word of it is known.

        Words in Latin letters stay in it where the script is another: they are names.
        """
        start = question[:_MAX_CHARACTERS]
        language = language_of(start)
        if language is None:
            return question
        table = self._english.get(language, {})
        found = [table[key] for key in keys_of(language, start, table) if key in table]
        if not found:
            return question
        names = _IDENTIFIER.findall(start) if language not in _FUNCTION_WORDS else []
        return " ".join(dict.fromkeys(word for words in [*names, *found] for word in words.split()))


def read_translator(manifest: ModelManifest) -> QuestionTranslator:
    """Return the translator of the model; one without a table leaves every question as it is.

    :raises ModelError: when the table is missing or altered.
    """
    has_table = any(file.name == TRANSLATIONS_FILE for file in manifest.files)
    return QuestionTranslator(manifest.read(TRANSLATIONS_FILE) if has_table else b"")
