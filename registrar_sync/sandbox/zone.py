"""What the sandbox's zones are made of. Values only: a change makes a new ``Zone``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT

from registrar_sync.sandbox.txt import character_strings, fitted

SERVED_AS_TXT = frozenset({"SPF", "DKIM", "DMARC"})
"""OVH's own field types: records of type TXT for the DNS (dnscontrol, ovhProvider.go)."""
KEPT_PUBLICATIONS = 20
"""Past publications kept for servers that lag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One record as a vendor keeps it.

    ``owner`` absolute, in the spelling sent; ``rtype`` the vendor's field type; ``text`` rdata in master-file form, names
    without a final dot relative to the zone; ``ttl`` seconds, 0 for the zone's default; ``service``: put there by the
    vendor's own mail product; ``created`` and ``changed`` seconds since 1970; ``beside``: what the vendor keeps beside the record
    (a comment, its own spelling), as JSON.
    """

    number: int
    owner: str
    rtype: str
    text: str
    ttl: int
    disabled: bool = False
    service: bool = False
    created: float = 0.0
    changed: float = 0.0
    beside: str = ""

    @property
    def served_type(self) -> str:
        """The type that the DNS knows."""
        return "TXT" if self.rtype in SERVED_AS_TXT else self.rtype

    def stands_at(self, owner: str) -> bool:
        """Whether the DNS finds the row at ``owner`` (case does not matter there)."""
        return self.owner.lower() == owner.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is served from ``due`` on (seconds since 1970), asked for at ``asked``."""

    asked: float
    due: float
    serial: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone: the rows that the API shows, and the publications that the name server answers from.

    ``name`` absolute, lower-case. ``soa``: SOA rdata with ``{serial}`` in the serial's place. ``hosted``: whether the
    simulated account holds it; the name server answers for the others too. ``next_number``: of the next row; a number is
    never used twice, so a removed record's id stays dead.
    """

    name: str
    soa: str
    soa_ttl: int = 3600
    default_ttl: int = 3600
    hosted: bool = True
    rows: tuple[Row, ...]
    publications: tuple[Publication, ...]
    next_number: int

    def at(self, owner: str, served_type: str | None = None) -> tuple[Row, ...]:
        """The rows at an owner, disabled ones included, of one type or of all."""
        return tuple(row for row in self.rows if row.stands_at(owner) and served_type in (None, row.served_type))

    def owner_of(self, label: str) -> str:
        """The absolute name for a label relative to the zone (empty: the apex)."""
        return f"{label}.{self.name}" if label else self.name

    def label_of(self, owner: str) -> str:
        """The inverse of ``owner_of``, in the row's own spelling."""
        return owner[: -len(self.name)].removesuffix(".")

    def served(self, now: float) -> Publication:
        """The newest publication that is due (the oldest kept one where none is)."""
        due = [publication for publication in self.publications if publication.due <= now]
        return max(due or self.publications[:1], key=lambda publication: publication.serial)

    def is_publishing(self, now: float) -> bool:
        """Whether a publication is on its way."""
        return any(publication.due > now for publication in self.publications)

    def published(self, now: float, delay_s: float) -> Zone:
        """The zone with its rows to be served from ``now + delay_s`` on, under a serial of their own."""
        serial = max(publication.serial for publication in self.publications) + 1
        past = [publication for publication in self.publications if publication.due <= now]
        pending = [publication for publication in self.publications if publication.due > now]
        new = Publication(asked=now, due=now + delay_s, serial=serial, rows=self.rows)
        return replace(self, publications=(*past[-KEPT_PUBLICATIONS:], *pending, new))

    def ttl_of(self, row: Row) -> int:
        """The TTL that is served, seconds."""
        return row.ttl or self.default_ttl


@lru_cache(maxsize=8192)
def rdata_of(rtype: str, text: str, origin: str) -> dns.rdata.Rdata:
    """The rdata that the DNS serves for a row's text. Raises ``ValueError`` where ``text`` is none of that type."""
    if rtype == "TXT" or rtype in SERVED_AS_TXT:
        return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, fitted(character_strings(text)))
    if not text.isprintable():
        raise ValueError(f"control characters in {text!r}")
    try:
        return dns.rdata.from_text("IN", rtype, text, origin=dns.name.from_text(origin), relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"{text!r} is no {rtype} rdata: {error}") from error
