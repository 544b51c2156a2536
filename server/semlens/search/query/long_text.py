"""Reads a long text, such as a bug report: its title, and how often each word occurs outside of boilerplate.

`query` decides which texts are long. What the words are worth in the index belongs to `search/signals`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from semlens.core.text.identifiers import identifiers_in

MAX_LONG_CHARS = 60_000
"""The start of a longer text is read. Reports have their title and description there, and their logs at the end."""

MAX_TITLE_WORDS = 24
MIN_WORDS = 40
"""A text of one line with more words is long."""

_MIN_PROSE_WORDS = 12
"""A text of several lines with fewer words in sentences is code, a trace or a message."""

_MIN_WORDS_BESIDE_TRACE = 25
"""The same beside the lines of a stack trace, because the message of an error may be a sentence."""

_HEADING = re.compile(r"^\s*(?:#{1,6}\s+|\*\*|__)?(?P<words>[^`*_:?]{2,60}?)\s*[:?]?\s*(?:\*\*|__)?\s*[:?]?\s*$")
_MAX_HEADING_CHARS = 80
_FORM_WORDS = frozenset(
    """a about actual actually additional affected and any anything are attempts behavior behaviour bug can case check
    checklist checks code comments component configuration context current debug describe description details did do
    else environment error errors example expect expected feature for full happen happened happens have here how i in
    info information is issue issues it labels log logs minimal my notes observed of on operating os output platform
    please possible preflight problem provide question relevant repro reproducible reproduce reproducing reproduction
    request result results runtime sample screenshots search setup should snippet solution specs stack stacktrace steps
    submission suggested summary system test the this to trace traceback type update used using version versions we were
    what when where which with workaround would you your""".split()
)
"""A heading of these words alone is of an issue form."""

_BOILERPLATE = re.compile(
    r"^\s*(?:[-*]\s*)?\[[ xX]\]\s"  # a checkbox
    r"|^\s*!\[|^\s*[-=*_~`#]{3,}\s*\w*\s*$"  # a picture, a rule, a fence
    r"|^\s*(?:signed-off|co-authored|reviewed|reported|tested|acked)-by:|^\s*_no response_\s*$"
    r"|^\s*[-*]?\s*(?:\*\*)?(?:os|operating system|platform|arch(?:itecture)?|browser|python|node(?:\.?js)?|java|go"
    r"|rust|ruby|php|npm|[\w .-]{0,20}version)(?:\*\*)?\s*[:=]\s*\S.{0,60}$",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_LINK = re.compile(r"\b(?:https?|ftp)://\S+|\b[0-9a-f]{12,64}\b")
_NUMBERED = re.compile(r"^\s{0,8}\d{1,6}(?:\s*[|:]|\t|\s{2,})\s?")
_LABEL = re.compile(
    r"^\s*(?:#{1,6}\s+)?(?:\*\*)?(?:title|subject|summary|\[bug\]|bug(?: report)?)(?:\*\*)?\s*:\s*", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_LOG = re.compile(
    r"^\W{0,2}(?:\d{1,4}[-:/.]){2}\d|^\W{0,2}(?:DEBUG|INFO|WARN(?:ING)?|ERROR|TRACE|FATAL)\b|^\s+at\s|^\s+File \""
)
_FRAME = re.compile(r"\s+at\s|\s+File \"")
_PROSE_LINE = re.compile(r"^\s*(?:[-*>]\s+|\d{1,2}[.)]\s+)?[\"'`(]?[A-Za-z][\w'`\"-]*[,:;]?(?:\s+[^\s{};=]+){3,}\s*$")
_CODE_LINE = re.compile(
    r"[{};]\s*$|^\s*(?:#include|//|/\*|@\w+|<\w)"
    r"|^\s*(?:def|class|import|from|func|function|fn|public|private|static|const|let|var|if|for|while|return)\b.*[({:;=]"
)
_IN_CODE = frozenset("{};=")
_DIGITS = re.compile(r"\d+|0x[0-9a-f]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LongText:
    """A long text without its boilerplate.

    :ivar title: its first line, or first sentence. :ivar lines: the distinct lines below the title, in order.
    """

    title: str
    lines: tuple[str, ...]

    @property
    def counts(self) -> Counter[str]:
        """How many lines each identifier is on, the title included."""
        counts: Counter[str] = Counter()
        for line in (self.title, *self.lines):
            counts.update(dict.fromkeys(identifiers_in(line), 1))
        return counts


def is_long(text: str) -> bool:
    """Whether a text is a description of several lines, or of more words than a question has.

    Code, messages and stack traces are none, unless sentences describe them.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or _CODE_LINE.search(lines[0]):
        return False
    if len(lines) == 1:
        words = lines[0].split()
        return len(words) > MIN_WORDS and 5 * sum(_IN_CODE.isdisjoint(word) for word in words) >= 4 * len(words)
    n_words = sum(len(line.split()) for line in lines if _PROSE_LINE.match(line) and not _LOG.match(line))
    n_frames = sum(_FRAME.match(line) is not None for line in lines)
    return n_words >= (_MIN_WORDS_BESIDE_TRACE if n_frames > 1 else _MIN_PROSE_WORDS)


def read_long_text(text: str) -> LongText:
    """Read a text that `is_long`. Never fails: a text of boilerplate alone is its own title."""
    lines = list(_lines_of(_LINK.sub(" ", _COMMENT.sub(" ", text))))
    if not lines:
        return LongText(" ".join(text.split()[:MAX_TITLE_WORDS]), ())
    title, *rest = lines
    title = _LABEL.sub("", title).strip("# *") or title
    if len(title.split()) > MAX_TITLE_WORDS:
        first, *more = _SENTENCE_END.split(title, maxsplit=1)
        words = first.split()
        rest = [" ".join(words[MAX_TITLE_WORDS:]), *more, *rest]
        title = " ".join(words[:MAX_TITLE_WORDS])
    return LongText(title, tuple(rest))


def _lines_of(text: str) -> Iterator[str]:
    """The lines that are worth reading. Lines that differ in numbers only, as in a log, count once."""
    seen = set()
    for raw in text.splitlines():
        line = _NUMBERED.sub("", raw).rstrip()
        folded = " ".join(line.split())  # else the expressions try each way to divide a gap
        if not folded or _BOILERPLATE.search(folded) or _is_form_heading(folded):
            continue
        key = _DIGITS.sub("0", line.strip())
        if key not in seen:
            seen.add(key)
            yield line


def _is_form_heading(line: str) -> bool:
    match = _HEADING.match(line) if len(line) <= _MAX_HEADING_CHARS else None
    return match is not None and _FORM_WORDS.issuperset(re.findall(r"[a-z]+", match["words"].lower()))
