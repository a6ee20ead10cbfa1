"""Rdata of types that we never edit, in one spelling, so that an API's text and the DNS's answer can be compared."""

from __future__ import annotations

from functools import lru_cache

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from registrar_sync.core.model import Other


def other_of(rdata: dns.rdata.Rdata) -> Other:
    """The canonical value: names in lower case (RFC 4034 section 6.2), the rest as dnspython writes it."""
    wire = rdata.to_digestable()
    return Other(dns.rdata.from_wire(rdata.rdclass, rdata.rdtype, wire, 0, len(wire)).to_text())


# Types without a name, and with one at their end: what ends in a dot there (and in none that is escaped) is so in every zone.
_NAMELESS = frozenset({"A", "AAAA", "CAA", "DS", "SSHFP", "TLSA"})
_ONE_NAME = frozenset({"CNAME", "DNAME", "NS", "PTR", "SRV"})


def other_from_text(rtype: str, text: str, origin: str) -> Other:
    """An API's text as a canonical value; relative names end in ``origin``. What no parser knows stays as it is spelled.

    >>> other_from_text("AAAA", "2001:DB8:0:0:0:0:0:1", "example.com.").text
    '2001:db8::1'
    """
    if rtype == "SOA":
        return Other(" ".join(text.split()))  # its serial moves with every edit: it is compared with nothing
    anywhere = rtype in _NAMELESS or (rtype in _ONE_NAME and text.endswith(".") and "\\" not in text)
    return _parsed(rtype, text, "." if anywhere else origin)


@lru_cache(maxsize=4096)  # read, and read again after the write; customers of one vendor share name servers and addresses
def _parsed(rtype: str, text: str, origin: str) -> Other:
    try:
        rdata = dns.rdata.from_text("IN", rtype, text, origin=dns.name.from_text(origin), relativize=False)
        return other_of(rdata)
    except (dns.exception.DNSException, ValueError, UnicodeError):
        return Other(" ".join(text.split()))
