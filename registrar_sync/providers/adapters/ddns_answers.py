"""What a name server's answers mean: to a question for a zone, to one for records, and to an update (RFC 2136)."""

from __future__ import annotations

from collections.abc import Callable

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from registrar_sync.core.names import display
from registrar_sync.errors import CredentialsRejected, ProviderRefused, ProviderUnavailable, WriteMustReread
from registrar_sync.providers.policy import Again

Judge = Callable[[dns.message.Message, str], None]
"""Raises where an answer is no success; gets the answer and what was asked, for the message."""

_ANSWERED = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
_NOT_AS_READ = (dns.rcode.YXDOMAIN, dns.rcode.YXRRSET, dns.rcode.NXDOMAIN, dns.rcode.NXRRSET)
_NOT_PRIMARY = (dns.rcode.NOTAUTH, dns.rcode.NOTZONE, dns.rcode.NOTIMP)


def zone_told(answer: dns.message.Message) -> tuple[str, str]:
    """From the answer to a question for SOA: the zone that the server speaks for, and the one below that it refers to.

    Both without a final dot, empty where there is none. A name that is no apex is denied with the zone's SOA (RFC 2308).
    """
    is_authority = bool(answer.flags & dns.flags.AA)
    sections = (answer.answer, answer.authority) if is_authority else (answer.authority,)
    wanted = dns.rdatatype.SOA if is_authority else dns.rdatatype.NS
    found = next((rrset for section in sections for rrset in section if rrset.rdtype == wanted), None)
    name = display(found.name.to_text().lower()) if found else ""
    return (name, "") if is_authority else ("", name)


def judge_zone(answer: dns.message.Message, what: str) -> None:
    """Whatever the server says of a zone that it does not have is an answer; only a failure is none."""
    _come_back(answer, what, effect=False)


def judge_records(answer: dns.message.Message, what: str) -> None:
    """Records, or that there are none, told by a server that holds the zone."""
    _come_back(answer, what, effect=False)
    if answer.rcode() not in _ANSWERED:
        _refuse(answer, what)
    if not answer.flags & dns.flags.AA:
        referred = zone_told(answer)[1]
        why = f"it refers to the name servers of {referred}" if referred else "it does not hold the zone"
        raise ProviderUnavailable(f"{what}: the answer is not authoritative: {why}. Nothing was changed.")


def judge_update(answer: dns.message.Message, what: str) -> None:
    """Carried out, or why not."""
    _come_back(answer, what, effect=True)
    if answer.rcode() in _NOT_AS_READ:
        told = dns.rcode.to_text(answer.rcode())
        raise WriteMustReread(f"{what}: the records are not what was read before ({told}): another writer. Nothing was written.")
    if answer.rcode() != dns.rcode.NOERROR:
        _refuse(answer, what)


def _come_back(answer: dns.message.Message, what: str, *, effect: bool) -> None:
    if answer.rcode() == dns.rcode.SERVFAIL:
        raise Again(f"{what}: SERVFAIL", effect=effect)


def _refuse(answer: dns.message.Message, what: str) -> None:
    told = f"{what} was refused: {dns.rcode.to_text(answer.rcode())}"
    if answer.rcode() == dns.rcode.REFUSED:
        raise CredentialsRejected(
            f"{told}. The key lacks a right; this call changed nothing.",
            hint="The server's configuration names what a key may do (BIND: update-policy, allow-update, allow-query).",
        )
    hint = "Updates go to the zone's primary." if answer.rcode() in _NOT_PRIMARY else ""
    raise ProviderRefused(f"{told}. This call changed nothing.", hint=hint)
