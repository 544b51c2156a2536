"""The vectors of one query: from the models of this machine, and from services."""

from __future__ import annotations

import time
from collections.abc import Sequence

from semlens.core.status import TierRole
from semlens.engine.embedding.remote_tier import RemoteTier
from semlens.engine.embedding.tiers import Tier
from semlens.engine.sessions.index_session import IndexSession
from semlens.search.query.query import Query
from semlens.search.signals.text_evidence import QueryVector


class QueryVectors:
    """Sends the query to services when it is made, so that other work runs while they answer."""

    def __init__(self, query: Query, tiers: Sequence[Tier], session: IndexSession, store_wait_s: float) -> None:
        """:param store_wait_s: least time to wait for a store of vectors."""
        self._query = query
        self._tiers = tiers
        self._session = session
        self._store_wait_s = store_wait_s
        services = [tier for tier in tiers if isinstance(tier, RemoteTier) and self._has_vectors(tier)]
        self._asked_services = [(tier, tier.start_query(query.text)) for tier in services]

    @property
    def are_refined(self) -> bool:
        """Whether another tier may change the answer of the first one."""
        local = (tier for tier in self._tiers if tier.role == TierRole.REFINE and not tier.is_remote)
        is_asked = any(future is not None for _, future in self._asked_services)
        return is_asked or any(tier.error is None and self._has_vectors(tier) for tier in local)

    @property
    def await_services(self) -> bool:
        """Whether a service has not answered yet."""
        return any(future and not future.done() for _, future in self._asked_services)

    def of_role(self, role: TierRole, until: float) -> list[QueryVector]:
        """The vectors of local models. :param until: when (monotonic) a store is not waited for any longer."""
        found = []
        for tier in self._tiers:
            if tier.role == role and not tier.is_remote and self._has_vectors(tier):
                vector = tier.query_vector(self._query.text)  # a command loads the model first
                vector = tier.with_neighbours(vector, max(until, time.monotonic() + self._store_wait_s))
                if vector is not None:
                    found.append(vector)
        return found

    def of_services(self, until: float) -> list[QueryVector]:
        """The vectors that services deliver by a time (monotonic)."""
        vectors = [
            tier.with_neighbours(tier.finish_query(future, until), until) for tier, future in self._asked_services
        ]
        return [vector for vector in vectors if vector is not None]

    def _has_vectors(self, tier: Tier) -> bool:
        views = self._session.snapshot.views
        is_known = tier.store is not None or any(tier.fingerprint in view.tiers for view in views)
        return bool(self._query.text.strip()) and is_known
