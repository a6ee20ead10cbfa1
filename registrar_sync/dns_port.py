"""What the operations need from the DNS. Part of ``ports``, where it is imported from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from registrar_sync.core.model import Rdata
from registrar_sync.core.observation import Answer, Delegation, Observation, Server

Hoped = Mapping[str, frozenset[Rdata]] | None
"""Values by type that a server may hold."""


class Resolver(Protocol):
    """Questions to the DNS."""

    def delegation(self, owner: str) -> Delegation:
        """The closest zone cut at or above ``owner``, every address of every name server that the zone above or the zone itself
        names, and what is not right with them. From the servers of the zone above down; from a recursive resolver
        (``source``) where these cannot be asked. Kept for a run. Safe from many threads.

        Nobody delegates it: ``zone`` None and no servers. A server without an address is a ``Server`` with an empty one. Raises
        ``LookupFailed`` when there is no usable answer, or not one server has an address: never the same as "not delegated".
        """
        ...

    def observe(
        self,
        servers: Sequence[Server],
        zone: str,
        owner: str,
        rtypes: Sequence[str],
        *,
        expected: Hoped = None,
        serial: bool = True,
    ) -> list[Observation]:
        """Ask every server, by address, RD=0, UDP then TCP, for the SOA of ``zone``, then for ``rtypes`` at ``owner``.

        One observation a server, in the order given. Never raises for a server that does not answer. The serial is never newer
        than the data beside it; ``serial`` False: the SOA is not asked. What equals ``expected`` is only told sooner.
        """
        ...

    def observe_soon(
        self,
        servers: Sequence[Server],
        zone: str,
        owner: str,
        rtypes: Sequence[str],
        done: Callable[[list[Observation]], object],
        *,
        expected: Hoped = None,
        serial: bool = True,
    ) -> None:
        """As ``observe``, for thousands at once: returns now, and calls ``done`` once, from another thread.

        ``done`` must be quick, or hand on to another thread: nothing else is answered meanwhile. A resolver that is closed tells
        it that nothing could be asked, then also before this returns.
        """
        ...

    def ask_recursives(self, owner: str, rtypes: Sequence[str]) -> list[Observation]:
        """Ask each recursive resolver for itself for ``rtypes`` at ``owner``: one observation each, within seconds.

        before: 192.0.2.1 has the old MX in its cache for another 100 s.  call: ``ask_recursives("example.com.", ["MX"])``.
        after: [server 192.0.2.1, MX ``data``, the old values, ttl 100].

        An answer that a resolver holds back because its signatures do not validate is ``bogus``. Where none of them answers on
        port 53, those over HTTPS are asked as well, where there are any (``over_https``). None known: none. Never raises. To be
        asked only for data that stands at the authoritative servers already, or for what nobody is about to write.
        """
        ...

    def look_up(self, name: str, rtype: str) -> Answer:
        """The records of ``rtype`` at ``name`` as a recursive resolver tells them, aliases followed. Safe from many threads.

        before: "mx.example.net. CNAME host.example.net.", "host.example.net. A 192.0.2.1".
        call: ``look_up("mx.example.net.", "A")``.
        after: ``data``, values {Other("192.0.2.1")}, detail "CNAME to host.example.net".

        ``absent`` for NXDOMAIN (detail "NXDOMAIN"; behind an alias "CNAME to host.example.net, NXDOMAIN"), for no such data,
        and for what is no domain name; ``unreachable``, with the reason, where no resolver gave a usable answer. Takes a
        bounded time. Never raises for what the DNS answers, or does not.
        """
        ...

    def look_up_soon(self, name: str, rtype: str, done: Callable[[Answer | None], object]) -> None:
        """As ``look_up``, without a thread that waits: returns now, and calls ``done`` once, maybe from another thread, maybe
        before this returns. None: one question to one resolver does not tell, and ``look_up`` must. ``done`` must be quick."""
        ...

    def close(self) -> None:
        """Give threads and sockets back. Who still waits for an answer is told that none came. Twice is once."""
        ...
