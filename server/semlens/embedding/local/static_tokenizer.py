"""Turns passages and queries into the word ids of a static model, without ONNX Runtime. Parse workers run it.

A passage has four fields (name, signature, documentation, body). Each is a bag of distinct words. Identifiers are split
into parts. Known parts are looked up; unknown parts are composed of known pieces. The ids of an identifier are
cached, so that a corpus costs little more than finding its identifiers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from semlens.core.errors import ModelError
from semlens.core.symbol import Passage
from semlens.core.text.identifiers import finder, split_identifier
from semlens.embedding.embedder import TokenIds
from semlens.embedding.manifest import ModelManifest

WORDS_FILE = "words.txt"
N_FIELDS = 4
QUERY_FIELD = 4
"""The fifth field of the graph: a query has its own weights."""

FIELD_LIMITS = (24, 48, 64, 192)
"""Maximum number of distinct words in name, signature, documentation and body."""

QUERY_LIMIT = 64
_MAX_CHARACTERS = 6000
_names_in = finder(r"[^\W\d]\w*")  # without numbers
_MAX_CACHED_IDENTIFIERS = 200_000  # about 20 MB

_MAX_WORD_LETTERS = 40  # longer words are usually encoded data
_PIECE_COST = {1: 9.0, 2: 4.0, 3: 2.0}  # short pieces match mostly by accident
_SKIPPED_LETTER_COST = 6.0  # for a letter that no piece covers
_MIN_COVERED = 0.5  # share of letters; a word with less covered gets no ids


class WordTable:
    """Maps words to ids, and composes unknown words of known pieces. Id 0 is padding."""

    def __init__(self, words: Sequence[str]) -> None:
        self._ids = {word: index for index, word in enumerate(words) if index}
        self._longest_word = max(map(len, self._ids), default=0)
        self._ids_by_identifier: dict[str, tuple[int, ...]] = {}

    def ids_of_identifier(self, identifier: str) -> tuple[int, ...]:
        word_ids = self._ids_by_identifier.get(identifier)
        if word_ids is None:
            word_ids = tuple(dict.fromkeys(i for part in split_identifier(identifier) for i in self.ids_of_word(part)))
            if len(self._ids_by_identifier) >= _MAX_CACHED_IDENTIFIERS:
                self._ids_by_identifier.clear()
            self._ids_by_identifier[identifier] = word_ids
        return word_ids

    def ids_of_word(self, word: str) -> tuple[int, ...]:
        """Return the id of the word, or the ids of the fewest and longest known pieces that compose it."""
        word_id = self._ids.get(word)
        if word_id is not None:
            return (word_id,)
        if not 2 < len(word) <= _MAX_WORD_LETTERS or word.isdigit():
            return ()
        return self._pieces(word)

    def _pieces(self, word: str) -> tuple[int, ...]:
        n = len(word)
        # for each prefix: lowest cost, start of its last piece, id of that piece
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)]
        for end in range(1, n + 1):
            cost, start, piece = best[end - 1][0] + _SKIPPED_LETTER_COST, end - 1, 0
            for begin in range(max(0, end - self._longest_word), end - 1):
                index = self._ids.get(word[begin:end])
                if index is not None:
                    piece_cost = best[begin][0] + _PIECE_COST.get(end - begin, 1.0)
                    if piece_cost < cost:
                        cost, start, piece = piece_cost, begin, index
            best.append((cost, start, piece))
        ids: list[int] = []
        covered, end = 0, n
        while end:
            _, start, piece = best[end]
            if piece:
                ids.append(piece)
                covered += end - start
            end = start
        return tuple(reversed(ids)) if covered >= n * _MIN_COVERED else ()

    def ids(self, texts: Iterable[str], limit: int) -> list[int]:
        """Return the distinct ids of all words in the texts, in order, at most ``limit``."""
        cached_ids = self._ids_by_identifier.get
        word_ids: dict[int, None] = {}
        for text in texts:
            for identifier in dict.fromkeys(_names_in(text)):
                ids = cached_ids(identifier)
                if ids is None:
                    ids = self.ids_of_identifier(identifier)
                for index in ids:
                    word_ids[index] = None
            if len(word_ids) >= limit:
                break
        return list(word_ids)[:limit]

    def passage(self, passage: Passage) -> tuple[list[int], list[int], list[int], list[int]]:
        """Return the ids of a passage's name, signature, documentation and body."""
        name, signature, documentation, body = FIELD_LIMITS
        return (
            self.ids((passage.qualifier, passage.name), name),
            self.ids((passage.signature,), signature),
            self.ids((passage.documentation[:_MAX_CHARACTERS],), documentation),
            self.ids((passage.body[:_MAX_CHARACTERS],), body),
        )

    def query(self, query: str) -> list[int]:
        """Return the ids of a query's words."""
        return self.ids((query[:_MAX_CHARACTERS],), QUERY_LIMIT)


def read_words(manifest: ModelManifest) -> list[str]:
    """Read the vocabulary: one word per line. The first line is empty and stands for padding.

    :raises ModelError: when the file is missing or altered, or its length differs from the manifest.
    """
    try:
        words = manifest.read(WORDS_FILE).decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise ModelError(
            f"The word list of model {manifest.name} is not UTF-8 text. Install the model again."
        ) from error
    if words and not words[-1]:
        words.pop()
    expected = manifest.details.get("vocabulary")
    if len(words) != expected or words[0] or len(words) > 1 << 16:
        raise ModelError(
            f"The word list of model {manifest.name} has {len(words)} words, but its manifest says {expected}."
            " Install the model again."
        )
    return words


class StaticTokenizer:
    """See ``PassageTokenizer``. The tokens are 16-bit numbers: the number of ids of each field, then the ids."""

    def __init__(self, manifest: ModelManifest) -> None:
        """:raises ModelError: when the vocabulary is missing, altered or belongs to another model."""
        self.table = WordTable(read_words(manifest))

    def tokenize(self, passages: Sequence[Passage]) -> list[TokenIds]:
        tokens = []
        for passage in passages:
            name, signature, documentation, body = self.table.passage(passage)
            ids = name + signature + documentation + body
            lengths = (len(name), len(signature), len(documentation), len(body))
            tokens.append(struct.pack(f"<{N_FIELDS + len(ids)}H", *lengths, *ids))
        return tokens
