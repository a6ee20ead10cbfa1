"""The zones that a newcomer finds: the seed document's example, and the filtering service's own names.

Addresses are those kept for documentation (RFC 5737), but for the name servers: they stand at loopback, so a resolver that
follows the NS records ends at the sandbox itself.
"""

from __future__ import annotations

from registrar_sync.sandbox.zone import Zone
from registrar_sync.sandbox.zonefile import zone_from_text

_APEX = """\
$ORIGIN {zone}
$TTL 10800
@ 10800 IN SOA ns1 hostmaster 2026112300 10800 3600 604800 300
@ 10800 IN NS ns1
@ 10800 IN NS ns2
ns1 10800 IN A 127.0.0.1
ns2 10800 IN A 127.0.0.1
"""
_EXAMPLE = """\
@ 10800 IN A 192.0.2.10
@ 10800 IN MX 5 mailgate
@ 10800 IN MX 40 smtp.isp.net.
@ 10800 IN MX 40 secours.isp.net.
@ 10800 IN TXT "v=spf1 mx a:mailgate.example.com ~all"
@ 10800 IN TXT "google-site-verification=dGhlIHNhbmRib3ggaXMgbm90IGEgcmVnaXN0cmFy"
www 10800 IN A 192.0.2.10
mailgate 10800 IN A 192.0.2.25
"""
_SERVICE = """\
includespf 10800 IN TXT "v=spf1 ip4:198.51.100.0/25 ip4:203.0.113.0/25 ~all"
france 10800 IN A 198.51.100.3
europe 10800 IN A 203.0.113.4
"""
_ISP = """\
smtp 10800 IN A 192.0.2.40
secours 10800 IN A 192.0.2.41
"""


def seed_zones() -> dict[str, Zone]:
    """``example.com.`` in the account; ``security-mail.net.`` and ``isp.net.`` only answered for."""
    return {
        "example.com.": _zone("example.com.", _EXAMPLE, hosted=True),
        "security-mail.net.": _zone("security-mail.net.", _SERVICE, hosted=False),
        "isp.net.": _zone("isp.net.", _ISP, hosted=False),
    }


def _zone(name: str, records: str, *, hosted: bool) -> Zone:
    return zone_from_text(name, _APEX.format(zone=name) + records, hosted=hosted)
