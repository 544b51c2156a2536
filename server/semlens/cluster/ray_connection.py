"""The connection to Ray: to a cluster that runs, or to one on this machine that ends with the command."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator

import ray

from semlens.cluster.errors import ClusterError

CONNECT_SECONDS = 20
CHECK_SECONDS = 5.0


@contextlib.contextmanager
def connected(address: str) -> Iterator[None]:
    """:param address: of the head, as ``ray start --head`` prints it; "local" for a cluster of this machine alone.

    :raises ClusterError: when there is no head at the address.
    """
    if ray.is_initialized():  # tests bring their own
        yield
        return
    _check(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report its use to its makers
    os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", str(CONNECT_SECONDS))
    try:
        with _off_the_repository():
            ray.init(
                address,
                namespace="semlens",
                logging_level=logging.ERROR,
                log_to_driver=False,
                include_dashboard=False if address == "local" else None,
            )
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        raise _no_head(address) from error
    try:
        yield
    finally:
        ray.shutdown()


def _check(address: str) -> None:
    """Whether something listens there. Ray itself would try for ten minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), CHECK_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _no_head(address) from error


def _no_head(address: str) -> ClusterError:
    return ClusterError(
        f"There is no head of Ray at {address}. Start one with `ray start --head`, or leave --address out."
    )


def _off_the_repository() -> contextlib.AbstractContextManager[None]:
    """Ray lets its processes import from the current folder, which may be a repository."""
    return contextlib.chdir(os.sep)


def n_nodes() -> int:
    return sum(bool(node["Alive"]) for node in ray.nodes())


def lost() -> ClusterError:
    return ClusterError("The connection to Ray was lost: its head ended. Start it, then run the command again.")
