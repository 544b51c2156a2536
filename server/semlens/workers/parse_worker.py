"""The parse worker: a process that reads and parses files under limits. It is ended rather than left to hang.

The pool starts it as ``python -m semlens.workers.parse_worker`` with pipes of its own. It answers one request at a
time. It exits when its input ends, so no worker outlives its server. It sees neither the index nor the editor.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from semlens.core.errors import ModelError
from semlens.core.hashing import ContentHash, content_hash
from semlens.core.status import SkipReason
from semlens.core.symbol import Outline
from semlens.embedding.registry import find_model, load_tokenizer
from semlens.files.eligibility import content_skip_reason
from semlens.files.ignoring.gitattributes import RootAttributes
from semlens.files.reading import read_file
from semlens.index.segment.builder import ParsedFile, build_segment
from semlens.index.segment.columns import Array
from semlens.index.segment.segment import segment_arrays
from semlens.syntax.fingerprint import CodeFingerprint, fingerprints_of
from semlens.syntax.languages.registry import BY_NAME
from semlens.syntax.parsing.decode import decode, split_lines
from semlens.syntax.parsing.grammars import grammar_of
from semlens.syntax.parsing.parser import parse, parse_as_text
from semlens.workers.limits import MAX_MEMORY_BYTES, MAX_STEP_SECONDS, drop_privileges, exceeds_memory_limit, time_limit
from semlens.workers.messages import (
    NO_FILE,
    BufferRequest,
    FileOutcome,
    FilesRequest,
    FingerprintsRequest,
    FingerprintsResult,
    GrammarsRequest,
    GrammarsResult,
    ParseResult,
    Request,
    Result,
    TokensRequest,
    TokensResult,
    receive,
    send,
)
from semlens.workers.priority import lower_priority

if TYPE_CHECKING:
    from semlens.embedding.embedder import PassageTokenizer, TokenIds

logger = logging.getLogger(__name__)


class _Worker:
    """Answers requests. ``announce`` tells the parent the file under way, so that a crash can be traced to it."""

    def __init__(self, announce: Callable[[int], None]) -> None:
        self._announce = announce
        self._tokenizers: dict[str, PassageTokenizer | None] = {}

    def answer(self, request: Request) -> Result:
        match request:
            case FilesRequest():
                return self._parse_files(request)
            case BufferRequest():
                return self._parse_buffer(request)
            case TokensRequest():
                return self._tokenize_files(request)
            case FingerprintsRequest():
                return self._fingerprint_files(request)
            case GrammarsRequest():
                return self._load_grammars()

    def _tokenizer(self, model: str) -> PassageTokenizer | None:
        """The tokenizer of a model; None if there is no model or it does not load."""
        if model and model not in self._tokenizers:
            try:
                with time_limit():
                    self._tokenizers[model] = load_tokenizer(find_model(model))
            except ModelError:  # not an error of the files; the server meets it too and reports it
                self._tokenizers[model] = None
        return self._tokenizers.get(model)

    def _parse_files(self, request: FilesRequest) -> ParseResult:
        tokenizer = self._tokenizer(request.model)
        attributes = RootAttributes(request.root)
        batch = _Batch(tokenizer, request.files)
        for number, (path, indexed_hash) in enumerate(request.files):
            self._announce(number)
            with time_limit():
                stamp, data, reason = read_file(request.root, path, request.max_bytes)
                digest = content_hash(data) if not reason else b""
                if not reason and digest == indexed_hash:
                    reason = SkipReason.UNCHANGED
                reason = reason or content_skip_reason(path, data) or SkipReason.NONE
            is_plain = path in request.plain
            batch.outcomes[path] = FileOutcome(path, stamp, digest, reason or _reason_of(is_plain))
            if not reason:
                with batch.isolate_error(path):
                    with time_limit():
                        outline = _outline(path, data, is_plain)
                        role = attributes.role_of(path, outline.role)
                    batch.add(ParsedFile(path, digest, outline._replace(role=role)))
        self._announce(NO_FILE)
        return batch.result()

    def _parse_buffer(self, request: BufferRequest) -> ParseResult:
        tokenizer = self._tokenizer(request.model)
        self._announce(0)
        started = time.process_time()
        path = request.path
        outline: Outline | None = None
        batch = _Batch(tokenizer, ((path, b""),))
        batch.outcomes[path] = FileOutcome(path, None, b"", _reason_of(request.plain))
        with batch.isolate_error(path):
            with time_limit():
                outline = _outline(path, request.text, request.plain)
            batch.add(ParsedFile(path, content_hash(request.text), outline))
        return replace(batch.result(), outline=outline, seconds=time.process_time() - started)

    def _tokenize_files(self, request: TokensRequest) -> TokensResult:
        tokenizer = self._tokenizer(request.model)
        tokens: dict[ContentHash, TokenIds] = {}
        if tokenizer is None:
            return TokensResult({})
        for number, (path, indexed_hash) in enumerate(request.files):
            self._announce(number)
            _, data, reason = read_file(request.root, path, MAX_MEMORY_BYTES)
            if reason or content_hash(data) != indexed_hash:
                continue
            with _isolate_error(path):
                with time_limit():
                    outline = _outline(path, data, path in request.plain)
                    passages = {passage.content_hash: passage for passage in outline.passages}
                with time_limit():
                    tokens |= zip(passages, tokenizer.tokenize(list(passages.values())), strict=True)
        return TokensResult(tokens)

    def _fingerprint_files(self, request: FingerprintsRequest) -> FingerprintsResult:
        fingerprints: list[tuple[CodeFingerprint, ...] | None] = []
        for number, (path, indexed_hash, stretches) in enumerate(request.files):
            self._announce(number)
            fingerprints.append(None)
            with _isolate_error(path), time_limit():
                _, data, reason = read_file(request.root, path, MAX_MEMORY_BYTES)
                text = decode(data) if not reason and content_hash(data) == indexed_hash else None
                if text is not None:
                    fingerprints[-1] = fingerprints_of(split_lines(text), stretches)
        return FingerprintsResult(tuple(fingerprints))

    def _load_grammars(self) -> GrammarsResult:
        faults: list[str] = []
        languages = [language for language in BY_NAME.values() if language.grammar]
        for number, language in enumerate(languages):
            self._announce(number)
            try:
                grammar_of(language)
            except (LookupError, ValueError, OSError) as error:  # tree-sitter's query errors are ValueErrors
                faults.append(f"{language.name}: {error}")
        return GrammarsResult(len(languages) - len(faults), tuple(faults))


def _outline(path: str, source: bytes, is_plain: bool) -> Outline:
    return parse_as_text(path, source) if is_plain else parse(path, source)


def _reason_of(is_plain: bool) -> SkipReason:
    return SkipReason.PLAIN_TEXT if is_plain else SkipReason.NONE


class _Batch:
    """Collects the results of the files of one request. An error costs only the file that caused it.

    A lack of memory ends the worker, because nothing it does afterwards can be trusted.
    """

    def __init__(self, tokenizer: PassageTokenizer | None, files: Sequence[tuple[str, ContentHash]]) -> None:
        self.outcomes: dict[str, FileOutcome] = {}
        self._tokenizer = tokenizer
        self._order = [path for path, _ in files]
        self._parsed: dict[str, tuple[ParsedFile, list[TokenIds]]] = {}

    def isolate_error(self, path: str) -> contextlib.AbstractContextManager[None]:
        return _isolate_error(path, lambda error: self._fail(path, error))

    def _fail(self, path: str, error: Exception) -> None:
        self._parsed.pop(path, None)
        self.outcomes[path] = replace(self.outcomes[path], reason=SkipReason.FAILED_PARSER, cause=type(error).__name__)

    def add(self, file: ParsedFile) -> None:
        tokens: list[TokenIds] = []
        if self._tokenizer is not None:
            with time_limit():
                tokens = self._tokenizer.tokenize(list(file.outline.passages))
        self._parsed[file.path] = (file, tokens)

    def result(self) -> ParseResult:
        try:
            segment = self._segment([file for file, _ in self._parsed.values()])
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - one file caused it: building each alone shows which
            for path, (file, _) in list(self._parsed.items()):
                with self.isolate_error(path):
                    self._segment([file])
            segment = self._segment([file for file, _ in self._parsed.values()])
        tokens = [token_ids for _, tokens_of_file in self._parsed.values() for token_ids in tokens_of_file]
        return ParseResult(tuple(self.outcomes[path] for path in self._order), segment, tuple(tokens))

    @staticmethod
    def _segment(files: list[ParsedFile]) -> dict[str, Array] | None:
        if not files:
            return None
        with time_limit(MAX_STEP_SECONDS * len(files)):
            return segment_arrays(build_segment(files))


@contextlib.contextmanager
def _isolate_error(path: str, failed: Callable[[Exception], None] = lambda _: None) -> Iterator[None]:
    """Log an error in the block to standard error, whose end the server keeps, and go on."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        logger.exception("an error at %s", path)
        failed(error)


def main() -> None:
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # printed text must not get between the messages
    if "--interactive" not in sys.argv:
        lower_priority()
    faulthandler.enable()  # writes the place of a crash to standard error
    drop_privileges()
    worker = _Worker(lambda number: send(replies, number))
    while True:
        try:
            request = receive(requests)
        except EOFError:
            return
        try:
            send(replies, worker.answer(request))  # type: ignore[arg-type]
        except BrokenPipeError:
            return
        if exceeds_memory_limit():  # the pool starts another worker for the next request
            return


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
