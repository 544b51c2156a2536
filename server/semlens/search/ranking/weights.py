"""Every number of the ranking, in one place. Where they come from is said beside them; change them by measurement."""

from __future__ import annotations

_BY_HAND: dict[str, float] = {
    "test": -3.5,
    "old": -4.0,
    "documentation": -3.0,
    "example": -2.0,
    "vendored": -2.5,
    "generated": -1.5,
    "header": -1.5,
    "wanted_test": 6.0,
    "path": 8.0,
    "unsaved": 2.5,
    "near": 0.8,
    "refine.best": 2.0,
}
"""What part a file plays is said by hand, in round numbers: each role stands in a few repositories alone, so that what
one set of questions teaches about it is chance. A test, an example, superseded code come behind the code that they are
about unless it is much worse, and no more. What is being typed is what its author has in mind: it wins against what
answers about as well. Of several bearers of a name the one in the user's own corner of the tree is meant."""

LEARNT: dict[str, float] = {
    "words.best": 1.02,
    "words.top3": 1.44,
    "words.file": 1.0,
    "words.rank": 0.26,
    "cover.name": 0.41,
    "definition": 0.92,
    "stem": 1.68,
    "folder": 0.5,
    "first.rank": 0.42,
    "size": 0.28,
    "inner": -1.49,
}
"""Printed by bench/learn_weights.py with L2 = 32 over the development set, the roles held at the numbers above."""

FILE_WEIGHTS: dict[str, float] = LEARNT | _BY_HAND
"""Evidence of a whole file. Its best symbol stands where the file stands.

One table for all questions: two, for questions with a written name and for those without, were worse when each
repository was judged by weights learnt without it. So was every feature that is not here; docs/ranking.md lists them.
Of the first tier's meaning only the rank counts: how large a cosine is says more of the question than of the file.
"""

NAME_WEIGHTS: dict[str, float] = {"definition": 10.0}
NAME_SHARE = 0.5
"""When the question is one name: all else counts half, so that it settles who of several bearers of a name comes first,
and a half typed or mistyped name beats what merely mentions its words."""

LITERAL_WEIGHTS: dict[str, float] = {
    "cover.best": 8.0,
    "words.best": 0.9,
    "folder": 0.5,
    "first.best": 2.2,
    "first.rank": 0.3,
} | _BY_HAND
"""Instead of `FILE_WEIGHTS` for messages and code: the one place that says just this, whatever its file is called, how
large it is and how often it says a part of it. By hand, after one half of such questions in bench/hard_cases."""

SYMBOL_LEARNT: dict[str, float] = {
    "words": 3.0,
    "covered": 3.1,
    "named": 2.5,
    "first": 8.9,
}
"""Printed by bench/learn_symbols.py."""

SYMBOL_WEIGHTS: dict[str, float] = SYMBOL_LEARNT | {
    "name": 1.0,
    "no_symbol": -1.8,
    "value": -1.4,
    "container": -1.1,
    "refine": 4.0,
}
"""Evidence of the symbol itself: orders the symbols of one file.

Learnt within the right file from first sentences of docstrings, asked with and without the docstrings. The right one
comes first for 72 to 87 % of a package's questions when the other packages teach. Functions alone are asked for there:
code outside symbols, values and containers stand behind by hand; names, seldom said in a docstring, count by hand too.
"""

SYMBOL_NAME_WEIGHTS: dict[str, float] = {"name": 14.0, "container": 1.6, "value": 1.0}
"""Added to `SYMBOL_WEIGHTS` when the question is one name."""

SYMBOL_NAMED_WEIGHTS: dict[str, float] = {"name": 2.5, "container": 1.1}
"""Added when there are written names, or capitals within the sentence, among plain words."""

SYMBOL_LITERAL_WEIGHTS: dict[str, float] = {"covered": 5.0, "named": -2.5, "first": -3.4, "container": 1.1}
"""Added to `SYMBOL_WEIGHTS` for messages and code."""

FRAME_WEIGHT = 40.0
"""Of a place that a stack trace names: before everything that is merely alike."""

SCORE_MIDDLE = 6.0
SCORE_WIDTH = 2.0
"""Of the logistic curve that maps the sum of features to a score between 0 and 1."""
