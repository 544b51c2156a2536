"""A passage as plain text: what a transformer reads. The static model reads fields instead, see ``static_words``."""

from __future__ import annotations

from semlens.core.symbol import Passage, SymbolKind
from semlens.core.text.identifiers import identifiers_in, split_identifier

CHARACTERS_PER_TOKEN = 5
"""Code has about 3.5 characters a WordPiece token; more than 5 on average over a whole passage is very rare."""


def words_of_name(*names: str) -> str:
    """The parts of identifiers as words: ``("RetryPolicy", "nextDelay")`` gives ``retry policy next delay``."""
    return " ".join(
        part for name in names for identifier in identifiers_in(name) for part in split_identifier(identifier)
    )


def document_text(passage: Passage, max_tokens: int) -> str:
    """Header lines (name in words, signature, documentation), then the code, cut to about ``max_tokens`` tokens.

    The documentation comes first of the long fields and may take half of the room: it says most in fewest words.
    """
    room = max_tokens * CHARACTERS_PER_TOKEN
    lines = [words_of_name(passage.qualifier, passage.name)]
    if passage.kind is not SymbolKind.FILE and passage.signature:
        lines.append(passage.signature[: room // 2])
    if passage.documentation:
        lines.append(" ".join(passage.documentation[: room // 2].split()))
    lines.append(passage.body[:room])
    return "\n".join(line for line in lines if line)[:room]


def replace_unencodable(text: str) -> str:
    """Replace lone surrogates: they have no UTF-8 form, and tokenizers and services reject them."""
    return text.encode("utf-8", "replace").decode("utf-8")
