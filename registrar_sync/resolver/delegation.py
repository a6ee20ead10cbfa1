"""Who answers for a name: the zone above is asked, at all its servers, then every server that it or the zone itself names.

What to watch is the union of both NS sets. Resolvers begin with the set of the zone above and go over to the zone's own once they
have seen it, because an authoritative answer outranks a referral (RFC 2181 section 5.4.1); addresses likewise, glue (RFC 9471)
and the zone's own. So real mail senders ask every one of them, the lame and the silent too, which are kept and remarked on. A
primary that only the SOA names is asked by nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from registrar_sync.core.observation import Delegation, Server
from registrar_sync.ports import Clock
from registrar_sync.resolver.child import View, view_of
from registrar_sync.resolver.crowd import refuse_nobody, refuse_too_many
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.resolver.kept import Kept
from registrar_sync.resolver.referral import ROOT, Final, read
from registrar_sync.resolver.remarks import compared, disagreeing_above, unresolved
from registrar_sync.resolver.trail import Cut, Lost, Trail
from registrar_sync.resolver.walk import KEPT_S, Walk

Hosts = Mapping[str, tuple[str, ...]]
"""Names of servers, with the glue given beside them."""

_LIMIT_S = 30.0
_DOUBTFUL_KEPT_S = 30.0  # a delegation that somebody may be repairing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addressed:
    """Name servers with their addresses. ``why``: what kept those without one from having any."""

    servers: tuple[Server, ...]
    why: Mapping[str, str]


class Delegations:
    """Finds delegations and keeps them for a run. All calls in one event loop. ``as_resolved``: what the recursive resolvers say,
    for when the servers above cannot be asked; raises ``LookupFailed``."""

    def __init__(self, *, walk: Walk, clock: Clock, as_resolved: Callable[[str], Awaitable[Delegation]]) -> None:
        self._walk = walk
        self._kept: Kept[str, Delegation] = Kept(clock)
        self._as_resolved = as_resolved

    async def find(self, owner: str) -> Delegation:
        """The closest zone cut at or above ``owner`` of two labels or more, and its servers. Asked for by many at once, a zone
        is looked at once. Raises ``LookupFailed``."""
        try:
            async with asyncio.timeout(_LIMIT_S):
                cut = await self._walk.cut_of(owner)
                return await self._of(cut) if cut.zone.count(".") > 1 else Delegation(zone=None, servers=(), parent=cut.zone)
        except (Lost, TimeoutError):
            return await self._as_resolved(owner)

    async def _of(self, cut: Cut) -> Delegation:
        if (kept := self._kept.get(cut.zone)) is not None:
            return kept
        return await self._kept.once(cut.zone, lambda: self._look(cut))

    async def _look(self, cut: Cut) -> Delegation:
        trail, parent = Trail(), cut.above.zone if cut.above else ROOT
        told = await self._as_told_above(cut, trail)
        named = _merged(told.values()) or cut.hosts
        first = await self._addressed(cut.zone, named, trail)
        refuse_nobody(cut.zone, first.servers, first.why)
        views = await self._views(cut.zone, first.servers, trail)
        added = frozenset[str]().union(*(view.names or () for view in views)) - named.keys()
        second = await self._addressed(cut.zone, dict.fromkeys(sorted(added), ()), trail)
        servers = (*first.servers, *second.servers)
        refuse_too_many(cut.zone, len(servers))
        views += await self._views(cut.zone, second.servers, trail)
        remarks = (
            *unresolved({**first.why, **second.why}),
            *(view.remark for view in views if view.remark),
            *disagreeing_above(parent, {host: frozenset(hosts) for host, hosts in told.items()}),
            *compared(cut.zone, parent, frozenset(named), views),
        )
        in_order = tuple(sorted(servers, key=lambda server: (server.name, ":" in server.address, server.address)))
        found = Delegation(zone=cut.zone, servers=in_order, parent=parent, remarks=remarks)
        return self._kept.put(cut.zone, found, _DOUBTFUL_KEPT_S if remarks else KEPT_S)

    # --- the zone above -----------------------------------------------------------------------------------------------
    async def _as_told_above(self, cut: Cut, trail: Trail) -> Mapping[str, Hosts]:
        """By server of the zone above: the names and glue that it gives; none: it says that there is no such zone. One that
        cannot be asked, or does not serve the zone above, is left out: that is not this zone's affair."""
        if cut.above is None or not cut.referred:
            return {}
        servers = await self._walk.servers_of(cut.above, trail)
        said = await asyncio.gather(*(self._told_by(servers[host], cut.above.zone, cut.zone, trail) for host in servers))
        return {host: hosts for host, hosts in zip(servers, said, strict=True) if hosts is not None}

    async def _told_by(self, addresses: Collection[Server], above: str, zone: str, trail: Trail) -> Hosts | None:
        """What a server of the zone above says at the first of its addresses where it can be asked."""
        for server in addresses:
            try:
                said = read(await self._walk.ask(server, zone, "NS", trail), zone=above, name=zone, rtype="NS")
            except Unanswered:
                continue
            if isinstance(said, Final):
                return {} if said.zone == above else None  # it may serve the zone too, and then refers nobody to it
            return said.hosts if said.zone == zone else None
        return None

    # --- the zone itself ----------------------------------------------------------------------------------------------
    async def _addressed(self, zone: str, named: Hosts, trail: Trail) -> _Addressed:
        refuse_too_many(zone, len(named))
        found = await asyncio.gather(*(self._walk.addresses(host, trail) for host in named))
        servers: list[Server] = []
        why = {}
        for (host, glue), one in zip(named.items(), found, strict=True):
            addresses = tuple(dict.fromkeys((*glue, *one.addresses)))
            servers += self._walk.at(host, addresses or ("",))
            if not addresses:
                why[host] = one.why
        refuse_too_many(zone, len(servers))
        return _Addressed(servers=tuple(servers), why=why)

    async def _views(self, zone: str, servers: Collection[Server], trail: Trail) -> list[View]:
        return list(await asyncio.gather(*(self._view(zone, server, trail) for server in servers if server.address)))

    async def _view(self, zone: str, server: Server, trail: Trail) -> View:
        questions = (self._walk.ask(server, zone, rtype, trail) for rtype in ("SOA", "NS"))
        soa, ns = await asyncio.gather(*questions, return_exceptions=True)
        return view_of(server, zone, soa, ns)


def _merged(several: Iterable[Hosts]) -> Hosts:
    """All the names, each with all the glue that anybody gave."""
    merged: dict[str, tuple[str, ...]] = {}
    for hosts in several:
        for host, glue in hosts.items():
            merged[host] = tuple(dict.fromkeys((*merged.get(host, ()), *glue)))
    return merged
