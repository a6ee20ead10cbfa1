"""The MX half of leaving: the service's hosts out, at every preference, and the hosts that we removed back in (rules B4)."""

from __future__ import annotations

from collections.abc import Iterable

from registrar_sync.core.enrol_mx import mx_values
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding
from registrar_sync.core.known import Known
from registrar_sync.core.leaving import Leaving
from registrar_sync.core.model import Mx, Record, RRset, ZoneView
from registrar_sync.core.mta_sts import judge_policy, mta_sts_findings
from registrar_sync.core.mx import NULL_EXCHANGE
from registrar_sync.core.names import display
from registrar_sync.core.undo_mx import undo_mx
from registrar_sync.core.wish import Part


def holds_hosts(mx: RRset | None, leaving: Leaving) -> bool:
    """Whether a host of the service takes mail."""
    return not leaving.hosts.isdisjoint(value.exchange for value in mx_values(mx))


def unenrol_mx(view: ZoneView, leaving: Leaving, known: Known) -> Part:
    """The MX set without the service, or as it is where nothing of it stands or a block is not accepted.

    before: {3 france, 4 europe, 5 mailgate}.  after: {5 mailgate}, whoever put the hosts there.
    First the journalled enrolments are taken back, newest first: the hosts that they removed or moved come back with their
    preference and TTL (today's, where somebody set another one since). Then what is still ours goes. The set becomes empty only
    where it was empty before an enrolment and still holds exactly what that wrote. A null MX never comes to stand beside others.
    """
    live = view.rrset("MX")
    if not holds_hosts(live, leaving):
        return Part(after=live)
    undone, taking_back = _undone(live, leaving)
    after = _without(undone, leaving.hosts)
    if not mx_values(after) and mx_values(undone):
        return Part(after=live, findings=(_would_be_empty(view, leaving),))
    findings = (*taking_back, *_null(live, after), *_policy(view, after, known))
    if leaving.stops(findings):
        return Part(after=live, findings=findings)
    if any(value.exchange != NULL_EXCHANGE for value in mx_values(after)):
        after = _without(after, frozenset({NULL_EXCHANGE}))
    return Part(after=after, findings=(*findings, *_outcome(view, live, after)))


def _undone(live: RRset | None, leaving: Leaving) -> tuple[RRset | None, tuple[Finding, ...]]:
    """The set with the enrolments taken back as far as that can be decided, and what that is worth saying."""
    findings: tuple[Finding, ...] = ()
    for one in leaving.standing:
        restored = undo_mx(live, one.before.get("MX"), one.after.get("MX"), one.service)
        if not restored.drift:
            live, findings = restored.after, (*findings, *restored.findings)
    return live, findings


def _without(mx: RRset | None, exchanges: frozenset[str]) -> RRset | None:
    """The set without the served rows of these exchanges; the very same set where there is none. Disabled rows stay."""
    if mx is None or not any(_is_of(row, exchanges) for row in mx.records):
        return mx
    rows = tuple(row for row in mx.records if not _is_of(row, exchanges))
    return mx.with_records(rows) if rows else None


def _is_of(row: Record, exchanges: frozenset[str]) -> bool:
    return not row.disabled and isinstance(row.rdata, Mx) and row.rdata.exchange in exchanges


# --- what is said -------------------------------------------------------------------------------------------------------
def _shown(values: Iterable[Mx]) -> str:
    return ", ".join(f"{value.preference} {display(value.exchange)}" for value in sorted(values))


def _would_be_empty(view: ZoneView, leaving: Leaving) -> Finding:
    ours = _shown(mx_values(view.rrset("MX")))
    earlier = next((mx_values(one.before.get("MX")) for one in reversed(leaving.standing)), frozenset())
    known = f" Before the enrolment it was {_shown(earlier)}; others have taken that out since." if earlier else ""
    return finding(
        "mx-would-be-empty",
        f"The MX set holds nothing but {ours}: without it no MX would be left.{known} Set the MX that shall take the mail at the"
        " provider, then run unenroll again.",
    )


def _null(live: RRset | None, after: RRset | None) -> Iterable[Finding]:
    """A null MX that somebody put beside the service's hosts. One that stood before an enrolment comes back alone, unasked."""
    nulls = {value for value in mx_values(live) & mx_values(after) if value.exchange == NULL_EXCHANGE}
    others = mx_values(after) - nulls
    if nulls and others:
        yield finding(
            "mx-null-with-others",
            f"The null MX {_shown(nulls)} stands beside other exchanges, which is broken today."
            " --accept mx-null-with-others takes it out.",
        )
    elif nulls:
        yield finding(
            "mx-null",
            f"Without the service's hosts only the null MX {_shown(nulls)} would be left: the domain would accept no mail."
            " Where that is right, --accept mx-null; else set the MX at the provider, then run unenroll again.",
        )


def _policy(view: ZoneView, after: RRset | None, known: Known) -> Iterable[Finding]:
    """Whether senders that follow the domain's MTA-STS policy deliver to the hosts that are left: it may name ours alone."""
    exchanges = {value.exchange for value in mx_values(after)} - {NULL_EXCHANGE}
    if not exchanges:
        return
    verdict = judge_policy(view.owner, exchanges, known)
    if verdict.mode != "unknown":
        yield from mta_sts_findings(view.owner, exchanges, known)
        return
    hosts = ", ".join(sorted(map(display, exchanges)))
    text = f"Whether the MTA-STS policy of {display(view.owner)} lists {hosts} is not known: {verdict.why}. Senders that keep a"
    yield finding("mta-sts-not-checked", f"{text} policy in mode enforce do not deliver to hosts that it does not list.")


def _outcome(view: ZoneView, live: RRset | None, after: RRset | None) -> Iterable[Finding]:
    back = mx_values(after) - mx_values(live)
    if back:
        yield finding("mx-restored", f"The enrolment had taken out or moved what comes back now: MX {_shown(back)}.")
    if not mx_values(after):
        yield finding(
            "mx-implicit",
            f"No MX is left, as before the enrolment: mail goes to the address of {display(view.owner)}, where it has one.",
        )
