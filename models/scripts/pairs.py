"""Mined symbols to training pairs: a question, and the passage that answers it with the question's own words taken out.

Four kinds. ``doc``: the first sentence of the documentation. ``more``: a later sentence, the first one left in the
passage's documentation. ``comment``: a comment inside the body. ``name``: the words of the name, the name taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from semlens.core.symbol import Passage, SymbolKind
from semlens.embedding.passage_text import words_of_name


class Pair(NamedTuple):
    """A question of one of the four kinds, and what answers it."""

    kind: str
    query: str
    passage: Passage


_SENTENCE = re.compile(r"(.+?[.!?])(\s|$)", re.DOTALL)
_TAGS = re.compile(r"</?[a-zA-Z][^<>]{0,80}>")
_INLINE = re.compile(r"\{@\w+\s+([^{}]*)\}")
_ROLES = re.compile(r":[\w:]+:`~?([^`<]*)[^`]*`")
_LINKS = re.compile(r"\[([^\[\]]+)\]\([^()]*\)")
_MARKERS = re.compile(r"\s*([@\\](brief|details|short|class|fn|name|desc|description|method|function)\b|!)\s*")
_STOP = re.compile(
    r"^\s*([@\\](?!brief|details|short)\w+|:\w+[\w *,.]*:|Args?:|Arguments:|Parameters?\b|Params?:|Returns?:|Raises:"
    r"|Example|#|\.\.|>>>|---|===|Usage|Note:|```)",
    re.MULTILINE,
)
_BAD_QUERY = re.compile(
    r">>>|copyright|licen[cs]e|auto-?generated|do not edit|eslint|pylint|noqa|TODO|FIXME|https?://|^\W"
    r"|see (above|below|also)|inherit"
    r"|^(deprecated|internal|override|overrides|implements|same as|see|alias|constructor|default)\b",
    re.IGNORECASE,
)
_DOCSTRING = re.compile(r'[rRbBuU]{0,2}("""|\'\'\')(.*?)(\1|\Z)', re.DOTALL)
_COMMENT = re.compile(r"^[ \t]*(?://+|#+(?!include|define|if|el|end|pragma|\[|!))[ \t]*(\S.{14,200})$", re.MULTILINE)
_CODE_LIKE = re.compile(r"[;{}=<>()\[\]]|\w\.\w+\.")


def clean(documentation: str) -> str:
    """Documentation as prose: tags, roles and links reduced to their text, parameter lists cut off."""
    stop = _STOP.search(documentation)
    text = documentation[: stop.start()] if stop and stop.start() > 10 else documentation
    for pattern in (_INLINE, _ROLES, _LINKS):
        text = pattern.sub(r"\1", text)
    return _MARKERS.sub(" ", _TAGS.sub(" ", text)).replace("`", "")


def sentences(documentation: str) -> list[str]:
    """The sentences of the prose; a paragraph without a full stop is one."""
    found = []
    for paragraph in re.split(r"\n\s*\n", clean(documentation).strip())[:4]:
        text = " ".join(paragraph.split())
        while text:
            match = _SENTENCE.match(text)
            sentence = match[1] if match else text
            found.append(sentence.strip())
            text = text[len(sentence) :].lstrip()
    return found


def is_question(text: str) -> bool:
    """Whether a sentence says enough to be asked for."""
    return 15 <= len(text) <= 250 and len(text.split()) >= 4 and text.isascii() and not _BAD_QUERY.search(text)


def without_name(sentence: str, name: str) -> str:
    """``Parse returns the tree`` says its own name first, as Go's documentation does; the rest is the question."""
    words = sentence.split(" ", 1)
    own = name.rsplit(".", 1)[-1]
    if len(words) == 2 and own and words[0].strip("`'\"():,").lower() == own.lower():
        return re.sub(r"^(is|are)\s+", "", words[1])
    return sentence


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def without_documentation(body: str, documentation: str) -> str | None:
    """The body, without the documentation that the first part of a long symbol still has; None if it cannot be told."""
    probe = _squeezed(documentation)[:40]
    if not probe or probe not in _squeezed(body):
        return body
    body = _DOCSTRING.sub("", body, count=1)
    return None if probe in _squeezed(body) else body


def passage_of(record: dict[str, Any], **changed: str) -> Passage:
    """The passage of a mined record; ``changed`` replaces name, signature, documentation or body."""
    fields = {
        "name": record["n"],
        "signature": record["s"],
        "documentation": record["d"],
        "body": record["b"],
        **changed,
    }
    return Passage(0, 0, 0, SymbolKind(record["k"]), "", **fields)


def documented_pair(record: dict[str, Any]) -> Pair | None:
    """The pair of the docstring test: first sentence, and the symbol without any documentation."""
    found = sentences(record["d"])
    body = without_documentation(record["b"], record["d"])
    if not found or body is None:
        return None
    query = without_name(found[0], record["n"])
    return Pair("doc", query, passage_of(record, documentation="", body=body)) if is_question(query) else None


def pairs_of(record: dict[str, Any], *, pick: float) -> Iterator[Pair]:
    """All pairs of one mined symbol.

    :param pick: a number of its own in [0, 1), which decides what is optional, so that runs repeat.
    """
    body = without_documentation(record["b"], record["d"])
    if body is None:
        return
    found = sentences(record["d"])
    if found:
        query = without_name(found[0], record["n"])
        rest = " ".join(found[1:])
        if is_question(query):
            yield Pair("doc", query, passage_of(record, documentation=rest if pick < 0.5 else "", body=body))
        for sentence in found[1:3]:
            if is_question(sentence):
                yield Pair("more", sentence, passage_of(record, documentation=query, body=body))
                break
    if record["l"] == "english":  # a dictionary's entry: nothing but its definition
        return
    yield from _comment_pair(record, body, " ".join(found), pick)
    name = words_of_name(record["n"])
    own = record["n"].rsplit(".", 1)[-1].rsplit("::", 1)[-1]
    if len(words_of_name(own).split()) >= 2 and (not found or pick > 0.8):
        qualifier = record["n"][: -len(own)]
        hidden = passage_of(
            record,
            name=qualifier,
            signature=re.sub(rf"\b{re.escape(own)}\b", " ", record["s"]),
            documentation=" ".join(found) if pick < 0.3 else "",
            body=re.sub(rf"\b{re.escape(own)}\b", " ", body),
        )
        yield Pair("name", name if pick < 0.5 else words_of_name(own), hidden)


def _comment_pair(record: dict[str, Any], body: str, documentation: str, pick: float) -> Iterator[Pair]:
    """The longest comment that reads like prose."""
    prose = [m for m in _COMMENT.finditer(body) if is_question(m[1]) and not _CODE_LIKE.search(m[1])]
    if prose:
        best = max(prose, key=lambda match: len(match[1]))
        rest = body[: best.start()] + body[best.end() :]
        yield Pair(
            "comment", best[1].strip(), passage_of(record, documentation=documentation if pick < 0.5 else "", body=rest)
        )
