"""The way of every change, enrolment or rollback: observe, draft, confirm, lock, compare, record, write, read back, wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import held_back
from registrar_sync.core.model import RRset, RRsetChange, ZoneView
from registrar_sync.errors import ConfirmationNeeded, Drift, JournalUnusable, OpenChange
from registrar_sync.operations.desk import READ_COUNTS_S, Desk
from registrar_sync.operations.observe import DnsLook, look_at_dns
from registrar_sync.operations.result import PlanShown, Result
from registrar_sync.operations.wait import wait_for_nothing_new, wait_for_written
from registrar_sync.operations.write import Outcome, Work, ZoneMoved, carry_out
from registrar_sync.ports import ChangeState, DnsProvider, Images, NewChange, ZoneLock

# Shown the draft as a result of state "planned"; False stops. None: nobody is asked (--yes).
Confirm = Callable[[Result], bool] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A change as drafted on one view.

    ``drift``: why nothing may be written (rollback only); ``detail``: what else is worth saying of it.
    """

    view: ZoneView
    before: Mapping[str, RRset | None]
    after: Mapping[str, RRset | None]
    changes: tuple[RRsetChange, ...]
    digest: str
    findings: tuple[Finding, ...] = ()
    detail: str = ""
    drift: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """What distinguishes an enrolment from a rollback. ``draft`` decides on a view; ``on_end`` hears how it ended."""

    command: Literal["enroll", "rollback"]
    draft: Callable[[DnsLook, ZoneView], Draft]
    confirm: Confirm = None
    undoes: int | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    on_end: Callable[[ChangeState], None] = lambda state: None


@dataclass(slots=True, kw_only=True)
class _Sitting:
    """One drafted change on its way: which read it stands on, and whether a person has seen it."""

    look: DnsLook
    draft: Draft
    mark: int
    read_at: float
    asked: bool = False


def observe_and_draft(desk: Desk, procedure: Procedure) -> tuple[DnsProvider, _Sitting]:
    """Ask the DNS, then the API, and draft the change; nothing is written."""
    look = look_at_dns(desk)
    mark = desk.setting.journal.mark()
    provider = desk.open()
    read_at = desk.setting.clock.monotonic()
    draft = procedure.draft(look, provider.read(desk.owner))
    _show(desk, draft)
    return provider, _Sitting(look=look, draft=draft, mark=mark, read_at=read_at)


def _show(desk: Desk, draft: Draft) -> None:
    desk.plan = PlanShown(digest=draft.digest, changes=draft.changes, before=draft.before, after=draft.after)
    desk.findings = draft.findings


def make_change(desk: Desk, procedure: Procedure) -> Result:
    """Carry a change through to its end. Raises known errors; before the intent is durable nothing was changed."""
    refuse_open_change(desk)
    provider, sitting = observe_and_draft(desk, procedure)
    stopped = _stop(desk, procedure, sitting)
    if stopped is not None:
        return stopped
    _ask(desk, procedure, sitting)
    assert desk.zone is not None
    lock = desk.setting.journal.lock(desk.zone)
    try:
        stopped, outcome = _under_lock(desk, procedure, provider, lock, sitting)
    except Exception:
        lock.release()
        raise
    # A kill or Ctrl-C in there leaves the lock to its lease: recover then waits for the call that may be under way.
    lock.release()
    if stopped is not None or outcome is None:
        return stopped or _stop(desk, procedure, sitting) or desk.result("nothing-to-do")
    return _after_write(desk, procedure, sitting, outcome)


def refuse_open_change(desk: Desk) -> None:
    """An interrupted change must be recovered before anything else is written. A rollback may undo an ``unknown`` one."""
    for change in desk.setting.journal.unfinished(desk.owner):
        if change.state == "intended" or desk.command != "rollback":
            raise OpenChange(
                f"Change {change.id} of {desk.shown_domain} was interrupted (state {change.state}). Nothing was changed now.",
                hint=f"Run: registrar-sync recover {desk.shown_domain}",
            )


def _stop(desk: Desk, procedure: Procedure, sitting: _Sitting) -> Result | None:
    """The result where there is nothing to write: drift, findings in the way, or already so."""
    draft = sitting.draft
    if draft.drift:
        _end_without_write(desk, procedure, draft, "drift")
        raise Drift(f"{draft.drift} Nothing was changed.", hint=f"Look at it: registrar-sync history {desk.shown_domain}")
    held = held_back(draft.findings, desk.request.accept)
    if held:
        return desk.result("refused", message=held_message(held), hint=held_hint(desk, held))
    if draft.changes:
        return None
    _end_without_write(desk, procedure, draft, "nothing-to-do")
    seen = wait_for_nothing_new(desk, sitting.look, draft.after)
    return desk.result("nothing-to-do", message=draft.detail or "Nothing to change.", visibility=seen)


def _end_without_write(desk: Desk, procedure: Procedure, draft: Draft, state: Literal["drift", "nothing-to-do"]) -> None:
    if procedure.command == "rollback":
        images = Images(before=draft.before, after=draft.before)
        desk.change_id = desk.setting.journal.begin(_new_change(desk, procedure, {}), images, state=state)
        procedure.on_end(state)


def held_message(held: list[Finding]) -> str:
    """How many findings stand in the way."""
    return f"Held back by {len(held)} finding{'s' if len(held) > 1 else ''}. Nothing was changed."


def held_hint(desk: Desk, held: list[Finding]) -> str:
    """The command that would go on, where each finding may be accepted."""
    if not all(f.acceptable for f in held):
        return "Mend what the findings name, then run it again."
    accepts = " ".join(f"--accept {f.id}" for f in held)
    return f"If each of them is right for this domain, run it again with {accepts}"


