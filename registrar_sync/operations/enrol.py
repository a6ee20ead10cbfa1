"""Plan and enrol one domain."""

from __future__ import annotations

from registrar_sync.core.ahead import ask_ahead
from registrar_sync.core.finding import Finding, Severity
from registrar_sync.core.guard import KINDS, finding, held_back
from registrar_sync.core.model import ZoneView
from registrar_sync.core.plan import Plan, plan_enrolment
from registrar_sync.operations.change import make_change, observe_and_draft
from registrar_sync.operations.desk import Desk, Request, Setting
from registrar_sync.operations.draft import Confirm, Draft, Procedure
from registrar_sync.operations.due import too_early
from registrar_sync.operations.lock import refuse_open_change
from registrar_sync.operations.observe import DnsLook, as_served, dns_findings
from registrar_sync.operations.result import Result
from registrar_sync.operations.scope import refuse_unwritable


def plan(setting: Setting, request: Request) -> Result:
    """What ``enroll`` would do. Writes nothing, neither to the zone nor to the journal."""
    desk = Desk(command="plan", setting=setting, request=request)
    return desk.run(lambda: _plan(desk))


def _plan(desk: Desk) -> Result:
    refuse_unwritable(desk)
    refuse_open_change(desk)
    draft = observe_and_draft(desk, _procedure(desk, None))[1].draft
    held = held_back(draft.findings, desk.request.accept)
    if held:
        return desk.held(held)
    if not draft.changes:
        return desk.result("nothing-to-do", message=draft.detail or "Nothing to change.")
    return desk.result("planned", message="Nothing was changed: this is what enroll would write.")


def enroll(setting: Setting, request: Request, confirm: Confirm = None) -> Result:
    """Put the service into the domain's SPF and MX, read it back, and wait until it is served everywhere."""
    desk = Desk(command="enroll", setting=setting, request=request)

    def work() -> Result:
        refuse_unwritable(desk)
        if request.run is None:  # else its row was begun just now: that was written, to the disk
            setting.journal.check_writable()
        return make_change(desk, _procedure(desk, confirm))

    return desk.run(work)


def _procedure(desk: Desk, confirm: Confirm) -> Procedure:
    return Procedure(
        command="enroll",
        draft=lambda look, view: _draft(desk, look, view),
        foresee=lambda served: _foresee(desk, served),
        confirm=confirm,
        context={"mx_mode": desk.request.mx_mode, "accepted": sorted(desk.request.accept), "only": desk.request.only},
    )


def _foresee(desk: Desk, served: ZoneView) -> None:
    wish = desk.request.wish(desk.setting)
    if wish.probe_smtp:  # asks for more where there are addresses
        _settled_plan(desk, served)
    else:
        desk.setting.inquiry.foresee(lambda known: ask_ahead(served, wish, known))


def _settled_plan(desk: Desk, view: ZoneView) -> Plan:
    wish = desk.request.wish(desk.setting)
    return desk.setting.inquiry.settle(lambda known: plan_enrolment(view, wish, known))


def _draft(desk: Desk, look: DnsLook, view: ZoneView) -> Draft:
    seen = as_served(desk, look, view)
    plan = _settled_plan(desk, seen)
    return Draft(
        view=view,
        before=plan.before,
        after=plan.after,
        changes=plan.changes,
        digest=plan.digest,
        findings=(*plan.findings, *notices(view), *dns_findings(desk, look, seen), *(too_early(desk) if plan.changes else ())),
        left=plan.left,
        detail=plan.detail,
    )


def notices(view: ZoneView, *, severity: Severity | None = None) -> list[Finding]:
    """What the provider itself reports of the zone, as findings."""
    return [
        finding(notice, f"The provider says so itself. {KINDS[notice].why}", severity=severity) for notice in sorted(view.notices)
    ]
