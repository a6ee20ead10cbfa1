"""What a response says on the way down from the root: go on to the servers of a zone below, or here it ends.

Messages of dnspython in, values out. A referral that does not lead further down, closer to the name asked for, is refused:
it would lead the way in circles, or to servers that have no say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from registrar_sync.core.names import absolute, display, is_within
from registrar_sync.resolver.answers import LAME, rrset_of
from registrar_sync.resolver.exchange import Unanswered

ROOT = "."


class Unusable(Unanswered):
    """A response came, and it says nothing of the zone that the server was asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """A zone cut as the zone above tells it: each server's name, with the addresses given beside it (glue; none is usual)."""

    zone: str
    hosts: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """An authoritative response. ``zone``: the zone that it comes from, the one asked about or one below at the same server.
    ``values``: the rdata of the name and type asked for. ``alias``: the name is one, and ``zone`` may be further up."""

    zone: str
    values: tuple[str, ...]
    alias: bool


def read(response: dns.message.Message, *, zone: str, name: str, rtype: str) -> Referral | Final:
    """What a server of ``zone`` says of ``name``. Raises ``Unusable``."""
    if response.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise Unusable(dns.rcode.to_text(response.rcode()))
    if referral := _referral(response, zone, name):
        return referral
    if not response.flags & dns.flags.AA:
        raise Unusable(LAME)
    found = rrset_of(response.answer, name, rtype)
    return Final(
        zone=_answering(response, zone, name, rtype),
        values=tuple(sorted(str(rdata).lower() for rdata in found or ())),
        alias=not found and bool(response.answer),
    )


def below(name: str, zone: str) -> bool:
    """Whether ``name`` is ``zone`` or stands below it, the root included."""
    return zone == ROOT or is_within(name, zone)


def addresses_in(values: tuple[dns.rrset.RRset, ...]) -> tuple[str, ...]:
    """The addresses of A and AAAA RRsets, v4 first."""
    by_family = sorted(values, key=lambda rrset: rrset.rdtype)
    return tuple(address for rrset in by_family for address in sorted(str(rdata) for rdata in rrset))


def _referral(response: dns.message.Message, zone: str, name: str) -> Referral | None:
    """Whether the authority bit is set or not, which broken servers do: no answer, no SOA, and NS of a zone further down."""
    if response.answer or any(rrset.rdtype == dns.rdatatype.SOA for rrset in response.authority):
        return None
    cuts = [rrset for rrset in response.authority if rrset.rdtype == dns.rdatatype.NS]
    if not cuts:
        return None
    cut = absolute(cuts[0].name.to_text())
    if cut == zone or not below(cut, zone) or not is_within(name, cut):
        raise Unusable(f"{LAME}: it refers to {display(cut)}, which leads no further")
    hosts = sorted({absolute(str(rdata)) for rdata in cuts[0]})
    return Referral(zone=cut, hosts={host: _glue(response, host, zone) for host in hosts})


def _glue(response: dns.message.Message, host: str, zone: str) -> tuple[str, ...]:
    """Addresses of names outside the zone that was asked are hearsay, and passed over."""
    if not below(host, zone):
        return ()
    found = (rrset_of(response.additional, host, rtype) for rtype in ("A", "AAAA"))
    return addresses_in(tuple(rrset for rrset in found if rrset))


def _answering(response: dns.message.Message, zone: str, name: str, rtype: str) -> str:
    """Where the zone asked about and one below it are kept at one server, no referral is given: the answer's own zone tells."""
    if rtype == "NS" and rrset_of(response.answer, name, rtype):
        return name
    for rrset in response.authority:
        if rrset.rdtype == dns.rdatatype.SOA and not response.answer:  # beside an alias it is of the zone where that leads
            own = absolute(rrset.name.to_text())
            if not below(own, zone) or not below(name, own):
                raise Unusable(f"it answers for {display(own)}, and not for {display(zone)}")
            return own
    return zone
