"""What the user asked of `semlens http`, as the command sends it to the resident server."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from semlens.core.errors import UsageError
from semlens.core.paths import normal_path, relative_path

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 4747


@dataclass(frozen=True, slots=True)
class NamedRoot:
    """A folder to serve. :ivar explicit: the user named it; only then may it be the home folder."""

    path: str
    explicit: bool


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """:ivar may_choose_port: whether another port may be taken when this one is taken.

    :ivar maps: pairs of folders, here and where the editor runs.
    :ivar tls_key: the file of the private key; "" where it is in the file of the certificate.
    :ivar insecure: listen to other machines without TLS.
    """

    roots: tuple[NamedRoot, ...]
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    may_choose_port: bool = False
    maps: tuple[tuple[str, str], ...] = ()
    tls_cert: str = ""
    tls_key: str = ""
    insecure: bool = False

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)

    def to_json(self) -> dict[str, Any]:
        return {
            "roots": [[root.path, root.explicit] for root in self.roots],
            "host": self.host,
            "port": self.port,
            "mayChoosePort": self.may_choose_port,
            "maps": [list(pair) for pair in self.maps],
            "tlsCert": self.tls_cert,
            "tlsKey": self.tls_key,
            "insecure": self.insecure,
        }

    def checked(self) -> HttpOptions:
        """Itself.

        :raises UsageError: when other machines could reach it, and neither TLS nor the user's word is there.
        """
        if not self.is_loopback and not self.tls_cert and not self.insecure:
            raise UsageError(
                f"--host {self.host} lets other machines connect. Give --tls-cert (and --tls-key), or --insecure "
                "if the network is yours alone. Through SSH no --host is needed: ssh -L "
                f"{self.port}:127.0.0.1:{self.port} ..."
            )
        if self.tls_key and not self.tls_cert:
            raise UsageError("--tls-key needs --tls-cert.")
        return self

    def host_path(self, path: str) -> str:
        """The path as the editor's machine names it. The longest folder that fits decides."""
        fitting = [pair for pair in self.maps if relative_path(pair[0], path) is not None]
        if not fitting:
            return path
        here, there = max(fitting, key=lambda pair: len(normal_path(pair[0])))
        below = relative_path(here, path)
        return f"{there.rstrip('/')}/{below}" if below else there


def options_of(values: Mapping[str, Any]) -> HttpOptions:
    """:raises UsageError: when the command sent something else."""
    try:
        return HttpOptions(
            roots=tuple(NamedRoot(str(path), explicit is True) for path, explicit in values["roots"]),
            host=str(values["host"]),
            port=int(values["port"]),
            may_choose_port=values["mayChoosePort"] is True,
            maps=tuple((str(here), str(there)) for here, there in values["maps"]),
            tls_cert=str(values["tlsCert"]),
            tls_key=str(values["tlsKey"]),
            insecure=values["insecure"] is True,
        ).checked()
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"The options of `semlens http` are not complete ({error}).") from error


def is_loopback(host: str) -> bool:
    """Whether a name or an address in a URL means this machine alone. Brackets of IPv6 are allowed."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
