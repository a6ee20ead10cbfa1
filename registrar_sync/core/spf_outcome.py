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
from registrar_sync.core.own_data import own_data
from registrar_sync.core.spf import SpfRecord
from registrar_sync.core.spf_budget import MX_HOST_LIMIT, weigh
from registrar_sync.core.spf_limits import judge_limits
from registrar_sync.core.wish import Part, Wish


def guard_outcome(view: ZoneView, wish: Wish, spf: Part, mx: Part, known: Known) -> tuple[Part, Part]:
    """Both parts, with the findings that come of writing them. A plan that writes neither is not judged.

    Unaccepted, a broken limit or tree leaves the SPF record as it is, a block about ``mx`` and the MX set leaves both as they
    are. Measured with both sets as planned, and nothing of the owner's is asked of the DNS (rules A6, B6.7). A record that is not
    in the wish's scope has its limits as it had them.
    """
    txt, exchanges = view.rrset("TXT"), view.rrset("MX")
    record = only_spf(spf.after)
    if record is None or (spf.after, mx.after) == (txt, exchanges):
        return spf, mx
    limits = _limits(view, wish, record, mx.after, known) if "TXT" in wish.scope.types else ()
    about_mx = (*_too_many(view, record, mx.after), *_negative(view, wish, record, mx.after))
    if wish.stops(about_mx):
        spf, mx = replace(spf, after=txt), replace(mx, after=exchanges)
    if wish.stops(limits):
        spf = replace(spf, after=txt)
    found = (*limits, *about_mx)
    return (replace(spf, findings=(*spf.findings, *found)) if found else spf), mx


def _limits(view: ZoneView, wish: Wish, record: SpfRecord, mx: RRset | None, known: Known) -> tuple[Finding, ...]:
    after = weigh(view.owner, record, known.with_own(own_data(view, mx)))
    if after.is_quiet:
        return ()
    before = only_spf(view.rrset("TXT")) if after.is_permerror else None  # only then is it told how it is today
    today = weigh(view.owner, before, known.with_own(own_data(view, view.rrset("MX")))) if before else None
    return judge_limits(after, today, service=wish.service.include)


def _too_many(view: ZoneView, record: SpfRecord, after: RRset | None) -> Iterable[Finding]:
    own = next((term for term in record.live if is_own_mx(term, view.owner)), None)
    count = _count_hosts(after)
    if own is None or count <= MX_HOST_LIMIT:
        return
    today = _count_hosts(view.rrset("MX"))
    since = f" With {today} it is already over today." if today > MX_HOST_LIMIT else ""
    yield finding(
        "spf-mx-too-many",
        f'{own.text} in "{record.text}" would look up {count} MX hosts, where {MX_HOST_LIMIT} are allowed: a permerror for every'
        f" sender that is not matched before it.{since} Write a:, ip4: or ip6: terms in its place, or take MX hosts out;"
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
