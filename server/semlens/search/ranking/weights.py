"""Every weight of the ranking, each with its source. Measure the ranking when you change one."""

from __future__ import annotations

BY_HAND: dict[str, float] = {
    "test": -3.5,
    "old": -4.0,
    "documentation": -3.0,
    "example": -2.0,
    "vendored": -2.5,
    "generated": -1.5,
    "product": -2.5,
    "manifest": -2.5,
    "data": -1.5,
    "header": -1.5,
    "wanted_test": 6.0,
    "path": 8.0,
    "unsaved": 2.5,
    "near": 0.8,
}
"""Weights that were set by hand, in round numbers.

Each role occurs in a few repositories only, so learnt weights of roles depend on chance. Tests, examples and superseded
code rank below the code that they are about, unless that code matches much worse. Unsaved code wins against code that
matches about as well, because its author works on it. Among symbols of one name the one near the user's document wins.
"""

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
"""Printed by bench/learn_weights.py with L2 = 32 over the development set. `BY_HAND` was held constant."""

FILE_WEIGHTS: dict[str, float] = LEARNT | BY_HAND | {"refine.best": 2.0}
"""Weights of the features of a file. The best symbol of a file ranks where the file ranks.

All queries share one table. Two tables, for queries with and without a written name, ranked worse in cross-validation
over repositories. So did every feature that is left out; docs/ranking.md lists them. Only the rank of the first tier's
cosine counts, because the size of a cosine depends more on the query than on the file.
"""

NAME_WEIGHTS: dict[str, float] = {"definition": 10.0}
NAME_SHARE = 0.5
"""For a query of one name, all other features count half. They order symbols of the same name, and a partly typed or
mistyped name ranks above code that only mentions its words."""

LITERAL_WEIGHTS: dict[str, float] = (
    {
        "cover.best": 8.0,
        "words.best": 0.9,
        "folder": 0.5,
        "first.best": 2.2,
        "first.rank": 0.3,
    }
    | BY_HAND
    | {"refine.best": 2.0}
)
"""Replaces `FILE_WEIGHTS` for messages and code. The place that contains the text should win, whatever the name and
size of its file, and however often other files contain parts of it. Set by hand with one half of bench/hard_cases."""

REPORT_WEIGHTS: dict[str, float] = FILE_WEIGHTS | {"path": 3.0}
"""Replaces `FILE_WEIGHTS` for long texts. What a report names is evidence beside its words, not the answer."""

FEW_PATHS = 4
"""A report that names more files than this shares the weight of `path` among them."""

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
"""Weights of the features of a symbol. They order the symbols of one file.

Learnt from first sentences of docstrings as queries, within the right file, with and without the docstring in the
index. In cross-validation over packages the right symbol is first for 72 to 87 % of the queries. Those queries ask for
functions only, so the weights of code outside symbols, values, containers and names were set by hand.
"""

SYMBOL_NAME_WEIGHTS: dict[str, float] = {"name": 14.0, "container": 1.6, "value": 1.0}
"""Added to `SYMBOL_WEIGHTS` for a query of one name."""

SYMBOL_NAMED_WEIGHTS: dict[str, float] = {"name": 2.5, "container": 1.1}
"""Added to `SYMBOL_WEIGHTS` when plain words include written names, or capitals within the sentence."""

SYMBOL_LITERAL_WEIGHTS: dict[str, float] = {"covered": 5.0, "named": -2.5, "first": -3.4, "container": 1.1}
"""Added to `SYMBOL_WEIGHTS` for messages and code."""

BEHIND_IN_PROSE = 3.0
"""What a symbol loses, in prose, for each point that it is behind the best one of its file. With 1, second hits of a
file stand before files that answer: questions about repositories lose 0.007 of NDCG@10, and others gain nothing."""

FRAME_WEIGHT = 40.0
"""Weight of a file that a stack trace names. It ranks above every other match."""

REPORT_FRAME_WEIGHT = 3.0
"""The same within a long text."""

SCORE_MIDDLE = 6.0
SCORE_WIDTH = 2.0
"""Middle and width of the logistic curve that maps the sum of features to a score between 0 and 1."""
