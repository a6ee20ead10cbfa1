"""Master files (RFC 1035 section 5) into zones, and zones into lines that a test can compare."""

from __future__ import annotations

import re
from pathlib import Path

import dns.exception
import dns.name
import dns.rdatatype
import dns.zone

from registrar_sync.core.names import absolute
from registrar_sync.errors import UsageError
from registrar_sync.sandbox.zone import Publication, Row, Zone, rdata_of

_ORIGIN = re.compile(r"^\$ORIGIN\s+(\S+\.)\s*$", re.MULTILINE | re.IGNORECASE)
_SOA_OWNER = re.compile(r"^([^\s;$]+\.)\s+(?:\d+\w*\s+)?(?:IN\s+)?(?:\d+\w*\s+)?SOA\s", re.MULTILINE | re.IGNORECASE)
_DEFAULT_TTL = re.compile(r"^\$TTL\s+(\d+)\s*$", re.MULTILINE | re.IGNORECASE)


def zone_from_text(name: str, text: str, *, hosted: bool = True, now: float = 0.0) -> Zone:
    """A zone, published at once, from master-file text. Raises ``UsageError`` where the text is none.

    The serial is the file's; a record's TTL is the file's too (the lowest one of its RRset, as dnspython reads it).
    """
    try:
        parsed = dns.zone.from_text(text, origin=dns.name.from_text(absolute(name)), relativize=False)
        soa = next(iter(parsed.find_rdataset(parsed.origin or dns.name.root, "SOA")))
    except (dns.exception.DNSException, KeyError, ValueError) as error:
        raise UsageError(f"This is no master file of {name}: {error}.", hint="It needs an SOA and NS records.") from error
    rows = tuple(_rows(parsed, now))
    default = _DEFAULT_TTL.search(text)
    return Zone(
        name=absolute(name),
        soa=_with_serial(soa.to_text(), "{serial}"),
        soa_ttl=parsed.find_rdataset(parsed.origin or dns.name.root, "SOA").ttl,
        default_ttl=int(default[1]) if default else 3600,
        hosted=hosted,
        rows=rows,
        publications=(Publication(asked=now, due=now, serial=int(soa.to_text().split()[2]), rows=rows),),
        next_number=len(rows) + 1,
    )


def _rows(parsed: dns.zone.Zone, now: float) -> list[Row]:
    found = [
        (owner.to_text(), dns.rdatatype.to_text(rdataset.rdtype), rdata.to_text(), rdataset.ttl)
        for owner, rdataset in parsed.iterate_rdatasets()
        if rdataset.rdtype != dns.rdatatype.SOA
        for rdata in rdataset
    ]
    return [
        Row(number=number, owner=owner, rtype=rtype, text=text, ttl=ttl, created=now, changed=now)
        for number, (owner, rtype, text, ttl) in enumerate(found, start=1)
    ]


def _with_serial(soa: str, serial: str) -> str:
    words = soa.split()
    return " ".join([*words[:2], serial, *words[3:]])


def load_zone_file(path: Path, *, now: float = 0.0) -> Zone:
    """The zone in a file; its name is taken from ``$ORIGIN``, else from the SOA's owner. Raises ``UsageError``."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The zone file {path} cannot be read: {error}.") from error
    named = _ORIGIN.search(text) or _SOA_OWNER.search(text)
    if not named:
        raise UsageError(
            f"The zone file {path} does not name its zone.", hint="Begin it with a line such as $ORIGIN example.com."
        )
    return zone_from_text(named[1], text, now=now)


def served_lines(zone: Zone, publication: Publication) -> str:
    """What the DNS serves, one canonical record a line, sorted; the SOA's serial is left as ``{serial}``."""
    live = [row for row in publication.rows if not row.disabled]
    lines = {
        f"{row.owner.lower()} {zone.ttl_of(row)} IN {row.served_type} {rdata_of(row.rtype, row.text, zone.name).to_text()}"
        for row in live
    }
    return "\n".join(sorted(lines | {_soa_line(zone)}))


def stored_lines(zone: Zone) -> str:
    """What the vendor stores, one row a line, sorted: field types, TTLs, spelling and disabled rows as they are kept."""
    return "\n".join(sorted([*map(_stored_line, zone.rows), _soa_line(zone)]))


def _stored_line(row: Row) -> str:
    disabled, beside = "; disabled: " if row.disabled else "", f" ; {row.beside}" if row.beside else ""
    return f"{disabled}{row.owner} {row.ttl} IN {row.rtype} {row.text}{beside}"


def _soa_line(zone: Zone) -> str:
    return f"{zone.name} {zone.soa_ttl} IN SOA {zone.soa}"
