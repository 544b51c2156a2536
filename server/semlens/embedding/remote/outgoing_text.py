"""Makes the texts that are sent to a service: masked, prefixed, counted and truncated. Opens no connection.

Parse workers run it. The `TokenIds` of a service hold the text after a small header with the number of masked secrets
and the estimated number of tokens.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from semlens.core.errors import ModelError, UsageError
from semlens.core.symbol import Passage, SymbolKind
from semlens.core.text.secrets import is_environment_text, mask_secrets
from semlens.embedding.embedder import TokenIds
from semlens.embedding.passage_text import document_text, replace_unencodable
from semlens.embedding.remote.service import Service
from semlens.embedding.token_counting import load_counter

_HEADER = struct.Struct("<HI")
_MAX_QUERY_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """A text that may be sent.

    :ivar masked: number of secrets that were replaced.
    :ivar n_tokens: number of tokens, rather too high than too low.
    """

    text: str
    masked: int
    n_tokens: int

    def pack(self) -> TokenIds:
        return _HEADER.pack(min(self.masked, 0xFFFF), self.n_tokens) + self.text.encode("utf-8")

    def first_half(self) -> OutgoingText:
        return replace(self, text=self.text[: len(self.text) // 2], n_tokens=self.n_tokens // 2)

    @classmethod
    def unpack(cls, tokens: TokenIds) -> OutgoingText:
        masked, n_tokens = _HEADER.unpack_from(tokens)
        return cls(tokens[_HEADER.size :].decode("utf-8"), masked, n_tokens)


class RemoteTokenizer:
    """See ``PassageTokenizer``."""

    def __init__(self, service: Service) -> None:
        """:raises ModelError: when the tokenizer file that the settings name cannot be read."""
        self._service = service
        try:
            self._counter = load_counter(service.tokenizer)
        except UsageError as error:
            raise ModelError(f"The setting semlens.remote.tokenizer cannot be used. {error}") from error
        self._query_prefix, self._document_prefix = service.prompts()

    def tokenize(self, passages: Sequence[Passage]) -> list[TokenIds]:
        return [self.outgoing(passage).pack() for passage in passages]

    def outgoing(self, passage: Passage) -> OutgoingText:
        """Return what is sent of a passage. Masking comes before truncation: half a key is not recognised."""
        environment = passage.kind is SymbolKind.FILE and is_environment_text(passage.body)
        body, in_body = mask_secrets(passage.body, environment=environment)
        signature, in_signature = mask_secrets(passage.signature)
        documentation, in_documentation = mask_secrets(passage.documentation)
        safe = passage._replace(body=body, signature=signature, documentation=documentation)
        text = document_text(safe, self._service.max_tokens)
        return self._truncated(self._document_prefix, text, in_body + in_signature + in_documentation)

    def query(self, query: str) -> OutgoingText:
        """Return what is sent of a query."""
        text, masked = mask_secrets(query[:_MAX_QUERY_CHARACTERS])
        return self._truncated(self._query_prefix, text, masked)

    def _truncated(self, prefix: str, text: str, masked: int) -> OutgoingText:
        """Return prefix and text, truncated to the token limit."""
        limit = self._service.max_tokens
        text = replace_unencodable(text).replace("\0", " ")  # no service accepts NUL
        n_tokens = self._counter.count(prefix + text)
        while n_tokens > limit and text:
            # the ratio is right on average; removing at least one character ensures termination
            text = text[: min(len(text) - 1, len(text) * limit // n_tokens)]
            n_tokens = self._counter.count(prefix + text)
        return OutgoingText(prefix + text, masked, n_tokens)
