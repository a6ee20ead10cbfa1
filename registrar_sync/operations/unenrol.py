"""Take the service out of one domain, whoever put it there: MX now, SPF once the service's mail queue must be empty."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import finding, held_back
from registrar_sync.core.leaving import Leaving
from registrar_sync.core.model import ZoneView
from registrar_sync.core.scope import shown_types
from registrar_sync.core.unenrol import Unenrolment, plan_unenrolment
from registrar_sync.operations.change import make_change, observe_and_draft
from registrar_sync.operations.desk import Desk, Request, Setting
from registrar_sync.operations.draft import Confirm, Draft, Procedure
from registrar_sync.operations.due import clock_time
from registrar_sync.operations.enrol import notices
from registrar_sync.operations.grace import Step, leaving_of, next_step, standing_ids
from registrar_sync.operations.lock import refuse_open_change
from registrar_sync.operations.observe import DnsLook, as_served, dns_findings
from registrar_sync.operations.result import Result
from registrar_sync.operations.scope import refuse_unwritable
from registrar_sync.operations.write import LEAVING


def unenroll(
    setting: Setting, request: Request, confirm: Confirm = None, *, grace_s: int | None = None, dry_run: bool = False
) -> Result:
    """Take out the service's hosts and its include, in the safe order. Values that are not the service's always stay.

    The hosts go now; the include goes when the same is asked for once more, ``grace_s`` seconds after the hosts went (None: as
    asked for then, five days where nobody said), or at once where ``grace_s`` is 0. Where the MX set holds none of the service's
    hosts and the journal does not know since when, the time counts from now: nothing is written to the zone, but the journal
    gets an entry, by which a later run and ``due`` know. What is not enrolled at all leaves no trace there.
    ``dry_run``: show what would be written, and write nothing, neither to the zone nor to the journal.
    """
    desk = Desk(command="unenroll", setting=setting, request=request)
    way = _Way(desk=desk, grace_s=grace_s)

    def work() -> Result:
        refuse_unwritable(desk)
        if dry_run:
            refuse_open_change(desk)
            return way.shown(observe_and_draft(desk, way.procedure(None))[1].draft)
        setting.journal.check_writable()
        return way.ended(make_change(desk, way.procedure(confirm)))

    return desk.run(work)


@dataclass(slots=True, kw_only=True)
class _Way:
    """One leaving under way; ``step`` as last drafted."""

    desk: Desk
    grace_s: int | None
    step: Step = field(default_factory=Step)

    def procedure(self, confirm: Confirm) -> Procedure:
        """What distinguishes leaving from other changes."""
        return Procedure(
            command="unenroll",
            draft=self._draft,
            foresee=self._foresee,
            confirm=confirm,
            order=LEAVING,
            context={"only": self.desk.request.only},
        )

    def _foresee(self, served: ZoneView) -> None:
        self._plan(leaving_of(self.desk), served, spf_now="TXT" in self.desk.scope.types)

    def _plan(self, leaving: Leaving, view: ZoneView, *, spf_now: bool) -> Unenrolment:
        return self.desk.setting.inquiry.settle(
            lambda known: plan_unenrolment(view, leaving, known, spf_now=spf_now, scope=self.desk.scope)
        )

    def _draft(self, look: DnsLook, view: ZoneView) -> Draft:
        leaving = leaving_of(self.desk)
        seen = as_served(self.desk, look, view)
        step = self.step = next_step(self.desk, leaving, seen, self.grace_s)
        plan = self._plan(leaving, seen, spf_now=step.spf_now)
        return Draft(
            view=view,
            before=plan.before,
            after=plan.after,
            changes=plan.changes,
            digest=plan.digest,
            findings=(*plan.findings, *_about_the_include(self.desk, step), *notices(view), *dns_findings(self.desk, look, seen)),
            detail=_detail(self.desk, step),
            drift=_other_part(self.desk, step) if plan.changes else "",
            context=step.context,
            rolls_back=standing_ids(self.desk, step.ends) if step.part else (),
            remember=step.starts,
        )

    def shown(self, draft: Draft) -> Result:
        """The result of a dry run."""
        held = held_back(draft.findings, self.desk.request.accept)
        if held:
            return self.desk.held(held)
        if not draft.changes:
            return self.ended(self.desk.result("nothing-to-do", message=draft.detail))
        return self.desk.result("planned", message="Nothing was changed: this is what unenroll would write.")

    def ended(self, result: Result) -> Result:
        """The result with the next command, where the include is to go later."""
        if self.step.due is None or not result.ok or result.hint:
            return result
        return replace(result, hint=f"after {clock_time(self.step.due)}: {_again(self.desk)}")


def _other_part(desk: Desk, step: Step) -> str:
    """A journal entry says which part it is: where the zone moved meanwhile so that the other one is due, that is a new entry."""
    if not desk.under_way or desk.change_id is None:
        return ""
    recorded = desk.setting.journal.change(desk.change_id).what.context["part"]
    if (recorded != "mx") == step.spf_now:
        return ""
    return "Somebody changed the zone while the provider made us wait, so that now another part of leaving is due: run it again."


# --- what is said -------------------------------------------------------------------------------------------------------
def _about_the_include(desk: Desk, step: Step) -> list[Finding]:
    """Mail that the service still holds in its queue is sent for days (RFC 5321 section 4.5.4.1): its SPF must still pass."""
    if step.due is not None:
        since = " This journal does not know when its hosts left the MX set, so that time counts from now." if step.starts else ""
        return [
            finding(
                "spf-later",
                f"The include stays until {clock_time(step.due)}: mail still queued at the service must pass SPF.{since}"
                f" Then run: {_again(desk)}; with --grace 0 it goes at once.",
            )
        ]
    if step.hurries:
        text = (
            "The include leaves the SPF record: mail still queued at the service may fail SPF. --grace 5d leaves it in for now."
        )
        return [finding("spf-include-removed", text)]
    return []


def _detail(desk: Desk, step: Step) -> str:
    service = desk.setting.service.name
    if step.waits:
        return f"The MX set holds hosts of {service}: the include stays as long as they do, unless --grace 0 takes it out now."
    if step.due is None and not step.part:
        return f"{shown_types(desk.scope.types)}: nothing of {service} is there that could go."
    if step.due is None:
        return ""
    hosts = "The hosts are out of the MX set" if step.part else "The MX set holds none of the service's hosts"
    return f"{hosts}; the include stays in the SPF record until {clock_time(step.due)}."


def _again(desk: Desk) -> str:
    """The command that goes on with it."""
    zone = f" --zone {desk.request.zone.removesuffix('.')}" if desk.request.zone else ""
    account, service = desk.setting.account, desk.setting.service.name
    only = f" --only {desk.request.only}" if desk.request.only else ""
    return f"registrar-sync unenroll {desk.shown_domain} --account {account} --service {service}{zone}{only}"
