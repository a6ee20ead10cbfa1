"""A plan of leaving a service: what would be written, and everything worth saying about it before it is (rules A8, B4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from registrar_sync.core.finding import Finding
from registrar_sync.core.known import Known
from registrar_sync.core.leaving import Image, Leaving
from registrar_sync.core.model import RRsetChange, ZoneView
from registrar_sync.core.plan import TYPES, changes_between, digest_of
from registrar_sync.core.unenrol_mx import unenrol_mx
from registrar_sync.core.unenrol_spf import unenrol_spf
from registrar_sync.core.wish import Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Unenrolment:
    """A leaving not yet written.

    ``changes``: only what would be written, MX before TXT (leaving order, rules A8). ``before`` and ``after``: both sets whole.
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


def plan_unenrolment(view: ZoneView, leaving: Leaving, known: Known, *, spf_now: bool) -> Unenrolment:
    """What leaving would write into the zone of today. Never raises for what a zone holds: it says so.

    before: TXT {"v=spf1 mx include:includespf.security-mail.net ~all"}, MX {3 france, 4 europe, 5 mailgate}.
    after: MX {5 mailgate}; with ``spf_now`` also TXT {"v=spf1 mx ~all"}, else the include stays for later.
    SPF and MX are decided together: a block that is not accepted in one writes neither. What only the SPF part would ask to be
    accepted is a warning until that part is due.
    """
    today = {rtype: view.rrset(rtype) for rtype in TYPES}
    mx, spf = unenrol_mx(view, leaving, known), unenrol_spf(view, leaving, known)
    if not spf_now:
        spf = Part(after=today["TXT"], findings=tuple(map(_foretold, spf.findings)))
    findings = (*mx.findings, *spf.findings)
    target = today if leaving.stops(findings) else {"TXT": spf.after, "MX": mx.after}
    return Unenrolment(
        zone=view.zone,
        owner=view.owner,
        changes=changes_between(view.owner, today, target, reversed(TYPES)),
        findings=findings,
        before=today,
        after=target,
    )


def _foretold(finding: Finding) -> Finding:
    if finding.severity == "block" and finding.acceptable:
        return replace(finding, severity="warn", message=f"When the SPF part is due: {finding.message}")
    return finding
