"""The MX half of an enrolment: the service's hosts below the customer's or instead of them (rules B1 to B3)."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.known import Known
from registrar_sync.core.known_filters import filter_behind
from registrar_sync.core.model import Mx, Record, RRset, ZoneView
from registrar_sync.core.mx import NULL_EXCHANGE, Placement, is_enrolled_order, place_below, place_instead
from registrar_sync.core.names import display
from registrar_sync.core.wish import Part, Wish

_NOT_YET = "is not in this version yet"
_ADDRESS_TYPES = ("A", "AAAA", "ALIAS", "ANAME")  # the last two: vendors' synthetic addresses


def enrol_mx(view: ZoneView, wish: Wish, known: Known) -> Part:
    """The MX set with the service's hosts in force, or as it is where a block is not accepted."""
    before = view.rrset("MX")
    values = mx_values(before)
    theirs = sorted(value for value in values if value.exchange not in {*wish.service.hosts, NULL_EXCHANGE})
    if is_enrolled_order(values, wish.service) and (wish.mx_mode == "below" or not theirs):
        return Part(after=before)
    placement = (place_below if wish.mx_mode == "below" else place_instead)(values, wish.service)
    findings = (*_null(values), *_implicit(view, values), *_doubtful(theirs, wish), *_no_room(placement))
    if placement.refusal or wish.stops(findings):
        return Part(after=before, findings=findings)
    return Part(after=_arrange(view, before, placement, wish), findings=findings)


def mx_values(rrset: RRset | None) -> frozenset[Mx]:
    """The served MX values of a set that may be absent."""
    return frozenset(value for value in rrset.values if isinstance(value, Mx)) if rrset else frozenset()


def is_address(exchange: str) -> bool:
    """Whether an exchange is an IP address written as a name."""
    try:
        ipaddress.ip_address(display(exchange).strip("[]"))
    except ValueError:
        return False
    return True


def _arrange(view: ZoneView, before: RRset | None, placement: Placement, wish: Wish) -> RRset | None:
    """The rows: values that stay keep theirs, a missing value that stands disabled is enabled in place (never a second row of
    the same value), an exchange that moves keeps its row, the rest is new. Other disabled rows stay."""
    missing = {value.exchange: value for value in sorted(placement.values - mx_values(before))}
    standing = before.records if before else ()
    woken = [_first_disabled(standing, value) for value in missing.values()]
    missing = {value.exchange: value for value, row in zip(list(missing.values()), woken, strict=True) if row is None}
    rows: list[Record] = []
    for row in standing:
        if any(row is one for one in woken):
            rows.append(replace(row, disabled=False, ttl=wish.ttl_beside(before)))
        elif row.disabled or row.rdata in placement.values:
            rows.append(row)
        elif not isinstance(row.rdata, Mx):
            rows.extend([row] if wish.mx_mode == "below" else [])
        elif row.rdata.exchange in missing:
            rows.append(replace(row, rdata=missing.pop(row.rdata.exchange)))
    rows.extend(Record(rdata=value, ttl=wish.ttl_beside(before)) for value in missing.values())
    return RRset(owner=view.owner, rtype="MX", records=tuple(rows)) if rows else None


def _first_disabled(rows: Iterable[Record], value: Mx) -> Record | None:
    return next((row for row in rows if row.disabled and row.rdata == value), None)


# --- what is said -------------------------------------------------------------------------------------------------------
def _shown(value: Mx) -> str:
    return f"{value.preference} {display(value.exchange)}"


def _null(values: frozenset[Mx]) -> Iterable[Finding]:
    nulls = sorted(value for value in values if value.exchange == NULL_EXCHANGE)
    if nulls and len(nulls) == len(values):
        yield finding(
            "mx-null",
            f"The null MX {nulls[0]} says that this domain accepts no mail. Where it shall, --accept mx-null: the null MX goes in"
            " the same change.",
        )
    elif nulls:
        yield finding(
            "mx-null-with-others",
            f"The null MX {nulls[0]} stands beside other exchanges, which is broken today. --accept mx-null-with-others takes"
            " it out.",
        )


def _implicit(view: ZoneView, values: frozenset[Mx]) -> Iterable[Finding]:
    addresses = [rrset for rtype in _ADDRESS_TYPES if (rrset := view.rrset(rtype)) and rrset.live]
    if addresses and not values:
        yield finding(
            "mx-implicit",
            f"There is no MX: today mail goes to the address of {display(view.owner)} itself (implicit MX), from now on to the"
            f" service alone. --keep-implicit {_NOT_YET}.",
        )


def _doubtful(theirs: list[Mx], wish: Wish) -> Iterable[Finding]:
    below = wish.mx_mode == "below"
    for value in theirs:
        if is_address(value.exchange):
            ending = "As a fallback it never worked; --accept mx-exchange-address keeps it." if below else "It goes."
            yield finding(
                "mx-exchange-address",
                f"MX {_shown(value)} names an address, not a host. {ending}",
                severity="block" if below else "warn",
            )
    if below:
        yield from _other_filters(theirs)
        yield from _duplicates(theirs)


def _other_filters(theirs: list[Mx]) -> Iterable[Finding]:
    named = {filter_behind(value.exchange): value for value in reversed(theirs)}
    for name, value in named.items():
        if name:
            yield finding(
                "mx-other-filter",
                f"MX {_shown(value)} is a host of another filter, {name}: chained filters break SPF checks. Usually it is"
                " to be replaced (--mx replace); --accept mx-other-filter chains them.",
            )


def _duplicates(theirs: list[Mx]) -> Iterable[Finding]:
    for exchange, count in Counter(value.exchange for value in theirs).items():
        if count > 1:
            yield finding("mx-duplicate-exchange", f"{display(exchange)} stands at {count} preferences; all are kept.")


def _no_room(placement: Placement) -> Iterable[Finding]:
    if placement.refusal:
        yield finding(
            "mx-no-room",
            f"No place for the service's hosts: {placement.refusal}. {placement.option} {_NOT_YET}. Raise the preferences at the"
            " provider, then plan again, or use --mx replace.",
        )
