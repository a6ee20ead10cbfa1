"""Zones in short hand for the tests of the core: values in, a ``ZoneView`` with native rows out, and a plan carried out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from registrar_sync.core.model import Mx, Other, Rdata, Record, RRset, RRsetChange, Txt, ZoneView
from registrar_sync.core.service import MailService, ServiceExchange
from registrar_sync.core.txt import split_strings

ZONE = "example.com."
FRANCE, EUROPE = "france.security-mail.net.", "europe.security-mail.net."
FILTER = "include:includespf.security-mail.net"


def service(
    *, below: tuple[int, int] = (3, 4), replace: tuple[int, int] = (50, 10), equal_preferences: bool = False
) -> MailService:
    """security-mail, with the numbers of the seed document unless told otherwise: (france, europe)."""
    return MailService(
        name="security-mail",
        include="includespf.security-mail.net.",
        all_qualifier="~",
        exchanges=(
            ServiceExchange(exchange=FRANCE, below=below[0], replace=replace[0]),
            ServiceExchange(exchange=EUROPE, below=below[1], replace=replace[1]),
        ),
        equal_preferences=equal_preferences,
    )


SEED = service()
VENDOR = service(replace=(10, 20))  # the vendor's page of today: 10 france, 20 europe

_SHORT = {"france": FRANCE, "europe": EUROPE, ".": "."}


def mx(*rows: str) -> frozenset[Mx]:
    """``mx("5 mailgate")``: names without a dot stand below example.com, france and europe are the service's."""
    return frozenset(_mx(row) for row in rows)


def _mx(row: str) -> Mx:
    preference, name = row.split()
    exchange = _SHORT.get(name) or (name.lower() if name.endswith(".") else f"{name.lower()}.{ZONE}")
    return Mx(int(preference), exchange)


def rrset(rtype: str, rdatas: Iterable[Rdata], *, ttl: int = 3600, owner: str = ZONE, first_id: int = 1) -> RRset:
    """A set whose rows each have a native row of their own, or one row each."""
    ids = count(first_id)
    records = (Record(rdata=rdata, ttl=ttl, native={"id": next(ids), "raw": f"<{rdata}>"}) for rdata in rdatas)
    return RRset(owner=owner, rtype=rtype, records=tuple(records))


def view(
    *, txt: Sequence[str | tuple[bytes, ...]] = (), mx: Sequence[str] = (), others: Sequence[RRset] = (), ttl: int = 3600
) -> ZoneView:
    """A zone: TXT values as texts or as strings, MX values in short hand. No SOA and NS: nothing here looks at the apex."""
    values = [Txt(split_strings(one.encode()) if isinstance(one, str) else one) for one in txt]
    sets = [rrset("TXT", values, ttl=ttl)] if txt else []
    sets += [rrset("MX", map(_mx, mx), ttl=ttl, first_id=100)] if mx else []
    return ZoneView(zone=ZONE, owner=ZONE, rrsets=(*sets, *others))


def address() -> RRset:
    """An A record at the owner."""
    return rrset("A", [Other("192.0.2.1")], first_id=900)


def applied(view: ZoneView, changes: Iterable[RRsetChange]) -> ZoneView:
    """The zone after the changes, as a provider without surprises would hold it."""
    return with_sets(view, {change.rtype: change.after for change in changes})


def with_sets(view: ZoneView, sets: Mapping[str, RRset | None]) -> ZoneView:
    """The zone with these sets in place of its own."""
    kept = [one for one in view.rrsets if one.rtype not in sets]
    return ZoneView(zone=view.zone, owner=view.owner, rrsets=(*kept, *(one for one in sets.values() if one)))


def texts(rrset: RRset | None) -> list[str]:
    """The served TXT values, joined, in their order."""
    return [str(record.rdata) for record in rrset.live] if rrset else []


def rows(rrset: RRset | None) -> list[tuple[str, int, bool, object]]:
    """All that a provider would hold of a set, native rows included, in no order."""
    records = rrset.records if rrset else ()
    return sorted((repr(record.rdata), record.ttl, record.disabled, repr(record.native)) for record in records)