def _ask(desk: Desk, procedure: Procedure, sitting: _Sitting) -> None:
    if procedure.confirm is None:
        return
    sitting.asked = True
    if not procedure.confirm(desk.result("planned")):
        raise ConfirmationNeeded("Declined. Nothing was changed.", hint="Run it again when it is right.")


def _under_lock(
    desk: Desk, procedure: Procedure, provider: DnsProvider, lock: ZoneLock, sitting: _Sitting
) -> tuple[Result | None, Outcome | None]:
    refuse_open_change(desk)
    view = provider.read(desk.owner) if _must_reread(desk, sitting) else None
    while True:
        if view is not None:
            _compare(desk, procedure, sitting, view)
        if view is not None and (not sitting.draft.changes or _is_held(desk, sitting)):
            return _stop_after_all(desk, procedure, sitting)
        _record_intent(desk, procedure, sitting)
        draft = sitting.draft
        work = Work(start=draft.view, before=draft.before, after=draft.after, changes=draft.changes)
        try:
            outcome = carry_out(desk, provider, lock, work)
        except ZoneMoved as moved:
            view = moved.view
            continue
        _record_outcome(desk, procedure, outcome)
        return None, outcome


def _must_reread(desk: Desk, sitting: _Sitting) -> bool:
    """Whether the read no longer counts: a person was asked, it is too old, or our own journal wrote to the zone since."""
    assert desk.zone is not None
    too_old = desk.setting.clock.monotonic() - sitting.read_at > READ_COUNTS_S
    return sitting.asked or too_old or desk.setting.journal.touched_since(desk.zone, sitting.mark)


def _compare(desk: Desk, procedure: Procedure, sitting: _Sitting, view: ZoneView) -> None:
    """Draft anew on a fresh view. What a person said yes to must not become another change behind their back."""
    fresh = procedure.draft(sitting.look, view)
    if sitting.asked and fresh.digest != sitting.draft.digest:
        if desk.under_way:
            _end(desk, "drift", wrote=False)
        raise Drift(
            "The zone changed after the plan was shown. Nothing was changed by us.", hint="Run it again to see the new plan."
        )
    sitting.draft = fresh
    _show(desk, fresh)


def _is_held(desk: Desk, sitting: _Sitting) -> bool:
    return bool(sitting.draft.drift or held_back(sitting.draft.findings, desk.request.accept))


def _stop_after_all(desk: Desk, procedure: Procedure, sitting: _Sitting) -> tuple[Result | None, Outcome | None]:
    """The zone moved, and on what it holds now there is nothing that may be written."""
    if desk.under_way:
        _end(desk, "refused", wrote=False)
    return _stop(desk, procedure, sitting), None


def _record_intent(desk: Desk, procedure: Procedure, sitting: _Sitting) -> None:
    draft = sitting.draft
    images = Images(before=draft.before, after=draft.after)
    detail = {"serials": sitting.look.serials, "digest": draft.digest}
    if desk.change_id is None:
        desk.change_id = desk.setting.journal.begin(_new_change(desk, procedure, detail), images)
    else:
        desk.setting.journal.append(desk.change_id, "intended", images=images, detail=detail)
    desk.under_way = True


def _new_change(desk: Desk, procedure: Procedure, detail: Mapping[str, Any]) -> NewChange:
    assert desk.zone is not None
    return NewChange(
        domain=desk.owner,
        zone=desk.zone,
        owner=desk.owner,
        provider=desk.setting.provider,
        account=desk.setting.account,
        service=desk.setting.service.to_json(),
        command=procedure.command,
        undoes=procedure.undoes,
        context={**procedure.context, **detail},
    )


def _record_outcome(desk: Desk, procedure: Procedure, outcome: Outcome) -> None:
    _end(desk, outcome.state, wrote=outcome.wrote)
    if outcome.state != "unknown":
        procedure.on_end(outcome.state)


def _end(desk: Desk, state: ChangeState, *, wrote: bool) -> None:
    assert desk.change_id is not None
    try:
        desk.setting.journal.append(desk.change_id, state, detail={"wrote": wrote})
    except JournalUnusable as error:
        error.changed = "yes" if wrote else "no"
        raise
    desk.under_way = state == "unknown"


def _after_write(desk: Desk, procedure: Procedure, sitting: _Sitting, outcome: Outcome) -> Result:
    desk.findings = (*sitting.draft.findings, *outcome.findings)
    if outcome.state == "restored":
        return _restored(desk, outcome)
    if outcome.state == "unknown":
        assert outcome.error is not None
        return desk.failed(outcome.error)
    seen = wait_for_written(desk, sitting.look, sitting.draft.before, sitting.draft.after)
    state: Literal["authoritative", "overdue", "written"]
    if seen.verdict == "not-asked":
        state = "written"
    else:
        state = "overdue" if seen.verdict == "pending" else "authoritative"
        assert desk.change_id is not None
        until = seen.old_until.isoformat() if seen.old_until else None
        desk.setting.journal.append(desk.change_id, state, detail={"old_until": until})
    return desk.result(state, changed=True, visibility=seen, message=sitting.draft.detail, hint=_undo_hint(desk))


def _undo_hint(desk: Desk) -> str:
    return f"registrar-sync rollback {desk.shown_domain}" if desk.command == "enroll" else ""


def _restored(desk: Desk, outcome: Outcome) -> Result:
    error = outcome.error
    assert error is not None
    done = "The values before were written back and read back" if outcome.wrote else "Nothing was changed"
    error.changed = "no"
    return desk.result("restored", error=error, message=f"{error.message} {done}.", hint=error.hint or "Run it again later.")
