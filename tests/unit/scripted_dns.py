"""A world of name servers without sockets: who holds which zone, who refers to whom, and who misbehaves how."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from registrar_sync.core.names import is_within
from registrar_sync.core.observation import Delegation, Server
from registrar_sync.errors import LookupFailed
from registrar_sync.resolver.delegation import Delegations
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.resolver.referral import below
from registrar_sync.resolver.top import Top
from registrar_sync.resolver.walk import Walk

Zone = dict[tuple[str, str], list[str]]


class TurnedClock:
    """A monotonic clock that a test turns."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def records(text: str) -> Zone:
    """``owner type rdata`` a line, all names absolute."""
    zone: Zone = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        owner, rtype, rdata = line.split(maxsplit=2)
        zone.setdefault((owner, rtype), []).append(rdata)
    return zone


@dataclass
class ScriptedDns:
    """``zones``: address -> zone -> records. ``lies``: address -> what it answers instead: an RCODE's name, "silent",
    "not-aa", "upwards", "parent-soa", "no-ns". ``recursive``: what the recursive resolver knows; None: it gives no answer."""

    zones: dict[str, dict[str, Zone]] = field(default_factory=dict)
    lies: dict[str, str] = field(default_factory=dict)
    recursive: Zone | None = field(default_factory=dict)
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    opinion: Delegation | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    looked_up: list[tuple[str, str]] = field(default_factory=list)
    clock: TurnedClock = field(default_factory=TurnedClock)

    def hold(self, zone: str, text: str, *addresses: str) -> None:
        """These addresses serve a zone with these records."""
        for address in addresses:
            self.zones.setdefault(address, {})[zone] = records(text)

    def find(self, *owners: str) -> Delegation:
        """The delegation of the last of ``owners``, the earlier ones asked for before it in the same run."""
        delegations = self.delegations()

        async def run() -> Delegation:
            return [await delegations.find(owner) for owner in owners][-1]

        return asyncio.run(run())

    def delegations(self) -> Delegations:
        """What a run keeps, with nothing in it."""
        top = Top(look_up=self._look_up, root_hints=self.hints)
        walk = Walk(ask=self._ask, top=top, clock=self.clock, port=53)  # type: ignore[arg-type]
        return Delegations(walk=walk, clock=self.clock, as_resolved=self._as_resolved)  # type: ignore[arg-type]

    def counted(self) -> Counter[tuple[str, str, str]]:
        """How often each question was asked: address, name, type."""
        return Counter(self.asked)

    # --- the injected sides ---------------------------------------------------------------------------------------------
    async def _ask(self, server: Server, name: str, rtype: str) -> dns.message.Message:
        self.asked.append((server.address, name, rtype))
        await asyncio.sleep(0)
        lie = self.lies.get(server.address, "")
        if lie == "silent" or server.address not in self.zones:
            raise Unanswered("no answer by UDP or TCP")
        return self._said(server.address, name, rtype, lie)

    async def _look_up(self, name: str, rtype: str) -> dns.message.Message:
        self.looked_up.append((name, rtype))
        await asyncio.sleep(0)
        if self.recursive is None:
            raise LookupFailed("the recursive resolver is silent")
        response = _response(name, rtype)
        if (name, rtype) in self.recursive:
            response.answer.append(dns.rrset.from_text(name, 60, "IN", rtype, *self.recursive[name, rtype]))
        return response

    async def _as_resolved(self, owner: str) -> Delegation:
        if self.opinion is None:
            raise LookupFailed(f"no recursive resolver could tell of {owner}")
        return self.opinion

    # --- answers --------------------------------------------------------------------------------------------------------
    def _said(self, address: str, name: str, rtype: str, lie: str) -> dns.message.Message:
        response = _response(name, rtype)
        zones = [zone for zone in self.zones[address] if below(name, zone)]
        if lie.isupper() or not zones:
            response.set_rcode(dns.rcode.from_text(lie or "REFUSED"))
            return response
        if lie == "upwards":
            response.authority.append(dns.rrset.from_text(".", 60, "IN", "NS", "a.root."))
            return response
        zone = max(zones, key=len)
        if lie == "parent-soa":
            zone = name.partition(".")[2]
        _answer(response, self.zones[address].get(zone, {}), zone, name, rtype)
        if lie == "not-aa":
            response.flags &= ~dns.flags.AA
        if lie == "no-ns" and rtype == "NS":
            response.answer.clear()
        return response


def _response(name: str, rtype: str) -> dns.message.Message:
    return dns.message.make_response(dns.message.make_query(name, rtype))


def _answer(response: dns.message.Message, zone: Zone, origin: str, name: str, rtype: str) -> None:
    cuts = [owner for owner, kind in zone if kind == "NS" and owner != origin and is_within(name, owner)]
    if cuts:
        cut = min(cuts, key=len)
        response.authority.append(dns.rrset.from_text(cut, 60, "IN", "NS", *zone[cut, "NS"]))
        for host in map(str.lower, zone[cut, "NS"]):
            for family in ("A", "AAAA"):
                if (host, family) in zone:
                    response.additional.append(dns.rrset.from_text(host, 60, "IN", family, *zone[host, family]))
        return
    response.flags |= dns.flags.AA
    for wanted in (rtype, "CNAME"):
        if (name, wanted) in zone:
            response.answer.append(dns.rrset.from_text(name, 60, "IN", wanted, *zone[name, wanted]))
            return
    soa = dns.rrset.from_text(origin, 60, "IN", "SOA", "primary. hostmaster. 1 2 3 4 5")
    (response.answer if (name, rtype) == (origin, "SOA") else response.authority).append(soa)
    if not any(is_within(owner, name) for owner, _ in zone) and name != origin:
        response.set_rcode(dns.rcode.NXDOMAIN)
