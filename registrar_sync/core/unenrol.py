"""A plan of leaving a service: what would be written, and everything worth saying about it before it is (rules A8, B4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from registrar_sync.core.by_hand import leave_by_hand
from registrar_sync.core.finding import Finding
from registrar_sync.core.known import Known
from registrar_sync.core.leaving import Image, Leaving
from registrar_sync.core.model import RRsetChange, ZoneView
from registrar_sync.core.plan import TYPES, changes_between, digest_of
from registrar_sync.core.scope import WHOLE, Scope
from registrar_sync.core.unenrol_mx import holds_hosts, unenrol_mx
from registrar_sync.core.unenrol_spf import unenrol_spf
from registrar_sync.core.wish import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Unenrolment:
    """A leaving not yet written.

    ``changes``: only what would be written, MX before TXT (leaving order, rules A8). ``before`` and ``after``: the sets that it
    is about, whole.
    """

    zone: str
    owner: str
    changes: tuple[RRsetChange, ...]
    findings: tuple[Finding, ...]
    before: Image
    after: Image

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over zone, owner, and both sets' values and TTLs before and after."""
        return digest_of(self.zone, self.owner, self.before, self.after)


def plan_unenrolment(view: ZoneView, leaving: Leaving, known: Known, *, spf_now: bool, scope: Scope = WHOLE) -> Unenrolment:
    """What leaving would write into the zone of today. Never raises for what a zone holds: it says so.

    before: TXT {"v=spf1 mx include:includespf.security-mail.net ~all"}, MX {3 france, 4 europe, 5 mailgate}.
    after: MX {5 mailgate}; with ``spf_now`` also TXT {"v=spf1 mx ~all"}, else the include stays for later.
    SPF and MX are decided together: a block that is not accepted in one writes neither. What only the SPF part would ask to be
    accepted is a warning until that part is due. A part that is not in ``scope`` is not part of the plan.
    """
    today = {rtype: view.rrset(rtype) for rtype in TYPES}
    mx = _mx(view, leaving, known, scope)
    spf = _spf(view, leaving, known, spf_now=spf_now) if "TXT" in scope.types else Part(after=today["TXT"])
    findings = (*mx.findings, *spf.findings)
    planned = today if leaving.stops(findings) else {"TXT": spf.after, "MX": mx.after}
    today, target = ({rtype: side[rtype] for rtype in scope.types} for side in (today, planned))
    return Unenrolment(
        zone=view.zone,
        owner=view.owner,
        changes=changes_between(view.owner, today, target, reversed(scope.types)),
        findings=findings,
        before=today,
        after=target,
    )


def _mx(view: ZoneView, leaving: Leaving, known: Known, scope: Scope) -> Part:
    today = view.rrset("MX")
    if "MX" in scope.types:
        return unenrol_mx(view, leaving, known)
    if "MX" in scope.by_hand and holds_hosts(today, leaving):
        return Part(after=today, findings=leave_by_hand(view.owner, today, unenrol_mx(view, leaving, known)))
    return Part(after=today)


def _spf(view: ZoneView, leaving: Leaving, known: Known, *, spf_now: bool) -> Part:
    spf = unenrol_spf(view, leaving, known)
    return spf if spf_now else Part(after=view.rrset("TXT"), findings=tuple(map(_foretold, spf.findings)))


def _foretold(finding: Finding) -> Finding:
    if finding.severity == "block" and finding.acceptable:
        return replace(finding, severity="warn", message=f"When the SPF part is due: {finding.message}")
    return finding
