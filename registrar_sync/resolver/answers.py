"""What a response says: messages of dnspython in, values of the core out."""

from __future__ import annotations

from dataclasses import replace

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.SOA import SOA
from dns.rdtypes.ANY.TXT import TXT

from registrar_sync.core.canonical import other_of
from registrar_sync.core.model import Mx, Rdata, Txt
from registrar_sync.core.names import absolute, display
from registrar_sync.core.observation import Answer
from registrar_sync.resolver.packet import plain_name_octets

LAME = "not authoritative (lame)"
CONTRADICTION = "NXDOMAIN beside data: it contradicts itself"
CIRCLE = "its aliases run in a circle, or are too many"
NOT_ASKED_FOR = "its answer is about another name"
_ALIAS = "CNAME to "


def unusable(response: dns.message.Message) -> str:
    """Why a recursive resolver's response cannot be used: empty if it can."""
    if response.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return dns.rcode.to_text(response.rcode())
    if not response.flags & (dns.flags.RA | dns.flags.AA):
        return "it offers no recursion"  # its empty answer would be a referral, not "no such data"
    return ""


def judge(response: dns.message.Message, owner: str, rtype: str) -> Answer:
    """What an authoritative response says; ``ttl`` of an ``absent`` is how long that may be cached."""
    rcode = response.rcode()
    if rcode not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return Answer(status="unreachable", detail=dns.rcode.to_text(rcode))
    if not response.flags & dns.flags.AA:
        return Answer(status="unreachable", detail=LAME)
    if rrset := rrset_of(response.answer, owner, rtype):
        if rcode == dns.rcode.NXDOMAIN:
            return Answer(status="unreachable", detail=CONTRADICTION)
        return Answer(status="data", values=frozenset(map(value_of, rrset)), ttl=rrset.ttl)
    if alias := rrset_of(response.answer, owner, "CNAME"):
        return Answer(status="data", ttl=alias.ttl, detail=f"CNAME to {display(absolute(str(alias[0])))}")
    if response.answer:
        return Answer(status="unreachable", detail=NOT_ASKED_FOR)
    _, negative_ttl = soa_of(response)
    return Answer(status="absent", ttl=negative_ttl, detail="NXDOMAIN" if rcode == dns.rcode.NXDOMAIN else "")


def told(response: dns.message.Message) -> Answer:
    """What a recursive resolver's usable response says, the aliases in it followed.

    Records of other names beside the answer are passed over; where there are no others, it is no answer to the question.
    """
    assert isinstance(response, dns.message.QueryMessage)
    try:
        chain = response.resolve_chaining()
    except dns.message.AnswerForNXDOMAIN:
        return Answer(status="unreachable", detail=CONTRADICTION)
    except dns.exception.DNSException:
        return Answer(status="unreachable", detail=CIRCLE)
    alias = _alias_to(chain.canonical_name) if chain.cnames else ""
    if chain.answer is not None:
        return Answer(status="data", values=frozenset(map(value_of, chain.answer)), ttl=chain.minimum_ttl, detail=alias)
    if response.answer and not chain.cnames:
        return Answer(status="unreachable", detail=NOT_ASKED_FOR)
    missing = "NXDOMAIN" if response.rcode() == dns.rcode.NXDOMAIN else ""
    return Answer(status="absent", ttl=chain.minimum_ttl, detail=", ".join(filter(None, (alias, missing))))


def loose_end(response: dns.message.Message) -> str:
    """The name at the end of the response's aliases, if it says nothing of it: neither data, nor NXDOMAIN, nor the SOA that
    stands beside "no such data" (RFC 2308 section 2.2). Empty where there is nothing to ask on for."""
    assert isinstance(response, dns.message.QueryMessage)
    try:
        chain = response.resolve_chaining()
    except dns.exception.DNSException:
        return ""
    if not chain.cnames or chain.answer is not None or response.rcode() == dns.rcode.NXDOMAIN:
        return ""
    denied = any(r.rdtype == dns.rdatatype.SOA and chain.canonical_name.is_subdomain(r.name) for r in response.authority)
    return "" if denied else absolute(chain.canonical_name.to_text())


def behind_alias(answer: Answer, name: str, ttl: int | None) -> Answer:
    """An answer about ``name``, where an alias led, as one about the alias. ``ttl``: the shortest of the way."""
    if answer.status == "unreachable" or answer.detail.startswith(_ALIAS):
        return replace(answer, ttl=ttl)
    return replace(answer, ttl=ttl, detail=", ".join(filter(None, (f"{_ALIAS}{display(name)}", answer.detail))))


def _alias_to(name: dns.name.Name) -> str:
    return _ALIAS + display(absolute(name.to_text()))


def fault_of(name: str) -> str:
    """Why a text, which may come from a stranger's record, can be no domain name of the DNS: empty if it can."""
    if plain_name_octets(name):
        return ""
    if not name or not name.isascii():
        return "it is not ASCII" if name else "it is empty"
    try:
        dns.name.from_text(name)
    except dns.exception.DNSException as error:
        return str(error).rstrip(".").lower()
    return ""


def rrset_of(section: list[dns.rrset.RRset], name: str, rtype: str) -> dns.rrset.RRset | None:
    """The RRset of this owner and type in a section; what stands at the end of an alias is not the owner's."""
    wanted = (dns.name.from_text(name), dns.rdataclass.IN, dns.rdatatype.from_text(rtype))
    return next((rrset for rrset in section if (rrset.name, rrset.rdclass, rrset.rdtype) == wanted), None)


def soa_of(response: dns.message.Message) -> tuple[SOA | None, int | None]:
    """The SOA record of an authoritative response, asked for or beside a negative answer, and the negative TTL in seconds:
    min(SOA TTL, SOA MINIMUM) (RFC 2308 section 5)."""
    if not response.flags & dns.flags.AA:
        return None, None
    asked = response.question[0].name if response.question else dns.name.root
    for rrset in (*response.answer, *response.authority):
        soa = rrset[0]
        if isinstance(soa, SOA) and asked.is_subdomain(rrset.name):
            return soa, min(rrset.ttl, soa.minimum)
    return None, None


def value_of(rdata: dns.rdata.Rdata) -> Rdata:
    """A record's data as a value of the core."""
    if isinstance(rdata, TXT):
        return Txt(tuple(rdata.strings))
    if isinstance(rdata, MX):
        return Mx(rdata.preference, absolute(rdata.exchange.to_text()))
    return other_of(rdata)
