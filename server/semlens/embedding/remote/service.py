"""Describes an embedding service: its address, its API and what is sent. Opens no connection."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from semlens.core.errors import ModelError
from semlens.core.text.secrets import RULES_VERSION
from semlens.embedding.manifest import TEXT_FORMAT, Architecture, ModelManifest
from semlens.settings.choices import KeySource, ServiceApi

LOCATOR_PREFIX = "remote:"

MAX_CONCURRENT_QUERIES = 2
"""Limit of query requests at the same time. A new one cancels the oldest, as pickers send one per keystroke."""

_OLLAMA_PORT = 11434
_LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|::1|.*\.localhost")

_RETRIEVAL_INSTRUCTION = "Represent this sentence for searching relevant passages: "
_KNOWN_PROMPTS: tuple[tuple[str, str, str], ...] = (
    # part of a model name, query prefix, document prefix; from the model cards
    ("nomic-embed-code", "Represent this query for searching relevant code: ", ""),
    ("nomic-embed-text", "search_query: ", "search_document: "),
    ("embeddinggemma", "task: search result | query: ", "title: none | text: "),
    ("qwen3-embedding", "Instruct: Given a question, retrieve code that answers it\nQuery: ", ""),
    ("snowflake-arctic-embed2", "query: ", ""),
    ("snowflake-arctic-embed", _RETRIEVAL_INSTRUCTION, ""),
    ("mxbai-embed", _RETRIEVAL_INSTRUCTION, ""),
    ("bge-m3", "", ""),
    ("bge-", _RETRIEVAL_INSTRUCTION, ""),
    ("e5-", "query: ", "passage: "),
)
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Service:
    """The settings of one service; see ``remote.*`` in docs/configuration.md.

    :ivar url: http or https, with a host and without credentials.
    :ivar dimensions: requested dimension of the vectors; 0 means the model's own.
    :ivar max_tokens: limit of one text; the rest is truncated.
    :ivar query_prefix: text before queries; ``auto`` uses the prefix of the model's training.
    :ivar document_prefix: the same for passages.
    :ivar key: the key of the client that configured the service; None means that of this process's environment.
    :ivar unsaved: whether text of unsaved buffers may be sent.
    """

    url: str
    model: str
    api: ServiceApi = ServiceApi.AUTO
    dimensions: int = 0
    key_from: KeySource = KeySource.ENVIRONMENT
    ca_file: str = ""
    proxy: str = ""
    max_tokens: int = 512
    tokenizer: str = ""
    concurrency: int = 2
    query_prefix: str = AUTO
    document_prefix: str = AUTO
    unsaved: bool = False
    key: str | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The name shown to users: scheme, host and port of the address, and nothing else."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def is_local(self) -> bool:
        """Whether the service runs on this machine. It then needs no proxy and no encryption."""
        return _LOOPBACK.fullmatch(urlsplit(self.url).hostname or "") is not None

    @property
    def speaks_ollama(self) -> bool:
        if self.api != ServiceApi.AUTO:
            return self.api == ServiceApi.OLLAMA
        parts = urlsplit(self.url)
        path = parts.path.rstrip("/")
        return path in {"/api", "/api/embed"} or (parts.port == _OLLAMA_PORT and not path)

    @property
    def endpoint(self) -> str:
        """The address that texts are posted to. The setting may name only a part of it."""
        base = self.url.rstrip("/")
        path = urlsplit(base).path
        if self.speaks_ollama:
            return f"{base.removesuffix('/embed').removesuffix('/api')}/api/embed"
        if path.endswith("/embeddings"):
            return base
        return f"{base}/embeddings" if path else f"{base}/v1/embeddings"

    def prompts(self) -> tuple[str, str]:
        """Return the prefixes of queries and of passages."""
        name = self.model.lower()
        known = next((prompts for part, *prompts in _KNOWN_PROMPTS if part in name), ["", ""])
        query = known[0] if self.query_prefix == AUTO else self.query_prefix
        document = known[1] if self.document_prefix == AUTO else self.document_prefix
        return query, document

    def fingerprint(self, dimension: int) -> str:
        """Return 16 hexadecimal digits that identify the vectors: a hash of service, model, dimension and text format.

        The query prefix is not part of it, because query vectors are not stored.
        """
        text_format = (TEXT_FORMAT, RULES_VERSION, self.max_tokens, self.tokenizer, self.prompts()[1])
        parts = (Architecture.REMOTE, self.endpoint, self.model, self.dimensions, dimension, *text_format)
        return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]

    @property
    def manifest(self) -> ModelManifest:
        return ModelManifest(
            name=f"{self.model} at {self.name}",
            architecture=Architecture.REMOTE,
            dimension=self.dimensions,
            max_tokens=self.max_tokens,
            licence="unknown",
            files=(),
            folder=Path(),
            details={"service": self},
        )

    @property
    def locator(self) -> str:
        """One line from which a parse worker rebuilds the service. It omits secrets: the proxy may have a password."""
        return LOCATOR_PREFIX + json.dumps(asdict(replace(self, proxy="", key=None)))


def parse_locator(locator: str) -> Service:
    """Rebuild a service from its `Service.locator`.

    :raises ModelError: when the locator is invalid.
    """
    try:
        return Service(**json.loads(locator.removeprefix(LOCATOR_PREFIX)))
    except (TypeError, ValueError) as error:
        raise ModelError(f"{locator[:80]} is not a valid model. Use the name or the folder of a model.") from error
