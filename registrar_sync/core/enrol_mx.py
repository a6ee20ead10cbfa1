"""The MX half of an enrolment: the service's hosts below the customer's or instead of them (rules B1 to B3)."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.known import Known
from registrar_sync.core.known_filters import filter_behind
from registrar_sync.core.model import Mx, RRset, ZoneView
from registrar_sync.core.mx import NULL_EXCHANGE, Placement, is_enrolled_order, place_below, place_instead
from registrar_sync.core.mx_room import HIGHEST
from registrar_sync.core.mx_rows import arrange, mx_values, without_duplicates
from registrar_sync.core.names import display
from registrar_sync.core.wish import Part, Wish

__all__ = ["enrol_mx", "is_address", "mx_values"]

_ADDRESS_TYPES = ("A", "AAAA", "ALIAS", "ANAME")  # the last two: vendors' synthetic addresses
_FALLBACK_PREFERENCE = 10  # of an implicit MX made explicit (rules case 58)


def enrol_mx(view: ZoneView, wish: Wish, known: Known) -> Part:
    """The MX set with the service's hosts in force, or as it is where a block is not accepted."""
    before = view.rrset("MX")
    values = mx_values(before)
    passed_over = {*wish.service.hosts, NULL_EXCHANGE}
    theirs = sorted([value for value in values if value.exchange not in passed_over])
    if is_enrolled_order(values, wish.service) and (wish.mx_mode == "below" or not theirs):
        return _deduped(before, (), wish)
    placement = _place(view, values, wish)
    findings = (
        *_null(values),
        *_implicit(view, values, placement, wish),
        *_doubtful(theirs, wish),
        *_no_room(placement),
        *_renumbered(placement),
    )
    if placement.refusal or wish.stops(findings):
        return Part(after=before, findings=findings)
    return _deduped(arrange(view, before, placement, wish), findings, wish)


@lru_cache(maxsize=1024)  # customers share their hosts, and every guard of a plan asks
def is_address(exchange: str) -> bool:
    """Whether an exchange is an IP address written as a name."""
    bare = display(exchange).strip("[]")
    if ":" not in bare and not bare[-1:].isdigit():
        return False  # nearly all of them, told apart without an exception
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return False
    return True


def _place(view: ZoneView, values: frozenset[Mx], wish: Wish) -> Placement:
    if wish.mx_mode == "replace":
        return place_instead(values, wish.service)
    kept = {_fallback(view, wish)} if _is_implicit(view, values) and wish.edits.keep_implicit else set()
    return place_below(values | kept, wish.service, wish.edits.renumber)


def _is_implicit(view: ZoneView, values: frozenset[Mx]) -> bool:
    """Whether mail goes to the owner's own address today, as it does without MX (RFC 5321 section 5.1)."""
    return not values and any((rrset := view.rrset(rtype)) is not None and rrset.live for rtype in _ADDRESS_TYPES)


def _fallback(view: ZoneView, wish: Wish) -> Mx:
    """The owner itself as an exchange, after the service's hosts."""
    highest = max((exchange.below for exchange in wish.service.exchanges), default=0)
    return Mx(min(max(_FALLBACK_PREFERENCE, highest + 1), HIGHEST), view.owner)


def _deduped(after: RRset | None, findings: tuple[Finding, ...], wish: Wish) -> Part:
    """Where asked for, one row for each value. Otherwise rows that stand twice stay so (rules case 48)."""
    if after is None or not wish.edits.dedupe:
        return Part(after=after, findings=findings)
    single, dropped = without_duplicates(after)
    said = tuple(
        finding("mx-deduped", f"{_shown(value)} stands in {count + 1} rows: the first one stays.")
        for value, count in sorted(Counter(dropped).items())
    )
    return Part(after=single if dropped else after, findings=(*findings, *said))


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


def _implicit(view: ZoneView, values: frozenset[Mx], placement: Placement, wish: Wish) -> Iterable[Finding]:
    owner, keep, below = display(view.owner), wish.edits.keep_implicit, wish.mx_mode == "below"
    if values:
        return
    if not _is_implicit(view, values):
        if keep and below:
            text = (
                f"There is no MX at {owner}, and no address either: no implicit MX takes mail today, --keep-implicit adds none."
            )
            yield finding("mx-implicit", text, severity="info")
        return
    today = f"There is no MX: today mail goes to the address of {owner} itself (implicit MX)"
    if keep and below:
        (fallback,) = (value for value in placement.values if value.exchange == view.owner)
        yield finding(
            "mx-implicit-kept", f"{today}. It stays the fallback: {_shown(fallback)} is added after the service's hosts."
        )
    else:
        advice = "--keep-implicit keeps it as the fallback." if below else ""
        advice = "--keep-implicit has no effect with --mx replace." if keep else advice
        yield finding("mx-implicit", f"{today}, from now on to the service alone. {advice}".rstrip())


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
    exchanges = [value.exchange for value in theirs]
    for exchange, count in Counter(exchanges).items() if len(set(exchanges)) < len(exchanges) else ():
        if count > 1:
            yield finding("mx-duplicate-exchange", f"{display(exchange)} stands at {count} preferences; all are kept.")


def _no_room(placement: Placement) -> Iterable[Finding]:
    if placement.refusal:
        ways = ", ".join(f"{option} ({_MEANING[option]})" for option in placement.options)
        advice = f"{ways}, or --mx replace, makes room." if ways else "--mx replace needs no room below."
        yield finding("mx-no-room", f"No place for the service's hosts: {placement.refusal}. {advice}")


_MEANING = {
    "--renumber": "moves every preference up, distances kept",
    "--renumber-compact": "moves up only those that must",
}


def _renumbered(placement: Placement) -> Iterable[Finding]:
    if placement.moves:
        moved = ", ".join(f"{_shown(old)} to {new.preference}" for old, new in sorted(placement.moves.items()))
        yield finding(
            "mx-renumbered",
            f"There is no room below the customer's hosts: these move up, in their order: {moved}. A rollback moves them back.",
        )
