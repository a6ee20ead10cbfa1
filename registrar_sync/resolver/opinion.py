"""Who answers for a name, as a recursive resolver tells it: the fallback where the parent's servers cannot be asked."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import dns.rdata

from registrar_sync.core.names import absolute, ancestors
from registrar_sync.core.observation import Delegation, Server
from registrar_sync.errors import LookupFailed
from registrar_sync.resolver.answers import rrset_of
from registrar_sync.resolver.crowd import refuse_nobody, refuse_too_many
from registrar_sync.resolver.recursives import Recursives

_WORKERS = 16


class Opinion:
    """Asks the recursive resolvers. ``port``: of the servers that they name. Safe from many threads."""

    def __init__(self, *, recursives: Recursives, port: int) -> None:
        self._recursives = recursives
        self._port = port

    def delegation(self, owner: str) -> Delegation:
        """The closest name at or above ``owner``, of two labels or more, that has an NS set, and every address of its servers.

        A name server whose name has no address, or could not be looked up, is a ``Server`` with an empty address. Raises
        ``LookupFailed`` when no recursive resolver gave a usable answer, or not one server has an address.
        """
        for name in ancestors(owner):
            hosts = sorted({absolute(str(rdata)) for rdata in self._look_up(name, "NS")})
            if hosts:
                return Delegation(zone=name, servers=self._addresses(name, hosts), source="resolver")
        return Delegation(zone=None, servers=(), source="resolver")

    def _addresses(self, zone: str, hosts: Sequence[str]) -> tuple[Server, ...]:
        refuse_too_many(zone, len(hosts))
        with ThreadPoolExecutor(_WORKERS) as pool:
            found = [server for servers in pool.map(self._addresses_of, hosts) for server in servers]
        refuse_too_many(zone, len(found))
        refuse_nobody(zone, found)
        return tuple(found)

    def _addresses_of(self, host: str) -> list[Server]:
        addresses: list[str] = []
        for rtype in ("A", "AAAA"):
            try:
                addresses += sorted(str(rdata) for rdata in self._look_up(host, rtype))
            except LookupFailed:
                continue  # the other family may do; a host with neither stays visible, without an address
        return [Server(name=host, address=address, port=self._port) for address in addresses or [""]]

    def _look_up(self, name: str, rtype: str) -> Sequence[dns.rdata.Rdata]:
        """The RRset at ``name``: empty for NXDOMAIN and NODATA, and where the name is an alias. Raises ``LookupFailed``."""
        return list(rrset_of(self._recursives.ask(name, rtype).answer, name, rtype) or ())
