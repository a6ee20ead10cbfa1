"""A plan: what would be written for a wish, and everything worth saying about it before it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from registrar_sync.core.by_hand import judge_by_hand
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
from registrar_sync.core.scope import TYPES, WHOLE, Scope
from registrar_sync.core.service_check import check_service
from registrar_sync.core.spf_outcome import guard_outcome
from registrar_sync.core.wish import Part, Wish

__all__ = ["TYPES", "Plan", "Wish", "digest_of", "plan_enrolment"]

_LONG_TTL_S = 3600
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An enrolment not yet written.

    ``changes``: only what would be written, TXT before MX. ``before`` and ``after``: the sets of the wish's scope, "TXT" and
    "MX", whole, whether they change or not (None: no such set). ``detail``: where there is nothing to do, "already
    enrolled", or "covered-by:" and the domains through which SPF authorises the service. ``left``: blocks on what the plan
    leaves to others; they do not stop it.
    """

    zone: str
    owner: str
    changes: tuple[RRsetChange, ...]
    findings: tuple[Finding, ...]
    before: Mapping[str, RRset | None]
    after: Mapping[str, RRset | None]
    detail: str = ""
    left: tuple[Finding, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over zone, owner, and both sets' values and TTLs before and after."""
        return digest_of(self.zone, self.owner, self.before, self.after)

    def with_findings(self, more: Iterable[Finding]) -> Plan:
        """The same plan with more to say."""
        added = tuple(more)
        return replace(self, findings=(*self.findings, *added)) if added else self


def plan_enrolment(view: ZoneView, wish: Wish, known: Known | None = None) -> Plan:
    """What enrolling would write, given all that stands at the owner. Never raises for what a zone holds: it says so.

    before: TXT {"v=spf1 mx ~all"}, MX {5 mailgate}.  wish: security-mail, below.
    after: TXT {"v=spf1 mx include:includespf.security-mail.net ~all"}, MX {3 france, 4 europe, 5 mailgate}.
    A part that a block holds back stays as it is; one that is not in the wish's scope is not part of the plan. ``known``: the
    world beside the zone; what the plan missed there is in its ``wanted``, and a plan that missed something is only good for
    finding out what (None: nothing is known).
    """
    known = known or Known()
    plan = _plan_scope(view, wish, known)
    plan = plan.with_findings((*_clamped(plan.before, plan.after, wish), *_below_minimum(plan, wish), *_long_kept(plan.changes)))
    if not wish.scope.by_hand:
        return plan
    whole = _plan_scope(view, replace(wish, scope=WHOLE), known)
    foretold, left = judge_by_hand(view.owner, wish, plan.findings, whole.findings, (whole.before["MX"], whole.after["MX"]))
    return replace(plan, findings=(*plan.findings, *foretold), left=left)


def _plan_scope(view: ZoneView, wish: Wish, known: Known) -> Plan:
    standing = {rtype: view.rrset(rtype) for rtype in TYPES}
    foreign = _not_ours_to_edit(view)
    if foreign:
        return _plan(view, wish.scope, standing, foreign)
    spf, mx = _parts(view, wish, known)
    service = check_service(view.owner, wish, known) if (spf.after, mx.after) != (standing["TXT"], standing["MX"]) else ()
    mx = guard_nested_mx(view, wish, spf, guard_mx_mechanism(view, wish, spf, mx), known)
    mx = guard_policy(view, wish, mx, known)
    spf, mx = guard_outcome(view, wish, spf, mx, known)
    spf, mx = guard_other_senders(view, wish, spf, mx)
    mx = guard_beside_mx(view, wish, mx, known)
    after = standing if wish.stops(service) else {"TXT": spf.after, "MX": mx.after}
    plan = _plan(view, wish.scope, after, (*service, *spf.findings, *mx.findings))
    done = not plan.changes and not held_back(plan.findings, wish.accept)
    return replace(plan, detail=spf.detail or _already(wish.scope)) if done else plan


def _parts(view: ZoneView, wish: Wish, known: Known) -> tuple[Part, Part]:
    """SPF and MX as they shall be; one that is not in the wish's scope as it is."""
    spf, mx = (Part(after=view.rrset(rtype)) for rtype in TYPES)
    if "TXT" in wish.scope.types:
        spf = enrol_spf(view, wish, known)
    if "MX" in wish.scope.types:
        mx = enrol_mx(view, wish, known)
    return spf, mx


def _already(scope: Scope) -> str:
    return "already enrolled" if scope.is_whole else f"{scope.shown}: already enrolled"


def _plan(view: ZoneView, scope: Scope, after: Mapping[str, RRset | None], findings: tuple[Finding, ...]) -> Plan:
    before = {rtype: view.rrset(rtype) for rtype in scope.types}
    planned = {rtype: after[rtype] for rtype in scope.types}
    changes = changes_between(view.owner, before, planned, scope.types)
    return Plan(zone=view.zone, owner=view.owner, changes=changes, findings=findings, before=before, after=planned)


def changes_between(
    owner: str, before: Mapping[str, RRset | None], after: Mapping[str, RRset | None], order: Iterable[str]
) -> tuple[RRsetChange, ...]:
    """The changes that write something, in this order of types; one that ``after`` does not name is not written."""
    types = (rtype for rtype in order if rtype in after)
    pairs = (RRsetChange(owner=owner, rtype=rtype, before=before[rtype], after=after[rtype]) for rtype in types)
    return tuple(change for change in pairs if not change.is_empty)


def digest_of(zone: str, owner: str, before: Mapping[str, RRset | None], after: Mapping[str, RRset | None]) -> str:
    """SHA-256 over canonical JSON: names, values, TTLs, disabled or not; no native rows, no order of records."""
    images = [{rtype: _canonical(image[rtype]) for rtype in sorted(image)} for image in (before, after)]
    text = _CANONICAL.encode([zone, owner, *images])
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(rrset: RRset | None) -> list[list[str | int]]:
    records = rrset.records if rrset else ()
    return sorted([[_value_text(record.rdata), record.ttl, int(record.disabled)] for record in records])


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
    creates = any(rrset is not None and before[rtype] is None for rtype, rrset in after.items())
    if not creates or wish.new_ttl == wish.wanted_ttl:
        return ()
    text = f"The provider allows TTLs from {wish.ttl_min} to {wish.ttl_max} s: {wish.new_ttl} is used, not {wish.wanted_ttl}."
    return (finding("ttl-clamped", text),)


def _below_minimum(plan: Plan, wish: Wish) -> Iterable[Finding]:
    for change in plan.changes:
        lowest = min((record.ttl for record in change.before.records), default=wish.ttl_min) if change.before else wish.ttl_min
        if lowest < wish.ttl_min:
            text = f"The {change.rtype} records at {display(change.owner)} have a TTL of {lowest} s, and the provider is known to"
            yield finding("ttl-below-minimum", f"{text} take none below {wish.ttl_min} s: it may refuse to write them again.")


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
