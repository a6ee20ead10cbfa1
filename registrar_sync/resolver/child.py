"""What one name server of a zone says of the zone itself: its SOA and its NS set, asked for at one address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from registrar_sync.core.names import absolute, display
from registrar_sync.core.observation import Remark, Server
from registrar_sync.core.visibility import NO_ROUTE
from registrar_sync.resolver.answers import LAME, rrset_of
from registrar_sync.resolver.exchange import Unanswered

Said = dns.message.Message | BaseException


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """``names``: the NS set that it tells, None where it tells none. ``remark``: what is not right with it."""

    server: Server
    names: frozenset[str] | None = None
    remark: Remark | None = None


def view_of(server: Server, zone: str, soa: Said, ns: Said) -> View:
    """The view of a server from its answers for SOA and NS, or the ``Unanswered`` that came instead. Raises any other failure."""
    for said in (soa, ns):
        if isinstance(said, BaseException) and not isinstance(said, Unanswered):
            raise said
    if isinstance(soa, dns.message.Message):
        if fault := _lame(soa, zone):
            return _with(server, "lame", fault)
        if fault := _no_soa(soa, zone):
            return View(server=server, names=_names(ns, zone), remark=_remark(server, "disagrees", fault))
    elif not isinstance(ns, dns.message.Message) or _lame(ns, zone):
        why = str(soa)
        # An address without a route from here (IPv6 on an IPv4-only machine) says nothing of its server.
        return View(server=server) if why == NO_ROUTE else _with(server, "unreachable", why)
    names = _names(ns, zone)
    return View(server=server, names=names) if names else _with(server, "disagrees", "it tells no NS set of the zone")


def _with(server: Server, kind: Literal["lame", "unreachable", "disagrees"], detail: str) -> View:
    return View(server=server, remark=_remark(server, kind, detail))


def _remark(server: Server, kind: Literal["lame", "unreachable", "disagrees"], detail: str) -> Remark:
    return Remark(server=server.name, address=str(server), kind=kind, detail=detail)


def _lame(response: dns.message.Message, zone: str) -> str:
    """Why a response does not come from a server of the zone: empty if it does."""
    if response.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return dns.rcode.to_text(response.rcode())
    if not response.flags & dns.flags.AA:
        return LAME
    served = (absolute(rrset.name.to_text()) for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA)
    other = next((name for name in served if name != zone), "")
    return f"it serves {display(other)}, and not this zone" if other else ""


def _no_soa(response: dns.message.Message, zone: str) -> str:
    """Why an authoritative response for the SOA holds none: empty if it does."""
    if rrset_of(response.answer, zone, "SOA"):
        return ""
    alias = rrset_of(response.answer, zone, "CNAME")
    return f"an alias stands there (CNAME to {display(absolute(str(alias[0])))})" if alias else "it has no SOA record of the zone"


def _names(said: Said, zone: str) -> frozenset[str] | None:
    if not isinstance(said, dns.message.Message) or not said.flags & dns.flags.AA:
        return None
    found = rrset_of(said.answer, zone, "NS")
    return frozenset(absolute(str(rdata)) for rdata in found) if found else None
