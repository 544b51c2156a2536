"""Renders a passage as the plain text that a transformer or a service reads.

The static model reads fields instead; see ``local/static_tokenizer.py``.
"""

from __future__ import annotations

from semlens.core.symbol import Passage, SymbolKind
from semlens.core.text.identifiers import identifiers_in, split_identifier

CHARACTERS_PER_TOKEN = 5
"""Code has about 3.5 characters per WordPiece token. An average above 5 over a passage is very rare."""


def words_of_name(*names: str) -> str:
    """Split identifiers into words: ``("RetryPolicy", "nextDelay")`` gives ``retry policy next delay``."""
    return " ".join(
        part for name in names for identifier in identifiers_in(name) for part in split_identifier(identifier)
    )


def document_text(passage: Passage, max_tokens: int) -> str:
    """Render name, signature, documentation and code, truncated to about ``max_tokens`` tokens.

    Documentation precedes the code and may take half of the space, because it describes the most in the fewest words.
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
