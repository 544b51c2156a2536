"""Searches with other weights of files than the shipped ones, for as long as a block lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from unittest import mock

from semlens.core.status import TierRole
from semlens.search.ranking import query_weights, weights

Table = Mapping[str, float]


@contextmanager
def one_table(table: Table) -> Iterator[None]:
    """One table for every query, in other words or not. It includes what is set by hand."""
    learnt = {name: weight for name, weight in table.items() if name not in weights.BY_HAND}
    with _altered(lambda _: table, lambda _: learnt):
        yield


@contextmanager
def without(feature: str) -> Iterator[None]:
    """The shipped tables without one feature of files."""

    def rest(table: Table) -> Table:
        return {name: weight for name, weight in table.items() if name != feature}

    with (
        _altered(rest, rest),
        mock.patch.object(weights, "BY_HAND", rest(weights.BY_HAND)),
        mock.patch.object(weights, "REPORT_WEIGHTS", {"path": 0.0, **rest(weights.REPORT_WEIGHTS)}),
    ):
        yield


@contextmanager
def without_of_symbols(feature: str) -> Iterator[None]:
    """The shipped tables without one feature of symbols."""

    def rest(table: Table) -> Table:
        return {name: weight for name, weight in table.items() if name != feature}

    prose: dict[TierRole, Mapping[str, Table]] = {
        role: {**tables, "symbols": rest(tables["symbols"])} for role, tables in query_weights.PROSE.items()
    }
    named = {name: rest(getattr(weights, name)) for name in ("SYMBOL_WEIGHTS", "SYMBOL_NAMED_WEIGHTS")}
    with mock.patch.multiple(weights, **named), mock.patch.object(query_weights, "PROSE", prose):
        yield


@contextmanager
def _altered(of_files: Callable[[Table], Table], of_prose: Callable[[Table], Table]) -> Iterator[None]:
    prose: dict[TierRole, Mapping[str, Table]] = {
        role: {**tables, "files": of_prose(tables["files"])} for role, tables in query_weights.PROSE.items()
    }
    with (
        mock.patch.object(weights, "FILE_WEIGHTS", of_files(weights.FILE_WEIGHTS)),
        mock.patch.object(query_weights, "PROSE", prose),
    ):
        yield
