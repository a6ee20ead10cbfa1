"""What receivers make of the SPF record once both sets are written: what no look at one set alone can tell (rules A6, A9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.known import Known
from registrar_sync.core.model import RRset, ZoneView
from registrar_sync.core.mx import NULL_EXCHANGE
from registrar_sync.core.mx_mechanism import is_own_mx, only_spf
from registrar_sync.core.names import display
from registrar_sync.core.spf import SpfRecord
from registrar_sync.core.wish import Part, Wish

_LIMIT = 10  # look-ups of a record, and MX hosts of one ``mx``: RFC 7208 section 4.6.4
_COUNTED = frozenset({"include", "a", "mx", "ptr", "exists"})  # and redirect


def guard_outcome(view: ZoneView, wish: Wish, spf: Part, mx: Part, known: Known) -> tuple[Part, Part]:
    """Both parts, with the blocks that come of writing them. A plan that writes neither is not judged.

    Unaccepted, too many terms leave the SPF record as it is, a block about ``mx`` and the MX set leaves both as they are.
    """
    txt, exchanges = view.rrset("TXT"), view.rrset("MX")
    record = only_spf(spf.after)
    if record is None or (spf.after, mx.after) == (txt, exchanges):
        return spf, mx
    over = tuple(_over_limit(only_spf(txt), record))
    about_mx = (*_too_many(view, record, mx.after), *_negative(view, wish, record, mx.after))
    if wish.stops(about_mx):
        spf, mx = replace(spf, after=txt), replace(mx, after=exchanges)
    if wish.stops(over):
        spf = replace(spf, after=txt)
    return replace(spf, findings=(*spf.findings, *over, *about_mx)), mx


def count_lookups(record: SpfRecord) -> int:
    """The record's own terms that cost a look-up, the dead ones left out: no evaluation of the whole costs less."""
    redirect = record.all_term is None and record.modifier("redirect") is not None
    return sum(term.name in _COUNTED for term in record.live) + redirect


def _over_limit(before: SpfRecord | None, after: SpfRecord) -> Iterable[Finding]:
    count = count_lookups(after)
    if count <= _LIMIT:
        return
    today = count_lookups(before) if before else 0
    since = f" With {today} it is already over today." if today > _LIMIT else ""
    yield finding(
        "spf-over-lookup-limit",
        f'"{after.text}" holds {count} terms that cost a DNS look-up, where {_LIMIT} are allowed: a permerror for every sender.'
        f"{since} The included records' own look-ups come on top and are not counted yet in this version. Take out what is"
        " not needed, or write ip4: and ip6: terms where addresses are stable; --accept spf-over-lookup-limit writes it so.",
    )


def _too_many(view: ZoneView, record: SpfRecord, after: RRset | None) -> Iterable[Finding]:
    own = next((term for term in record.live if is_own_mx(term, view.owner)), None)
    count = _count_hosts(after)
    if own is None or count <= _LIMIT:
        return
    today = _count_hosts(view.rrset("MX"))
    since = f" With {today} it is already over today." if today > _LIMIT else ""
    yield finding(
        "spf-mx-too-many",
        f'{own.text} in "{record.text}" would look up {count} MX hosts, where {_LIMIT} are allowed: a permerror for every sender'
        f" that is not matched before it.{since} Write a:, ip4: or ip6: terms in its place, or take MX hosts out;"
        " --accept spf-mx-too-many writes it so.",
    )


def _count_hosts(mx: RRset | None) -> int:
    return len({value.exchange for value in mx_values(mx)} - {NULL_EXCHANGE})


def _negative(view: ZoneView, wish: Wish, record: SpfRecord, after: RRset | None) -> Iterable[Finding]:
    """Before the include, an ``mx`` of the owner's own that matches the service's hosts and does not pass."""
    ours = {value.exchange for value in mx_values(after)} & wish.service.hosts
    include = next(iter(record.live_include(wish.service.include)), record.live_end)
    terms = (term for term in record.terms[:include] if is_own_mx(term, view.owner))
    first = next(terms, None)  # whatever it says, a later one of the owner's is not reached for these hosts
    if not ours or first is None or first.effect == "+":
        return
    result = {"-": "fail", "~": "softfail", "?": "neutral"}[first.effect]
    yield finding(
        "spf-mx-negative",
        f'{first.text} stands before the include in "{record.text}": once {", ".join(sorted(map(display, ours)))} are MX hosts,'
        f" mail that they send as this domain gets {result}, not pass. Move {first.text} behind the include at the provider"
        " or take it out, then plan again; where the service sends from other hosts, --accept spf-mx-negative.",
        severity="block" if wish.mx_mode == "below" else "warn",
    )
