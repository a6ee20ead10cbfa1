"""Where a walk begins: the servers of a top-level domain, as the recursive resolvers tell them; else those of the root."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import dns.message
import dns.rrset

from registrar_sync.core.names import absolute, display
from registrar_sync.errors import LookupFailed
from registrar_sync.resolver.answers import rrset_of
from registrar_sync.resolver.referral import ROOT, addresses_in
from registrar_sync.resolver.trail import Cut, NoStart

LookUp = Callable[[str, str], Awaitable[dns.message.Message]]
"""A question to the recursive resolvers: name, type. Raises ``LookupFailed``."""


class Top:
    """``root_hints``: the root's servers, for when ``look_up`` fails; empty: never used."""

    def __init__(self, *, look_up: LookUp, root_hints: Mapping[str, tuple[str, ...]]) -> None:
        self._look_up = look_up
        self._root_hints = root_hints

    async def above(self, top: str) -> Cut:
        """The top-level domain and its servers, or the root and its own. Raises ``NoStart``."""
        try:
            hosts = await self._servers(top)
        except LookupFailed as error:
            if not self._root_hints:
                raise NoStart(str(error)) from error
            return Cut(zone=ROOT, hosts=self._root_hints)
        if not any(hosts.values()):
            raise NoStart(f"the recursive resolvers know no servers of {display(top)}")
        return Cut(zone=top, hosts=hosts)

    async def addresses(self, host: str) -> tuple[str, ...]:
        """What the recursive resolvers know of a server's name; none where they could not be asked."""
        found = await asyncio.gather(*(self._if_told(host, rtype) for rtype in ("A", "AAAA")))
        return addresses_in(tuple(rrset for rrset in found if rrset))

    async def _servers(self, top: str) -> Mapping[str, tuple[str, ...]]:
        names = rrset_of((await self._look_up(top, "NS")).answer, top, "NS")
        hosts = sorted({absolute(str(rdata)) for rdata in names or ()})
        found = await asyncio.gather(*(self.addresses(host) for host in hosts))
        return dict(zip(hosts, found, strict=True))

    async def _if_told(self, host: str, rtype: str) -> dns.rrset.RRset | None:
        try:
            return rrset_of((await self._look_up(host, rtype)).answer, host, rtype)
        except LookupFailed:
            return None
