"""The name server's answers (RFC 1034 section 4.3.2): a query and the served zones in, a response out. No sockets here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset

from registrar_sync.sandbox.zone import Publication, Zone, rdata_of

LARGEST_UDP = 1232
"""Octets of the largest UDP response given, whatever the querier offers (DNS flag day 2020)."""
SMALLEST_UDP = 512
LONGEST_ALIAS_CHAIN = 8
Node = dict[dns.rdatatype.RdataType, dns.rdataset.Rdataset]


@dataclass(frozen=True, slots=True)
class ServedZone:
    """One publication of a zone, indexed. Empty non-terminals have an empty node."""

    origin: dns.name.Name
    soa: dns.rrset.RRset
    nodes: dict[dns.name.Name, Node]


Find = Callable[[dns.name.Name], ServedZone | None]
"""The served zone that holds a name, the longest match."""


def indexed(zone: Zone, publication: Publication, serial: int) -> ServedZone:
    """A publication ready for look-ups, its SOA showing ``serial``. Rows that no DNS message can carry are left out."""
    origin = dns.name.from_text(zone.name)
    soa = dns.rrset.from_text(origin, zone.soa_ttl, "IN", "SOA", zone.soa.format(serial=serial))
    nodes: dict[dns.name.Name, Node] = {origin: {dns.rdatatype.SOA: soa.to_rdataset()}}
    for row in publication.rows:
        if not row.disabled:
            try:
                _put(nodes, dns.name.from_text(row.owner), zone.ttl_of(row), rdata_of(row.rtype, row.text, zone.name), origin)
            except (dns.exception.DNSException, ValueError):
                continue
    return ServedZone(origin, soa, nodes)


def _put(nodes: dict[dns.name.Name, Node], owner: dns.name.Name, ttl: int, rdata: dns.rdata.Rdata, origin: dns.name.Name) -> None:
    ancestor = owner
    while ancestor != origin:
        nodes.setdefault(ancestor, {})
        ancestor = ancestor.parent()
    # One RRset has one TTL on the wire (RFC 2181 section 5.2): the lowest, as Rdataset.add takes it.
    nodes[owner].setdefault(rdata.rdtype, dns.rdataset.Rdataset(dns.rdataclass.IN, rdata.rdtype, ttl=ttl)).add(rdata, ttl)


def respond(query: dns.message.Message, find: Find, *, outside: dns.rcode.Rcode = dns.rcode.REFUSED) -> dns.message.Message:
    """The response to a query. ``outside``: the code for names of no zone here when recursion is asked for."""
    response = dns.message.make_response(query, recursion_available=bool(query.flags & dns.flags.RD), our_payload=LARGEST_UDP)
    problem = _problem(query)
    if problem is not None:
        response.set_rcode(problem)
        return response
    question = query.question[0]
    zone = find(question.name)
    if zone is None:
        response.set_rcode(outside if query.flags & dns.flags.RD else dns.rcode.REFUSED)
        return response
    _answer(response, question.name, question.rdtype, zone, find)
    return response


def _problem(query: dns.message.Message) -> dns.rcode.Rcode | None:
    if query.edns > 0:
        return dns.rcode.BADVERS
    if query.opcode() != dns.opcode.QUERY:
        return dns.rcode.NOTIMP
    if len(query.question) != 1:
        return dns.rcode.FORMERR
    question = query.question[0]
    transfer = question.rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR)
    return dns.rcode.REFUSED if question.rdclass != dns.rdataclass.IN or transfer else None


def _answer(
    response: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, zone: ServedZone | None, find: Find
) -> None:
    for _ in range(LONGEST_ALIAS_CHAIN):
        if zone is None or _refers(response, zone, name, rdtype):
            return
        response.flags |= dns.flags.AA
        node = _node(zone, name)
        found = _wanted(node or {}, rdtype)
        response.answer.extend(_rrset(name, rdataset) for rdataset in found)
        alias = (node or {}).get(dns.rdatatype.CNAME)
        if found:
            return
        if not alias:
            _deny(response, zone, exists=node is not None)
            return
        response.answer.append(_rrset(name, alias))
        name = next(iter(alias)).target
        zone = find(name)


def _refers(response: dns.message.Message, zone: ServedZone, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> bool:
    """Refer to the servers of a child zone that is not kept here; a recursive question for that NS set is answered."""
    cut = _cut(zone, name)
    if cut is None:
        return False
    asked_for = cut.name == name and rdtype == dns.rdatatype.NS and response.flags & dns.flags.RD
    (response.answer if asked_for else response.authority).append(cut)
    return True


def _cut(zone: ServedZone, name: dns.name.Name) -> dns.rrset.RRset | None:
    cut = None
    while name != zone.origin:
        servers = zone.nodes.get(name, {}).get(dns.rdatatype.NS)
        cut = _rrset(name, servers) if servers else cut
        name = name.parent()
    return cut


def _node(zone: ServedZone, name: dns.name.Name) -> Node | None:
    """The node at a name, or the wildcard's that covers it (RFC 4592 section 3.3.1)."""
    if name in zone.nodes:
        return zone.nodes[name]
    encloser = name.parent()
    while encloser not in zone.nodes:
        encloser = encloser.parent()
    return zone.nodes.get(dns.name.Name((b"*", *encloser.labels)))


def _wanted(node: Node, rdtype: dns.rdatatype.RdataType) -> list[dns.rdataset.Rdataset]:
    if rdtype == dns.rdatatype.ANY:
        return list(node.values())
    return [node[rdtype]] if rdtype in node else []


def _rrset(name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset))


def _deny(response: dns.message.Message, zone: ServedZone, *, exists: bool) -> None:
    """NODATA or NXDOMAIN, with the SOA whose TTL says how long that may be remembered (RFC 2308 section 3)."""
    if not exists:
        response.set_rcode(dns.rcode.NXDOMAIN)
    ttl = min(zone.soa.ttl, next(iter(zone.soa)).minimum)
    response.authority.append(dns.rrset.from_rdata_list(zone.origin, ttl, list(zone.soa)))


def udp_wire(response: dns.message.Message, query: dns.message.Message) -> bytes:
    """The response for a datagram: whole where it fits what both sides take, else empty with TC set (RFC 2181 section 9)."""
    offered = query.payload if query.edns >= 0 else SMALLEST_UDP
    limit = min(max(offered, SMALLEST_UDP), LARGEST_UDP)
    try:
        return response.to_wire(max_size=limit)
    except dns.exception.TooBig:
        return truncated(response)


def truncated(response: dns.message.Message) -> bytes:
    """The response's header and question with TC set: come again over TCP."""
    short = dns.message.Message(response.id)
    short.flags = response.flags | dns.flags.TC
    short.question = response.question
    short.use_edns(response.edns, response.ednsflags, response.payload)
    short.set_rcode(response.rcode())
    return short.to_wire()
