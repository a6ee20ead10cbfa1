"""A plan: what would be written for a wish, and everything worth saying about it before it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from registrar_sync.core.enrol_mx import enrol_mx
from registrar_sync.core.enrol_spf import enrol_spf
from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding, held_back
from registrar_sync.core.known import Known
from registrar_sync.core.model import Rdata, RRset, RRsetChange, Txt, ZoneView
from registrar_sync.core.mta_sts import guard_policy
from registrar_sync.core.mx_beside import guard_beside_mx
from registrar_sync.core.mx_mechanism import guard_mx_mechanism
from registrar_sync.core.mx_nested import guard_nested_mx
from registrar_sync.core.names import display
from registrar_sync.core.other_senders import guard_other_senders
from registrar_sync.core.service_check import check_service
from registrar_sync.core.spf_outcome import guard_outcome
from registrar_sync.core.wish import Wish

__all__ = ["Plan", "Wish", "digest_of", "plan_enrolment"]

TYPES = ("TXT", "MX")  # the order of entering: SPF before MX (rules A8)
_LONG_TTL_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An enrolment not yet written.

    ``changes``: only what would be written, TXT before MX. ``before`` and ``after``: both sets whole, "TXT" and "MX",
    whether they change or not (None: no such set). ``detail``: where there is nothing to do, "already
    enrolled", or "covered-by:" and the domains through which SPF authorises the service.
    """

    zone: str
    owner: str
    changes: tuple[RRsetChange, ...]
    findings: tuple[Finding, ...]
    before: Mapping[str, RRset | None]
    after: Mapping[str, RRset | None]
    detail: str = ""

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over zone, owner, and both sets' values and TTLs before and after."""
        return digest_of(self.zone, self.owner, self.before, self.after)

    def with_findings(self, more: Iterable[Finding]) -> Plan:
        """The same plan with more to say."""
        return replace(self, findings=(*self.findings, *more))


def plan_enrolment(view: ZoneView, wish: Wish, known: Known | None = None) -> Plan:
    """What enrolling would write, given all that stands at the owner. Never raises for what a zone holds: it says so.

    before: TXT {"v=spf1 mx ~all"}, MX {5 mailgate}.  wish: security-mail, below.
    after: TXT {"v=spf1 mx include:includespf.security-mail.net ~all"}, MX {3 france, 4 europe, 5 mailgate}.
    A part that a block holds back stays as it is. ``known``: the world beside the zone; what the plan missed there is in its
    ``wanted``, and a plan that missed something is only good for finding out what (None: nothing is known).
    """
    known = known or Known()
    before = {rtype: view.rrset(rtype) for rtype in TYPES}
    foreign = _not_ours_to_edit(view)
    if foreign:
        return _plan(view, before, before, foreign)
    spf, mx = enrol_spf(view, wish, known), enrol_mx(view, wish, known)
    writes = (spf.after, mx.after) != (before["TXT"], before["MX"])
    service = check_service(view.owner, wish, known) if writes else ()
    mx = guard_nested_mx(view, wish, spf, guard_mx_mechanism(view, wish, spf, mx), known)
    mx = guard_policy(view, wish, mx, known)
    spf, mx = guard_outcome(view, wish, spf, mx, known)
    spf, mx = guard_other_senders(view, wish, spf, mx)
    mx = guard_beside_mx(view, wish, mx, known)
    after = before if wish.stops(service) else {"TXT": spf.after, "MX": mx.after}
    plan = _plan(view, before, after, (*service, *spf.findings, *mx.findings, *_clamped(before, after, wish)))
    plan = plan.with_findings(_long_kept(plan.changes))
    done = not plan.changes and not held_back(plan.findings, wish.accept)
    return replace(plan, detail=spf.detail or "already enrolled") if done else plan


def _plan(
    view: ZoneView, before: Mapping[str, RRset | None], after: Mapping[str, RRset | None], findings: tuple[Finding, ...]
) -> Plan:
    changes = changes_between(view.owner, before, after, TYPES)
    return Plan(zone=view.zone, owner=view.owner, changes=changes, findings=findings, before=before, after=after)


def changes_between(
    owner: str, before: Mapping[str, RRset | None], after: Mapping[str, RRset | None], order: Iterable[str]
) -> tuple[RRsetChange, ...]:
    """The changes that write something, in this order of types."""
    pairs = (RRsetChange(owner=owner, rtype=rtype, before=before[rtype], after=after[rtype]) for rtype in order)
    return tuple(change for change in pairs if not change.is_empty)


def digest_of(zone: str, owner: str, before: Mapping[str, RRset | None], after: Mapping[str, RRset | None]) -> str:
    """SHA-256 over canonical JSON: names, values, TTLs, disabled or not; no native rows, no order of records."""
    images = [{rtype: _canonical(image[rtype]) for rtype in sorted(image)} for image in (before, after)]
    text = json.dumps([zone, owner, *images], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(rrset: RRset | None) -> list[list[str | int]]:
    records = rrset.records if rrset else ()
    return sorted([_value_text(record.rdata), record.ttl, int(record.disabled)] for record in records)


def _value_text(rdata: Rdata) -> str:
    # latin-1 keeps every octet apart, as UTF-8 with replacements would not
    return rdata.joined.decode("latin-1") if isinstance(rdata, Txt) else str(rdata)


# --- findings on the whole ----------------------------------------------------------------------------------------------
def _not_ours_to_edit(view: ZoneView) -> tuple[Finding, ...]:
    found = []
    alias, cut = view.rrset("CNAME"), view.rrset("NS")
    if alias and alias.live:
        text = f"{display(view.owner)} is a CNAME to {alias.live[0].rdata}: no TXT and no MX may stand there. Enrol that name."
        found.append(finding("owner-cname", text))
    if cut and cut.live and view.owner != view.zone:
        text = (
            f"{display(view.owner)} is delegated away from {display(view.zone)}: what is written here is never served. Use the"
            " account that holds the child zone."
        )
        found.append(finding("owner-delegated", text))
    return tuple(found)


def _clamped(before: Mapping[str, RRset | None], after: Mapping[str, RRset | None], wish: Wish) -> tuple[Finding, ...]:
    creates = any(after[rtype] is not None and before[rtype] is None for rtype in TYPES)
    if not creates or wish.new_ttl == wish.wanted_ttl:
        return ()
    text = f"The provider allows TTLs from {wish.ttl_min} to {wish.ttl_max} s: {wish.new_ttl} is used, not {wish.wanted_ttl}."
    return (finding("ttl-clamped", text),)


def _long_kept(changes: Iterable[RRsetChange]) -> Iterable[Finding]:
    kept = [change for change in changes if change.before and change.before.records and change.before.ttl > _LONG_TTL_S]
    if kept:
        owner = display(kept[0].owner)
        told = " and ".join(f"{change.rtype} {change.before.ttl} s" for change in kept if change.before)
        yield finding(
            "ttl-long",
            f"The TTL at {owner} is long ({told}): for that long caches may go on answering what stands there now. For a quick"
            f" cut-over, registrar-sync prepare {owner} --ttl 300 first, with the same --provider or --account.",
        )
