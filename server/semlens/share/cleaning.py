"""Deletes what is old in a store: manifests, and the objects that no younger manifest names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from semlens.core.cancel import CancelToken
from semlens.core.text.printable import printable
from semlens.share.errors import RejectedError
from semlens.share.manifest import MAX_BYTES, object_names
from semlens.share.object_store import DeniedError, Entry, ObjectStore


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How many were deleted. :ivar problems: manifests that cannot be read, each with the reason, in sentences."""

    manifests: int
    objects: int
    problems: tuple[str, ...] = ()


def delete_old(store: ObjectStore, days: int, *, cancel: CancelToken) -> Cleaned:
    """Delete manifests and objects older than so many days, but for the objects that a younger manifest names.

    A younger manifest that cannot be read may name any object, so then all objects stay.

    :param days: at least one, because the manifest of a new object may be on the way.
    :raises ShareError: when the store does not answer.
    """
    end = datetime.now(UTC) - timedelta(days=days)
    old = {one for one in store.entries("trees") if one.changed < end}
    kept = _manifests(store) - old
    named, problems = _named_by(store, kept, cancel)
    store.delete([one.path for one in old])
    unnamed = {one.path for one in store.entries("objects") if one.changed < end and _hash_of(one.path) not in named}
    # a push meanwhile may have found one of them in the store
    named, new_problems = _named_by(store, _manifests(store) - kept, cancel)
    problems += new_problems
    unnamed = set() if problems else {path for path in unnamed if _hash_of(path) not in named}
    store.delete(sorted(unnamed))
    return Cleaned(len(old), len(unnamed), tuple(problems))


def _manifests(store: ObjectStore) -> set[Entry]:
    return {*store.entries("trees"), *store.entries("repositories")}


def _named_by(store: ObjectStore, manifests: Iterable[Entry], cancel: CancelToken) -> tuple[set[str], list[str]]:
    """The names of the objects of some manifests, and those of the manifests that cannot be read."""
    named: set[str] = set()
    problems: list[str] = []
    gone: list[str] = []
    for one in sorted(manifests, key=lambda one: one.path):
        cancel.check()
        try:
            data = store.read(one.path, MAX_BYTES)
            if data is None:
                gone.append(one.path)
            else:
                named |= object_names(data)
        except (RejectedError, DeniedError) as error:
            problems.append(f"{printable(one.path)} cannot be read. {error}")
    listed = {one.path for one in _manifests(store)} if gone else set()  # others may clean at the same time
    problems += [f"{printable(path)} is listed, but the store does not give it." for path in gone if path in listed]
    return named, problems


def _hash_of(path: str) -> str:
    return path.rpartition("/")[2]
